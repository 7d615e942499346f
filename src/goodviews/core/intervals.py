"""95 % intervals of what was measured on a sample of items.

Letters: N items.
"""

import numpy as np
from scipy.special import stdtrit

from goodviews.core.errors import check_shapes

Z = 1.959964


def wilson(right: int, items: int) -> tuple[float, float]:
    """95 % interval of a proportion (Wilson, 1927), always inside [0, 1].

    Args:
        right: Number of correct items.
        items: Number of items, at least 1.

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


def half_width(*sources: tuple[float, int]) -> float:
    """Half of the 95 % interval of a mean whose variance has several sources.

    Each source is multiplied by its own quantile of Student's t before they are added, so a
    source that was measured only twice makes the interval wide. The interval covers 95 % or a
    little more; with two runs, degrees of freedom pooled by Satterthwaite's formula cover 88 %.

    Args:
        *sources: For each source, the variance it adds to the mean and the degrees of freedom of
            that variance, at least 1.

    Example:
        >>> round(half_width((1.0, 10**9)), 2), round(half_width((1.0, 2)), 2)
        (1.96, 4.3)
    """
    wide = [stdtrit(degrees, 0.975) ** 2 * variance for variance, degrees in sources]
    half: float = float(sum(wide)) ** 0.5
    return half


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


def explained(wrong: np.ndarray, constant: np.ndarray) -> tuple[float, tuple[float, float]]:
    r"""Share of variance explained, :math:`R^2 = 1 - \sum e_i / \sum c_i`, and its interval.

    The standard error is that of a ratio of two means over the same items (delta method).

    Args:
        wrong: (N,) squared errors.
        constant: (N,) squared errors of the constant predictor.

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
    half = Z * float((wrong - ratio * constant).std(ddof=1)) / len(wrong) ** 0.5 / mean
    return 1 - ratio, (1 - ratio - half, min(1 - ratio + half, 1.0))
