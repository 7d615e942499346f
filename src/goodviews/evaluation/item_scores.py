r"""Scores of a readout written as one value for each tested item, whose mean is the score.

A mean over items has an interval, by items or by groups of them, and two representations can be
compared item by item. Balanced accuracy, AUROC and R2 are not such means, but each has its first
order expansion over items (the influence function): the value of an item is the score plus what
the item moves it by. Their mean is the score exactly; for the AUROC their variance is DeLong's.

Letters: n tested items, L labels, C classes.
"""

import numpy as np

from goodviews.core.errors import InputError
from goodviews.evaluation.imbalance import class_weights


def balanced_items(right: np.ndarray, truth: np.ndarray) -> np.ndarray:
    r"""Balanced accuracy by item, :math:`A + \frac{n}{C n_{y_i}} (r_i - A_{y_i})`.

    Args:
        right: (..., n) share of correct answers.
        truth: (n,) class numbers.

    Returns:
        (..., n), whose mean over items is the mean of the accuracies within classes.

    Example:
        >>> float(balanced_items(np.array([1.0, 1.0, 1.0, 0.0]), np.array([0, 0, 0, 1])).mean())
        0.5
    """
    _, place, counts = np.unique(truth, return_inverse=True, return_counts=True)
    own = np.stack([right[..., place == k].mean(axis=-1) for k in range(len(counts))], axis=-1)
    left = class_weights(truth) * (right - own[..., place])
    found: np.ndarray = own.mean(axis=-1)[..., None] + left
    return found


def auroc_items(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    r"""Macro AUROC by item: the area under the ROC curve of each label, averaged over labels.

    With the share :math:`V_i` of items without the label that score below item i (with the label),
    or of items with it that score above item i (without it), and the area A of a label, an item
    adds :math:`A + n (V_i - A) / n_i`, where :math:`n_i` is the number of items like it.

    Args:
        scores: (n, L), higher where an item rather has a label.
        truth: (n, L), 1 and 0, NaN where it is not known.

    Returns:
        (n,), whose mean is the mean area of the labels that some tested items have and others
        have not; the variance of that mean is DeLong's.

    Raises:
        InputError: There is no such label.

    References:
        DeLong, DeLong and Clarke-Pearson, Biometrics 44, 1988.

    Example:
        >>> truth = np.array([[1.0], [1.0], [0.0], [0.0]])
        >>> float(auroc_items(np.array([[0.9], [0.4], [0.6], [0.1]]), truth).mean())
        0.75
    """
    from scipy.stats import rankdata

    total, used = np.zeros(len(scores)), 0
    for score, own in zip(scores.T, truth.T, strict=True):
        known = ~np.isnan(own)
        values, has = score[known], own[known] == 1
        if has.all() or not has.any():
            continue
        ranks, below = rankdata(values), np.empty(len(values))
        for side in (True, False):
            mine = has == side
            others = int((~mine).sum())
            share = (ranks[mine] - rankdata(values[mine])) / others
            below[mine] = share if side else 1 - share
        area = below[has].mean()
        like = np.where(has, has.sum(), (~has).sum())
        total[known] += len(scores) * (below - area) / like
        total += area
        used += 1
    if not used:
        raise InputError(
            f"None of {truth.shape[1]} labels is both on some and absent on others of the "
            f"{len(truth)} tested images; label more images."
        )
    return total / used


def mean_average_precision(scores: np.ndarray, truth: np.ndarray) -> float:
    """Average precision of each label, averaged over labels.

    Args:
        scores: (n, L), higher where an item rather has a label.
        truth: (n, L), 1 and 0, NaN where it is not known.

    Returns:
        1 for a perfect order; the frequency of the labels for scores that know nothing; NaN where
        no label occurs.

    Example:
        >>> truth = np.array([[1.0], [0.0], [1.0]])
        >>> round(mean_average_precision(np.array([[0.9], [0.8], [0.1]]), truth), 3)
        0.833
    """
    from sklearn.metrics import average_precision_score

    found = []
    for score, own in zip(scores.T, truth.T, strict=True):
        known = ~np.isnan(own)
        if (own[known] == 1).any():
            found.append(average_precision_score(own[known], score[known]))
    return float(np.mean(found)) if found else float("nan")


def r2_items(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    r"""R2 by item, :math:`1 - e_i^2 / V + \frac{M}{V} (d_i^2 / V - 1)`.

    With the error e of an item, its distance d from the mean, and M and V the means of their
    squares; the last term is what the item moves the variance by.

    Args:
        predicted: (n,) numbers.
        truth: (n,) numbers.

    Returns:
        (n,), whose mean is R2: 1 for a perfect prediction, 0 for that of the mean, less for a
        worse one.

    Raises:
        InputError: All tested numbers are the same.

    Example:
        >>> float(r2_items(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0])).mean())
        1.0
    """
    spread = float(np.var(truth))
    if not spread > 0:
        raise InputError(
            f"The numbers of all {len(truth)} tested images are the same; label more images."
        )
    missed = (truth - predicted) ** 2 / spread
    found: np.ndarray = 1 - missed + missed.mean() * ((truth - truth.mean()) ** 2 / spread - 1)
    return found
