"""The linear probe, the same wherever a class is read from a frozen representation.

Multinomial logistic regression (:func:`goodviews.evaluation.logistic.fit_logistic`), its penalty
selected on folds of the fitted examples: studies, ``evaluate``, leakage, learned views and the log
of a run give the same number for the same features, labels and parts.

Letters: N examples, F representation, C classes.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from goodviews.data.folds import folds
from goodviews.evaluation.large import take
from goodviews.evaluation.logistic import LinearProbe, fit_logistic

_FOLDS, _FOLDED = 3, 2000
"""Folds that select the penalty, and the number of fitted examples above which one is enough."""


def penalties(count: int) -> tuple[float, ...]:
    """Candidate penalties, strong first, because weaker ones start from their solution.

    Args:
        count: Number of fitted items; with more items, weaker penalties are included.

    Example:
        >>> penalties(10)[-1], penalties(50_000)[-1]
        (0.0001, 1e-08)
    """
    return tuple(float(f"1e-{power}") for power in range(4 + round(math.log10(max(count, 1)))))


def choose_penalty(
    features: np.ndarray | Tensor,
    labels: np.ndarray,
    fits: Sequence[np.ndarray],
    *,
    classes: int,
    groups: np.ndarray | None = None,
    device: torch.device | None = None,
) -> float:
    """Select the penalty with the lowest cross-entropy on inner folds of the fitted examples.

    Penalties are tried from strong to weak until two in a row are worse than the best.

    Args:
        features: (N, F).
        labels: (N,) class numbers.
        fits: Index sets on which probes will be fitted; inner folds stay inside each set.
        classes: C.
        groups: (N,) group of each example, which no fold divides.
        device: Device of the computation.

    Returns:
        One of :func:`penalties`; the strongest if every set has fewer than three items, or one
        group.

    Example:
        >>> labels = np.arange(40) % 2
        >>> choose_penalty(np.zeros((40, 3)), labels, [np.arange(40)], classes=2)  # no signal
        1.0
    """
    x = torch.as_tensor(features).to(device=device, dtype=torch.float32)
    some = penalties(max(map(len, fits), default=0))
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for place, fit in enumerate(fits):
        if len(fit) < _FOLDS:
            continue
        inner = list(folds(fit, labels, _FOLDS, seed=place, groups=groups))
        parts += [(fit[a], fit[b]) for a, b in inner[: 1 if len(fit) > _FOLDED else None]]
    best, lowest, worse = some[0], math.inf, 0
    probes: list[LinearProbe | None] = [None] * len(parts)
    for penalty in some if parts else ():
        loss = 0.0
        for place, (fitted, tested) in enumerate(parts):
            probes[place] = probe = fit_logistic(
                take(x, fitted),
                labels[fitted],
                classes=classes,
                penalty=penalty,
                start=probes[place],
                tolerance=1e-3,
                device=device,
            )
            logs = probe.log_probs(take(x, tested)).cpu().double().numpy()
            loss -= float(logs[np.arange(len(tested)), labels[tested]].sum())
        if loss < lowest:
            best, lowest, worse = penalty, loss, 0
        else:
            worse += 1
        if worse == 2:
            break
    return best


def linear_logs(
    features: np.ndarray | Tensor,
    labels: np.ndarray,
    fit: np.ndarray,
    tested: np.ndarray | Tensor,
    *,
    classes: int,
    penalty: float | None = None,
    groups: np.ndarray | None = None,
    device: torch.device | None = None,
) -> tuple[np.ndarray, float]:
    """Fit a linear probe and return its log probabilities of other examples.

    Args:
        features: (N, F).
        labels: (N,) class numbers.
        fit: Places of the fitted examples.
        tested: (M, F), features of the tested examples.
        classes: C.
        penalty: The penalty (default: selected by :func:`choose_penalty`).
        groups: (N,) group of each example, which no fold divides.
        device: Device of the computation.

    Returns:
        (M, C) natural logarithms, and the penalty.

    Example:
        >>> labels = np.arange(40) % 2
        >>> logs, _ = linear_logs(np.eye(2)[labels], labels, np.arange(20), np.eye(2), classes=2)
        >>> logs.argmax(axis=1)
        array([0, 1])
    """
    if penalty is None:
        penalty = choose_penalty(
            features, labels, [fit], classes=classes, groups=groups, device=device
        )
    probe = fit_logistic(
        take(torch.as_tensor(features), fit),
        labels[fit],
        classes=classes,
        penalty=penalty,
        device=device,
    )
    return probe.log_probs(tested).cpu().double().numpy(), penalty
