"""Label counts and label draws of the comparison; every arm is given the same.

Where a task is cross-fitted, each draw is a fold: fitted outside it, tested inside. Otherwise all
draws have the same tested images. No image that chose the view is tested, and no draw divides a
group.
"""

from dataclasses import dataclass

import numpy as np

from goodviews.data import draw_labels
from goodviews.data.folds import folds
from goodviews.jobs.study.plan import Task

FEWEST = 4
"""Labels per class of the smallest count, where there are at least twice as many."""
_HANDFUL = 20
"""Labels of the smallest count where all images are labelled and few labels are a question."""
LEAST_DRAWS = 4
_TESTED_MOST = 4_000
"""Images that are tested; more would hardly narrow an interval."""
_SEED = 1
"""Random seed of these draws; those that chose the view have 0."""
_ALIKE = 0.7
"""Share of all labels from which on a smaller count is not worth a row of its own."""


@dataclass(frozen=True, eq=False)
class Draw:
    """Labels that every arm is fitted to, and images that it is tested on.

    Attributes:
        labels: Number of labels of its count.
        number: Number of the draw.
        fit: (labels,) images.
        test: (n,) other images.
    """

    labels: int
    number: int
    fit: np.ndarray
    test: np.ndarray


def label_counts(task: Task, most: int) -> list[int | None]:
    """Labels per class to compare at, the most important first; ``None`` stands for all of them.

    First the smallest and the full count (20 labels, two to four per class, where nearly all
    images are labelled; on the digits pretraining is worth 6 points there and nothing with all
    labels), then the count of the study's readouts, then counts
    between that double.

    Args:
        task: The task.
        most: How many at most.

    Returns:
        One where the data have too few labels for two.
    """
    sizes = np.bincount(task.labels[task.pool], minlength=len(task.classes))
    sizes = sizes[sizes > 0]
    fewest = FEWEST if task.crossed else max(2, min(FEWEST, -(-_HANDFUL // len(task.classes))))
    least = max(1, min(fewest, int(sizes.max()) // 2))
    own = max(1, task.budget // len(task.classes))
    doubled = [least * 2**power for power in range(1, 12)]
    counts: list[int | None] = [least, None]
    for each in [own, *doubled]:
        if each > least and each not in counts:
            counts.append(each)
    useful = [one for one in counts if one is None or _total(sizes, one) < _ALIKE * sizes.sum()]
    return useful[:most]


def make_draws(task: Task, each: int | None, count: int, *, most: int | None = None) -> list[Draw]:
    """Draw the labels of one count.

    Args:
        task: The task.
        each: Labels per class; ``None`` for all.
        count: Number of draws.
        most: Number of labels at most, where all would take too long.
    """
    if task.crossed:
        chose = task.items[task.choose]
        cut = [(pool, np.setdiff1d(test, chose)) for pool, test in _folds(task, count)]
    else:
        test = task.items[~task.choose]
        if len(test) > _TESTED_MOST:
            rng = np.random.default_rng(_SEED)
            test = np.sort(rng.choice(test, _TESTED_MOST, replace=False))
        cut = [(task.pool, test)] * count
    found = []
    for number, (pool, test) in enumerate(cut):
        fit = pool
        if each is not None:
            fit = draw_labels(
                task.labels, pool, per_class=each, draws=number + 1, seed=_SEED, groups=task.groups
            )[number]
        elif most is not None and most < len(pool):
            fit = draw_labels(
                task.labels, pool, count=most, draws=number + 1, seed=_SEED, groups=task.groups
            )[number]
        found.append((np.sort(fit), np.sort(test)))
    labels = round(float(np.mean([len(fit) for fit, _ in found])))
    return [Draw(labels, number, fit, test) for number, (fit, test) in enumerate(found)]


def _folds(task: Task, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """As many folds as draws, or folds again where a class has too few labels for that."""
    y = task.labels[task.pool]
    smallest = int(np.bincount(y)[np.unique(y)].min())
    each, repeat = max(2, min(count, smallest)), 0
    made: list[tuple[np.ndarray, np.ndarray]] = []
    while len(made) < count:
        found = folds(task.pool, task.labels, each, seed=repeat, groups=task.groups)
        made += [(task.pool[a], task.pool[b]) for a, b in found]
        repeat += 1
    return made[:count]


def _total(sizes: np.ndarray, each: int) -> int:
    return int(np.minimum(sizes, each).sum())
