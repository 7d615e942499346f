"""Evaluation of a representation on a task of several labels, or of a number.

Letters: N items, n tested items, F representation.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_shapes
from goodviews.core.intervals import half_width, mean_variance
from goodviews.data.tasks import LabelTask
from goodviews.evaluation.budgets import drawn_sets
from goodviews.evaluation.item_scores import mean_average_precision
from goodviews.evaluation.protocols import BUDGETS, Score, fold_parts, geometry
from goodviews.evaluation.scores import Parts
from goodviews.evaluation.task_readout import (
    entropy_nats,
    neighbours_of,
    predict,
    select,
    task_items,
)

TASK_KINDS = ("linear", "knn", "few", "geometry")
"""Protocols of tasks that are not classes."""


@dataclass(frozen=True, eq=False)
class _Found:
    """Results on the tested items of one fold: (n,) values, and (R,) means by draw."""

    items: np.ndarray
    log_prob: np.ndarray | None
    by_draw: np.ndarray
    precision: float
    right: float
    fitted: int
    setting: str


def evaluate_task(
    features: np.ndarray | Tensor,
    task: LabelTask,
    parts: Parts | np.ndarray,
    *,
    kinds: Sequence[str] = TASK_KINDS,
    budgets: Sequence[str] = BUDGETS,
    draws: int = 5,
    neighbours: int = 200,
    temperature: float = 0.1,
    seed: int = 0,
    about: Mapping[str, str | float | None] | None = None,
    groups: np.ndarray | None = None,
) -> tuple[list[Score], dict[str, np.ndarray]]:
    """Evaluate a representation on several labels or on a number, with several protocols.

    Each label has a linear probe of its own; a number is predicted by ridge regression. The
    score is macro AUROC, with mean average precision, or R2. Accuracy is that of the labels one
    by one.

    Args:
        features: (N, F).
        task: The task of the N items.
        parts: Items for fitting, selection and test, or indices that are cross-fitted, as in
            :func:`goodviews.evaluation.protocols.evaluate_representation`.
        kinds: Protocols, from :data:`TASK_KINDS`.
        budgets: Label budgets of few-label readouts, by strata.
        draws: Number of draws of few labels.
        neighbours: k, the number of nearest neighbours.
        temperature: Temperature of their weights.
        seed: Random seed of draws and folds.
        about: Fields of all scores.
        groups: (N,) group of each item, which no part or fold divides.

    Returns:
        The scores, and per protocol the (n,) values of the tested items, whose mean is the score.

    Raises:
        InputError: A protocol needs classes, or the tested items have all labels or none.
    """
    check_shapes("features: N F, strata: N", features, task.strata)
    if odd := [kind for kind in kinds if kind not in TASK_KINDS]:
        raise InputError(
            f"Protocol {odd[0]} needs one class for each image, but {task.name!r} holds "
            f"{'a number' if task.kind == 'number' else 'several labels'}; choose from "
            f"{', '.join(TASK_KINDS)}, or another task with --task."
        )
    x = torch.as_tensor(features).float()
    every = fold_parts(task.strata, parts, seed=seed, groups=groups)
    test = np.concatenate([fold.test for fold in every])
    shared = {"encoder": "", "role": "encoder", "task": "", **(about or {}), "seed": seed}
    jobs: dict[str, Callable[[Parts], _Found]] = {}
    for kind in kinds:
        if kind == "linear":
            jobs[kind] = lambda p: _linear(x, task, [p.pool], p)
        elif kind == "knn":
            jobs[kind] = lambda p: _knn(x, task, p, neighbours, temperature)
        elif kind == "few":
            jobs |= {f"few {one}": _few(x, task, one, draws, seed) for one in budgets}
    scores, items = [], {}
    for name, job in jobs.items():
        begun = time.perf_counter()
        found = [job(fold) for fold in every]
        items[name] = np.concatenate([one.items for one in found])
        made = _score(name, found, task, test, None if groups is None else groups[test], shared)
        scores.append(replace(made, seconds=time.perf_counter() - begun))
    if "geometry" in kinds:
        scores.append(geometry(x, test, shared))
    return scores, items


def task_difference(
    first: np.ndarray, other: np.ndarray, *, name: str, like: Score, groups: np.ndarray | None
) -> Score:
    """Paired difference of two scores on the same tested items.

    Args:
        first: (n,) values of the items.
        other: (n,) the same for another representation.
        name: Name of the difference.
        like: Score of the first representation, from which other fields are copied.
        groups: (n,) group of each item.
    """
    gap = first - other
    half = half_width(mean_variance(gap, groups))
    blank = Score(
        encoder=name,
        role="difference",
        task=like.task,
        protocol=like.protocol,
        fitted=like.fitted,
        tested=like.tested,
        split=like.split,
        seed=like.seed,
        encoder_seed=like.encoder_seed,
        seen=like.seen,
    )
    return _with_value(blank, like.r2 is not None, float(gap.mean()), half)


def _few(
    x: Tensor, task: LabelTask, budget: str, draws: int, seed: int
) -> Callable[[Parts], _Found]:
    def job(parts: Parts) -> _Found:
        sets = drawn_sets(
            task.strata, parts.pool, budget=budget, draws=draws, seed=seed, groups=parts.groups
        )
        return _linear(x, task, sets, parts)

    return job


def _linear(x: Tensor, task: LabelTask, sets: Sequence[np.ndarray], parts: Parts) -> _Found:
    chosen = select(x, task, sets[:3], parts.groups)
    made = [predict(x, task, fit, parts.test, chosen) for fit in sets]
    values = np.array([task_items(task, one.scores, parts.test) for one in made])
    weights = chosen[:1] if task.kind == "number" else chosen
    return _Found(
        values.mean(axis=0),
        np.mean([one.log_prob for one in made], axis=0),
        values.mean(axis=1),
        _precision(task, [one.scores for one in made], parts.test),
        _right(task, [one.scores for one in made], parts.test, 0.0),
        len(sets[0]),
        f"{len(sets)} draws, median penalty {np.median(weights):g}".removeprefix("1 draws, "),
    )


def _knn(x: Tensor, task: LabelTask, parts: Parts, neighbours: int, temperature: float) -> _Found:
    made = neighbours_of(
        x, task, parts.pool, parts.test, neighbours=neighbours, temperature=temperature
    )
    values = task_items(task, made, parts.test)
    near = min(neighbours, len(parts.pool))
    return _Found(
        values,
        None,
        np.array([values.mean()]),
        _precision(task, [made], parts.test),
        _right(task, [made], parts.test, 0.5),
        len(parts.pool),
        f"k {near}, temperature {temperature:g}",
    )


def _precision(task: LabelTask, scores: Sequence[np.ndarray], test: np.ndarray) -> float:
    assert task.values is not None
    if task.kind == "number":
        return float("nan")
    return float(np.mean([mean_average_precision(one, task.values[test]) for one in scores]))


def _right(task: LabelTask, scores: Sequence[np.ndarray], test: np.ndarray, edge: float) -> float:
    """Share of the known labels that are on the right side of an edge."""
    assert task.values is not None
    if task.kind == "number":
        return float("nan")
    truth = task.values[test]
    known = ~np.isnan(truth)
    return float(np.mean([((one > edge) == truth)[known].mean() for one in scores]))


def _score(
    name: str,
    found: Sequence[_Found],
    task: LabelTask,
    test: np.ndarray,
    groups: np.ndarray | None,
    shared: Mapping[str, object],
) -> Score:
    items = np.concatenate([one.items for one in found])
    by_draw = np.mean([one.by_draw for one in found], axis=0)
    sources = [mean_variance(items, groups)]
    if len(by_draw) > 1:
        sources.append(mean_variance(by_draw))
    logs = [one.log_prob for one in found if one.log_prob is not None]
    number = task.kind == "number"
    plain = Score(
        protocol=name,
        top1=None if number else float(np.mean([one.right for one in found])),
        spread=float(by_draw.std(ddof=1)) if len(by_draw) > 1 else None,
        draws=len(by_draw),
        usable_nats=float(np.concatenate(logs).mean()) + entropy_nats(task, test)
        if logs
        else None,
        mean_average_precision=None
        if number
        else float(np.nanmean([one.precision for one in found])),
        fitted=found[0].fitted,
        tested=len(test),
        setting=found[0].setting + (f"; {len(found)} folds" if len(found) > 1 else ""),
        **shared,  # type: ignore[arg-type]
    )
    return _with_value(plain, number, float(items.mean()), half_width(*sources))


def _with_value(score: Score, number: bool, value: float, half: float) -> Score:
    low, high = value - half, value + half
    if number:
        top = min(high, 1.0) if score.role != "difference" else high
        return replace(score, r2=value, r2_low=low, r2_high=top)
    if score.role != "difference":
        low, high = max(low, 0.0), min(high, 1.0)
    return replace(score, macro_auroc=value, auroc_low=low, auroc_high=high)
