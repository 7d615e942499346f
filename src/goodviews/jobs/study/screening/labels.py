"""The labels used for selection views in short runs, none of which reports later."""

from dataclasses import replace

import numpy as np

from goodviews.data import Splits, draw_labels
from goodviews.data.folds import folds
from goodviews.evaluation import LabelDraw
from goodviews.jobs.study.plan import Task

FEWEST = 20
"""Labels below which nothing is screened."""
_MOST = 2_000
_DRAWS = 5
_MAP_DRAWS = 2
"""Label draws of classes of pixels, each of which fits a head on all maps."""


def choosing_task(task: Task, parts: Splits) -> Task | None:
    """A task whose tested items only choose.

    Where readouts are cross-fitted, these are the items that choose in the study as well, and
    the readout is fitted to them alone; elsewhere, the labels that the split keeps for selection.

    Args:
        task: A task of a study whose views were chosen before it.
        parts: Splits of the images with its labels.

    Returns:
        The task, or nothing where too few labels can choose.
    """
    labels, groups = task.labels, task.groups
    maps = task.target is not None and task.target.kind == "pixels"
    if task.crossed:
        items = task.items[task.choose]
        if not _enough(labels[items]):
            return None
        draws = tuple(
            LabelDraw(items[fit], items[test])
            for repeat in range(1 if maps else 2)
            for fit, test in folds(items, labels, 5, seed=100 + repeat, groups=groups)
        )
        none = np.zeros(len(items), dtype=bool)
        return replace(task, draws=draws, items=items, choose=none, budget=len(draws[0].fit))
    items, pool = parts.choose[task.name], parts.pool[task.name]
    items = items[labels[items] >= 0]
    if len(items) > _MOST:
        items = np.sort(np.random.default_rng(0).permutation(items)[:_MOST])
    if not _enough(labels[items]):
        return None
    fits = draw_labels(labels, pool[labels[pool] >= 0], count=min(task.budget, len(pool)),
                       draws=_MAP_DRAWS if maps else _DRAWS, seed=100, groups=groups)  # fmt: skip
    none = np.zeros(len(items), dtype=bool)
    draws = tuple(LabelDraw(fit, items) for fit in fits)
    return replace(task, draws=draws, items=items, choose=none)


def _enough(labels: np.ndarray) -> bool:
    return len(labels) >= FEWEST and len(np.unique(labels)) > 1
