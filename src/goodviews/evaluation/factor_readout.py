"""Readout of one factor from one representation: predictions, score, usable nats, intervals.

Letters: N items, n tested items, F representation, C classes.
"""

from dataclasses import dataclass

import numpy as np
import torch

from goodviews.core.intervals import explained, grouped_wilson, mean_variance, wilson
from goodviews.evaluation.factors import Factor
from goodviews.evaluation.linear import linear_logs, penalties
from goodviews.evaluation.ridge import fit_ridge
from goodviews.information import usable_information

FEWEST = 20
"""Minimum number of items with a known value, for fitting and for testing."""


VALIDATION = 4
"""One in this many fitted items is used to select the penalty of a number's readout."""


@dataclass(frozen=True, eq=False)
class Reading:
    """Result of a linear readout of a factor from a representation.

    Attributes:
        predicted: (n, C) probabilities, or (n,) predicted numbers.
        truth: (n,) classes or numbers.
        fitted: Number of fitted items.
        score: Accuracy, or R².
        ends: Ends of its 95 % interval over tested items.
        chance: Score of the best constant.
        error: Root mean squared error; numbers only.
        constant_error: Root mean squared error of the fitted mean.
        nats_items: (n,) log probability (density) of the truth minus that of the constant.
        nats: Usable information, in nats.
        stderr_nats: Its standard error over tested items.
        entropy_nats: H of the tested classes; discrete only.
        penalty: Penalty selected on parts of the fitted items.
    """

    predicted: np.ndarray
    truth: np.ndarray
    fitted: int
    score: float
    ends: tuple[float, float]
    chance: float
    error: float | None
    constant_error: float | None
    nats_items: np.ndarray
    nats: float
    stderr_nats: float
    entropy_nats: float | None
    penalty: float


def read_factor(
    features: np.ndarray,
    factor: Factor,
    *,
    fit: np.ndarray,
    test: np.ndarray,
    seed: int = 0,
    device: torch.device | None = None,
    groups: np.ndarray | None = None,
) -> Reading:
    """Fit a linear readout of a factor and test it on other items.

    Args:
        features: (N, F).
        factor: Factor of the same N items; items with an unknown value are skipped.
        fit: Indices of the items for fitting.
        test: Indices of the tested items.
        seed: Random seed of the part of ``fit`` for selecting the penalty of a number's readout.
        device: Device of the computation.
        groups: (N,) group of each item: no group is divided where a penalty is selected, and
            intervals are those of groups.

    Returns:
        The result.
    """
    fit, test = fit[factor.known[fit]], test[factor.known[test]]
    if factor.discrete:
        return _classes(features, factor, fit, test, device, groups)
    fit = np.random.default_rng([seed, 1]).permutation(fit)
    return _numbers(features, factor, fit, test, device, groups)


def _classes(
    features: np.ndarray,
    factor: Factor,
    fit: np.ndarray,
    test: np.ndarray,
    device: torch.device | None,
    groups: np.ndarray | None,
) -> Reading:
    classes, values = len(factor.classes), factor.values
    found, penalty = linear_logs(
        features, values, fit, features[test], classes=classes, device=device, groups=groups
    )
    logs = torch.from_numpy(found)
    truth = values[test]
    counts = np.bincount(values[fit], minlength=classes)
    prior = np.log((counts + 0.5) / (len(fit) + 0.5 * classes))
    right = logs.argmax(dim=1).numpy() == truth
    nats = usable_information(logs, torch.from_numpy(truth))
    gained = logs.numpy()[np.arange(len(truth)), truth] - prior[truth]
    ends, error = wilson(int(right.sum()), len(right)), nats.stderr_nats
    if groups is not None:
        ends = grouped_wilson(right.astype(float), groups[test])
        error = mean_variance(gained, groups[test])[0] ** 0.5
    return Reading(
        predicted=logs.exp().numpy(),
        truth=truth,
        fitted=len(fit),
        score=float(right.mean()),
        ends=ends,
        chance=float((truth == counts.argmax()).mean()),
        error=None,
        constant_error=None,
        nats_items=gained,
        nats=nats.nats,
        stderr_nats=error,
        entropy_nats=nats.ceiling_nats,
        penalty=penalty,
    )


def _numbers(
    features: np.ndarray,
    factor: Factor,
    fit: np.ndarray,
    test: np.ndarray,
    device: torch.device | None,
    groups: np.ndarray | None,
) -> Reading:
    values = factor.values
    scale = float(values[fit].std()) or 1.0
    choose, rest = fit[::VALIDATION], np.delete(fit, np.s_[::VALIDATION])
    if groups is not None and len(np.unique(groups[fit])) > 1:
        own = np.unique(groups[choose[: max(len(np.unique(groups[fit])) // VALIDATION, 1)]])
        apart = np.isin(groups[fit], own)
        choose, rest = fit[apart], fit[~apart]
    some = penalties(len(rest))
    tried = fit_ridge(features[rest], values[rest] / scale, penalties=some, device=device)
    left = [np.square(values[choose] / scale - one.predict(features[choose])) for one in tried]
    best = int(np.argmin([one.mean() for one in left]))
    # The noise of the readout is measured on items outside the fit; a fit on all items lowers it.
    noise = max(float(left[best].mean()), 1e-12)
    (probe,) = fit_ridge(
        features[fit], values[fit] / scale, penalties=(some[best],), device=device
    )
    truth = values[test] / scale
    predicted = probe.predict(features[test])
    wrong, constant = np.square(truth - predicted), np.square(truth - probe.bias)
    whole = float(np.square(values[fit] / scale - probe.bias).mean())
    gained = 0.5 * (np.log(whole / noise) + constant / whole - wrong / noise)
    own_groups = None if groups is None else groups[test]
    score, ends = explained(wrong, constant, own_groups)
    return Reading(
        predicted=predicted,
        truth=truth,
        fitted=len(fit),
        score=score,
        ends=ends,
        chance=0.0,
        error=scale * float(wrong.mean()) ** 0.5,
        constant_error=scale * float(constant.mean()) ** 0.5,
        nats_items=gained,
        nats=float(gained.mean()),
        stderr_nats=mean_variance(gained, own_groups)[0] ** 0.5,
        entropy_nats=None,
        penalty=some[best],
    )
