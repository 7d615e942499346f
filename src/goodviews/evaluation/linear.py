"""Linear readout of a frozen representation: multinomial logistic regression.

Letters: N fitted examples, M tested examples, F representation, C classes.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold

PENALTIES = tuple(10.0**power for power in (-5, -4, -3, -2, -1))


def linear_log_probs(
    fitted: np.ndarray, labels: np.ndarray, tested: np.ndarray, *, classes: int, penalty: float
) -> np.ndarray:
    """Fit a linear readout and give the log probabilities it assigns.

    Features are standardised with the fitted examples' mean and spread. A class without a
    fitted example gets the probability of half an example, so that nothing is infinite.
    Tested values beyond those fitted count as the nearest fitted one: a unit that hardly
    stirs in a few fitted examples would otherwise be blown up and decide alone.

    Args:
        fitted: (N, F).
        labels: (N,) integers below ``classes``.
        tested: (M, F).
        classes: C.
        penalty: Weight of the squared norm of the weights, relative to the mean loss.

    Returns:
        (M, C) natural logarithms; rows sum to 1 as probabilities.
    """
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
    features: np.ndarray, labels: np.ndarray, fits: Sequence[np.ndarray], *, classes: int
) -> float:
    """The penalty with the lowest cross-entropy on inner folds of fitted examples alone.

    Args:
        features: (N, F).
        labels: (N,).
        fits: Sets of places that readouts will be fitted on; inner folds stay inside each.
        classes: C.

    Returns:
        One of five powers of ten; the smallest where every set has fewer than three items.
    """
    losses = np.zeros(len(PENALTIES))
    for place, fit in enumerate(fits):
        counts = np.unique(labels[fit], return_counts=True)[1]
        if len(fit) < 3:
            continue
        kind = StratifiedKFold if len(counts) and counts.min() >= 3 else KFold
        folds = kind(3, shuffle=True, random_state=place)
        for inner, outer in folds.split(fit, labels[fit]):
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
