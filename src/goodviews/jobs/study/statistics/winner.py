"""Which view is the best, and how good: selected on some seeds and items, measured on others.

Runs and items that happened to be kind to a view select it, and measure it as too good. So the
value is cross-fitted over both, and the lower end of its interval is that of the best of all views
that may be the best (:attr:`TaskTable.contenders`), which holds whichever of them was selected.

Letters: V candidates, S seeds, N items.
"""

import numpy as np

from goodviews.core.interval import Interval
from goodviews.data.folds import folds
from goodviews.jobs.study.statistics.table import TaskTable

_REPEATS, _FOLDS = 10, 5


def by_log_probability(table: TaskTable) -> bool:
    """Whether the log probability of the right class separates the views better than accuracy.

    It does where the spread of the views' means is larger in units of its noise: a right answer
    that was nearly wrong counts less than a sure one.

    Args:
        table: Results of a task.
    """
    count = len(table.views)
    power = []
    for layout in (table.layout, table.usable):
        means, noise = layout.items_VN[:count].mean(axis=1), layout.noise(count)
        with np.errstate(divide="ignore", invalid="ignore"):
            power.append(means.var() / (noise**2).mean())
    return bool(power[1] > power[0])


def winner(table: TaskTable) -> int:
    """Place of the best view.

    Where log probability selects (:func:`by_log_probability`), it does so among the views whose
    accuracy is not below the best.

    Args:
        table: Results of a task.
    """
    means = _deciding(table)[0].mean(axis=(1, 2))
    if by_log_probability(table):
        means = np.where(table.contending, means, -np.inf)
    return int(means.argmax())


def cross_fitted_accuracy(table: TaskTable, winner: int) -> float:
    """Accuracy of the winner, selected and measured with different seeds and different labels.

    The view that is best with all seeds but one, on four fifths of the items, is measured with the
    last seed on the last fifth: the mean over all seeds and over repeated stratified folds. Where
    labels were set aside for selection, they select, and the others measure.

    Args:
        table: Results of a task.
        winner: Place of the winning candidate: the only seed measures it where there is one.
    """
    items_VSN, seeds = table.layout.items_VSN[: len(table.views)], table.layout.seeds
    deciding, apart = _deciding(table)
    rest = [[other for other in range(seeds) if other != seed] or [seed] for seed in range(seeds)]
    if apart:
        by_seed_VS = deciding.mean(axis=2)
        best = [by_seed_VS[:, other].mean(axis=1).argmax() for other in rest]
        return float(np.mean([items_VSN[one, seed].mean() for seed, one in enumerate(best)]))
    labels = table.task.labels[table.task.items]
    count = _FOLDS if np.bincount(labels)[np.unique(labels)].min() >= _FOLDS else 2
    every, groups = np.arange(len(labels)), table.task.tested_groups
    scores = []
    for repeat in range(_REPEATS):
        for chooses, reports in folds(every, labels, count, seed=repeat, groups=groups):
            by_seed_VS = deciding[:, :, chooses].mean(axis=2)
            own_VS = items_VSN[:, :, reports].mean(axis=2)
            best = [by_seed_VS[:, other].mean(axis=1).argmax() for other in rest]
            scores.append(np.mean([own_VS[one, seed] for seed, one in enumerate(best)]))
    return float(np.mean(scores)) if scores else float(items_VSN[winner].mean())


def cross_fitted_level(table: TaskTable, winner: int) -> Interval:
    """Accuracy of the winner with its interval.

    Args:
        table: Results of a task.
        winner: Place of the winning candidate.
    """
    return _moved(table.level(table.views[winner]), table, winner)


def cross_fitted_gain(table: TaskTable, winner: int, other: str) -> Interval:
    """The winner against a baseline, or another candidate, with its interval.

    Args:
        table: Results of a task.
        winner: Place of the winning candidate.
        other: Name of the baseline or candidate.
    """
    among = len(table.views) - 1 if other in table.views else 1
    return _moved(table.over(table.views[winner], other, among=among), table, winner)


def _moved(found: Interval, table: TaskTable, winner: int) -> Interval:
    """The same interval about the cross-fitted value, which lies within it."""
    own = float(table.layout.items_VN[winner].mean())
    value = found.value + cross_fitted_accuracy(table, winner) - own
    return Interval(min(max(value, found.low), found.high), found.low, found.high)


def _deciding(table: TaskTable) -> tuple[np.ndarray, bool]:
    """(V, S, N) scores that select, and whether they are those of other items."""
    logs, apart = by_log_probability(table), table.choosing.shape[-1] > 0
    if apart:
        return (table.choosing_nats if logs else table.choosing), True
    return (table.usable if logs else table.layout).items_VSN[: len(table.views)], False
