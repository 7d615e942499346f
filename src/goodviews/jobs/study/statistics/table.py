"""From cells to the numbers of one task: a layout, and every view's intervals.

Letters: V rows with seeds, S seeds, M items that report.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.intervals import seeds_intervals
from goodviews.core.records.rows import Row
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import BASELINES, Baselines, Cell, Task
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.statistics.about_label import AboutLabel
from goodviews.jobs.study.statistics.layout import Layout

RANDOM = BASELINES.random
"""Name of the baseline whose encoder keeps its random weights."""


@dataclass(eq=False)
class TaskTable:
    """All results of one task.

    Attributes:
        task: Which.
        views: Candidate specs that have all their seeds, in the order of the plan.
        rows: Names of the layout's rows: candidates, ``twin``, random weights, scratch.
        layout: Accuracy per item.
        usable: Usable information per item, nats.
        null: The same layout with shuffled labels.
        about_label: I(v; y) of each candidate.
        choosing: (candidates, S, M') accuracy on the items that only choose; M' may be 0.
        raw: (M,) accuracy of raw pixels, and (R,) of each label draw.
        nats: Shared information per candidate; ``None`` where it could not be bounded.
        records: Rows of each candidate and baseline, over the seeds.
        choosing_nats: (candidates, S, M') log probabilities on the items that only choose.
        baselines: Names of the baselines.
    """

    task: Task
    views: list[str]
    rows: list[str]
    layout: Layout
    usable: Layout
    null: Layout
    about_label: AboutLabel
    choosing: np.ndarray
    raw: tuple[np.ndarray, np.ndarray]
    nats: list[Interval]
    records: dict[str, list[Row]]
    choosing_nats: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 0)))
    baselines: Baselines = BASELINES

    def selecting(self) -> np.ndarray:
        """(V,) accuracy of the candidates by which the best is selected.

        That of the items that only choose, where there are some.
        """
        apart = self.choosing.shape[-1] > 0
        items = self.choosing if apart else self.layout.items_VSN[: len(self.views)]
        means: np.ndarray = items.mean(axis=(1, 2))
        return means

    @cached_property
    def contending(self) -> list[bool]:
        """(V,) whether each candidate may be the best: it is not below the best one."""
        count = len(self.views)
        best = int(self.layout.items_VN[:count].mean(axis=1).argmax())
        gaps = [self.layout.difference(row, best, among=count) for row in range(count)]
        return [row == best or not gap.below for row, gap in enumerate(gaps)]

    @property
    def contenders(self) -> int:
        """How many candidates may be the best.

        Intervals of the best one against baselines hold for each of these at once, whichever was
        selected (locally simultaneous inference; Zrnic and Fithian, 2024).
        """
        return sum(self.contending)

    def row(self, name: str) -> int:
        """Place of a row in the layouts."""
        return self.rows.index(name)

    def level(self, name: str) -> Interval:
        """Accuracy of a row; the lower end of a candidate is that of a selected one."""
        return self.layout.level(self.row(name), best_of=self._best_of(name))

    def raw_level(self) -> Interval:
        """Accuracy of raw pixels: no seeds, so items and label draws alone."""
        return self.layout.fixed(*self.raw)

    def over(self, name: str, other: str, *, among: int = 1) -> Interval:
        """Accuracy of a row minus that of another; raw pixels have no seeds.

        The lower end of a candidate against a baseline is that of the best of all
        :attr:`contenders`: it is right for the view that was selected.

        Args:
            name: A row.
            other: Another row.
            among: Number of candidates that are compared with one another.
        """
        first, best_of = self.row(name), 1 if other in self.views else self._best_of(name)
        twin = "twin" in (name, other)
        if other == self.baselines.raw:
            found = self.layout.over_fixed(first, *self.raw, best_of=best_of)
        else:
            found = self.layout.difference(
                first,
                self.row(other),
                among=among,
                best_of=1 if twin else best_of,
                independent=twin,
            )
        return found.within(self.task.least - 1, 1 - self.task.least)

    def _best_of(self, name: str) -> int:
        return self.contenders if name in self.views else 1


def tabulate(plan: StudyPlan, number: int, results: dict[Cell, CellResult]) -> TaskTable | None:
    """Gather the finished cells of a task.

    Args:
        plan: The study.
        number: Place of the task in the plan.
        results: Finished cells; a row that lacks a seed is left out.

    Returns:
        The table, or nothing when no candidate (or a baseline) has all its seeds.
    """
    task, names_of = plan.tasks[number], plan.baselines
    report = ~task.choose

    def stack(role: str, view: str, name: str) -> np.ndarray | None:
        found = [results.get(Cell(role, view, seed)) for seed in plan.seeds]
        if any(one is None for one in found):
            return None
        return np.array([one.arrays[f"{number}.{name}"] for one in found if one])

    wanted = [("candidate", view, view) for view in plan.views]
    wanted += [("twin", plan.views[0], "twin")]
    wanted += [("baseline", name, name) for name in names_of[1:]]
    have = [
        (role, view, name) for role, view, name in wanted if stack(role, view, "right") is not None
    ]
    views = [name for role, _, name in have if role == "candidate"]
    names = [name for _, _, name in have]
    raw = results.get(Cell("baseline", names_of.raw, 0))
    if not views or raw is None or not set(names_of[1:]) <= set(names):
        return None

    def gather(name: str, *, only: int | None = None) -> np.ndarray:
        chosen = [stack(role, view, name) for role, view, _ in have[:only]]
        return np.array([one for one in chosen if one is not None])

    def by_draw(name: str) -> np.ndarray | None:
        known = all(
            f"{number}.{name}" in results[Cell(role, view, seed)].arrays
            for role, view, _ in have
            for seed in plan.seeds
        )
        return gather(name) if known and not task.crossed else None

    tested = task.tested_groups
    groups = None if tested is None else tested[report]

    def layout(
        items: np.ndarray, draws: np.ndarray | None = None, *, shares: bool = False
    ) -> Layout:
        pooled = min(len(views), len(items))
        return Layout(items[:, :, report], draws, pooled=pooled, shares=shares, groups=groups)

    right, nats = gather("right"), gather("nats")
    draws = by_draw("draws")
    records = {
        name: [
            row
            for seed in plan.seeds
            for row in results[Cell(role, view, seed)].rows
            if row.task == task.name
        ]
        for role, view, name in have
    }
    records[names_of.raw] = [row for row in raw.rows if row.task == task.name]
    values, errors = (
        np.array([[getattr(row, name) for row in records[view]] for view in views], dtype=float)
        for name in ("estimate_nats", "stderr_nats")
    )
    return TaskTable(
        task=task,
        views=views,
        rows=names,
        layout=layout(right, draws, shares=task.measure != "R2"),
        usable=layout(nats, by_draw("nats_draws")),
        null=layout(gather("null", only=-1), shares=task.measure != "R2"),
        about_label=_about_label(plan, number, views, results),
        choosing=right[: len(views)][:, :, task.choose],
        raw=(raw.arrays[f"{number}.right"][report], raw.arrays[f"{number}.draws"]),
        nats=seeds_intervals(values, errors),
        records=records,
        choosing_nats=nats[: len(views)][:, :, task.choose],
        baselines=names_of,
    )


def _about_label(
    plan: StudyPlan, number: int, views: list[str], results: dict[Cell, CellResult]
) -> AboutLabel:
    """What the views keep of the label: each was read once, in the cell of one of its seeds."""
    if plan.tasks[number].measure == "link AUC":  # a view of two nodes is read for no label
        return AboutLabel.equal(len(views), len(plan.tasks[number].items))
    found = []
    for view in views:
        cells = [results[Cell("candidate", view, seed)].arrays for seed in plan.seeds]
        found.append(next(cell for cell in cells if f"{number}.label" in cell))
    items, rise, folds, places = (
        np.array([cell[f"{number}.{name}"] for cell in found])
        for name in ("label", "label_rise", "label_folds", "label_items")
    )
    groups = plan.tasks[number].tested_groups
    return AboutLabel(items, rise, folds[0], None if groups is None else groups[places[0]])
