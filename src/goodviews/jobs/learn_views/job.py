"""Learning views for real: data and a few labels in; a generator, its spec and a page out."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError, unknown
from goodviews.core.files import write_json, write_text
from goodviews.core.origin import origin
from goodviews.data import Images, load
from goodviews.jobs.learn_views.compare import Judges, split_width
from goodviews.jobs.learn_views.folder import (
    change_pictures,
    channel_pictures,
    meanings,
    pair_pictures,
)
from goodviews.jobs.learn_views.record import Asked, gathered, passport, write_tables
from goodviews.jobs.learn_views.roles import fit_game, share_out
from goodviews.jobs.learn_views.steps import Ledger, chosen, compared, joined, judging, play
from goodviews.spec.files import look_in
from goodviews.training import change
from goodviews.training.state import LAST, PREVIOUS
from goodviews.training.view_learning import MODES, Game
from goodviews.views import parse_view
from goodviews.views.generators import build_generator, save_generator

FILE, SPEC = "g.safetensors", "views.txt"
Say = Callable[[str], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Learned:
    """What learning views left.

    Attributes:
        folder: ``g.safetensors``, ``views.txt``, tables, pictures and ``learned.json``, of which
            :func:`goodviews.pages.report` makes the page.
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
    game = replace(change(Game(), changes), mode=mode, device=device)
    typed = [text.partition("=")[0].strip() for text in changes]
    options = {"generator": generator, "views": views, "split": split, "steps": steps}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    game, typed = replace(game, **given), [*typed, *given]
    images = data if isinstance(data, Images) else load(data, labels=labels, size=size, root=root)
    roles = share_out(images, mode=mode, task=task)
    first = split_width(game.split, images.channels)
    rate = build_generator(game.generator, images.channels).rate
    game = replace(game, generator_rate=game.generator_rate or rate)
    before = game.views
    game, said = fit_game(game, images, roles, given=typed)
    if game.views:
        parse_view(game.views).check((images.channels, images.height, images.width))
    folder = _folder(Path(out))
    ran = origin(command, seeds=[seed], settings=asdict(game), rules=said)
    if not (folder / LAST).exists():  # another run's is not written over before it is known
        write_json(folder / "run.json", ran)
    shape = f"{images.channels} x {images.height} x {images.width}"
    say(f"{mode} on {images.name}, {shape}: {game.generator}, {game.steps} steps. {roles.said}")
    for sentence in said:
        say(sentence)

    learned = play(images, roles, game, seed, folder, say, progress)
    settings = judging(game, len(roles.learn), judge_steps)
    judges = Judges(images, roles, settings, learned.candidates, seed)
    ledger = Ledger(folder / "judged.json", f"{judge_steps}")
    tried, choice, warning = chosen(learned, game, judges, folder, ledger, progress)
    for sentence in (learned.history.stopped, choice.reason, warning.replace("`", "")):
        if sentence:
            say(sentence)

    learned.generator.load_state_dict(dict(learned.history.kept)[choice.step])
    notes = passport(game, images, roles, seed, choice)
    hash = save_generator(folder / FILE, learned.generator, notes)
    look_in(folder)
    own = f"learned('{FILE}', hash='{hash}')"
    spec = joined(before, own, game.split)
    write_text(folder / SPEC, spec + "\n")
    rows: list[dict[str, Any]] = []
    if compare:
        rows = compared(judges, game, joined(game.views, own, game.split), ledger, progress)

    where = None if isinstance(data, Images) or data is None else str(data)
    found = gathered(
        images,
        roles,
        game,
        learned,
        asked=Asked(where, labels, size, before, seed, judge_steps, command, said),
        spec=spec,
        spec_file=folder / SPEC,
        tried=tried,
        choice=choice,
        warning=warning,
        rows=rows,
        ran=ran,
    )
    shown, watching = folder / "pictures", roles.held_out
    found["split"] = first
    found["channels"] = channel_pictures(images, learned.generator, watching, shown)
    found["channels"]["apart"] = change_pictures(images, learned.generator, watching, shown)
    found["pairs"] = pair_pictures(images, spec, found["channels"]["after"], watching, shown)
    found["meanings"] = meanings(images, learned.generator, watching)
    write_tables(folder, ran, learned.history, found)
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
