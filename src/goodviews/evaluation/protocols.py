"""Evaluation of a representation from any encoder, always with the same protocols.

Letters: N items, n tested items, F representation, C classes.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import check_shapes, unknown
from goodviews.core.intervals import Z, grouped_wilson, half_width, mean_variance, wilson
from goodviews.data.folds import folds, groups_by_class
from goodviews.evaluation.imbalance import balanced, macro_f1
from goodviews.evaluation.scores import Judged, Parts, few_labels, knn, linear, sgd
from goodviews.evaluation.sgd import PROTOCOLS, find_protocol
from goodviews.information import effective_rank

KINDS = ("linear", "knn", "few", "geometry", *PROTOCOLS)
"""Protocols: linear probe, nearest neighbours, few labels, geometry, schedules of papers."""

BUDGETS = ("1%", "10%", "10")
"""Label budgets of few-label readouts: shares of the pool, and numbers per class."""

FOLDS = 5
GEOMETRY_MOST = 2048
"""Maximum number of items for the geometry."""


@dataclass(frozen=True)
class Score:
    """One score of one representation, with everything needed to compare it.

    Attributes:
        encoder: Name of the encoder.
        role: ``encoder``, ``baseline``, or ``difference`` (paired, of two accuracies).
        task: Name of the label column.
        protocol: One of :data:`KINDS`; few labels include the budget, for example ``few 1%``.
        top1: Accuracy, averaged over draws of labels; or the difference.
        top1_low: Lower end of its 95 % interval, over tested items and draws.
        top1_high: Upper end of that interval.
        spread: Standard deviation of the accuracy over draws of labels.
        draws: Number of draws of labels.
        usable_nats: H(y) of the tested items minus the mean cross-entropy.
        chance: Accuracy of the most common class of the pool.
        balanced_accuracy: Mean over classes of the accuracy within each class, which a rare class
            changes as much as a common one; or the difference.
        balanced_low: Lower end of its 95 % interval.
        balanced_high: Upper end of that interval.
        macro_f1: F1, averaged over classes and draws.
        macro_auroc: Area under the ROC curve of a class against the others, or of a label,
            averaged over classes or labels, draws and folds; or the difference.
        auroc_low: Lower end of its 95 % interval, where several labels are the task.
        auroc_high: Upper end of that interval.
        mean_average_precision: Average precision, averaged over labels, draws and folds.
        r2: Share of the variance of a number that is predicted; or the difference.
        r2_low: Lower end of its 95 % interval.
        r2_high: Upper end of that interval.
        effective_rank: RankMe of the representations of tested items.
        uniformity: Log mean Gaussian potential of their directions.
        fitted: Number of labels for fitting a readout.
        tested: Number of tested items.
        setting: Selected or fixed options.
        split: Hash of the split.
        seed: Random seed of draws and orders.
        encoder_seed: Random seed of the weights, if the encoder has random weights.
        seen: Share of the tested items on which the encoder was trained, if known.
        seconds: Wall time, in seconds.
    """

    encoder: str
    role: str
    task: str
    protocol: str
    top1: float | None = None
    top1_low: float | None = None
    top1_high: float | None = None
    spread: float | None = None
    draws: int | None = None
    usable_nats: float | None = None
    chance: float | None = None
    balanced_accuracy: float | None = None
    balanced_low: float | None = None
    balanced_high: float | None = None
    macro_f1: float | None = None
    macro_auroc: float | None = None
    auroc_low: float | None = None
    auroc_high: float | None = None
    mean_average_precision: float | None = None
    r2: float | None = None
    r2_low: float | None = None
    r2_high: float | None = None
    effective_rank: float | None = None
    uniformity: float | None = None
    fitted: int | None = None
    tested: int | None = None
    setting: str = ""
    split: str = ""
    seed: int = 0
    encoder_seed: int | None = None
    seen: float | None = None
    seconds: float | None = None


def evaluate_representation(
    features: np.ndarray | Tensor,
    labels: np.ndarray,
    parts: Parts | np.ndarray,
    *,
    classes: int,
    kinds: Sequence[str] = ("linear", "knn", "few", "geometry"),
    budgets: Sequence[str] = BUDGETS,
    draws: int = 5,
    neighbours: int = 200,
    temperature: float = 0.1,
    bf16: bool = False,
    seed: int = 0,
    about: Mapping[str, str | float | None] | None = None,
    more: Mapping[str, Callable[[Parts], Judged]] | None = None,
    groups: np.ndarray | None = None,
) -> tuple[list[Score], dict[str, np.ndarray]]:
    """Evaluate a representation with several protocols.

    Args:
        features: (N, F).
        labels: (N,) integers below ``classes``; -1 where there is no label.
        parts: Items for fitting, selection and test. An array of indices is cross-fitted instead:
            five folds, each tested with readouts fitted on the other four.
        classes: C, the number of classes.
        kinds: Protocols, from :data:`KINDS`.
        budgets: Label budgets of few-label readouts.
        draws: Number of draws of few labels.
        neighbours: k, the number of nearest neighbours.
        temperature: Temperature of their votes.
        bf16: Whether to compute their cosines in bfloat16.
        seed: Random seed of draws, orders and folds.
        about: Fields of all scores: ``encoder``, ``role``, ``task``, ``split``, ``encoder_seed``,
            ``seen``.
        more: Additional protocols: name to a function of the items for fitting, selection and
            test.
        groups: (N,) group of each item. No group is divided between parts or folds, and
            intervals are those of groups, not of items.

    Returns:
        The scores, and per protocol the (n,) share of correct answers of each tested item, to
        compare representations item by item (:func:`paired_difference`).

    Raises:
        InputError: A protocol is unknown, or impossible with these labels.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> labels = rng.integers(0, 2, 200)
        >>> x = labels[:, None] + 0.1 * rng.standard_normal((200, 1))
        >>> parts = Parts(np.arange(80), np.arange(80, 100), np.arange(100, 200))
        >>> scores, _ = evaluate_representation(x, labels, parts, classes=2, kinds=("linear",))
        >>> scores[0].top1, scores[0].tested
        (1.0, 100)
    """
    check_shapes("features: N F, labels: N", features, labels)
    x = torch.as_tensor(features).float()
    every = fold_parts(labels, parts, seed=seed, groups=groups)
    test = np.concatenate([fold.test for fold in every])
    shared = {"encoder": "", "role": "encoder", "task": "", **(about or {}), "seed": seed}
    options = {"neighbours": neighbours, "temperature": temperature, "bf16": bf16}
    jobs: dict[str, Callable[[Parts], Judged]] = {}
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("protocol", kind, KINDS)
        if kind == "linear":
            jobs[kind] = lambda p: linear(x, labels, p, classes=classes)
        elif kind == "knn":
            jobs[kind] = lambda p: knn(x, labels, p, classes=classes, **options)  # type: ignore[arg-type]
        elif kind == "few":
            for budget in budgets:
                jobs[f"few {budget}"] = _few(x, labels, classes, budget, draws, seed)
        elif kind != "geometry":
            jobs[kind] = _schedule(x, labels, classes, kind, seed)
    jobs |= more or {}
    scores, right = [], {}
    for name, job in jobs.items():
        begun = time.perf_counter()
        found = [job(fold) for fold in every]
        right[name] = np.concatenate([one.right for one in found])
        scores.append(_score(name, found, every, labels, test, shared, begun))
    if "geometry" in kinds:
        scores.append(geometry(x, test, shared))
    return scores, right


def paired_difference(
    first: np.ndarray,
    other: np.ndarray,
    *,
    name: str,
    like: Score,
    runs: Sequence[tuple[float, int]] = (),
    groups: np.ndarray | None = None,
    truth: np.ndarray | None = None,
) -> Score:
    """Paired difference of two accuracies on the same tested items.

    Args:
        first: (n,) share of correct answers of each item.
        other: (n,) the same for another representation.
        name: Name of the difference, for example ``"mine minus raw pixels"``.
        like: Score of the first representation, from which other fields are copied.
        runs: Variance that random training adds to each mean, and its degrees of freedom.
        groups: (n,) group of each item.
        truth: (n,) class of each item, for the difference of the balanced accuracies.

    Returns:
        A row of role ``difference``.
    """
    gap = first - other
    half = half_width(mean_variance(gap, groups), *runs)
    mean = float(gap.mean())
    even: tuple[float, float, float] | None = None
    if truth is not None:
        value, _, high = balanced(gap, truth, groups)
        wider = half_width(((high - value) ** 2 / Z**2, 10**9), *runs)
        even = value, value - wider, value + wider
    return Score(
        encoder=name,
        role="difference",
        task=like.task,
        protocol=like.protocol,
        top1=mean,
        top1_low=mean - half,
        top1_high=mean + half,
        balanced_accuracy=even[0] if even else None,
        balanced_low=even[1] if even else None,
        balanced_high=even[2] if even else None,
        fitted=like.fitted,
        tested=like.tested,
        split=like.split,
        seed=like.seed,
        encoder_seed=like.encoder_seed,
        seen=like.seen,
    )


def uniformity_of(features: Tensor) -> float:
    r"""Uniformity of directions, :math:`\log E\, e^{-2 \Vert z_i - z_j \Vert^2}`.

    Args:
        features: (N, F), any norm.

    Returns:
        0 when all directions are equal, below -4 when directions are uniform in many dimensions.

    References:
        Wang and Isola, 2020, section 4.1.2, arXiv:2005.10242.

    Example:
        >>> round(uniformity_of(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])), 3)
        -8.0
    """
    unit = torch.nn.functional.normalize(features, dim=1)
    squares = torch.pdist(unit).square()
    return float((-2 * squares).logsumexp(dim=0) - np.log(len(squares)))


def _few(
    x: Tensor, labels: np.ndarray, classes: int, budget: str, draws: int, seed: int
) -> Callable[[Parts], Judged]:
    def job(parts: Parts) -> Judged:
        return few_labels(x, labels, parts, classes=classes, budget=budget, draws=draws, seed=seed)

    return job


def _schedule(
    x: Tensor, labels: np.ndarray, classes: int, name: str, seed: int
) -> Callable[[Parts], Judged]:
    protocol = find_protocol(name)
    return lambda p: sgd(x, labels, p, classes=classes, protocol=protocol, seed=seed)


def fold_parts(
    labels: np.ndarray, parts: Parts | np.ndarray, *, seed: int, groups: np.ndarray | None = None
) -> list[Parts]:
    """The parts of each fold, of which there is one where the parts are given.

    Args:
        labels: (N,) integers, -1 where there is no label.
        parts: Items for fitting, selection and test, or indices that are cross-fitted.
        seed: Random seed of the folds.
        groups: (N,) group of each item, which no fold divides.
    """
    if isinstance(parts, Parts):
        return [parts if groups is None else replace(parts, groups=groups)]
    smallest = int(np.unique(labels[parts], return_counts=True)[1].min())
    if groups is not None:
        smallest = int(groups_by_class(labels[parts], groups[parts])[1].min())
    count = max(2, min(FOLDS, smallest))
    none = np.zeros(0, dtype=np.int64)
    return [
        Parts(parts[np.sort(fit)], none, parts[np.sort(test)], groups)
        for fit, test in folds(parts, labels, count, seed=seed, groups=groups)
    ]


def _score(
    name: str,
    found: list[Judged],
    parts: list[Parts],
    labels: np.ndarray,
    test: np.ndarray,
    shared: Mapping[str, object],
    begun: float,
) -> Score:
    right = np.concatenate([one.right for one in found])
    by_draw = np.mean([one.by_draw for one in found], axis=0)
    value = float(right.mean())
    groups = None if parts[0].groups is None else parts[0].groups[test]
    if len(by_draw) > 1:  # both items and draws of labels vary
        half = half_width(mean_variance(right, groups), mean_variance(by_draw))
        low, high = max(0.0, value - half), min(1.0, value + half)
    elif groups is not None:
        low, high = grouped_wilson(right, groups)
    else:
        low, high = wilson(round(float(right.sum())), len(right))
    chance = np.concatenate(
        [labels[fold.test] == np.bincount(labels[fold.pool]).argmax() for fold in parts]
    )
    truth = labels[test]
    even, even_low, even_high = balanced(right, truth, groups)
    if len(by_draw) > 1:
        half = half_width(((even_high - even) ** 2 / Z**2, 10**9), mean_variance(by_draw))
        even_low, even_high = even - half, even + half
    guesses = [one.guesses for one in found if one.guesses is not None]
    areas = [one.auroc for one in found if one.auroc is not None]
    logs = [one.log_prob for one in found if one.log_prob is not None]
    nats = None
    if len(logs) == len(found):
        share = np.bincount(labels[test]) / len(test)
        entropy = -float((share[share > 0] * np.log(share[share > 0])).sum())
        nats = entropy + float(np.concatenate(logs).mean())
    return Score(
        protocol=name,
        top1=value,
        top1_low=low,
        top1_high=high,
        spread=float(by_draw.std(ddof=1)) if len(by_draw) > 1 else None,
        draws=len(by_draw),
        usable_nats=nats,
        chance=float(chance.mean()),
        balanced_accuracy=even,
        balanced_low=max(0.0, even_low),
        balanced_high=min(1.0, even_high),
        macro_f1=macro_f1(np.concatenate(guesses, axis=1), truth) if guesses else None,
        macro_auroc=float(np.mean(areas)) if areas else None,
        fitted=found[0].fitted,
        tested=len(test),
        setting=found[0].setting + (f"; {len(parts)} folds" if len(parts) > 1 else ""),
        seconds=time.perf_counter() - begun,
        **shared,  # type: ignore[arg-type]
    )


def geometry(x: Tensor, test: np.ndarray, shared: Mapping[str, object]) -> Score:
    """Rank and uniformity of the representations of tested items, which need no labels.

    Args:
        x: (N, F).
        test: Tested items, of which at most 2,048 are taken.
        shared: Fields of the score.
    """
    begun = time.perf_counter()
    some = x[test[np.linspace(0, len(test) - 1, min(len(test), GEOMETRY_MOST)).astype(int)]]
    return Score(
        protocol="geometry",
        effective_rank=effective_rank(some),
        uniformity=uniformity_of(some),
        tested=len(some),
        setting=f"{x.shape[1]} features; alignment needs views",
        seconds=time.perf_counter() - begun,
        **shared,  # type: ignore[arg-type]
    )
