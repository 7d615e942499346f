"""One readout protocol for everything: label draws, each fitted on some items, tested on others.

Letters: N items with a label, F representation, R draws, C classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from goodviews.core.errors import InputError
from goodviews.evaluation.knn import knn_predict
from goodviews.evaluation.linear import choose_penalty, linear_log_probs


@dataclass(frozen=True)
class LabelDraw:
    """One draw of labels.

    Attributes:
        fit: Places of the items whose labels the readout may see.
        test: Places of the items it is tested on; none of them is in ``fit``.
    """

    fit: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        both = np.intersect1d(self.fit, self.test)
        if len(both):
            raise InputError(f"{len(both)} items are both fitted and tested, such as {both[0]}.")


@dataclass(frozen=True)
class Readout:
    """What a readout did on each item, averaged over the draws that tested the item.

    Attributes:
        items: (M,) places of the items that were tested, ascending.
        right: (M,) share of draws that gave the right class.
        log_prob: (M,) mean log probability of the right class, nats.
        knn_right: (M,) the same share for nearest neighbours.
        by_draw: (R,) accuracy of each draw.
        log_by_draw: (R,) mean log probability of the right class of each draw, nats.
        penalty: What the inner folds chose; the median where each draw chose its own.
    """

    items: np.ndarray
    right: np.ndarray
    log_prob: np.ndarray
    knn_right: np.ndarray
    by_draw: np.ndarray
    log_by_draw: np.ndarray
    penalty: float


def read_out(
    features: np.ndarray,
    labels: np.ndarray,
    draws: Sequence[LabelDraw],
    *,
    classes: int,
    tested: np.ndarray | None = None,
    choose_on: int = 3,
    penalty: float | None = None,
    knn: bool = True,
) -> Readout:
    """Fit and test a linear readout (and nearest neighbours) on every draw.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        draws: R splits. The penalty is chosen inside the fitted items of the first few, once
            for all; where fitted items of one draw are tested in another, inside each draw.
        classes: C.
        tested: (N, F) to test on, where it is not ``features``.
        choose_on: How many draws choose the penalty.
        penalty: Of the readout, where it is not to be chosen.
        knn: Whether nearest neighbours are wanted; zeros otherwise.

    Returns:
        Accuracy and log probability per item.
    """
    tested = features if tested is None else tested
    fits = [draw.fit for draw in draws]
    if penalty is not None:
        penalties = [penalty] * len(draws)
    elif np.isin(np.concatenate(fits), np.concatenate([draw.test for draw in draws])).any():
        penalties = [choose_penalty(features, labels, [fit], classes=classes) for fit in fits]
    else:
        once = choose_penalty(features, labels, fits[:choose_on], classes=classes)
        penalties = [once] * len(draws)
    total = np.zeros((4, len(labels)))
    by_draw = []
    log_by_draw = []
    for draw, penalty in zip(draws, penalties, strict=True):
        fitted, known = features[draw.fit], labels[draw.fit]
        truth = labels[draw.test]
        logs = linear_log_probs(fitted, known, tested[draw.test], classes=classes, penalty=penalty)
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
