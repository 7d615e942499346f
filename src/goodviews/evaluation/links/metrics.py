"""How well scores separate links from pairs without one.

Letters: m links, K negatives of each, S scorers.
"""

import numpy as np

from goodviews.core.errors import InputError, check_shapes
from goodviews.core.interval import Interval
from goodviews.core.intervals import normal_interval


def link_auc(links: np.ndarray, negatives: np.ndarray) -> Interval:
    """Area under the ROC curve of links against all negatives, with its 95 % interval.

    It is the share of pairs of a link and a negative that are in the right order; ties count
    half. The interval is over links and negatives, which are both samples.

    Args:
        links: (m,) scores of links.
        negatives: (m, K) scores of negatives.

    Example:
        >>> link_auc(np.array([3.0, 1.0]), np.array([[2.0], [0.0]])).value
        0.75

    References:
        DeLong, DeLong and Clarke-Pearson, 1988, for the standard error.
    """
    return auc_gap(links, negatives, None, None)


def auc_gap(
    links: np.ndarray,
    negatives: np.ndarray,
    other_links: np.ndarray | None,
    other_negatives: np.ndarray | None,
) -> Interval:
    """Difference of two areas on the same links and negatives, with its paired 95 % interval.

    Args:
        links: (m,) scores of links by one scorer.
        negatives: (m, K) scores of negatives by it.
        other_links: (m,) scores by another scorer; ``None`` for the area itself.
        other_negatives: (m, K) scores by the other scorer.

    Example:
        >>> one, none = np.array([1.0, 2.0, 3.0]), np.zeros((3, 1))
        >>> auc_gap(one, none, -one, none).value
        1.0
    """
    above, below = _placements(links, negatives)
    if other_links is not None and other_negatives is not None:
        other_above, other_below = _placements(other_links, other_negatives)
        above, below = above - other_above, below - other_below
    if len(above) < 2 or len(below) < 2:
        return Interval(float(above.mean()), -np.inf, np.inf)
    variance = above.var(ddof=1) / len(above) + below.var(ddof=1) / len(below)
    return normal_interval(float(above.mean()), float(variance**0.5))


def _placements(links: np.ndarray, negatives: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Share of negatives below each link, and of links above each negative."""
    check_shapes("links: m, negatives: m K", links, negatives)
    flat = negatives.ravel()
    return _share_below(links, flat), 1 - _share_below(flat, links)


def _share_below(values: np.ndarray, others: np.ndarray) -> np.ndarray:
    order = np.sort(others)
    low = np.searchsorted(order, values, "left")
    high = np.searchsorted(order, values, "right")
    return np.asarray((low + high) / 2 / len(order))


def average_precision(links: np.ndarray, negatives: np.ndarray) -> float:
    """Mean precision at the rank of each link; scores that are equal share a rank.

    It depends on the number of negatives for each link, which a name such as ``ap@1:1`` states.

    Args:
        links: (m,) scores of links.
        negatives: (m, K) scores of negatives.

    Example:
        >>> round(average_precision(np.array([3.0, 1.0]), np.array([[2.0], [0.0]])), 4)
        0.8333
    """
    from sklearn.metrics import average_precision_score

    check_shapes("links: m, negatives: m K", links, negatives)
    truth = np.r_[np.ones(len(links)), np.zeros(negatives.size)]
    return float(average_precision_score(truth, np.r_[links, negatives.ravel()]))


def ranks(links: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Rank of each link among its own negatives, from 1 on; a tie counts half.

    Args:
        links: (m,) scores of links.
        negatives: (m, K) scores of the negatives of each.

    Returns:
        (m,) ranks between 1 and K + 1.

    Example:
        >>> ranks(np.array([2.0]), np.array([[3.0, 2.0, 1.0]])).tolist()
        [2.5]
    """
    check_shapes("links: m, negatives: m K", links, negatives)
    higher = (negatives > links[:, None]).sum(1)
    return np.asarray(1 + higher + (negatives == links[:, None]).sum(1) / 2)


def mean_reciprocal_rank(rank: np.ndarray) -> float:
    """Mean of one over the rank.

    Args:
        rank: (m,) ranks.

    Example:
        >>> mean_reciprocal_rank(np.array([1.0, 2.0]))
        0.75
    """
    return float((1 / rank).mean())


def hits(rank: np.ndarray, first: int, *, negatives: int) -> float:
    """Share of links among the first ones of their own negatives and themselves.

    Args:
        rank: (m,) ranks.
        first: How many count as a hit.
        negatives: Number K of negatives of each link.

    Raises:
        InputError: There are fewer than ``first`` negatives, so that every link would be a hit.

    Example:
        >>> hits(np.array([1.0, 2.0, 12.0]), 10, negatives=100)
        0.6666666666666666
    """
    if negatives < first:
        raise InputError(
            f"hits@{first} needs at least {first} negatives for each link, but there are "
            f"{negatives}; raise the count of negatives or lower K."
        )
    return float((rank <= first).mean())
