r"""One view for several tasks: that whose largest regret over the tasks is least.

The regret of a view in a task is the accuracy it gives up against the best view there. Which view
is best is not known, so the interval is made of the simultaneous intervals of all differences
(Tukey and Kramer): with the difference of any view u to v between :math:`l_u` and :math:`h_u`, the
regret of v lies between :math:`\max(0, \max_u l_u)` and :math:`\max(0, \max_u h_u)`. This
holds for every view at once, hence also for the one that is chosen by the same numbers.

Letters: T tasks, V views.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from goodviews.core.interval import Interval
from goodviews.jobs.study.statistics.table import TaskTable


@dataclass(frozen=True)
class OneForAll:
    """The compromise, and the best two views to pretrain with instead.

    Attributes:
        view: The compromise.
        regrets: (T,) what it gives up in each task, shares of 1.
        over_scratch: (T,) it against training from scratch; each holds although it was chosen.
        pair: (T,) the view of each task, of the two that together have the least worst regret.
        gains: (T,) accuracy of that view less that of the compromise.
    """

    view: str
    regrets: list[Interval]
    over_scratch: list[Interval]
    pair: list[str]
    gains: list[Interval]


def compromise(tables: Sequence[TaskTable]) -> OneForAll | None:
    """Choose one view for all tasks.

    Args:
        tables: One for each of T tasks, T at least 2.

    Returns:
        The view of least worst regret (of equal ones that of least mean regret); nothing when no
        view has results for all tasks.
    """
    views = [view for view in tables[0].views if all(view in one.views for one in tables)]
    if not views:
        return None
    lost_TV = np.array([_lost(table, views) for table in tables])
    one = min(range(len(views)), key=lambda v: (lost_TV[:, v].max(), lost_TV[:, v].mean()))
    pairs = [*combinations(range(len(views)), 2)] or [(one, one)]

    def worst(pair: tuple[int, int]) -> tuple[float, float, bool]:
        least = lost_TV[:, pair].min(axis=1)
        return float(least.max()), float(least.mean()), one not in pair

    two = min(pairs, key=worst)
    own = [views[min(two, key=lambda v: row[v])] for row in lost_TV]
    chosen = views[one]
    return OneForAll(
        view=chosen,
        regrets=[regret(table, chosen) for table in tables],
        over_scratch=[over_scratch(table, chosen) for table in tables],
        pair=own,
        gains=[
            Interval(0.0, 0.0, 0.0)
            if view == chosen
            else table.over(view, chosen, among=len(table.views))
            for table, view in zip(tables, own, strict=True)
        ],
    )


def over_scratch(table: TaskTable, view: str) -> Interval:
    """A view against training from scratch; its lower end is right for one chosen among all."""
    rows = table.row(view), table.row(table.baselines.scratch)
    return table.layout.difference(*rows, best_of=len(table.views))


def regret(table: TaskTable, view: str) -> Interval:
    """Accuracy that a view gives up against the best one, whichever that is.

    Args:
        table: Results of a task.
        view: A candidate.

    Returns:
        At least 0; one seed leaves the ends unknown.
    """
    count = len(table.views)
    gaps = [table.over(other, view, among=count) for other in table.views if other != view]
    value = max([0.0, *(gap.value for gap in gaps)])
    if not all(gap.known for gap in gaps):
        return Interval(value, -math.inf, math.inf)
    low, high = (max([0.0, *ends]) for ends in ([g.low for g in gaps], [g.high for g in gaps]))
    return Interval(value, low, high)


def _lost(table: TaskTable, views: Sequence[str]) -> list[float]:
    """(V,) regrets by the accuracies that select."""
    means = table.selecting()
    return [float(means.max() - means[table.row(view)]) for view in views]
