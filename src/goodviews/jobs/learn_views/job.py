"""The job ``learn_views``: images and a few labels in; a view generator, its spec, a page out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from goodviews.core.cells import Cells, hashed
from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import default_folder, recorded
from goodviews.core.errors import MOST_SEED, check_whole, refuse_options, unknown
from goodviews.core.files import write_json, write_text
from goodviews.core.origin import run_origin
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.data import Data, Groups, Labels, load
from goodviews.data.graphs import is_graph_data
from goodviews.data.size import SizeLike
from goodviews.jobs.learn_views.compare import Judges, split_width
from goodviews.jobs.learn_views.folder import (
    change_pictures,
    channel_pictures,
    meanings,
    pair_pictures,
)
from goodviews.jobs.learn_views.graphs.job import learn_drops
from goodviews.jobs.learn_views.record import Asked, gathered, passport, write_tables
from goodviews.jobs.learn_views.result import FILE, SPEC, LearnedViews, is_learning
from goodviews.jobs.learn_views.roles import fit_game, share_out
from goodviews.jobs.learn_views.steps import chosen, compared, joined, judging, play
from goodviews.pages import report
from goodviews.spec.files import look_in
from goodviews.spec.lists import read_spec
from goodviews.training import change, change_texts
from goodviews.training.machine import check_device
from goodviews.training.state import LAST
from goodviews.training.view_learning import MODES, Game
from goodviews.views import parse_view
from goodviews.views.generators import build_generator, save_generator

JUDGE_STEPS = 264


@draws_progress
def learn_views(
    data: Data = None,
    *,
    out: str | Path | None = None,
    mode: str = "semi",
    labels: Labels = None,
    groups: Groups = None,
    task: str | None = None,
    generator: str | None = None,
    views: str | Path | None = None,
    split: str | None = None,
    steps: int | None = None,
    changes: Iterable[str] | Mapping[str, Any] = (),
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    root: str | Path | None = None,
    graphs: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    judge_steps: int | None = None,
    compare: bool = True,
    command: str = "",
    log: Callable[[str], None] | None = None,
    progress: bool | Report | None = None,
) -> LearnedViews:
    """Learn a view generator, select it with new encoders, and compare it with fixed views.

    A stopped run is resumed by the same call; nothing is measured twice.

    Args:
        data: Images in any form that :func:`goodviews.load` accepts, or graphs in any form that
            :func:`goodviews.data.graphs.load_graphs` accepts.
        out: Folder of the run (default: ``learn-views-`` and the name of the data).
        mode: ``"semi"`` (shared information and a few labels), ``"unsupervised"``
            (information alone) or ``"supervised"`` (labels alone).
        labels: Labels in any form that :func:`goodviews.load` accepts; a few are enough.
        groups: Column of the labels that holds the group of each image, or (N,) groups, as in
            :func:`goodviews.load`: no split divides a group.
        task: Column of labels to use (default: the first).
        generator: Spec of the generator (default: ``nvp(blocks=6, width=32)``).
        views: Spec of the steps before the generator, or a file that holds one (default:
            ``crop(scale=(0.3, 1))|flip()``).
        split: ``split(n)``: the first n learned channels against the others (default: n = 1).
        steps: Steps of training the generator (default: 300).
        changes: Other settings to change: ``{"encoder_rate": 0.004}``, or texts. Names are those
            of :class:`goodviews.training.view_learning.Game`.
        size: Height and width to resize the images to; see :func:`goodviews.load`.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        root: Folder of torchvision's downloaded datasets.
        graphs: For graphs: ``features`` and ``directed`` of
            :func:`goodviews.data.graphs.load_graphs`, and ``level`` (``nodes``, ``graphs`` or
            ``links``). Their settings are those of
            :class:`goodviews.training.view_learning.GraphGame`.
        seed: Random seed of the run.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``.
        judge_steps: Training steps of the new encoders that select and compare (default: 264, of
            graphs 120).
        compare: Whether fixed views are measured as well.
        command: The original command, for the record.
        log: Called with each line of the log, such as ``print``.
        progress: True draws a progress bar; a function is called with what is counted, how many
            are done and how many there are.

    Returns:
        The generator, the spec of its views, and the folder of it all.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
        Interrupted: The run was asked to stop; the same call resumes it.

    References:
        Tian et al., 2020, section 3.5, arXiv:2005.10243. Their generator is the last one of the
        training; here new encoders select it.

    Example:
        >>> import numpy as np
        >>> from tempfile import TemporaryDirectory
        >>> pixels = np.random.default_rng(0).integers(0, 256, (90, 8, 8, 3), np.uint8)
        >>> small = {"encoder": "convnet(width=2)", "head": "projector(dim=4)"}
        >>> with TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/noise.npy", pixels)
        ...     learned = learn_views(
        ...         f"{folder}/noise.npy", out=f"{folder}/run", mode="unsupervised", compare=False,
        ...         generator="orthogonal()", steps=2, judge_steps=1, changes=small,
        ...     )
        >>> learned.generator.channels
        3
    """
    say, report_progress = log or _silent, as_report(progress)
    if is_graph_data(data):
        refuse_options(
            *("images", "these are graphs"),
            labels=labels,
            groups=groups,
            views=views,
            split=split,
            size=size,
            channels=channels,
            value_range=value_range,
            root=root,
        )
        return learn_drops(
            data,
            out=out,
            mode=mode,
            task=task,
            given={"generator": generator, "steps": steps},
            changes=changes,
            graphs=graphs or {},
            seed=seed,
            device=device,
            judge_steps=judge_steps,
            compare=compare,
            command=command,
            say=say,
            progress=report_progress,
        )
    refuse_options("graphs", "these are images", **(graphs or {}))
    judge_steps = judge_steps or JUDGE_STEPS
    views = read_spec(views) if views else views
    if mode not in MODES:
        raise unknown("mode", mode, MODES)
    changes = change_texts(changes)
    game = replace(change(Game(), changes), mode=mode, device=device)
    typed = [text.partition("=")[0].strip() for text in changes]
    options = {"generator": generator, "views": views, "split": split, "steps": steps}
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    game, typed = replace(game, **given), [*typed, *given]
    check_whole("seed", seed, 0, MOST_SEED)
    check_whole("judge_steps", judge_steps, 1, 100_000_000)
    check_whole("steps", game.steps, 1, 100_000_000)
    check_device(device)
    check_owner(Path(out or "."), "learn-views", own=is_learning if out else lambda _: True)
    images = load(
        data,
        labels=labels,
        groups=groups,
        size=size,
        channels=channels,
        value_range=value_range,
        root=root,
    )
    roles = share_out(images, mode=mode, task=task)
    first = split_width(game.split, images.channels)
    rate = build_generator(game.generator, images.channels).rate
    game = replace(game, generator_rate=game.generator_rate or rate)
    before = game.views
    game, said = fit_game(game, images, roles, given=typed)
    if game.views:
        fitted = (images.channels, images.height, images.width)
        parse_view(game.views).check(fitted, images.least_shape)
    folder = Path(out or default_folder("learn-views", images.name))
    with claimed(folder, "learn-views", own=is_learning, say=say):
        ran = run_origin(command, seeds=[seed], settings=asdict(game), rules=said)
        if not (folder / LAST).exists():  # another run's is not written over before it is known
            write_json(folder / "run.json", ran)
        shape = f"{images.channels} x {images.height} x {images.width}"
        played = f"{game.generator}, {game.steps} steps"
        say(f"{mode} on {images.name}, {shape}: {played}. {roles.summary}")
        for sentence in said:
            say(sentence)

        learned = play(images, roles, game, seed, folder, say, report_progress)
        settings = judging(game, len(roles.learn), judge_steps)
        judges = Judges(images, roles, settings, learned.candidates, seed)
        known = [asdict(settings), images.hash, seed]
        known += [] if images.groups is None else [images.groups]
        cells = Cells(folder / "judged" / hashed(*known))
        tried, choice, warning = chosen(learned, game, judges, folder, cells, report_progress)
        for sentence in (learned.history.stopped, choice.reason, warning.replace("`", "")):
            if sentence:
                say(sentence)

        learned.generator.load_state_dict(dict(learned.history.snapshots)[choice.step])
        notes = passport(game, images, roles, seed, choice)
        hash = save_generator(folder / FILE, learned.generator, notes)
        look_in(folder)
        own = f"learned('{FILE}', hash='{hash}')"
        spec = joined(before, own, game.split)
        write_text(folder / SPEC, spec + "\n")
        rows: list[dict[str, Any]] = []
        if compare:
            rows = compared(
                judges, game, joined(game.views, own, game.split), cells, report_progress
            )

        where = str(data) if isinstance(data, str | Path) else None
        table = Path(labels) if isinstance(labels, str | Path) else None
        found = gathered(
            images,
            roles,
            game,
            learned,
            asked=Asked(
                where,
                table,
                size,
                channels,
                value_range,
                before,
                seed,
                judge_steps,
                recorded(command),
                said,
            ),
            spec=spec,
            spec_file=folder / SPEC,
            tried=tried,
            choice=choice,
            warning=warning,
            rows=rows,
            ran=ran,
        )
        following, found["next"] = found["next"], recorded(found["next"])
        shown, watching = folder / "pictures", roles.held_out
        found["split"] = first
        found["channels"] = channel_pictures(images, learned.generator, watching, shown)
        found["channels"]["apart"] = change_pictures(images, learned.generator, watching, shown)
        found["pairs"] = pair_pictures(images, spec, found["channels"]["after"], watching, shown)
        found["meanings"] = meanings(images, learned.generator, watching)
        write_tables(folder, ran, learned.history, found)
        write_json(folder / "learned.json", found)
        page = report(folder)
        return LearnedViews(
            folder, learned.generator, spec, f"{found['headline']}.", following, found, page
        )


def _silent(line: str) -> None:
    """Show nothing."""
