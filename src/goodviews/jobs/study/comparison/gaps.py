"""Paired differences between two arms: the interval, and what would settle an open one.

Both arms have the same label draws, tested images and seeds. Their difference varies with the
runs (label draws, and seeds of pretraining and training) and with the tested images. Draws that
share a pretrained encoder are not independent: the spread over draws and that over the means of
the pretraining seeds are both computed, and the larger variance counts, with its own degrees of
freedom. One pretraining seed gives no interval.

Letters: D draws, S pretraining seeds, N tested images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from goodviews.core.interval import Interval
from goodviews.core.intervals import half_width, mean_variance
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.comparison.scores import Vectors

POWER = 0.8
"""Probability that a settled question is settled by as many runs or labels as are named."""
_MOST_RUNS, _MOST_TIMES = 60, 20


@dataclass(frozen=True)
class Gap:
    """The difference of two arms at one label count.

    Attributes:
        interval: Accuracy of the first less that of the second, as a share.
        runs: Variance of the mean that runs add, and its degrees of freedom.
        items: The same of the tested images.
        draws: D.
        seeds: S.
        tested: N.
    """

    interval: Interval
    runs: tuple[float, float]
    items: tuple[float, float]
    draws: int
    seeds: int
    tested: int


def gap(
    first: Vectors,
    second: Vectors,
    draws: Sequence[Draw],
    places: Sequence[int],
    *,
    crossed: bool = False,
    groups: np.ndarray | None = None,
    tests: int = 1,
) -> Gap:
    """Compare two arms.

    Args:
        first: (D) of (n,) scores of tested images.
        second: The same of the other arm.
        draws: (D).
        places: (D) place of the pretraining seed of each draw.
        crossed: Whether draws are tested on images of their own. Their spread then holds that of
            the images as well, and the larger of the two counts.
        groups: (N,) group of each image of the set.
        tests: Number of such differences, of which one that is above zero decides.
    """
    apart = [one - other for one, other in zip(first, second, strict=True)]
    means = np.array([one.mean() for one in apart])
    index = np.concatenate([draw.test for draw in draws])
    items, place = np.unique(index, return_inverse=True)
    by_item = np.bincount(place, np.concatenate(apart)) / np.bincount(place)
    value = float(means.mean())
    runs = _runs(means, np.asarray(places))
    spread, degrees = mean_variance(by_item, None if groups is None else groups[items])
    tested = spread + 2 / (degrees + 1) ** 2, degrees  # room for an item that would not be alike
    parts = [max(runs, tested)] if crossed else [runs, tested]
    half = half_width(*parts, best_of=tests)
    return Gap(
        Interval(value, value - half, value + half).within(-1, 1),
        runs,
        (0.0, math.inf) if crossed else tested,
        len(draws),
        len(set(places)),
        len(items),
    )


def _runs(means_D: np.ndarray, places_D: np.ndarray) -> tuple[float, float]:
    """Variance of the mean over draws, and its degrees of freedom."""
    _, own = np.unique(places_D, return_inverse=True)
    seeds, count = int(own.max()) + 1, len(means_D)
    if seeds < 2:
        return math.inf, 1
    by_draw = float(means_D.var(ddof=1)) / count
    by_seed = float((np.bincount(own, means_D) / np.bincount(own)).var(ddof=1)) / seeds
    if by_draw >= by_seed:
        return by_draw, count - 1
    return by_seed, count - 1 if count <= seeds + 1 else seeds - 1


@dataclass(frozen=True)
class Needed:
    """What would settle an open difference, if it is as large as it looks; nothing is hopeless.

    Attributes:
        runs: Runs in all, where more of them would do.
        tested: Tested images in all, where more of them would do.
    """

    runs: int | None
    tested: int | None


def needed(found: Gap) -> Needed:
    r"""Runs, or tested images, with which an interval of this difference leaves out zero.

    With probability .8: the smallest number for which
    :math:`|g| > (t_{.975} + t_{.8}) \sqrt{s^2_r / R + s^2_i / N}`, all else as measured.

    Args:
        found: A difference whose interval holds zero.

    Example:
        >>> open_ = Gap(Interval(0.02, -0.01, 0.05), (4e-4, 3), (1e-6, 999), 4, 4, 1000)
        >>> needed(open_).runs, needed(open_).tested
        (35, None)
    """
    size, runs, tested = abs(found.interval.value), None, None
    by_run, by_item = found.runs[0] * found.draws, found.items[0] * found.tested

    def settles(many: int, images: float) -> bool:
        factor = stdtrit(max(many - 1, 1), 0.975) + stdtrit(max(many - 1, 1), POWER)
        return bool(size > factor * math.sqrt(by_run / many + by_item / images))

    if math.isfinite(by_run):
        counts = range(max(found.draws, 2), _MOST_RUNS + 1)
        runs = next((many for many in counts if settles(many, found.tested)), None)
        times = np.geomspace(1, _MOST_TIMES, 60)
        images = (float(one) * found.tested for one in times if by_item)
        enough = next((one for one in images if settles(found.draws, one)), None)
        tested = None if enough is None else math.ceil(enough)
    return Needed(runs, tested)
