"""What a frozen representation says about several labels or a number.

Letters: M tested items, N of them and of the fitted ones, F representation, L labels, R draws.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from goodviews.data.tasks import LabelTask
from goodviews.evaluation import LabelDraw
from goodviews.evaluation.item_scores import mean_average_precision
from goodviews.evaluation.task_readout import (
    Predicted,
    neighbours_of,
    predict,
    select,
    task_items,
)
from goodviews.jobs.study.measures import by_part
from goodviews.jobs.study.plan import Task

_NULL_DRAWS, _CHOOSE_ON, _NEIGHBOURS = 4, 3, 10


def read_target(
    task: Task,
    index: np.ndarray,
    draws: Sequence[LabelDraw],
    features: np.ndarray,
    *,
    brief: bool = False,
) -> dict[str, np.ndarray]:
    """Evaluate readouts on every draw, and again with shuffled labels.

    Args:
        task: A task with a target.
        index: (N,) images that draws use.
        draws: The draws, as places in ``index``.
        features: (N, F).
        brief: Whether to leave out nearest neighbours and the shuffled labels.

    Returns:
        ``right`` (M,), whose mean is what decides; ``nats`` (M,), ``knn`` and ``null`` (M,);
        ``draws`` and ``nats_draws`` (R,); for labels ``top1`` (M,) and ``map`` (R,).
    """
    assert task.target is not None
    x, target = torch.from_numpy(features).float(), part_of(task.target, index)
    groups = None if task.groups is None else task.groups[index]
    fits = [draw.fit for draw in draws]
    once = None if task.crossed else select(x, target, fits[:_CHOOSE_ON], groups)
    chosen = [once or select(x, target, [fit], groups) for fit in fits]
    made = gathered(
        task,
        index,
        draws,
        [
            predict(x, target, draw.fit, draw.test, one)
            for draw, one in zip(draws, chosen, strict=True)
        ],
    )
    if brief:
        return {name: made[name] for name in ("right", "nats", "draws", "top1") if name in made}
    near = [
        neighbours_of(x, target, draw.fit, draw.test, neighbours=_NEIGHBOURS) for draw in draws
    ]
    made["knn"] = _averaged(task, index, draws, near)
    order = np.random.default_rng(0).permutation(len(index))
    blank = replace(target, values=_values(target)[order])
    some = draws if task.crossed else draws[:_NULL_DRAWS]
    shuffled = [
        predict(x, blank, draw.fit, draw.test, one).scores
        for draw, one in zip(some, chosen, strict=False)
    ]
    made["null"] = _averaged(task, index, some, shuffled, blank)
    return made


def gathered(
    task: Task, index: np.ndarray, draws: Sequence[LabelDraw], made: Sequence[Predicted]
) -> dict[str, np.ndarray]:
    """Results of readouts of all draws, as :func:`read_target` returns them.

    Args:
        task: A task with a target.
        index: (N,) images that draws use.
        draws: The draws, as places in ``index``.
        made: What a readout says about the tested items of each.
    """
    assert task.target is not None
    target = part_of(task.target, index)
    values = _values(target)
    scores = [one.scores for one in made]
    found = {
        "right": _averaged(task, index, draws, scores),
        "nats": draw_mean(task, index, draws, [one.log_prob for one in made]),
        "draws": np.array(
            [
                task_items(target, one, draw.test).mean()
                for one, draw in zip(scores, draws, strict=True)
            ]
        ),
        "nats_draws": np.array([one.log_prob.mean() for one in made]),
    }
    if target.kind == "labels":
        hits = []
        for one, draw in zip(scores, draws, strict=True):
            truth = values[draw.test]
            right = np.where(np.isnan(truth), np.nan, (one > 0) == truth)
            hits.append(np.nanmean(right, axis=1))
        found["top1"] = draw_mean(task, index, draws, hits)
        found["map"] = np.array(
            [
                mean_average_precision(one, values[draw.test])
                for one, draw in zip(scores, draws, strict=True)
            ]
        )
    return found


def part_of(target: LabelTask, index: np.ndarray) -> LabelTask:
    """The same task of some of the items.

    Args:
        target: A task of all items.
        index: (N,) which.
    """
    return replace(target, strata=target.strata[index], values=_values(target)[index])


def _averaged(
    task: Task,
    index: np.ndarray,
    draws: Sequence[LabelDraw],
    scores: Sequence[np.ndarray],
    target: LabelTask | None = None,
) -> np.ndarray:
    """(M,) mean over draws of what decides."""
    assert task.target is not None
    target = target or part_of(task.target, index)
    chooses = np.isin(index, task.items[task.choose])
    values = []
    for one, draw in zip(scores, draws, strict=True):

        def of(at: np.ndarray, one: np.ndarray = one, test: np.ndarray = draw.test) -> np.ndarray:
            return task_items(target, one[at], test[at])

        values.append(by_part(chooses[draw.test], of))
    return draw_mean(task, index, draws, values)


def draw_mean(
    task: Task, index: np.ndarray, draws: Sequence[LabelDraw], values: Sequence[np.ndarray]
) -> np.ndarray:
    """(M,) mean over the draws that tested an item."""
    total = np.zeros((2, len(index)))
    for one, draw in zip(values, draws, strict=True):
        total[:, draw.test] += [np.ones(len(one)), one]
    own = total[:, np.searchsorted(index, task.items)]
    made: np.ndarray = own[1] / own[0].clip(min=1)
    return made


def _values(target: LabelTask) -> np.ndarray:
    assert target.values is not None
    return target.values
