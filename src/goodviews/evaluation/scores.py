"""Readouts of a representation, with results per tested item.

Letters: N items, n tested items, F representation, C classes, R draws.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.evaluation.budgets import drawn_sets
from goodviews.evaluation.imbalance import macro_auroc
from goodviews.evaluation.knn import knn_votes
from goodviews.evaluation.large import take
from goodviews.evaluation.linear import linear_logs
from goodviews.evaluation.readout import LabelDraw, draw_penalties
from goodviews.evaluation.sgd import RATES, Protocol, train_sgd


@dataclass(frozen=True, eq=False)
class Parts:
    """Items for fitting, selection and test: index arrays without overlap.

    Attributes:
        pool: Items for fitting readouts.
        choose: Items for selecting a learning rate; the linear probe selects its penalty on folds
            of ``pool``.
        test: Tested items.
        groups: (N,) group of each of all items; no group is divided between the parts, or
            between folds of ``pool``.
    """

    pool: np.ndarray
    choose: np.ndarray
    test: np.ndarray
    groups: np.ndarray | None = None

    def __post_init__(self) -> None:
        for one, other in ((self.pool, self.test), (self.choose, self.test)):
            both = np.intersect1d(one, other)
            if len(both):
                raise InputError(
                    f"Tested items must not be fitted, but {len(both)} are, such as {both[0]}."
                )
            if self.groups is not None:
                same = np.intersect1d(self.groups[one], self.groups[other])
                if len(same):
                    raise InputError(
                        f"Items of one group must not be fitted and tested, but {len(same)} "
                        f"groups are on both sides, such as {same[0]}."
                    )

    def of(self, items: np.ndarray) -> np.ndarray | None:
        """Groups of some items, if there are groups."""
        return None if self.groups is None else self.groups[items]


@dataclass(frozen=True, eq=False)
class Judged:
    """Results of a readout on the tested items.

    Attributes:
        right: (n,) share of draws with the correct class.
        log_prob: (n,) mean log probability of the correct class, in nats; ``None`` if the readout
            gives no probabilities.
        by_draw: (R,) accuracy of each draw of labels.
        setting: Selected options, in words.
        fitted: Number of labels for fitting.
        guesses: (R, n) predicted class of each tested item, by draw.
        auroc: Macro AUROC, averaged over draws; ``None`` where one class is tested.
    """

    right: np.ndarray
    log_prob: np.ndarray | None
    by_draw: np.ndarray
    setting: str
    fitted: int
    guesses: np.ndarray | None = None
    auroc: float | None = None


def linear(features: Tensor, labels: np.ndarray, parts: Parts, *, classes: int) -> Judged:
    """Evaluate the linear probe (:mod:`goodviews.evaluation.linear`), fitted on the pool.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        parts: Items for fitting and test; those for selection are not used.
        classes: C.

    Returns:
        Accuracy and log probability of each tested item.
    """
    found = _probe(features, labels, [parts.pool], parts, classes=classes)
    return replace(found, setting=found.setting.removeprefix("1 draws, median "))


def sgd(
    features: Tensor,
    labels: np.ndarray,
    parts: Parts,
    *,
    classes: int,
    protocol: Protocol,
    seed: int = 0,
) -> Judged:
    """Evaluate the schedule of a paper, with the learning rate selected on ``parts.choose``.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        parts: Items for fitting, selection and test.
        classes: C.
        protocol: The schedule.
        seed: Random seed of the order of examples.

    Returns:
        Accuracy and log probability of each tested item.

    Raises:
        InputError: There are no items for selection, or every learning rate diverged.
    """
    if not len(parts.choose):
        raise InputError(
            f"Protocol {protocol.name} needs labels to select its learning rate, but there are "
            "too few; use linear, which selects its penalty on folds."
        )
    judged = take(features, np.concatenate([parts.choose, parts.test]))
    logs = train_sgd(
        take(features, parts.pool),
        torch.from_numpy(labels[parts.pool]),
        judged,
        classes=classes,
        protocol=protocol,
        seed=seed,
    ).cpu()
    cut = len(parts.choose)
    truth = labels[parts.choose]
    losses = -logs[:, np.arange(cut), truth].mean(dim=1)
    if not bool(losses.isfinite().any()):
        raise InputError(
            f"Protocol {protocol.name} diverged at every learning rate; use linear instead."
        )
    best = int(losses.nan_to_num(nan=torch.inf).argmin())
    found = logs[best, cut:].double().numpy()
    truth = labels[parts.test]
    right = (found.argmax(axis=1) == truth).astype(float)
    return Judged(
        right,
        found[np.arange(len(truth)), truth],
        np.array([right.mean()]),
        f"learning rate {protocol.rate * RATES[best]:g}",
        len(parts.pool),
        found.argmax(axis=1)[None],
        macro_auroc(found, truth),
    )


def knn(
    features: Tensor,
    labels: np.ndarray,
    parts: Parts,
    *,
    classes: int,
    neighbours: int = 200,
    temperature: float = 0.1,
    bf16: bool = False,
) -> Judged:
    """Evaluate the weighted vote of the nearest labelled items, without any selection.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        parts: Labelled items in ``pool``, and tested items.
        classes: C.
        neighbours: k, the number of nearest neighbours.
        temperature: Temperature of the votes.
        bf16: Same as in :func:`goodviews.evaluation.knn.knn_votes`.

    Returns:
        Whether each tested item was classified correctly.
    """
    votes = knn_votes(
        take(features, parts.pool),
        torch.from_numpy(labels[parts.pool]),
        take(features, parts.test),
        classes=classes,
        neighbours=neighbours,
        temperature=temperature,
        bf16=bf16,
    )
    votes, truth = votes.cpu(), labels[parts.test]
    guess = votes.argmax(dim=1).numpy()
    right = (guess == truth).astype(float)
    shares = (votes / votes.sum(dim=1, keepdim=True).clamp(min=1e-30)).numpy()
    near = min(neighbours, len(parts.pool))
    setting = f"k {near}, temperature {temperature:g}"
    auroc = macro_auroc(shares, truth)
    return Judged(
        right, None, np.array([right.mean()]), setting, len(parts.pool), guess[None], auroc
    )


def few_labels(
    features: Tensor,
    labels: np.ndarray,
    parts: Parts,
    *,
    classes: int,
    budget: str,
    draws: int = 5,
    seed: int = 0,
) -> Judged:
    """Evaluate linear readouts of few labels, drawn several times, with selection on folds.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``.
        parts: Items from which labels are drawn, and tested items.
        classes: C.
        budget: ``"1%"`` of the pool, or ``"10"`` per class.
        draws: R, the number of draws.
        seed: Random seed of the draws.

    Returns:
        Mean over draws for each tested item.

    Raises:
        InputError: The budget is not a number, or leaves a class without a label.
    """
    sets = drawn_sets(
        labels, parts.pool, budget=budget, draws=draws, seed=seed, groups=parts.groups
    )
    return _probe(features, labels, sets, parts, classes=classes)


def _probe(
    features: Tensor,
    labels: np.ndarray,
    sets: Sequence[np.ndarray],
    parts: Parts,
    *,
    classes: int,
) -> Judged:
    """Mean over probes that are fitted on several sets of labels."""
    draws = [LabelDraw(fit, parts.test) for fit in sets]
    chosen = draw_penalties(features, labels, draws, classes=classes, groups=parts.groups)
    truth, every = labels[parts.test], []
    tested = take(features, parts.test)
    for draw, penalty in zip(draws, chosen, strict=True):
        logs, _ = linear_logs(features, labels, draw.fit, tested, classes=classes, penalty=penalty)
        every.append(logs)
    guesses = np.array([logs.argmax(axis=1) for logs in every])
    right = (guesses == truth).astype(float)
    areas = [area for logs in every if (area := macro_auroc(logs, truth)) is not None]
    return Judged(
        right.mean(axis=0),
        np.mean([logs[np.arange(len(truth)), truth] for logs in every], axis=0),
        right.mean(axis=1),
        f"{len(sets)} draws, median penalty {np.median(chosen):g}",
        len(sets[0]),
        guesses,
        float(np.mean(areas)) if areas else None,
    )
