"""What a study will do, frozen before anything runs: cells, splits, label draws."""

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.records.rows import Measure
from goodviews.data import Images, Splits, draw_labels, splits
from goodviews.data.folds import folds
from goodviews.data.strata import cut
from goodviews.data.targets.maps import PIXELS, PixelMaps
from goodviews.data.tasks import LabelTask, imbalanced, label_tasks
from goodviews.evaluation import LabelDraw
from goodviews.training import Settings
from goodviews.training.small import scratch_encoder
from goodviews.views import parse_view


class Baselines(NamedTuple):
    """Names of what views are compared with; only ``raw`` has no seeds."""

    raw: str
    random: str
    scratch: str


BASELINES = Baselines("raw pixels", "random weights", "supervised from scratch")
_FIXED_CHOOSERS = 2000
"""Labels used for selection only; with fewer, selection and reporting are cross-fitted."""

_SHORT_BOUND = 1024
_MAP_DRAWS = 3
"""Label draws of classes of pixels, at most; each fits a head on all maps."""
_MEASURES: dict[str, Measure] = {"number": "R2", "labels": "macro AUROC", "pixels": "mIoU"}


@dataclass(frozen=True)
class Cell:
    """One unit of work: a view or baseline, and a seed."""

    role: str
    view: str
    seed: int

    @property
    def key(self) -> str:
        """A file name."""
        text = f"{self.role}|{self.view}|{self.seed}"
        return f"{self.role}-{self.seed}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, eq=False)
class Task:
    """One label column and how representations are evaluated on it.

    Attributes:
        name: Name of the label column.
        labels: (N,) class numbers, below the number of classes; -1 where there is none.
        classes: Names of the classes.
        draws: What each readout is fitted and tested on.
        items: (M,) images that are tested, ascending.
        choose: (M,) bool, items used to select the winner and never to report; all false where
            selection and reporting are cross-fitted.
        budget: Labels that one readout is fitted to.
        crossed: Whether fitted and tested images are folds of the same ones.
        groups: (N,) group of each image, which no fold divides.
        pool: Images whose labels are drawn from; with folds, those of ``items``.
        measure: What decides.
        target: Labels, numbers or classes of pixels to predict, where these are not one class for
            each image; ``labels`` are then the strata by which they are drawn.
    """

    name: str
    labels: np.ndarray
    classes: tuple[str, ...]
    draws: tuple[LabelDraw, ...]
    items: np.ndarray
    choose: np.ndarray
    budget: int
    crossed: bool
    groups: np.ndarray | None = None
    pool: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    measure: Measure = "accuracy"
    target: LabelTask | None = None

    @property
    def least(self) -> float:
        """Smallest value that the measure can have; the largest is 1."""
        return -math.inf if self.measure == "R2" else 0.0

    @property
    def tested_groups(self) -> np.ndarray | None:
        """(M,) group of each tested item."""
        return None if self.groups is None else self.groups[self.items]


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything a cell needs to know.

    Attributes:
        images: Images to pretrain on and to bound.
        task_images: Images whose labels the representations are evaluated on; the same object
            unless other data were given.
        splits: Parts of ``images``.
        tasks: Label columns of ``task_images``.
        settings: How encoders are pretrained.
        candidates: K of the bound.
        views: Candidate specs, in the order given.
        seeds: Numbers of the runs.
        reading: How the images were asked to be read, for the passports of encoders.
        screened: Short runs that only choose views, in place of all other cells.
        steady: Where runs leave the state from which longer ones continue.
        begun: Where shorter runs left theirs.
    """

    images: Images
    task_images: Images
    splits: Splits
    tasks: tuple[Task, ...]
    settings: Settings
    candidates: int
    views: tuple[str, ...]
    seeds: tuple[int, ...]
    reading: dict[str, Any] = field(default_factory=dict)
    screened: tuple[Cell, ...] = ()
    steady: Path | None = None
    begun: Path | None = None

    baselines = BASELINES
    pretrain_options = ("--backbone", "resnet18")

    @property
    def name(self) -> str:
        """Name of the images."""
        return self.images.name

    @property
    def held(self) -> int:
        """Number of held-out images."""
        return len(self.splits.held_out)

    @property
    def cells(self) -> list[Cell]:
        """All cells, in the order of the rows."""
        return list(self.screened) or all_cells(self.views, self.seeds, BASELINES, self.tasks)

    @property
    def bounded(self) -> np.ndarray:
        """Held-out images whose pairs bound the shared information; fewer for short runs."""
        held = self.splits.held_out
        if not self.screened or len(held) <= _SHORT_BOUND:
            return held
        return np.sort(np.random.default_rng(0).permutation(held)[:_SHORT_BOUND])

    def about(self) -> dict[str, Any]:
        """What makes two studies the same study, apart from their views and seeds."""
        return {
            "data": [self.images.name, self.images.hash, self.task_images.hash],
            "splits": self.splits.hash,
            "tasks": {task.name: about_task(task) for task in self.tasks},
            "settings": asdict(self.settings),
            "candidates": self.candidates,
        }

    @property
    def fingerprint(self) -> str:
        """Hash of :meth:`about`."""
        return fingerprint(self.about())

    def about_baseline(self, name: str, task: Task) -> str:
        """What a baseline is, in words."""
        scratch = scratch_encoder(self.settings.encoder)
        own = "same encoder" if scratch == self.settings.encoder else scratch
        budget = f"same {task.budget:,} labels"
        details = f"logistic regression, {budget}", f"same encoder, untrained; {budget}"
        return (*details, f"{own}, {budget}")[BASELINES.index(name)]


def all_cells(
    views: Sequence[str], seeds: Sequence[int], baselines: Baselines, tasks: Sequence[Task]
) -> list[Cell]:
    """Cells of candidates, of the twin of the first one, and where there are tasks of baselines.

    Args:
        views: Candidate specs.
        seeds: Numbers of the runs.
        baselines: Names of the baselines.
        tasks: Tasks of the study.
    """
    found = [Cell("candidate", view, seed) for view in views for seed in seeds]
    found += [Cell("twin", views[0], seed) for seed in seeds]
    if tasks:
        found.append(Cell("baseline", baselines.raw, 0))
        found += [Cell("baseline", name, seed) for name in baselines[1:] for seed in seeds]
    return found


def fingerprint(about: dict[str, Any]) -> str:
    """Hash of what makes two studies the same study."""
    text = json.dumps(about, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def make_plan(
    images: Images,
    task_images: Images,
    *,
    views: tuple[str, ...],
    seeds: tuple[int, ...],
    settings: Settings,
    candidates: int | None,
    per_class: int,
    draws: int,
    reading: dict[str, Any] | None = None,
    chosen: bool = False,
    maps: PixelMaps | None = None,
) -> Plan:
    """Split the data and draw the labels.

    Args:
        images: Images to pretrain on.
        task_images: Images whose labels the representations are evaluated on.
        views: Candidate specs.
        seeds: Numbers of the runs.
        settings: How to pretrain.
        candidates: K; as many as are held out, at most 4,096, by default.
        per_class: Labels per class that a readout sees where most images are labelled.
        draws: Label draws.
        reading: How the images were asked to be read: ``channels`` and ``value_range``.
        chosen: Whether short runs have chosen the views: where readouts are cross-fitted, half
            of the labels were used for that, and are not reported on.
        maps: The classes of pixels, where ``task_images`` have the task ``pixels``.

    Returns:
        The plan; the same arguments give the same plan.

    Raises:
        InputError: Too few images, or K is more than are held out.
    """
    shape = (images.channels, images.height, images.width)
    for spec in views:
        pair = parse_view(spec)
        if any(len(chain.out_shape(shape)) != 3 for chain in (pair.first, pair.second)):
            raise InputError(
                f"{spec} makes stacks of patches, but a study's encoder reads one image per view: "
                f"use patches(), or train with them by goodviews pretrain --recipe cpc."
            )
    own = splits(images)
    held = len(own.held_out)
    if candidates is not None and not 2 <= candidates <= held:
        raise InputError(
            f"--candidates is {candidates}, but {held} images are held out: choose 2 to {held}."
        )
    other = own if task_images is images else splits(task_images)
    tasks = [
        _task(task_images, other, task, per_class=per_class, draws=draws, chosen=chosen)
        for task in _asked(task_images, maps)
    ]
    return Plan(
        images,
        task_images,
        own,
        tuple(tasks),
        settings,
        candidates or min(held, 4096),
        views,
        seeds,
        reading or {},
    )


def _asked(images: Images, maps: PixelMaps | None) -> list[LabelTask]:
    """The tasks of the images; strata of pixels become the task that they are of."""
    found = label_tasks(images)
    if maps is not None:
        strata = found[PIXELS]
        found[PIXELS] = replace(strata, kind="pixels", values=maps.values, outputs=maps.classes)
    return list(found.values())


def about_task(task: Task) -> list[Any]:
    """What makes two tasks the same, apart from the hash of the data."""
    told: list[Any] = [task.budget, len(task.draws)]
    if task.measure != "accuracy":
        told.append(task.measure)
    if task.target is not None and task.target.values is not None:
        told.append(hashlib.sha256(task.target.values.tobytes()).hexdigest()[:16])
    return told


def _task(
    images: Images, parts: Splits, task: LabelTask, *, per_class: int, draws: int, chosen: bool
) -> Task:
    if task.kind == "pixels":
        draws = min(draws, _MAP_DRAWS)
    made = _drawn(images, parts, task, per_class=per_class, draws=draws, chosen=chosen)
    if task.kind == "classes":
        return replace(made, measure="balanced accuracy") if imbalanced(made.labels) else made
    assert task.values is not None
    values = task.values
    if task.kind == "number":  # in units of their spread, so that networks learn them alike
        values = (values - values[made.pool].mean()) / (values[made.pool].std() or 1.0)
    measure = _MEASURES[task.kind]
    return replace(made, measure=measure, target=replace(task, strata=made.labels, values=values))


def _drawn(
    images: Images, parts: Splits, task: LabelTask, *, per_class: int, draws: int, chosen: bool
) -> Task:
    name = task.name
    labels, classes = compact(task.strata, task.classes)
    groups = images.groups
    if parts.cross_fitted(name):
        made = _folds(parts.pool[name], labels, draws, groups)
        items = parts.pool[name]
        choose = np.zeros(len(items), dtype=bool)
        if chosen:
            choose = np.isin(items, cut(items, labels, len(items) // 2, 1, groups)[1])
        budget = len(made[0].fit)
        return Task(name, labels, classes, made, items, choose, budget, True, groups, items)
    choosers = parts.choose[name]
    fixed = len(choosers) >= _FIXED_CHOOSERS and not np.isin(choosers, parts.pretrain).any()
    pool = parts.pool[name] if fixed else np.union1d(parts.pool[name], choosers)
    items = np.union1d(parts.test[name], choosers) if fixed else parts.test[name]
    known = (labels[parts.pretrain] >= 0).mean()
    if known > 0.9:
        fits = draw_labels(labels, pool, per_class=per_class, draws=draws, groups=groups)
    else:
        count = max(int(0.8 * len(pool)), len(np.unique(labels[pool])))
        fits = draw_labels(labels, pool, count=count, draws=draws, groups=groups)
    made = tuple(LabelDraw(fit, items) for fit in fits)
    choose = fixed & np.isin(items, choosers)
    budget = len(fits[0])
    return Task(name, labels, classes, made, items, choose, budget, False, groups, pool)


def compact(labels: np.ndarray, classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Leave out classes of labels (N,) with fewer than two images; they cannot be split."""
    counts = np.bincount(labels[labels >= 0], minlength=len(classes))
    kept = np.flatnonzero(counts >= 2)
    number = np.full(len(classes) + 1, -1)
    number[kept] = np.arange(len(kept))
    return number[labels], tuple(classes[k] for k in kept)


def _folds(
    pool: np.ndarray, labels: np.ndarray, draws: int, groups: np.ndarray | None
) -> tuple[LabelDraw, ...]:
    """Repeated folds: each is fitted on four fifths and tested on the last."""
    count = 5 if len(pool) >= 25 else 2
    made = []
    for repeat in range(max(round(draws / count), 1)):
        cut = folds(pool, labels, count, seed=repeat, groups=groups)
        made += [LabelDraw(pool[a], pool[b]) for a, b in cut]
    return tuple(made)
