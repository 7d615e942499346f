"""Every 95 % interval: of proportions, of means over items, over runs and over both.

One rule for a mean whose variance has several sources (runs, items, label draws): each source is
multiplied by its own quantile of Student's t before they are added (:func:`half_width`; Banerjee,
1961). Degrees of freedom pooled over sources (Satterthwaite, 1946) cover 88 % with two runs whose
spread dominates. What a comparison was selected by widens it: ``among`` and ``best_of``.

Letters: N items, R runs, S seeds, V rows.
"""

import math
from functools import lru_cache

import numpy as np
from scipy.special import fdtri, ndtr, stdtrit

from goodviews.core.errors import check_shapes
from goodviews.core.interval import Interval

Z = 1.959964
NORMAL = 1.96
"""97.5 % point of the normal distribution, rounded as published tables have it."""


def wilson(right: float, items: float) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, 1927), always inside [0, 1].

    Args:
        right: Number of correct items.
        items: Number of items, above 0.

    Example:
        >>> low, high = wilson(10, 10)
        >>> round(low, 3), high
        (0.722, 1.0)
    """
    share, wide = right / items, Z**2 / items
    middle = (share + wide / 2) / (1 + wide)
    half = (wide * (share * (1 - share) + wide / 4)) ** 0.5 / (1 + wide)
    low, high = middle - half, middle + half
    return (low if right else 0.0), (high if right < items else 1.0)


def clopper_pearson(count: float, total: int) -> tuple[float, float]:
    """Exact 95 % interval of a proportion (Clopper and Pearson, 1934).

    Args:
        count: Number of successes; a fraction where each counts in part.
        total: Number of trials; with none, the whole range.

    Example:
        >>> [round(end, 3) for end in clopper_pearson(59, 60)]
        [0.911, 1.0]
    """
    from scipy.stats import beta

    low = float(beta.ppf(0.025, count, total - count + 1)) if count > 1e-9 else 0.0
    high = float(beta.ppf(0.975, count + 1, total - count)) if count < total - 1e-9 else 1.0
    return low, high


def normal_interval(value: float, stderr: float) -> Interval:
    """Interval of an estimate from its standard error.

    Example:
        >>> normal_interval(2.0, 0.5)
        Interval(value=2.0, low=1.02, high=2.98)
    """
    half = NORMAL * stderr
    return Interval(value, value - half, value + half)


def items_interval(values: np.ndarray) -> Interval:
    """Interval of the mean over many items, by the normal distribution.

    Args:
        values: (N,), one for each item.

    Example:
        >>> items_interval(np.array([1.0, 1.0, 1.0])).half
        0.0
    """
    mean, half = float(values.mean()), NORMAL * float(values.std(ddof=1)) / len(values) ** 0.5
    return Interval(mean, mean - half, mean + half)


def student_interval(values: np.ndarray) -> Interval:
    """Interval of the mean over a few runs, by Student's t; one run leaves the ends infinite.

    Args:
        values: (R,), one for each run.

    Example:
        >>> found = student_interval(np.array([1.0, 2.0, 3.0]))
        >>> found.value, round(found.half, 2)
        (2.0, 2.48)
    """
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, -math.inf, math.inf)
    half = float(stdtrit(len(values) - 1, 0.975) * values.std(ddof=1) / len(values) ** 0.5)
    return Interval(mean, mean - half, mean + half)


def half_width(*sources: tuple[float, float], among: int = 1, best_of: int = 1) -> float:
    """Half of the 95 % interval of a mean whose variance has several sources.

    Each source is multiplied by its own quantile of Student's t before they are added, so a
    source that was measured only twice makes the interval wide. The interval covers 95 % or a
    little more; with two runs, degrees of freedom pooled by Satterthwaite's formula cover 88 %.

    Args:
        *sources: For each source, the variance it adds to the mean and the degrees of freedom of
            that variance, above 0.
        among: Number of means that are compared with one another. Above one, the largest of them
            is above any other one by its lower end or more in 97.5 % (studentised range).
        best_of: Number of means of which the largest is reported: its lower end is below the
            truth in 97.5 %, however many there are (Sidak, 1967).

    Returns:
        Infinite where a variance is.

    Example:
        >>> round(half_width((1.0, 10**9)), 2), round(half_width((1.0, 2)), 2)
        (1.96, 4.3)
        >>> round(half_width((1.0, 20), best_of=5), 2), round(half_width((1.0, 20), among=5), 2)
        (2.84, 3.32)
    """
    if not all(math.isfinite(variance) for variance, _ in sources):
        return math.inf
    total = 0.0
    for variance, dof in sources:
        total += float(variance) * critical(dof, among=among, best_of=best_of) ** 2
    return math.sqrt(total)


def critical(dof: float, *, among: int = 1, best_of: int = 1) -> float:
    """Number of standard errors in half a 95 % interval, as :func:`half_width` uses it.

    Example:
        >>> round(critical(4), 3), round(critical(1e9), 3)
        (2.776, 1.96)
    """
    if among > 1:
        return _range(min(dof, 1000), among)
    return _student(dof, best_of)


_PRIOR = 8.0
"""Degrees of freedom that the rows' common variance counts for beside a row's own."""

_APART = 0.9
"""Share of rows with the common variance whose own one is not called larger."""


def moderated(
    own: np.ndarray, dof: float, *, common: float, common_dof: float
) -> tuple[np.ndarray, np.ndarray]:
    r"""Variances of few runs, drawn towards that of all rows (moderated; Smyth, 2004).

    .. math:: \frac{d_0 s_0^2 + d s_v^2}{d_0 + d}, \quad
        \frac{1}{d_0} = \frac{1}{8} + \frac{1}{d_{\text{common}}}

    Two or three runs hardly measure a variance, and rows that are much alike have much the same.
    Smyth estimates the weight from thousands of rows; here there are few, and it is fixed. A row
    whose own variance is larger than nine of ten with the common one (an F test) keeps its own.
    How wrong the rows' intervals are where spreads differ is measured by ``goodviews reproduce
    calibration_sentences``.

    Args:
        own: (V,) variance of each row.
        dof: Its degrees of freedom d.
        common: Variance of all rows.
        common_dof: Its degrees of freedom.

    Returns:
        (V,) variances, and (V,) degrees of freedom.

    Example:
        >>> moderated(np.array([0.0, 4.0, 40.0]), 4, common=2.0, common_dof=8)
        (array([ 1.,  3., 40.]), array([8., 8., 4.]))
    """
    prior = 1 / (1 / _PRIOR + 1 / common_dof)
    apart = own > common * fdtri(dof, common_dof, _APART)
    drawn = (prior * common + dof * own) / (prior + dof)
    return np.where(apart, own, drawn), np.where(apart, dof, prior + dof)


def mean_variance(values: np.ndarray, groups: np.ndarray | None = None) -> tuple[float, int]:
    r"""Variance of the mean over items, and its degrees of freedom.

    With groups it is that of a ratio of two sums over G groups, as in a cluster sample:
    :math:`\frac{G}{G - 1} \sum_g (\sum_{i \in g} (x_i - \bar x))^2 / N^2`.

    Args:
        values: (N,), one for each item.
        groups: (N,) group of each item; items of one group may be alike.

    Returns:
        The variance, infinite for a single group, and the degrees of freedom.

    Example:
        >>> mean_variance(np.array([0.0, 0.0, 1.0, 1.0]), np.array([1, 1, 2, 2]))
        (0.25, 1)
    """
    if groups is None:
        return float(values.var(ddof=1)) / len(values), len(values) - 1
    _, place = np.unique(groups, return_inverse=True)
    sums = np.bincount(place, values - values.mean())
    count = len(sums)
    if count < 2:
        return math.inf, 1
    return float((sums**2).sum() / len(values) ** 2 * count / (count - 1)), count - 1


def grouped_wilson(right: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Wilson's interval with the number of independent items that the groups amount to.

    That number is p (1 - p) over the variance of p between groups, at most N, and it is lowered
    for the quantile of Student's t with G - 1 degrees of freedom (Korn and Graubard, 1998). Where
    all items are right, or none, it is the number of groups.

    Args:
        right: (N,) whether each item is right, or the share of runs in which it is.
        groups: (N,) group of each item.

    Example:
        >>> low, high = grouped_wilson(np.array([1.0, 1.0, 0.0, 0.0]), np.array([1, 1, 2, 2]))
        >>> low < wilson(2, 4)[0] and high > wilson(2, 4)[1]
        True
    """
    share, count = float(right.mean()), len(np.unique(groups))
    if count < 2:
        return 0.0, 1.0
    variance, degrees = mean_variance(right, groups)
    items = float(count)
    if 0 < share < 1:
        items = min(share * (1 - share) / variance, len(right)) if variance else len(right)
    items *= (Z / float(stdtrit(degrees, 0.975))) ** 2
    return wilson(share * items, items)


def runs_interval(runs: np.ndarray) -> tuple[float, float]:
    """95 % interval of the mean over runs and items, both of which are samples.

    Args:
        runs: (R, N), score of each run on each item; all runs have the same items.

    Example:
        >>> runs_interval(np.ones((2, 9)))
        (1.0, 1.0)
    """
    mean, items = float(runs.mean()), runs.mean(axis=0)
    sources = [(float(items.var(ddof=1)) / len(items), len(items) - 1)]
    if len(runs) > 1:
        sources.append((float(runs.mean(axis=1).var(ddof=1)) / len(runs), len(runs) - 1))
    half = half_width(*sources)
    return mean - half, mean + half


def explained(
    wrong: np.ndarray, constant: np.ndarray, groups: np.ndarray | None = None
) -> tuple[float, tuple[float, float]]:
    r"""Share of variance explained, :math:`R^2 = 1 - \sum e_i / \sum c_i`, and its interval.

    The standard error is that of a ratio of two means over the same items (delta method).

    Args:
        wrong: (N,) squared errors.
        constant: (N,) squared errors of the constant predictor.
        groups: (N,) group of each item; then groups are what varies.

    Returns:
        R², which is 0 where the values are constant, and the ends of its interval.

    Example:
        >>> explained(np.zeros(4), np.ones(4))
        (1.0, (1.0, 1.0))
    """
    check_shapes("wrong: N, constant: N", wrong, constant)
    mean = float(constant.mean())
    if mean == 0:
        return 0.0, (0.0, 0.0)
    ratio = float(wrong.mean()) / mean
    left = wrong - ratio * constant
    half = Z * float(left.std(ddof=1)) / len(wrong) ** 0.5 / mean
    if groups is not None:
        half = half_width(mean_variance(left, groups)) / mean
    return 1 - ratio, (1 - ratio - half, min(1 - ratio + half, 1.0))


def seeds_interval(values: np.ndarray, errors: np.ndarray) -> Interval:
    """Mean over seeds of estimates that each carry an error of their own items.

    The items are the same for every seed, so their error does not shrink with more seeds. One
    seed leaves its own part unknown, and the ends infinite.

    Args:
        values: (S,) estimates.
        errors: (S,) their standard errors.

    Example:
        >>> found = seeds_interval(np.array([1.0, 1.0, 1.0]), np.array([0.1, 0.1, 0.1]))
        >>> round(found.high - found.value, 2)
        0.2
    """
    return seeds_intervals(values[None], errors[None])[0]


def seeds_intervals(values: np.ndarray, errors: np.ndarray) -> list[Interval]:
    """The same for several rows, whose variances over seeds are :func:`moderated`.

    Args:
        values: (V, S) estimates.
        errors: (V, S) their standard errors.

    Example:
        >>> one, other = seeds_intervals(np.array([[1.0, 1.2], [2.0, 2.2]]), np.zeros((2, 2)))
        >>> one.half < seeds_interval(np.array([1.0, 1.2]), np.zeros(2)).half
        True
    """
    rows, seeds = values.shape
    spread, dof = np.full(rows, math.inf), np.ones(rows)
    if seeds > 1:
        spread, dof = values.var(axis=1, ddof=1), np.full(rows, seeds - 1.0)
        if rows > 1 and np.isfinite(spread).all():
            spread, dof = moderated(
                spread, seeds - 1, common=float(spread.mean()), common_dof=rows * (seeds - 1)
            )
    found = []
    for place, value in enumerate(values.mean(axis=1)):
        items = (float((errors[place] ** 2).mean()), math.inf)
        half = half_width((float(spread[place]) / seeds, float(dof[place])), items)
        found.append(Interval(float(value), float(value - half), float(value + half)))
    return found


@lru_cache(maxsize=4096)
def _student(dof: float, best_of: int) -> float:
    """97.5 % point of Student's t, or of the largest of several independent ones."""
    return float(stdtrit(min(dof, 1e9), 0.975 ** (1 / best_of)))


@lru_cache(maxsize=4096)
def _range(dof: float, among: int) -> float:
    """97.5 % point of the range of normal values over a chi, over sqrt(2).

    Gauss and Legendre over both integrals: agrees with scipy to six digits, a hundred times
    as fast.
    """
    from scipy import stats
    from scipy.optimize import brentq

    nodes, weights = np.polynomial.legendre.leggauss(120)
    ends = np.sqrt(stats.chi2.ppf((1e-13, 1 - 1e-13), dof) / dof)
    spread = ends[0] + (nodes + 1) / 2 * (ends[1] - ends[0])
    share = weights * stats.chi.pdf(spread * math.sqrt(dof), dof)
    share = share / share.sum()
    at = 8.5 * nodes
    top = 8.5 * among * weights * np.exp(-(at**2) / 2) / math.sqrt(2 * math.pi)

    def below(width: float) -> float:
        inside = ndtr(at) - ndtr(at - width * spread[:, None])
        return float(share @ (inside ** (among - 1) @ top)) - 0.975

    return float(brentq(below, 1.0, 1e4, rtol=1e-8)) / math.sqrt(2)
