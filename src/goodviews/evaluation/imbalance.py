"""Scores in which each class counts the same: balanced accuracy, macro F1 and macro AUROC.

Letters: n tested items, C classes, R draws of labels.
"""

import numpy as np

from goodviews.core.intervals import half_width, mean_variance


def class_weights(truth: np.ndarray) -> np.ndarray:
    """Weights (n,) of mean 1 with which each class that occurs counts the same.

    Args:
        truth: (n,) class numbers.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1])).round(3).tolist()
        [0.667, 0.667, 0.667, 2.0]
    """
    _, place, counts = np.unique(truth, return_inverse=True, return_counts=True)
    weights: np.ndarray = len(truth) / (len(counts) * counts[place])
    return weights


def balanced(
    values: np.ndarray, truth: np.ndarray, groups: np.ndarray | None = None
) -> tuple[float, float, float]:
    """Mean over classes of the mean of values within each class, and its 95 % interval.

    Of shares of correct answers it is the balanced accuracy. The interval is that of tested items
    (or groups of them) for a weighted mean, with the class sizes as they are. Items of a class
    that all score the same still leave room for one that would not (two pseudo-items of each
    class, after Agresti and Coull, 1998).

    Args:
        values: (n,) one for each item.
        truth: (n,) class numbers.
        groups: (n,) group of each item.

    Returns:
        The mean and the ends of its interval.

    Example:
        >>> balanced(np.array([1.0, 1.0, 1.0, 0.0]), np.array([0, 0, 0, 1]))[0]
        0.5
    """
    _, place, counts = np.unique(truth, return_inverse=True, return_counts=True)
    means = np.bincount(place, values) / counts
    value = float(means.mean())
    if len(values) < 2:
        return value, -np.inf, np.inf
    left = class_weights(truth) * (values - means[place])
    variance, degrees = mean_variance(left, groups)
    room = float((2 / (len(counts) * counts) ** 2).sum())
    half = half_width((variance + room, degrees))
    return value, value - half, value + half


def macro_f1(guesses: np.ndarray, truth: np.ndarray) -> float:
    """F1 of each class that occurs, averaged over classes and draws.

    Args:
        guesses: (R, n) predicted classes.
        truth: (n,) class numbers.

    Example:
        >>> round(macro_f1(np.array([[0, 0, 0, 0]]), np.array([0, 0, 0, 1])), 3)
        0.429
    """
    most = int(max(guesses.max(), truth.max())) + 1
    occurs = np.bincount(truth, minlength=most)
    found = []
    for guess in guesses:
        right = np.bincount(truth[guess == truth], minlength=most)
        total = occurs + np.bincount(guess, minlength=most)
        found.append((2 * right[occurs > 0] / total[occurs > 0]).mean())
    return float(np.mean(found))


def macro_auroc(scores: np.ndarray, truth: np.ndarray) -> float | None:
    """Area under the ROC curve of each class against all others, averaged over classes.

    Args:
        scores: (n, C), higher for items that rather are of the class.
        truth: (n,) class numbers.

    Returns:
        0.5 for scores that know nothing; ``None`` where only one class occurs.

    Example:
        >>> macro_auroc(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 1]))
        1.0
    """
    from scipy.stats import rankdata

    counts = np.bincount(truth, minlength=scores.shape[1])
    found = []
    for number in np.flatnonzero((counts > 0) & (counts < len(truth))):
        own = truth == number
        above = rankdata(scores[:, number])[own].sum() - counts[number] * (counts[number] + 1) / 2
        found.append(above / (counts[number] * (len(truth) - counts[number])))
    return float(np.mean(found)) if found else None
