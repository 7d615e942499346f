"""How many labels a readout may see: shares of the pool, or a number of each class.

Letters: N items, n of them in the pool.
"""

import math
from collections.abc import Sequence

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data import draw_labels


def drawn_sets(
    labels: np.ndarray, pool: np.ndarray, *, budget: str, draws: int, seed: int = 0
) -> list[np.ndarray]:
    """Draws of a budget; the same for every encoder.

    Args:
        labels: (N,) class numbers, -1 where there is none.
        pool: (n,) places labels are drawn from.
        budget: ``"1%"`` of the pool, or ``"10"`` of each class.
        draws: How many.
        seed: Of the draws.

    Returns:
        Sorted places, one array for each draw.

    Raises:
        InputError: The budget is no number, or gives no label to some class.

    Example:
        >>> drawn_sets(np.array([0, 0, 1, 1]), np.arange(4), budget="2", draws=1)
        [array([0, 1, 2, 3])]
    """
    number, share = _budget(budget)
    have = len(np.unique(labels[pool]))
    if not share:
        return draw_labels(labels, pool, per_class=int(number), draws=draws, seed=seed)
    count = min(round(len(pool) * number), len(pool))
    if count < have:
        raise InputError(
            f"{budget} of {len(pool):,} labels is fewer than one for each of {have} classes: "
            f"give a larger share, or a number per class."
        )
    return draw_labels(labels, pool, count=count, draws=draws, seed=seed)


def usable_budgets(budgets: Sequence[str], labels: np.ndarray, pool: np.ndarray) -> list[str]:
    """Those of some budgets that give each class a label and leave most of the pool.

    Args:
        budgets: As for :func:`drawn_sets`.
        labels: (N,) integers, -1 where there is none.
        pool: (n,) places labels are drawn from.

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
    """The number, and whether it is a share."""
    try:
        number = float(text.strip().removesuffix("%"))
    except ValueError:
        number = 0.0
    share = text.strip().endswith("%")
    if not 0 < number <= (100 if share else math.inf) or (not share and number != int(number)):
        raise InputError(
            f"A label budget is {text!r}, but a share such as 1% or a number per class such as "
            f"10 is wanted."
        )
    return (number / 100 if share else number), share
