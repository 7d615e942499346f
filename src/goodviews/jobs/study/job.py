"""The main job, from data to a folder that a page is made of."""

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import command_line, default_folder, label_options, recorded, restored
from goodviews.core.errors import MOST_SEED, InputError, check_whole
from goodviews.core.files import write_json
from goodviews.core.plugins import sources
from goodviews.core.progress import Report, as_report, draws_progress
from goodviews.core.records.rows import Row
from goodviews.core.records.verdict import Advice, Verdict
from goodviews.core.text import counted
from goodviews.data import Data, Groups, Images, Labels, load
from goodviews.data.size import Size, SizeLike
from goodviews.encoders import build_backbone
from goodviews.jobs.study.about import describe
from goodviews.jobs.study.best_encoders import keep_encoders
from goodviews.jobs.study.budget import default_epochs
from goodviews.jobs.study.chosen import BEST, chosen_views, write_chosen
from goodviews.jobs.study.follow import UNIT
from goodviews.jobs.study.lengths.run import add_lengths
from goodviews.jobs.study.pairs import draw_pairs
from goodviews.jobs.study.plan import Plan, make_plan
from goodviews.jobs.study.run import run_cells
from goodviews.jobs.study.store import Store, is_study, stored_plan
from goodviews.jobs.study.verdict.build import make_verdict
from goodviews.pages import report
from goodviews.pages.study.short import short_page
from goodviews.spec.files import keep_beside
from goodviews.spec.grammar import Family, expand
from goodviews.spec.lists import read_specs
from goodviews.spec.names import check_names
from goodviews.training import Settings
from goodviews.training.machine import check_device
from goodviews.training.objective import build_objective
from goodviews.training.small import small_settings
from goodviews.views import default_views, parse_view

_PAIRS = 6

_WORKERS, _CELLS, _MINUTES = 1_024, 10_000, 1_000_000

IN_MEMORY = "DATA"
"""What commands say for images that were given as an array or another object."""


@dataclass(frozen=True, repr=False)
class StudyResult:
    """What a study found.

    Attributes:
        folder: The study folder; :func:`goodviews.report` makes its page again.
        rows: One per view, seed and task.
        verdict: What ``verdict.json`` holds, as records.
        advice: The advice in plain text; with several tasks a paragraph for each, and one on the
            view for all of them.
        best_view: Spec of the best view; with several tasks, the one that gives up least where it
            gives up most. Nothing without labels.
        recommended: Whether the advice is to pretrain with it.
        encoders: Folders of its encoders, one for each seed that is kept.
        command: The command to type next.
        page: The page of the study, where one was made.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> data = np.random.default_rng(0).random((80, 8, 8)), np.arange(80) % 2
        >>> few = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)"}
        >>> with TemporaryDirectory() as place:
        ...     result = study(data, views="noise(std=0.1)", out=place, page=False, jobs=0, **few)
        >>> sorted({row.role for row in result.rows})
        ['baseline', 'candidate', 'twin']
        >>> result.best_view, result.recommended, result.command.split()[:2]
        ('noise(std=0.1)', False, ['goodviews', 'study'])
    """

    folder: Path
    rows: list[Row]
    verdict: Verdict
    advice: str
    best_view: str | None
    recommended: bool
    encoders: tuple[Path, ...]
    command: str
    page: Path | None

    def __repr__(self) -> str:
        views = counted(len({row.view for row in self.rows if row.role == "candidate"}), "view")
        seeds = counted(len({row.seed for row in self.rows}), "seed")
        lines = [f"<StudyResult in {self.folder}: {views}, {seeds}>", self.advice]
        lines += [f"Next: {self.command}"] if self.command else []
        lines += [f"Page: {self.page}"] if self.page else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The page in short, for a notebook."""
        page = str(self.page) if self.page else ""
        title = f"goodviews study in {self.folder.name}"
        return short_page(self.verdict, title=title, command=self.command, page=page)


@draws_progress
def study(
    data: Data = None,
    *,
    views: str | Path | Iterable[str] | None = None,
    out: str | Path | None = None,
    labels: Labels = None,
    groups: Groups = None,
    task_data: Data = None,
    seeds: int | Sequence[int] = 3,
    candidates: int | None = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    epochs: int | None = None,
    minutes: float | None = None,
    per_class: int = 10,
    label_draws: int = 10,
    root: str | Path | None = None,
    encoder: str | None = None,
    objective: str | None = None,
    device: str = "auto",
    jobs: int | None = None,
    page: bool = True,
    command: str | None = None,
    progress: bool | Report | None = None,
) -> StudyResult:
    """Pretrain with each view, bound what its two views share, read the task out, and compare.

    A study that was stopped resumes when it is started again with the same ``out``.

    Args:
        data: Images in any form that :func:`goodviews.load` accepts (default: scikit-learn's
            digits).
        views: Specs, files with one on a line, or one family; by default a family by kind of
            data.
        out: The study folder (default: ``study-`` and the name of the data).
        labels: Labels in any form that :func:`goodviews.load` accepts.
        groups: Column of the labels that holds the group of each image, or (N,) groups, as in
            :func:`goodviews.load`: no split divides a group.
        task_data: Other data, on whose labels the representations are evaluated.
        seeds: How many, or which.
        candidates: K of the information bound; as many as are held out, at most 4,096.
        size: Height and width of the images; see :func:`goodviews.load`.
        channels: ``first`` or ``last`` for arrays, the number of channels, or both; as in
            :func:`goodviews.load`.
        value_range: Values of black and white (default: found from the data).
        epochs: Passes over the pretraining images; by default about 80,000 images are shown.
        minutes: Approximate time that the study may take, instead of epochs.
        per_class: Labels per class of each readout, where most images are labelled.
        label_draws: How often those labels are drawn.
        root: Folder that holds torchvision's datasets.
        encoder: Backbone spec.
        objective: Objective spec.
        device: ``auto``, ``cpu`` or ``cuda``.
        jobs: Worker processes; 0 works in this process.
        page: Whether ``index.html`` and the figure are written as well.
        command: Command to record.
        progress: True draws a progress bar; a function is called with what is counted (``"images
            read"``, ``"runs finished"``), how many are done and how many there are.

    Returns:
        The rows, the verdict and the folder that holds them.

    Raises:
        InputError: Something given cannot be used; the message says what to type.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> data = np.random.default_rng(0).random((80, 8, 8)), np.arange(80) % 2
        >>> few = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)"}
        >>> with TemporaryDirectory() as place:
        ...     result = study(data, views="noise(std=0.1)", out=place, page=False, jobs=0, **few)
        >>> [task.regime for task in result.verdict.tasks]
        ['undecided']
    """
    begun = time.perf_counter()
    report_progress = as_report(progress)
    specs, family = _specs(views) if views is not None else ((), None)
    if minutes is not None and not 0 < minutes <= _MINUTES:
        raise InputError(
            f"minutes must be more than 0 and at most {_MINUTES:,}, but got {minutes:g}."
        )
    for name, number, least, most in (
        ("per_class", per_class, 1, 10**9), ("label_draws", label_draws, 1, 10_000),
        ("epochs", epochs, 1, 1_000_000), ("candidates", candidates, 2, 10**9),
        ("jobs", jobs, 0, _WORKERS),
    ):  # fmt: skip
        if number is not None:
            check_whole(name, number, least, most)
    chosen = _seeds(seeds)
    if len(specs) * len(chosen) > _CELLS:
        raise InputError(
            f"{len(specs):,} views with {counted(len(chosen), 'seed')} are more than the "
            f"{_CELLS:,} runs that a study may have: give fewer views, or fewer --seeds."
        )
    check_device(device)
    check_owner(Path(out or "."), "study", own=is_study if out else lambda _: True)

    def reading(done: int, total: int) -> None:
        report_progress("images read", done, total)

    way: dict[str, Any] = {"channels": channels, "value_range": value_range, "root": root}
    images = load(data, labels=labels, groups=groups, size=size, **way, progress=reading)
    task_images = images
    if task_data is not None:
        sides = f"{images.height}x{images.width},{Size.of(size).fit}"
        wanted = None if isinstance(task_data, Images) else sides
        task_images = load(task_data, size=wanted, **way, progress=reading)
        _same_form(images, task_images)
    if not specs:
        specs, family = _specs(default_views(images.channels, min(images.height, images.width)))
    shape = (images.channels, images.height, images.width)
    pairs = [parse_view(spec) for spec in specs]
    for pair in pairs:
        pair.check(shape)

    settings = small_settings(min(pair.side(shape) for pair in pairs), device=_device(device))
    settings = replace(
        settings,
        encoder=encoder or settings.encoder,
        objective=objective or settings.objective,
    )
    build_objective(settings.objective)
    build_backbone(settings.encoder, channels=images.channels, size=min(shape[1:]))

    def planned(settings: Settings) -> Plan:
        return make_plan(
            images,
            task_images,
            views=specs,
            seeds=chosen,
            settings=settings,
            candidates=candidates,
            per_class=per_class,
            draws=label_draws,
            reading={"channels": channels, "value_range": value_range},
        )

    named = _argument(data, images)
    place = data if isinstance(data, str | Path) else named or None
    called = place if place != IN_MEMORY else images.name
    folder = Path(out) if out is not None else default_folder("study", called)
    plan = planned(settings)
    workers = jobs if jobs is not None else _workers(settings.device)
    asked = epochs is not None
    with claimed(folder, "study", own=is_study, say=report_progress.note):
        if epochs is None and minutes is not None:
            stored = stored_plan(folder)  # a timed study resumes with the same number
            epochs = stored["settings"]["epochs"] if stored else None
            epochs = epochs or _epochs_in(plan, minutes, max(workers, 1))
        elif epochs is None:
            epochs = default_epochs(len(plan.splits.pretrain))
        plan = planned(replace(settings, epochs=epochs))
        store = Store(folder, plan)
        for spec in specs:
            keep_beside(spec, store.folder)
        done = run_cells(plan, store, jobs=workers, progress=report_progress)
        if not any(cell.role == "candidate" for cell in done.results):
            why = next(iter(done.failed.values()), "no cell finished")
            raise InputError(f"No view could be trained: {why}")
        store.write(done.results)
        _draw(plan, store.folder)
        typed = command or command_line("study", {"data": named or None})
        kept = recorded(typed)
        verdict = make_verdict(
            plan, done.results, family=family, data=named, command=kept, failed=done.failed
        )
        verdict = add_lengths(
            plan, store, done.results, verdict, command=kept, report=report_progress, asked=asked
        )
        write_json(store.folder / "verdict.json", verdict.to_json())
        seconds = time.perf_counter() - begun
        run = describe(plan, done, verdict, family, kept, seconds)
        write_json(store.folder / "run.json", run.to_json())
        named_views = chosen_views(verdict)
        write_chosen(folder, named_views)
        encoders = keep_encoders(plan, store, named_views, report_progress)
        following = restored(verdict.tasks[0].advice.command, typed)
        best = named_views[0] if named_views else None
        good = best is not None and not best.doubt
        if good:
            best_view = folder / f"{BEST}.txt"
            given: dict[str, Any] = {"data": place, "backbone": "resnet18", "views": best_view}
            given |= {**label_options(labels), "size": size, "channels": channels}
            given |= {"range": value_range, "root": root}
            given["groups"] = groups if isinstance(groups, str) else None
            following = command_line("pretrain", given)
            if named == IN_MEMORY:
                following = (
                    f"goodviews.pretrain(data, backbone='resnet18', views={str(best_view)!r})"
                )
        rows = [row for cell in plan.cells if cell in done.results
                for row in done.results[cell].rows]  # fmt: skip
        written = report(folder) if page else None
    report_progress(UNIT, len(plan.cells), len(plan.cells), share=1.0)
    return StudyResult(
        folder=folder,
        rows=rows,
        verdict=verdict,
        advice=_plain(verdict),
        best_view=best.view if best else None,
        recommended=good,
        encoders=encoders[BEST] if best else (),
        command=following,
        page=written,
    )


def _seeds(given: int | Sequence[int]) -> tuple[int, ...]:
    """Numbers of the runs."""
    if isinstance(given, str) or not isinstance(given, Sequence):
        given = range(check_whole("seeds", given, 0, _CELLS))
    chosen = tuple(check_whole("seeds", one, 0, MOST_SEED) for one in given)
    if not chosen or len(set(chosen)) != len(chosen):
        raise InputError("seeds must be one or more distinct integers, such as --seeds 3.")
    return chosen


def _specs(views: str | Path | Iterable[str]) -> tuple[tuple[str, ...], Family | None]:
    """Canonical specs, and the family if all of them are one."""
    texts = read_specs([str(views)] if isinstance(views, str | Path) else views) or []
    specs: list[str] = []
    for text in texts:
        specs += [repr(parse_view(spec)) for spec in check_names(text)]
    if len(set(specs)) != len(specs):
        twice = next(spec for spec in specs if specs.count(spec) > 1)
        raise InputError(
            f"View {twice} is given twice; remove one, since every study trains a twin anyway."
        )
    if not specs:
        raise InputError(
            "No views are given; type for example --views 'crop(scale=({0.1, 0.3, 0.6}, 1))'."
        )
    found = expand(texts[0]) if len(texts) == 1 else None
    return tuple(specs), replace(found, specs=tuple(specs)) if found else None


def _same_form(images: Images, other: Images) -> None:
    if other.channels != images.channels:
        raise InputError(
            f"{images.name} has {counted(images.channels, 'channel')}, but the task data "
            f"{other.name} has {other.channels}; choose --task-data with as many channels."
        )
    if not other.labels:
        raise InputError(f"The task data {other.name} has no labels; choose labelled --task-data.")


def _device(device: str) -> str:
    return (
        "cuda" if device == "auto" and torch.cuda.is_available() else device.replace("auto", "cpu")
    )


def _workers(device: str) -> int:
    try:
        sources()
    except InputError:  # something is registered in a notebook, which only this process knows
        return 0
    return 1 if device == "cuda" else min(os.cpu_count() or 1, 8)


def _epochs_in(plan: Plan, minutes: float, workers: int) -> int:
    """How many epochs fit, from one epoch on a part of the images."""
    from goodviews.jobs.study.run import one_thread
    from goodviews.training import train

    some = plan.splits.pretrain[: 4 * plan.settings.batch]
    pair = parse_view(plan.views[0])
    with one_thread():
        for _ in range(2):  # the first pass warms up
            start = time.perf_counter()
            train(plan.images, some, pair, settings=replace(plan.settings, epochs=1), seed=0)
            seconds = time.perf_counter() - start
    per_epoch = seconds * len(plan.splits.pretrain) / len(some)
    runs = (len(plan.views) + 1) * len(plan.seeds)
    return max(1, int(0.8 * 60 * minutes * workers / runs / per_epoch))


def _draw(plan: Plan, folder: Path) -> None:
    rng = np.random.default_rng(0)
    held = plan.splits.held_out
    index = np.sort(rng.choice(held, min(_PAIRS, len(held)), replace=False))
    for number, view in enumerate(plan.views):
        draw_pairs(plan.images, index, view, f"v-{number + 1}", folder / "pairs")


def _argument(data: Any, images: Images) -> str:
    """The argument for the data; the name alone where it is a path, so that no path is kept."""
    if data is None:
        return ""
    if isinstance(data, str | Path):
        return Path(data).name
    return images.name if isinstance(data, Images) else IN_MEMORY


def _plain(verdict: Verdict) -> str:
    """The advice of every task, and that on one view for all of them."""
    tasks, shared = verdict.tasks, verdict.compromise
    named = len(tasks) > 1
    said = [(f"{task.task}: " if named else "") + _advice(task.advice) for task in tasks]
    if shared:
        head = "One view for all" + ("" if shared.recommended else ", not recommended")
        said.append(f"{head}: {shared.view}. {shared.lead} {shared.more}")
    return "\n".join(said).replace("`", "")


def _advice(advice: Advice) -> str:
    spec = f" {advice.spec}" if advice.spec else ""
    open_ = f"Still open: {advice.open}" if advice.open else ""
    return " ".join(filter(None, [f"{advice.head}{spec}.", advice.lead, advice.reason, open_]))
