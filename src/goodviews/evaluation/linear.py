"""Linear readout of a frozen representation: multinomial logistic regression.

Letters: N fitted examples, M tested examples, F representation, C classes.
"""

import warnings
from collections.abc import Sequence

import numpy as np

from goodviews.data.folds import folds

PENALTIES = tuple(10.0**power for power in (-5, -4, -3, -2, -1))


def linear_log_probs(
    fitted: np.ndarray, labels: np.ndarray, tested: np.ndarray, *, classes: int, penalty: float
) -> np.ndarray:
    """Fit a linear readout and return its log probabilities.

    Features are standardised with the mean and standard deviation of the fitted examples. A class
    without a fitted example gets the probability of half an example, so that nothing is infinite.
    Tested values are clipped to the range of the fitted ones: otherwise standardisation would
    blow up a unit that is almost constant in a few fitted examples.

    Args:
        fitted: (N, F), features for fitting.
        labels: (N,) integers below ``classes``.
        tested: (M, F), features of tested examples.
        classes: C, the number of classes.
        penalty: Weight of the squared norm of the weights, relative to the mean loss.

    Returns:
        (M, C) natural logarithms; rows sum to 1 as probabilities.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    centre, spread = fitted.mean(axis=0), fitted.std(axis=0)
    spread = np.where(spread > 1e-6, spread, 1.0) * np.sqrt(fitted.shape[1])
    known = np.unique(labels)
    floor = 0.5 / (len(labels) + 0.5 * classes)
    probs = np.full((len(tested), classes), floor)
    logs: np.ndarray
    if len(known) == 1:
        probs[:, known] = 1 - floor * (classes - 1)
        logs = np.log(probs)
        return logs
    model = LogisticRegression(C=1 / (penalty * len(labels)), max_iter=100, tol=1e-3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit((fitted - centre) / spread, labels)
    within = np.clip(tested, fitted.min(axis=0), fitted.max(axis=0))
    inside = model.predict_proba((within - centre) / spread)
    share = 1 - floor * (classes - len(known))
    probs[:, known] = share * inside
    logs = np.log(np.maximum(probs, 1e-12))
    return logs


def choose_penalty(
    features: np.ndarray,
    labels: np.ndarray,
    fits: Sequence[np.ndarray],
    *,
    classes: int,
    groups: np.ndarray | None = None,
) -> float:
    """Select the penalty with the lowest cross-entropy on inner folds of the fitted examples.

    Args:
        features: (N, F), features for fitting.
        labels: (N,) class numbers.
        fits: Index sets on which readouts will be fitted; inner folds stay inside each set.
        classes: C.
        groups: (N,) group of each example, which no fold divides.

    Returns:
        One of five powers of ten; the smallest if every set has fewer than three items.
    """
    losses = np.zeros(len(PENALTIES))
    for place, fit in enumerate(fits):
        if len(fit) < 3:
            continue
        for inner, outer in folds(fit, labels, 3, seed=place, groups=groups):
            for number, penalty in enumerate(PENALTIES):
                logs = linear_log_probs(
                    features[fit[inner]],
                    labels[fit[inner]],
                    features[fit[outer]],
                    classes=classes,
                    penalty=penalty,
                )
                losses[number] -= logs[np.arange(len(outer)), labels[fit[outer]]].sum()
    return PENALTIES[int(losses.argmin())]
