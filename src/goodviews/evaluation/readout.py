"""The readout protocol of studies: label draws, each fitted on some items, tested on others.

Letters: N items with a label, F representation, R draws, C classes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.evaluation.knn import knn_predict
from goodviews.evaluation.linear import choose_penalty, linear_logs


@dataclass(frozen=True)
class LabelDraw:
    """One draw of labels.

    Attributes:
        fit: Indices of the items for fitting.
        test: Indices of the tested items; none of them is in ``fit``.

    Example:
        >>> draw = LabelDraw(fit=np.arange(10), test=np.arange(10, 30))
        >>> len(draw.fit), len(draw.test)
        (10, 20)
    """

    fit: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        both = np.intersect1d(self.fit, self.test)
        if len(both):
            raise InputError(
                f"fit and test must not overlap, but {len(both)} items are in both, "
                f"such as {both[0]}."
            )


@dataclass(frozen=True)
class Readout:
    """Results of a readout per item, averaged over the draws that tested the item.

    Attributes:
        items: (M,) indices of the tested items, ascending.
        right: (M,) share of draws with the correct class.
        log_prob: (M,) mean log probability of the correct class, in nats.
        knn_right: (M,) the same share for nearest neighbours.
        by_draw: (R,) accuracy of each draw.
        log_by_draw: (R,) mean log probability of the correct class of each draw, in nats.
        penalty: Penalty selected on inner folds; the median if each draw has its own.

    Example:
        >>> labels = np.arange(40) % 2
        >>> features = np.eye(2)[labels]  # the label itself
        >>> draw = LabelDraw(fit=np.arange(20), test=np.arange(20, 40))
        >>> found = evaluate_readout(features, labels, [draw], classes=2)
        >>> float(found.right.mean()), found.by_draw.tolist(), found.items[:3]
        (1.0, [1.0], array([20, 21, 22]))
    """

    items: np.ndarray
    right: np.ndarray
    log_prob: np.ndarray
    knn_right: np.ndarray
    by_draw: np.ndarray
    log_by_draw: np.ndarray
    penalty: float


def evaluate_readout(
    features: np.ndarray,
    labels: np.ndarray,
    draws: Sequence[LabelDraw],
    *,
    classes: int,
    tested: np.ndarray | None = None,
    choose_on: int = 3,
    penalty: float | None = None,
    knn: bool = True,
    groups: np.ndarray | None = None,
    look: Callable[[LabelDraw, np.ndarray], None] | None = None,
) -> Readout:
    """Fit and test a linear readout (and nearest neighbours) on every draw.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        draws: R splits. The penalty is selected on the fitted items of the first few draws, for
            all draws; if fitted items of one draw are tested in another, separately in each draw.
        classes: C.
        tested: (N, F), features for testing (default: ``features``).
        choose_on: Number of draws used to select the penalty.
        penalty: Fixed penalty of the readout (default: selected).
        knn: Whether to evaluate nearest neighbours; otherwise their results are zeros.
        groups: (N,) group of each item, which no fold for the penalty divides.
        look: Called with each draw and the log probabilities (n, C) of its tested items.

    Returns:
        Accuracy and log probability per item.

    Example:
        >>> labels = np.arange(40) % 2
        >>> features = np.eye(2)[labels]  # the label itself
        >>> draw = LabelDraw(fit=np.arange(20), test=np.arange(20, 40))
        >>> found = evaluate_readout(features, labels, [draw], classes=2)
        >>> float(found.right.mean()), found.by_draw.tolist(), found.items[:3]
        (1.0, [1.0], array([20, 21, 22]))
    """
    tested = features if tested is None else tested
    if penalty is None:
        penalties = draw_penalties(
            features, labels, draws, classes=classes, choose_on=choose_on, groups=groups
        )
    else:
        penalties = [penalty] * len(draws)
    total = np.zeros((4, len(labels)))
    by_draw = []
    log_by_draw = []
    for draw, penalty in zip(draws, penalties, strict=True):
        fitted, known = features[draw.fit], labels[draw.fit]
        truth = labels[draw.test]
        logs, _ = linear_logs(
            features, labels, draw.fit, tested[draw.test], classes=classes, penalty=penalty
        )
        if look is not None:
            look(draw, logs)
        right = logs.argmax(axis=1) == truth
        total[0, draw.test] += 1
        total[1, draw.test] += right
        log_right = logs[np.arange(len(truth)), truth]
        total[2, draw.test] += log_right
        if knn:
            guess = knn_predict(fitted, known, tested[draw.test], classes=classes)
            total[3, draw.test] += guess == truth
        by_draw.append(right.mean())
        log_by_draw.append(log_right.mean())
    (items,) = np.nonzero(total[0])
    right, log_prob, knn_right = total[1:, items] / total[0, items]
    return Readout(
        items,
        right,
        log_prob,
        knn_right,
        np.array(by_draw),
        np.array(log_by_draw),
        float(np.median(penalties)),
    )


def draw_penalties(
    features: np.ndarray | Tensor,
    labels: np.ndarray,
    draws: Sequence[LabelDraw],
    *,
    classes: int,
    choose_on: int = 3,
    groups: np.ndarray | None = None,
) -> list[float]:
    """The penalty of each draw, selected as :func:`evaluate_readout` selects it.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        draws: R splits.
        classes: C.
        choose_on: Number of draws used to select the penalty.
        groups: (N,) group of each item, which no fold for the penalty divides.
    """
    fits = [draw.fit for draw in draws]
    if np.isin(np.concatenate(fits), np.concatenate([draw.test for draw in draws])).any():
        return [
            choose_penalty(features, labels, [fit], classes=classes, groups=groups) for fit in fits
        ]
    once = choose_penalty(features, labels, fits[:choose_on], classes=classes, groups=groups)
    return [once] * len(draws)
