"""Readouts fitted on few labels, many draws at once.

Letters: N items, D draws, n labels of each, F representation, C classes, K folds.
"""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from goodviews.evaluation import fit_logistic

_FOLDS = 5
_STEPS, _PUSH = 40, 0.7
_PENALTY = 1e-3
"""One for all: ten labels cannot choose their own, and try to predict the commonest class."""


def label_draws(items: int, labels: int, draws: int) -> np.ndarray:
    """Places of the labelled items, (D, n), as labels come: not class by class.

    Example:
        >>> label_draws(100, 10, 3).shape
        (3, 10)
    """
    rngs = [np.random.default_rng((labels, draw)) for draw in range(draws)]
    return np.stack([rng.choice(items, labels, replace=False) for rng in rngs])


def few_labels(
    features: np.ndarray, labels: np.ndarray, draws_Dn: np.ndarray, classes: int
) -> np.ndarray:
    """Cross-validate a linear readout on each draw alone, and test it on all other items.

    Args:
        features: (N, F).
        labels: (N,) below ``classes``.
        draws_Dn: (D, n) places of the labelled items.
        classes: C.

    Returns:
        (3, D): accuracy and mean log probability over five folds of the labelled items, and
        accuracy on the items that are not labelled.
    """
    x_NF, y_N = torch.from_numpy(features), torch.from_numpy(labels)
    centre, spread = x_NF[draws_Dn].mean(dim=1), x_NF[draws_Dn].std(dim=1, correction=0)
    spread = torch.where(spread > 1e-6, spread, 1.0) * x_NF.shape[1] ** 0.5
    x_DnF = (x_NF[draws_Dn] - centre[:, None]) / spread[:, None]
    y_Dn = y_N[draws_Dn]
    fold_n = torch.arange(draws_Dn.shape[1]) % _FOLDS  # draws are in random order already
    right, logs = torch.zeros(2, *y_Dn.shape)
    for fold in range(_FOLDS):
        out = fold_n == fold
        weight, bias = fit_draws(x_DnF[:, ~out], y_Dn[:, ~out], classes=classes, penalty=_PENALTY)
        told = (x_DnF[:, out] @ weight + bias[:, None]).log_softmax(dim=2)
        logs[:, out] = told.gather(2, y_Dn[:, out, None])[:, :, 0]
        right[:, out] = (told.argmax(dim=2) == y_Dn[:, out]).float()
    weight, bias = fit_draws(x_DnF, y_Dn, classes=classes, penalty=_PENALTY)
    weight = weight / spread[:, :, None]
    bias = bias - (centre[:, None] @ weight)[:, 0]
    tested = torch.stack(
        [
            _others((x_NF @ w + b).argmax(dim=1) == y_N, torch.from_numpy(known))
            for w, b, known in zip(weight, bias, draws_Dn, strict=True)
        ]
    )
    return torch.stack([right.mean(dim=1), logs.mean(dim=1), tested]).numpy()


def fit_draws(
    x_DnF: Tensor, y_Dn: Tensor, *, classes: int, penalty: float
) -> tuple[Tensor, Tensor]:
    """Logistic regressions of many draws side by side, by accelerated gradient descent.

    The loss of each is mean cross-entropy plus ``penalty`` / 2 times the squared weights, as
    in :func:`goodviews.evaluation.logistic.fit_logistic`; the bias carries a hundredth of the
    penalty, so that the problem stays strongly convex. The slope is divided by an upper bound
    of the curvature (Boehning, 1992), with which a full step always descends.

    Args:
        x_DnF: Features, standardised and divided by sqrt(F).
        y_Dn: Classes.
        classes: C.
        penalty: Above 0.

    Returns:
        Weights (D, F, C) and biases (D, C).
    """
    draws, count, width = x_DnF.shape
    x = torch.cat([x_DnF, x_DnF.new_ones(draws, count, 1)], dim=2)
    back = x.transpose(1, 2).contiguous() / count
    truth = back @ one_hot(y_Dn, classes).to(x.dtype)
    weights = x.new_full((width + 1, 1), penalty)
    weights[-1] = penalty / 100
    inverse = torch.linalg.inv(0.5 * back @ x + torch.diag(weights[:, 0]))
    weight = x.new_zeros(draws, width + 1, classes)
    ahead = weight
    for _ in range(_STEPS):
        slope = back @ (x @ ahead).softmax(dim=2) - truth + weights * ahead
        moved = ahead - inverse @ slope
        ahead = moved + _PUSH * (moved - weight)
        weight = moved
    return weight[:, :-1], weight[:, -1]


def all_labels(features: np.ndarray, labels: np.ndarray, classes: int) -> float:
    """Accuracy over five folds of all items, features (N, F), each read by the other four."""
    fold = np.random.default_rng(0).permutation(len(labels)) % _FOLDS
    right = np.zeros(len(labels))
    for number in range(_FOLDS):
        fit, out = fold != number, fold == number
        probe = fit_logistic(features[fit], labels[fit], classes=classes, penalty=1e-4)
        right[out] = probe.log_probs(features[out]).argmax(dim=1).numpy() == labels[out]
    return float(right.mean())


def _others(right: Tensor, known: Tensor) -> Tensor:
    """Accuracy over the items that are not among the known ones."""
    return (right.sum() - right[known].sum()) / (len(right) - len(known))
