"""Do two measurements put the same views in the same order, and what is lost if not?

Letters: V views, S seeds, N tested items, R label draws, D draws of the means.
"""

import math

import numpy as np
from scipy.stats import rankdata

from goodviews.core import InputError, intervals
from goodviews_experiments.label_choice.run import picked


def spearman(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation of two scores of the same views, ties at their mean rank.

    Args:
        first: (V, ...).
        second: (V, ...), the same form.

    Returns:
        (...), between -1 and 1; 0 where one side puts all views on one rank.

    References:
        Spearman, 1904.

    Example:
        >>> spearman(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.3, 0.2])).item()
        0.5
    """
    ranks = [rankdata(score, axis=0) for score in (first, second)]
    one, two = (rank - rank.mean(axis=0) for rank in ranks)
    scale = np.sqrt((one**2).sum(axis=0) * (two**2).sum(axis=0))
    return (one * two).sum(axis=0) / np.where(scale > 0, scale, np.inf)


def kendall(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Kendall's tau-b: pairs of views in the same order less those in the other.

    Args:
        first: (V, ...).
        second: (V, ...), the same form.

    Returns:
        (...), between -1 and 1; 0 where one side ties all views.

    References:
        Kendall, 1945.

    Example:
        >>> round(kendall(np.array([1.0, 2.0, 3.0]), np.array([0.1, 0.3, 0.2])).item(), 3)
        0.333
    """
    left, right = np.triu_indices(len(first), 1)
    one, two = (np.sign(score[left] - score[right]) for score in (first, second))
    scale = np.sqrt((one**2).sum(axis=0) * (two**2).sum(axis=0))
    return (one * two).sum(axis=0) / np.where(scale > 0, scale, np.inf)


def views_interval(value: float, views: int, *, kind: str = "spearman") -> tuple[float, float]:
    """95 % interval of a rank correlation over all views, from a sample of a few.

    The views count as drawn at random from all there might be, and their scores as known.
    Fisher's z has variance 1.06 / (V - 3) for Spearman's and 0.437 / (V - 4) for Kendall's
    correlation. A perfect order has no z; its end is that of one swap of two neighbours.

    Args:
        value: Correlation that was found.
        views: V, at least 5.
        kind: ``spearman`` or ``kendall``.

    Raises:
        InputError: There are fewer than 5 views.

    References:
        Fieller, Hartley and Pearson, 1957.

    Example:
        >>> [round(end, 2) for end in views_interval(0.8, 7)]
        [0.09, 0.97]
    """
    if views < 5:
        raise InputError(f"{views} views have no interval over views; give at least 5.")
    pairs = views * (views - 1) / 2
    if kind == "spearman":
        error, swap = math.sqrt(1.06 / (views - 3)), 6 / (pairs * (views + 1))
    else:
        error, swap = math.sqrt(0.437 / (views - 4)), 2 / pairs
    z = math.atanh(max(min(value, 1 - swap), swap - 1))
    found = intervals.normal_interval(z, error)
    low, high = math.tanh(found.low), math.tanh(found.high)
    return (-1.0 if value <= swap - 1 else low), (1.0 if value >= 1 - swap else high)


def mean_draws(
    items: list[np.ndarray],
    by_label: list[np.ndarray] | None,
    *,
    count: int,
    rng: np.random.Generator,
) -> list[np.ndarray]:
    """Draws of the mean of each view, given its seeds, items and label draws.

    Tested items and label draws are drawn again with replacement, the same ones for every
    view and every measurement. What seeds add to a view beyond what they add to all is normal,
    with a variance drawn from its posterior with (V - 1)(S - 1) degrees of freedom: to draw
    two seeds again would forget most of it.

    Args:
        items: For each measurement (V, S, N), the score of a run on an item.
        by_label: For each measurement (V, S, R), mean score of a label draw, if there are any.
        count: Number of draws D.
        rng: Source of the draws.

    Returns:
        For each measurement (V, D) means. What a seed does to all views is left out: it
        changes no order and no difference.

    Raises:
        InputError: One seed or one view, which leaves the spread unknown.
    """
    views, seeds, number = items[0].shape
    if seeds < 2 or views < 2:
        raise InputError(
            f"{seeds} seeds of {views} views leave unknown what seeds do; give at least 2 of each."
        )
    weights_ND = rng.multinomial(number, np.full(number, 1 / number), size=count).T / number
    made = [one.mean(axis=1) @ weights_ND for one in items]
    if by_label is not None:
        labels = by_label[0].shape[2]
        again_RD = rng.multinomial(labels, np.full(labels, 1 / labels), size=count).T / labels
        wide = math.sqrt(labels / max(labels - 1, 1))
        for which, one in enumerate(by_label):
            centred = one.mean(axis=1) - one.mean(axis=(1, 2))[:, None]
            made[which] = made[which] + wide * (centred @ again_RD)
    for which, one in enumerate(items):
        made[which] = made[which] + seed_draws(one.mean(axis=2), count=count, rng=rng)
    return made


def seed_draws(runs: np.ndarray, *, count: int, rng: np.random.Generator) -> np.ndarray:
    """Errors that a mean over seeds may have, what a seed does to all views left out.

    Args:
        runs: (V, S), the score of each run.
        count: Number of draws D.
        rng: Source of the draws.

    Returns:
        (V, D), about zero.
    """
    views, seeds = runs.shape
    left = runs - runs.mean(axis=1, keepdims=True) - runs.mean(axis=0) + runs.mean()
    square_D = (left**2).sum() / rng.chisquare((views - 1) * (seeds - 1), size=count)
    return rng.standard_normal((views, count)) * np.sqrt(square_D / seeds)


def lost(choosing: np.ndarray, judging: np.ndarray) -> np.ndarray:
    """What the view that one measurement puts first lacks to the best by the other.

    Args:
        choosing: (V, ...), the highest is chosen; a tie is broken by a fair draw, in its mean.
        judging: (V, ...), broadcast against it.

    Returns:
        (...), 0 or more.

    Example:
        >>> round(lost(np.array([0.9, 0.8, 0.7]), np.array([0.90, 0.94, 0.5])).item(), 2)
        0.04
    """
    share = picked(choosing)
    return np.asarray(judging.max(axis=0) - (share * judging).sum(axis=0))
