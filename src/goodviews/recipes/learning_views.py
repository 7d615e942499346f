"""Learning views for real: data and a few labels in; a generator, its spec and a page out."""

import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from goodviews.core.beside import look_in
from goodviews.core.checks import InputError, unknown
from goodviews.core.files import read_json, write_json, write_text
from goodviews.core.origin import origin, write_table
from goodviews.data import Images, load
from goodviews.recipes.learning_choice import Choice, Tried, choose, dodged, worth_trying
from goodviews.recipes.learning_compare import (
    LEARNED,
    Judges,
    fixed_spaces,
    gaps,
    kept_or_made,
    split_width,
)
from goodviews.recipes.learning_folder import (
    channel_pictures,
    meanings,
    pair_pictures,
)
from goodviews.recipes.learning_roles import Roles, fit_game, share_out
from goodviews.recipes.learning_words import findings, next_command
from goodviews.training import Settings, change
from goodviews.training.state import LAST, PREVIOUS
from goodviews.training.view_learning import MODES, Game, GameHistory, LearnedViews, learn_views
from goodviews.training.view_learning.looks import lost_too_much
from goodviews.views import parse_view
from goodviews.views.learned import build_generator, load_generator, save_generator

__all__ = ["Learned", "learning_views"]

FILE, SPEC = "g.safetensors", "views.txt"
Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Learned:
    """What learning views left.

    Attributes:
        folder: ``g.safetensors``, ``views.txt``, tables, pictures and ``learned.json``, of which
            :func:`goodviews.report.report` makes the page.
        spec: Of the learned views, with the generator's name and hash.
        found: The content of ``learned.json``.
    """

    folder: Path
    spec: str
    found: dict[str, Any]


def learning_views(
    data: str | Path | Images | None,
    *,
    out: str | Path,
    mode: str = "semi",
    labels: Path | None = None,
    task: str | None = None,
    generator: str | None = None,
    views: str | None = None,
    split: str | None = None,
    steps: int | None = None,
    changes: Iterable[str] = (),
    size: int | None = None,
    root: Path | None = None,
    seed: int = 0,
    device: str = "auto",
    judge_steps: int = 264,
    compare: bool = True,
    command: str = "",
    say: Say = lambda _: None,
    progress: Progress | None = None,
) -> Learned:
    """Learn a generator of views, choose it by new encoders, and compare it with fixed views.

    A run that was stopped goes on; what was judged already is not judged again.

    Args:
        data: A folder, an array file, a known name, or images that are loaded already.
        out: The run folder.
        mode: ``semi``, ``unsupervised`` or ``supervised``.
        labels: A CSV of labels; a few are enough.
        task: Name of the label; the first one when left out.
        generator: Generator spec.
        views: Spec of what is done before the generator.
        split: ``split(n)``: the first n learned channels against the others.
        steps: Of the game.
        changes: Other fields of :class:`goodviews.training.view_learning.Game`, such as
            ``encoder_rate=0.004``.
        size: Side of the images in pixels.
        root: Where torchvision's sets lie.
        seed: Number of the run.
        device: ``auto``, ``cpu`` or ``cuda``.
        judge_steps: Steps of the new encoders that judge.
        compare: Whether fixed views are judged as well.
        command: What was typed, for the record.
        say: Takes sentences to show.
        progress: Called with a stage, what is done and what there is.

    Returns:
        Where everything lies, and the spec to type next.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
        Interrupted: The game was asked to stop; its state stands in the folder.

    References:
        Tian et al., 2020, section 3.5, arXiv:2005.10243; the choice by new encoders is ours.
    """
    if mode not in MODES:
        raise unknown("mode", mode, MODES)
    changes = list(changes)
    typed = [text.partition("=")[0].strip() for text in changes]
    game = replace(change(Game(), changes), mode=mode, device=device)
    asked = {"generator": generator, "views": views, "split": split, "steps": steps}
    given: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    game, typed = replace(game, **given), [*typed, *given]
    images = data if isinstance(data, Images) else load(data, labels=labels, size=size, root=root)
    roles = share_out(images, mode=mode, task=task)
    first = split_width(game.split, images.channels)
    build_generator(game.generator, images.channels)
    before = game.views
    game, said = fit_game(game, images, roles, given=typed)
    if game.views:
        parse_view(game.views).check((images.channels, images.height, images.width))
    folder = _folder(Path(out))
    ran = origin(command, seeds=[seed], settings=asdict(game), rules=said)
    write_json(folder / "run.json", ran)
    say(
        f"{mode} on {images.name}, {images.channels} x {images.height} x {images.width}: "
        f"{game.generator}, {game.steps} steps. {roles.said}"
    )
    for sentence in said:
        say(sentence)

    learned = _play(images, roles, game, seed, folder, say, progress)
    history = learned.history
    if history.stopped:
        say(history.stopped)
    judges = Judges(
        images, roles, _judging(game, len(roles.learn), judge_steps), learned.candidates, seed
    )
    ledger = _Ledger(folder / "judged.json", f"{judge_steps}")
    tried, choice, warning = _chosen(learned, game, judges, folder, ledger, progress)
    say(choice.reason)
    if warning:
        say(warning.replace("`", ""))

    weights = dict(history.kept)[choice.step]
    learned.generator.load_state_dict(weights)
    notes = _passport(game, images, roles, seed, choice)
    hash = save_generator(folder / FILE, learned.generator, notes)
    look_in(folder)
    own = f"learned('{FILE}', hash='{hash}')"
    spec = "|".join(part for part in (before, own, game.split) if part)
    write_text(folder / SPEC, spec + "\n")
    play_spec = "|".join(part for part in (game.views, own, game.split) if part)
    rows = _compared(judges, game, play_spec, ledger, progress) if compare else []

    shown = folder / "pictures"
    generator_, _ = load_generator(folder / FILE, hash)
    channels = channel_pictures(images, generator_, roles.held_out, shown)
    pairs = pair_pictures(images, spec, channels["after"], roles.held_out, shown)
    at = next(one for one in tried if one.step == choice.step)
    fixed = [
        "|".join(part for part in (before, one) if part)
        for _, one in fixed_spaces(images.channels, game.split)[:3]
    ]
    typed_data = None if isinstance(data, Images) or data is None else str(data)
    found: dict[str, Any] = {
        "format": 1,
        "data": {
            "name": images.name, "hash": images.hash, "count": len(images),
            "shape": [images.channels, images.height, images.width], "source": images.source,
        },
        "mode": mode, "seed": seed, "split": first, "spec": spec, "views": game.views,
        "task": roles.task if len(roles.labelled) else "",
        "classes": len(images.classes.get(roles.task, ())),
        "roles": {
            name: len(getattr(roles, name)) for name in ("learn", "held_out", "labelled", "test")
        },
        "game": asdict(game), "said": [roles.said, *said],
        "steps": history.steps, "stopped": history.stopped, "verdict": learned.verdict,
        "candidates": learned.candidates, "ceiling_nats": math.log(learned.candidates),
        "looks": [asdict(look) for look in history.looks],
        "tried": [
            {"step": one.step, "in_game_nats": one.look.shared_nats, "keeps": one.keeps,
             "chosen": one is at, **one.bound} for one in tried
        ],
        "reason": choice.reason, "dodged": warning, "judge_steps": judge_steps,
        "rows": rows, "channels": channels, "pairs": pairs,
        "meanings": meanings(images, generator_, roles.held_out),
        "command": command,
        "next": next_command(
            typed_data, folder / SPEC, fixed if roles.task else fixed[:1],
            labels=labels, size=size,
        ),
        "origin": {key: ran[key] for key in ("commit", "started", "versions", "hardware")},
    }  # fmt: skip
    found |= findings(
        rows,
        task=found["task"],
        verdict=learned.verdict,
        chosen={"nats": at.nats, "in_game_nats": at.look.shared_nats},
    )
    found["short"] = ""
    if any(row.get("undertrained") for row in rows):
        found["short"] = (
            f"New encoders would have gone on improving after {judge_steps:,} steps: with "
            f"`--judge-steps {4 * judge_steps}` the bounds are nearer to what is shared."
        )
    _tables(folder, ran, history, found)
    write_json(folder / "learned.json", found)
    return Learned(folder, spec, found)


def _folder(out: Path) -> Path:
    """The run folder: a new one, an empty one, or that of such a run.

    Raises:
        InputError: It holds something else, which this run might write over.
    """
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file; choose another --out.")
    there = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if there & {LAST, PREVIOUS, "learned.json"} or not there & {
        "run.json", "rows.csv", "encoder.safetensors", "index.html", FILE
    }:  # fmt: skip
        if "encoder.safetensors" not in there and "verdict.json" not in there:
            return out
    elif there == {"run.json"}:
        return out  # stopped before its first checkpoint
    raise InputError(f"{out} holds results of another kind; choose another --out.")


def _play(
    images: Images,
    roles: Roles,
    game: Game,
    seed: int,
    folder: Path,
    say: Say,
    progress: Progress | None,
) -> LearnedViews:
    """The game, with its progress shown."""
    begun = False

    def watch(_: Any, history: GameHistory) -> None:
        nonlocal begun
        if not begun and history.steps > 1:
            say(f"Going on after step {history.steps - 1} of {game.steps}.")
        begun = True
        if progress:
            progress("learning", history.steps, game.steps)

    taught = len(roles.labelled) > 0
    learned = learn_views(
        images,
        roles.learn,
        game=game,
        seed=seed,
        labelled=roles.labelled if taught else None,
        labels=roles.labels[roles.labelled] if taught else None,
        held_out=roles.held_out,
        folder=folder,
        watch=watch,
    )
    if not begun:
        say("The game was finished before; its generators are judged again where need be.")
    return learned


def _judging(game: Game, count: int, steps: int) -> Settings:
    """New encoders like those of the game, for about so many steps."""
    usual = Settings()
    batch = min(usual.batch, max(count // 4 // 2 * 2, 32), count)
    epochs = max(round(steps / max(count // batch, 1)), 1)
    return replace(
        usual,
        encoder=game.encoder,
        head=game.head,
        batch=batch,
        epochs=epochs,
        device=game.device,
        precision=game.precision,
    )


class _Ledger:
    """What was judged, kept in a file, so that a run that goes on judges nothing twice."""

    def __init__(self, file: Path, kind: str) -> None:
        self.file, self.kind = file, kind
        self.kept: dict[str, dict[str, Any]] = read_json(file) if file.exists() else {}

    def __call__(self, name: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        found = kept_or_made(self.kept, f"{self.kind} {name}", make)
        write_json(self.file, self.kept)
        return dict(found)


def _chosen(
    learned: LearnedViews,
    game: Game,
    judges: Judges,
    folder: Path,
    ledger: _Ledger,
    progress: Progress | None,
) -> tuple[list[Tried], Choice, str]:
    """Some generators of the game, judged by new encoders; the one taken, and a warning."""
    history = learned.history
    steps, lost = worth_trying(history, game)
    known = {look.step: look for look in history.looks}
    place = folder / "candidates"
    look_in(place)
    tried = []
    for number, step in enumerate(steps):
        if progress:
            progress("judging", number, len(steps))
        learned.generator.load_state_dict(dict(history.kept)[step])
        name = f"g{step:06d}.safetensors"
        hash = save_generator(place / name, learned.generator, {"step": step})
        own = f"learned('{name}', hash='{hash}')"
        view = "|".join(part for part in (game.views, own, game.split) if part)
        bound = ledger(f"bound {view}", lambda view=view: judges.bound(view))  # type: ignore[misc]
        watched = known[step].lost_nats is not None
        keeps = not lost_too_much(known[step], game.give) if watched else None
        tried.append(Tried(step, known[step], keeps, bound))
    if progress:
        progress("judging", len(steps), len(steps))
    choice = choose(tried, game.mode, lost)
    return tried, choice, dodged(tried, choice.step, history.looks)


def _compared(
    judges: Judges, game: Game, learned: str, ledger: _Ledger, progress: Progress | None
) -> list[dict[str, Any]]:
    """One run of new encoders for the learned view and for each fixed one."""
    wanted = [(LEARNED, learned)]
    for name, steps in fixed_spaces(judges.images.channels, game.split):
        wanted.append((name, "|".join(part for part in (game.views, steps) if part)))
    rows = []
    for number, (name, view) in enumerate(wanted):
        if progress:
            progress("comparing", number, len(wanted))
        found = ledger(f"row {view}", lambda view=view: judges.row(view))  # type: ignore[misc]
        rows.append({"name": name, "view": view, **found})
    if progress:
        progress("comparing", len(wanted), len(wanted))
    gaps(rows)
    return [{key: value for key, value in row.items() if key != "right"} for row in rows]


def _passport(
    game: Game, images: Images, roles: Roles, seed: int, choice: Choice
) -> dict[str, Any]:
    """What goes with the generator, wherever it goes."""
    return {
        "data": {"name": images.name, "hash": images.hash, "count": len(roles.learn)},
        "mode": game.mode,
        "seed": seed,
        "step": choice.step,
        "game": asdict(game),
        "task": roles.task if len(roles.labelled) else "",
        "versions": origin("")["versions"],
    }


def _tables(
    folder: Path, ran: dict[str, Any], history: GameHistory, found: dict[str, Any]
) -> None:
    """``looks.csv``, ``log.csv`` and ``comparison.csv``, and what the run was."""
    write_table(folder, found["looks"], ran, name="looks")
    if found["rows"]:
        flat = [
            {key: value for key, value in row.items() if not isinstance(value, list)}
            for row in found["rows"]
        ]
        write_table(folder, flat, ran, name="comparison")
    losses = [{"step": step, "loss": one} for step, one in enumerate(history.losses, 1)]
    write_table(folder, losses, ran, name="log")
