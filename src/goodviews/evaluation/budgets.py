"""Label budgets of readouts: a share of the pool, or a number per class.

Letters: N items, n items of the pool.
"""

from collections.abc import Sequence

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data import draw_labels

_MOST = 10**9


def check_budgets(budgets: Sequence[str]) -> None:
    """Check that texts are budgets, before images are read.

    Raises:
        InputError: One is not.
    """
    for text in budgets:
        _budget(text)


def drawn_sets(
    labels: np.ndarray,
    pool: np.ndarray,
    *,
    budget: str,
    draws: int,
    seed: int = 0,
    groups: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Draw the labels of a budget, the same for every encoder.

    Args:
        labels: (N,) class numbers, -1 where there is none.
        pool: (n,) indices from which labels are drawn.
        budget: ``"1%"`` of the pool, or ``"10"`` per class.
        draws: Number of draws.
        seed: Random seed of the draws.
        groups: (N,) group of each item, as in :func:`goodviews.data.draw_labels`.

    Returns:
        Sorted indices, one array per draw.

    Raises:
        InputError: The budget is not a number, or leaves a class without a label.

    Example:
        >>> drawn_sets(np.array([0, 0, 1, 1]), np.arange(4), budget="2", draws=1)
        [array([0, 1, 2, 3])]
    """
    number, share = _budget(budget)
    have = len(np.unique(labels[pool]))
    if not share:
        return draw_labels(
            labels, pool, per_class=int(number), draws=draws, seed=seed, groups=groups
        )
    count = min(round(len(pool) * number), len(pool))
    if count < have:
        raise InputError(
            f"{budget} of {len(pool):,} labels is fewer than one for each of {have} classes; use "
            "a larger share, or a number per class."
        )
    return draw_labels(labels, pool, count=count, draws=draws, seed=seed, groups=groups)


def usable_budgets(budgets: Sequence[str], labels: np.ndarray, pool: np.ndarray) -> list[str]:
    """Budgets that give each class a label and leave most of the pool.

    Args:
        budgets: Budgets as for :func:`drawn_sets`.
        labels: (N,) integers, -1 where there is none.
        pool: (n,) indices from which labels are drawn.

    Example:
        >>> usable_budgets(["1%", "10%", "10"], np.arange(200) % 5, np.arange(200))
        ['10%', '10']
    """
    have = len(np.unique(labels[pool]))
    kept = []
    for text in budgets:
        number, share = _budget(text)
        count = round(len(pool) * number) if share else have * number
        if have <= count <= 0.9 * len(pool):
            kept.append(text)
    return kept


def _budget(text: str) -> tuple[float, bool]:
    """Parse a budget into its number, and whether it is a share."""
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        number = 0.0
    share = text.strip().endswith("%")
    if not 0 < number <= (100 if share else _MOST) or (not share and number != int(number)):
        raise InputError(
            "A label budget must be a share such as 1% or a number per class such as 10, but got "
            f"{text!r}."
        )
    return (number / 100 if share else number), share
