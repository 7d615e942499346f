"""What decides in a task, item by item: accuracy, balanced accuracy, macro AUROC, R2 or mIoU.

Letters: M tested items, R label draws, C classes.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.targets.maps import pixel_shares
from goodviews.data.tasks import LabelTask
from goodviews.evaluation import LabelDraw
from goodviews.evaluation.imbalance import balanced, macro_auroc, macro_f1
from goodviews.evaluation.item_scores import balanced_items
from goodviews.evaluation.task_readout import entropy_nats, task_items
from goodviews.jobs.study.plan import Task


def by_part(chooses: np.ndarray, values: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(n,) values of the items that choose, and of those that report, each by themselves.

    Args:
        chooses: (n,) whether each item only chooses.
        values: Places of some of the n items to a value for each, whose mean is their score.
    """
    found = np.zeros(len(chooses))
    for mask in (chooses, ~chooses):
        places = np.flatnonzero(mask)
        if len(places):
            found[places] = values(places)
    return found


def item_values(task: Task, made: np.ndarray, test: np.ndarray, some: np.ndarray) -> np.ndarray:
    """Values of some tested items whose mean is what decides.

    Args:
        task: The task.
        made: (n,) whether a network is right on the tested items; (n, L) its outputs for labels
            or a number.
        test: (n,) the tested items.
        some: (n,) the selected ones of them.
    """
    if task.target is not None:
        try:
            return task_items(task.target, made[some], test[some])
        except InputError:  # too few to have every label and to lack it
            made = task_items(task.target, made, test)
    elif task.measure == "balanced accuracy":
        return balanced_items(made[some], task.labels[test[some]])
    found: np.ndarray = made[some]
    return found


class ClassDraws:
    """Scores of the label draws of a task of classes, gathered draw by draw.

    Args:
        task: The task.
        index: (N,) images that draws name by their places.
    """

    def __init__(self, task: Task, index: np.ndarray) -> None:
        self.task, self.labels = task, task.labels[index]
        self.even = task.measure == "balanced accuracy"
        self.reported = np.isin(index, task.items[~task.choose])
        self.places = np.searchsorted(index, task.items)
        self.total = np.zeros((3, len(index)))
        self.by_draw: dict[str, list[float]] = {}

    def add(self, draw: LabelDraw, logs: np.ndarray) -> None:
        """Add a draw.

        Args:
            draw: The draw.
            logs: (n, C) log probabilities of its tested items.
        """
        truth = self.labels[draw.test]
        right = (logs.argmax(axis=1) == truth).astype(float)
        own = even_logs(logs, self.labels[draw.fit]) if self.even else logs
        nats = own[np.arange(len(truth)), truth]
        self.total[:, draw.test] += [np.ones(len(truth)), right, nats]
        kept = self.reported[draw.test]
        scores = {
            "draws": balanced(right, truth)[0] if self.even else right.mean(),
            "nats_draws": balanced(nats, truth)[0] if self.even else nats.mean(),
        }
        if kept.any():
            scores["f1"] = macro_f1(logs[kept].argmax(axis=1)[None], truth[kept])
            area = macro_auroc(logs[kept], truth[kept])
            scores |= {} if area is None else {"auroc": area}
        for name, value in scores.items():
            self.by_draw.setdefault(name, []).append(float(value))

    def results(self) -> dict[str, np.ndarray]:
        """Arrays of the task.

        Returns:
            ``right`` and ``nats`` (M,), whose means are what decides and its log probability;
            where that is not accuracy, ``top1`` (M,) is the share of draws with the correct
            class. ``draws``, ``nats_draws``, ``f1`` and ``auroc`` (R,) by draw.
        """
        done = self.total[:, self.places]
        right, nats = done[1:] / done[0]
        found = {name: np.array(values) for name, values in self.by_draw.items()}
        if not self.even:
            return {"right": right, "nats": nats, **found}
        truth = self.task.labels[self.task.items]
        return {
            "right": even_items(self.task, right, truth),
            "nats": even_items(self.task, nats, truth),
            "top1": right,
            **found,
        }


def even_logs(logs: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Log probabilities as if all classes were equally common.

    Args:
        logs: (n, C), of a readout.
        fitted: Classes of the items to which it was fitted.

    Example:
        >>> blank = np.log(np.array([[0.75, 0.25]]))  # knows how common the classes are
        >>> np.exp(even_logs(blank, np.array([0, 0, 0, 1]))).round(3)
        array([[0.5, 0.5]])
    """
    counts = np.bincount(fitted, minlength=logs.shape[1]).clip(min=0.5)
    moved = logs - np.log(counts / counts.sum())
    made: np.ndarray = moved - np.logaddexp.reduce(moved, axis=1, keepdims=True)
    return made


def even_items(task: Task, values: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(M,) values whose means, over items that choose and that report, give classes one weight.

    Args:
        task: The task.
        values: (M,) such as the share of draws with the correct class.
        truth: (M,) classes.
    """
    return by_part(task.choose, lambda at: balanced_items(values[at], truth[at]))


def entropy(task: Task) -> float:
    """H(y), nats; where balanced accuracy decides, of classes that are equally common."""
    if task.measure == "balanced accuracy":
        return math.log(len(np.unique(task.labels[task.items])))
    if task.measure == "link AUC":
        return math.log(2)  # a link, or a pair without one
    if task.target is not None and task.target.kind == "pixels":
        return pixel_entropy(task.target, task.items)
    if task.target is not None:
        return entropy_nats(task.target, task.items)
    share = np.bincount(task.labels[task.items]) / len(task.items)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def pixel_entropy(target: LabelTask, items: np.ndarray) -> float:
    """Entropy of the class of a pixel in nats: each image counts the same, each of its pixels too.

    Args:
        target: A task with a class for each pixel.
        items: (M,) images whose pixels are counted.
    """
    assert target.values is not None
    share = np.nanmean(pixel_shares(target.values[items], len(target.outputs)), axis=0)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def row_scores(task: Task, made: dict[str, np.ndarray]) -> dict[str, Any]:
    """Columns of a row with the scores of a task.

    Args:
        task: The task.
        made: Arrays of a readout, (M,) by item and (R,) by draw.
    """
    report = ~task.choose
    value = float(made["right"][report].mean())
    found: dict[str, Any] = {"measure": task.measure}
    if task.measure == "link AUC":
        return found | {"readout_auroc": value}
    top1 = made.get("top1", made["right"] if task.measure == "accuracy" else None)
    if top1 is not None:
        found["readout_top1"] = float(top1[report].mean())
    if task.target is None:
        truth = task.labels[task.items][report]
        assert top1 is not None
        found["readout_balanced"] = balanced(top1[report], truth)[0]
        found["readout_f1"] = float(made["f1"].mean()) if "f1" in made else None
        found["readout_auroc"] = float(made["auroc"].mean()) if "auroc" in made else None
    elif task.measure == "macro AUROC":
        found["readout_auroc"] = value
        found["readout_map"] = float(made["map"].mean()) if "map" in made else None
    elif task.measure == "mIoU":
        found["readout_miou"] = value
    else:
        found["readout_r2"] = value
    return found
