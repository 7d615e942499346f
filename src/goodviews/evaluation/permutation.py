"""Permutation tests over a whole matrix of questions, with the chance of any false claim held.

Held-out predictions stay fixed; the true values are shuffled among the test items. Where a
factor has nothing to do with a representation, every shuffle is as likely as what was seen,
whatever the readout and however it was fitted on other items. All cells see the same
shuffles, so that the largest of them accounts for how the cells depend on each other.

Letters: N test items, C classes, P shuffles, K cells.
"""

from collections.abc import Sequence

import numpy as np

from goodviews.core.errors import InputError, check_shapes

BLOCK = 4_000_000
"""Values gathered at a time."""


def shuffles(items: int, known: np.ndarray, *, count: int, seed: int) -> np.ndarray:
    """Orders of the known items, the same for every factor known for the same items.

    Args:
        items: All test items.
        known: (N,) places of those whose value is known.
        count: P.
        seed: Of the draw.

    Returns:
        (P, N) orders of 0 .. N - 1.
    """
    rng = np.random.default_rng([seed, items])
    return np.array([np.argsort(rng.random(items)[known]) for _ in range(count)])


def shuffled_scores(predicted: np.ndarray, truth: np.ndarray, orders: np.ndarray) -> np.ndarray:
    r"""How well predictions fit the truth, and each shuffle of it.

    .. math:: T_\pi = \frac1N \sum_i q(y_{\pi(i)} \mid x_i) \quad \text{or} \quad
        T_\pi = \frac1N \sum_i \hat y_i y_{\pi(i)}

    Both are bounded by single items, so one sure mistake cannot outweigh all others; for
    numbers, ordering shuffles by T is ordering them by correlation.

    Args:
        predicted: (N, C) probabilities of classes, or (N,) predicted numbers.
        truth: (N,) classes or numbers.
        orders: (P, N) from :func:`shuffles`.

    Returns:
        (P + 1,), what was seen first.

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
    """One-sided p values of every cell alone, and adjusted for the whole matrix.

    Westfall and Young's step-down maximum: the chance of one false claim or more among all
    cells is at most the level, whichever cells hold nothing and however they depend.

    Args:
        scores: K arrays (P + 1,), what was seen first; larger means more was found.

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
    reach = t - 1e-9  # a shuffle that changes nothing is as large as what was seen
    alone = (t >= reach[:, :1]).mean(axis=1)
    order = np.argsort(-t[:, 0], kind="stable")
    largest = np.maximum.accumulate(t[order[::-1]], axis=0)[::-1]
    stepped = (largest >= reach[order, :1]).mean(axis=1)
    adjusted = np.empty(len(t))
    adjusted[order] = np.maximum.accumulate(stepped)
    return alone, adjusted
