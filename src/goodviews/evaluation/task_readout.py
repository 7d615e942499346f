"""Linear readouts of several labels and of numbers from a frozen representation.

Each label has a linear probe of its own (:mod:`goodviews.evaluation.linear`), a number ridge
regression; penalties are selected on folds of the fitted items.

Letters: N items, n tested items, F representation, L outputs: labels, or one number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.data.folds import folds
from goodviews.data.tasks import LabelTask
from goodviews.evaluation.item_scores import auroc_items, r2_items
from goodviews.evaluation.knn import BLOCK, largest, unit_rows
from goodviews.evaluation.large import take
from goodviews.evaluation.linear import choose_penalty, linear_logs, penalties
from goodviews.evaluation.logistic import fit_logistic
from goodviews.evaluation.ridge import fit_ridge

Penalties = tuple[float, ...]
"""Selected penalties, (L); for a number also the variance of what the readout misses."""

_FOLDS = 3


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a readout says about tested items.

    Attributes:
        scores: (n, L) log odds of labels, or the predicted number.
        log_prob: (n,) log probability of what is true, in nats: the mean over labels, or the
            density of a normal distribution about the predicted number.
    """

    scores: np.ndarray
    log_prob: np.ndarray


def task_items(task: LabelTask, scores: np.ndarray, items: np.ndarray) -> np.ndarray:
    """(n,) values whose mean is the score of the task: macro AUROC of labels, R2 of a number.

    Args:
        task: The task.
        scores: (n, L), what a readout says.
        items: (n,) the tested items.

    Raises:
        InputError: The tested items cannot give that score.
    """
    assert task.values is not None
    truth = task.values[items]
    if task.kind == "number":
        return r2_items(scores[:, 0], truth[:, 0])
    return auroc_items(scores, truth)


def entropy_nats(task: LabelTask, items: np.ndarray) -> float:
    """Entropy of what a task asks, in nats: of a number that of a normal one of its spread.

    Of labels it is the mean over items of the mean over the labels that are known of each, as
    :attr:`Predicted.log_prob` has it: a readout of frequencies alone then has 0 usable nats.

    Example:
        >>> none = np.zeros(2, dtype=np.int64)
        >>> task = LabelTask("a", "labels", none, (), np.array([[0.0], [1.0]]), ("a",))
        >>> round(entropy_nats(task, np.arange(2)), 3)
        0.693
    """
    assert task.values is not None
    truth = task.values[items]
    if task.kind == "number":
        return 0.5 * math.log(2 * math.pi * math.e * float(truth.var()))
    known = ~np.isnan(truth)
    share = np.nansum(truth, axis=0) / known.sum(axis=0).clip(min=1)
    each = sum(torch.special.entr(torch.as_tensor(p)) for p in (share, 1 - share))
    return float((known @ np.asarray(each) / known.sum(axis=1)).mean())


def select(
    features: Tensor,
    task: LabelTask,
    fits: Sequence[np.ndarray],
    groups: np.ndarray | None = None,
) -> Penalties:
    """Select the penalties on inner folds of the fitted items.

    Args:
        features: (N, F).
        task: The task of the N items.
        fits: Index sets on which readouts will be fitted.
        groups: (N,) group of each item, which no fold divides.
    """
    assert task.values is not None
    if task.kind == "number":
        return _ridge_penalty(features, task, fits, groups)
    found = []
    for column in task.values.T:
        known = [fit[~np.isnan(column[fit])] for fit in fits]
        labels = np.nan_to_num(column).astype(np.int64)
        found.append(choose_penalty(features, labels, known, classes=2, groups=groups))
    return tuple(found)


def predict(
    features: Tensor, task: LabelTask, fit: np.ndarray, tested: np.ndarray, chosen: Penalties
) -> Predicted:
    """Fit the readouts and apply them to other items.

    Args:
        features: (N, F).
        task: The task of the N items.
        fit: Items for fitting.
        tested: (n,) tested items.
        chosen: From :func:`select`.
    """
    assert task.values is not None
    if task.kind == "number":
        penalty, variance = chosen
        values = task.values[:, 0]
        probe = fit_ridge(take(features, fit), values[fit], penalties=(penalty,))[0]
        found = probe.predict(take(features, tested))
        left = (values[tested] - found) ** 2
        return Predicted(found[:, None], -0.5 * (np.log(2 * math.pi * variance) + left / variance))
    odds, logs = [], []
    judged = take(features, tested)
    for column, penalty in zip(task.values.T, chosen, strict=True):
        known = fit[~np.isnan(column[fit])]
        labels = np.nan_to_num(column).astype(np.int64)
        made = np.full((len(tested), 2), math.log(0.5))  # where nothing is known of the label
        if len(known):
            made, _ = linear_logs(features, labels, known, judged, classes=2, penalty=penalty)
        odds.append(made[:, 1] - made[:, 0])
        own = column[tested]
        logs.append(np.where(np.isnan(own), np.nan, made[np.arange(len(own)), labels[tested]]))
    return Predicted(np.array(odds).T, np.nanmean(np.array(logs), axis=0))


def linear_maps(
    features: Tensor, task: LabelTask, fit: np.ndarray, *, penalty: float
) -> tuple[Tensor, Tensor]:
    """Weights (F, L) and biases (L,) of linear readouts, for features as they are.

    Args:
        features: (N, F).
        task: The task of the N items.
        fit: Items for fitting.
        penalty: Penalty of all readouts.
    """
    assert task.values is not None
    weights, biases = [], []
    for column in task.values.T:
        known = fit[~np.isnan(column[fit])]
        if task.kind == "number":
            ridge = fit_ridge(features[known], column[known], penalties=(penalty,))[0]
            weight, bias = (ridge.weight / ridge.spread).float(), torch.tensor(ridge.bias)
            centre = ridge.centre
        elif not len(known):
            weight = centre = features.new_zeros(features.shape[1])
            bias = features.new_zeros(())
        else:
            labels = column[known].astype(np.int64)
            probe = fit_logistic(features[known], labels, classes=2, penalty=penalty)
            weight = (probe.weight[:, 1] - probe.weight[:, 0]) / probe.spread
            bias, centre = probe.bias[1] - probe.bias[0], probe.centre
        weights.append(weight)
        biases.append((bias - centre @ weight).float())
    return torch.stack(weights, dim=1), torch.stack(biases)


def of_network(task: LabelTask, outputs: np.ndarray, items: np.ndarray) -> Predicted:
    """What a network that was trained on the task says about tested items.

    Args:
        task: The task.
        outputs: (n, L) log odds of labels, or the predicted number.
        items: (n,) the tested items.

    Returns:
        Its scores and log probabilities; for a number those of a normal distribution with the
        variance of what it misses on these items.
    """
    assert task.values is not None
    truth, scores = task.values[items], outputs.astype(float)
    if task.kind == "number":
        left = (truth[:, 0] - scores[:, 0]) ** 2
        variance = float(left.mean()) or 1e-12
        return Predicted(scores, -0.5 * (np.log(2 * math.pi * variance) + left / variance))
    signed = np.where(truth == 1, scores, -scores)
    logs = np.where(np.isnan(truth), np.nan, -np.logaddexp(0, -signed))
    return Predicted(scores, np.nanmean(logs, axis=1))


def neighbours_of(
    features: Tensor,
    task: LabelTask,
    fit: np.ndarray,
    tested: np.ndarray,
    *,
    neighbours: int = 10,
    temperature: float = 0.1,
) -> np.ndarray:
    """(n, L) mean labels or number of the nearest items, weighted as votes are.

    Args:
        features: (N, F).
        task: The task of the N items.
        fit: Labelled items.
        tested: (n,) tested items.
        neighbours: Number of nearest neighbours, at most as many as there are.
        temperature: Temperature of the weights.
    """
    assert task.values is not None
    values = torch.as_tensor(task.values[fit])
    known = ~values.isnan()
    values = values.nan_to_num()
    bank = unit_rows(take(features, fit))
    made = []
    step = max(1, BLOCK // max(len(fit), 1))
    for start in range(0, len(tested), step):
        rows = F.normalize(features[tested[start : start + step]], dim=1, eps=1e-12)
        cosines, place = largest(rows @ bank.T, min(neighbours, len(fit)))
        weights = ((cosines - 1) / temperature).exp().double()[..., None] * known[place]
        made.append((weights * values[place]).sum(1) / weights.sum(1).clamp(min=1e-30))
    return torch.cat(made).numpy()


def _ridge_penalty(
    features: Tensor, task: LabelTask, fits: Sequence[np.ndarray], groups: np.ndarray | None
) -> Penalties:
    assert task.values is not None
    values = task.values[:, 0]
    some = penalties(max(map(len, fits)))
    left = np.zeros(len(some))
    count = 0
    for place, fit in enumerate(fits):
        if len(fit) < _FOLDS:
            continue
        for a, b in folds(fit, task.strata, _FOLDS, seed=place, groups=groups):
            tried = fit_ridge(take(features, fit[a]), values[fit[a]], penalties=some)
            left += [
                ((values[fit[b]] - one.predict(take(features, fit[b]))) ** 2).sum()
                for one in tried
            ]
            count += len(b)
    spread = float(np.var(values[np.concatenate(fits)])) or 1.0
    if not count:
        return some[0], spread
    best = int(left.argmin())
    return some[best], max(float(left[best]) / count, 1e-9 * spread)
