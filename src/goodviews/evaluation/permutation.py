"""Permutation tests over a whole matrix, with control of the family-wise error rate.

Held-out predictions stay fixed; the true values are permuted among the test items. If a factor is
independent of a representation, every permutation is as likely as the observed order, for any
readout fitted on other items. All cells use the same permutations, so the maximum over cells
accounts for their dependence.

Letters: N test items, C classes, P permutations, K cells.
"""

from collections.abc import Sequence

import numpy as np

from goodviews.core.errors import InputError, check_shapes

BLOCK = 4_000_000
"""Maximum number of values gathered at a time."""


def shuffles(
    items: int,
    known: np.ndarray,
    *,
    count: int,
    seed: int,
    groups: np.ndarray | None = None,
) -> np.ndarray:
    """Permutations of the known items, the same for all factors known for the same items.

    With groups, whole groups change places and the items of a group stay neighbours, so that a
    factor that is the same for a whole group stays as lumpy as it is.

    Args:
        items: Number of test items.
        known: (N,) indices of items with a known value.
        count: P, the number of permutations.
        seed: Random seed.
        groups: (items,) group of each test item.

    Returns:
        (P, N) permutations of 0 .. N - 1.
    """
    rng = np.random.default_rng([seed, items])
    if groups is not None:
        _, own = np.unique(groups[known], return_inverse=True)
        home = np.argsort(own, kind="stable")
        made = np.empty((count, len(known)), dtype=np.int64)
        for order in made:
            order[home] = np.argsort(rng.permutation(own.max() + 1)[own], kind="stable")
        return made
    return np.array([np.argsort(rng.random(items)[known]) for _ in range(count)])


def shuffled_scores(predicted: np.ndarray, truth: np.ndarray, orders: np.ndarray) -> np.ndarray:
    r"""Agreement of predictions with the truth, and with each permutation of it.

    .. math:: T_\pi = \frac1N \sum_i q(y_{\pi(i)} \mid x_i) \quad \text{or} \quad
        T_\pi = \frac1N \sum_i \hat y_i y_{\pi(i)}

    The terms of single items are bounded, so one confident mistake cannot outweigh all others;
    for numbers, the order of permutations by T is that by correlation.

    Args:
        predicted: (N, C) probabilities of classes, or (N,) predicted numbers.
        truth: (N,) classes or numbers.
        orders: (P, N) from :func:`shuffles`.

    Returns:
        (P + 1,), with the observed order first.

    Example:
        >>> sure = np.array([[1.0, 0.0], [0.0, 1.0]])
        >>> shuffled_scores(sure, np.array([0, 1]), np.array([[1, 0]]))
        array([1., 0.])
    """
    size = check_shapes("truth: N, orders: P N", truth, orders)["N"]
    every = np.concatenate([np.arange(size)[None], orders])
    if predicted.ndim == 1:
        predicted = predicted - predicted.mean()
    scores = np.empty(len(every))
    step = max(1, BLOCK // max(size, 1))
    for start in range(0, len(every), step):
        mixed = truth[every[start : start + step]]
        if predicted.ndim == 1:
            scores[start : start + step] = mixed @ predicted / size
        else:
            picked = predicted.reshape(-1)[np.arange(size) * predicted.shape[1] + mixed]
            scores[start : start + step] = picked.mean(axis=1)
    return scores


def max_t(scores: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """One-sided p values of every cell, unadjusted and adjusted for the whole matrix.

    Step-down maximum of Westfall and Young: the probability of one or more false positives among
    all cells is at most the level, for any set of true nulls and any dependence of cells.

    Args:
        scores: K arrays (P + 1,), with the observed score first; larger is stronger.

    Returns:
        (K,) p values, and (K,) adjusted ones, never smaller.

    Raises:
        InputError: Cells have different numbers of shuffles.

    References:
        Westfall and Young, 1993, Resampling-Based Multiple Testing, algorithm 4.1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> one, other = rng.standard_normal((2, 1000))
        >>> one[0], other[0] = 9, 0
        >>> alone, adjusted = max_t([one, other])
        >>> float(adjusted[0]), bool((adjusted >= alone).all())
        (0.001, True)
    """
    if len({len(row) for row in scores}) > 1:
        raise InputError("Cells of one matrix must be tested with the same shuffles.")
    table = np.array(scores, dtype=np.float64)
    if not table.size:
        return np.zeros(0), np.zeros(0)
    spread = table.std(axis=1, keepdims=True)
    centred = table - table.mean(axis=1, keepdims=True)
    flat = spread <= 1e-12 * np.maximum(np.abs(table).max(axis=1, keepdims=True), 1e-300)
    t = np.where(flat, 0.0, centred / np.where(flat, 1.0, spread))
    reach = t - 1e-9  # a permutation that changes nothing gives the observed score
    alone = (t >= reach[:, :1]).mean(axis=1)
    order = np.argsort(-t[:, 0], kind="stable")
    largest = np.maximum.accumulate(t[order[::-1]], axis=0)[::-1]
    stepped = (largest >= reach[order, :1]).mean(axis=1)
    adjusted = np.empty(len(t))
    adjusted[order] = np.maximum.accumulate(stepped)
    return alone, adjusted
