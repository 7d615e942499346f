"""Tasks: what a readout predicts from a representation, whatever form the labels have.

Every task has strata, by which draws and folds keep the labels in proportion: the classes
themselves, tenths of the range of a number, or the rarest label that an image has.

Letters: N images, L labels.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from goodviews.core.errors import unknown
from goodviews.data.images import Images

Kind = Literal["classes", "labels", "number", "pixels"]

_STRATA, _EACH = 10, 20
"""Strata of a number at most, and known images of each of them at least."""
_RARE = 5
"""Images below which a label has no stratum of its own."""
_TIMES = 3
_ERRORS = 4
"""How much larger than the smallest the largest class of imbalanced classes is, and by how many
standard errors."""


@dataclass(frozen=True, eq=False)
class LabelTask:
    """One task of a dataset.

    Attributes:
        name: Its name: that of a column of labels, or of several.
        kind: ``classes`` (one for each image), ``labels`` (several for each image), ``number`` or
            ``pixels`` (a class for each pixel).
        strata: (N,) class numbers; of other kinds the stratum of each image. -1 where there is
            no label.
        classes: Names of the strata.
        values: (N, L) 0 and 1 for each label; (N, 1) numbers; NaN where unknown. (N, H, W) class
            numbers of pixels, -1 where unknown. Nothing for classes.
        outputs: Names of the L labels, of the number, or of the classes of pixels.
    """

    name: str
    kind: Kind
    strata: np.ndarray
    classes: tuple[str, ...]
    values: np.ndarray | None = None
    outputs: tuple[str, ...] = ()

    @property
    def known(self) -> int:
        """Number of labelled images."""
        return int((self.strata >= 0).sum())


def label_tasks(images: Images) -> dict[str, LabelTask]:
    """All tasks of a dataset, in the order of its columns.

    Args:
        images: Images from :func:`goodviews.data.load`.

    Returns:
        Name to task; the columns of a task of several labels are not tasks by themselves.

    Example:
        >>> from goodviews.data import load
        >>> images = load((np.zeros((4, 8, 8), np.uint8), ["a|b", "a", "b", "|"]))
        >>> task = label_tasks(images)["label"]
        >>> task.kind, task.outputs, task.values[1].tolist()
        ('labels', ('a', 'b'), [1.0, 0.0])
    """
    owner = {column: name for name, some in images.kinds.sets.items() for column in some}
    found: dict[str, LabelTask] = {}
    for column, labels in images.labels.items():
        name = owner.get(column, column)
        if name in found:
            continue
        if column in owner:
            found[name] = _several(images, name)
        elif column in images.kinds.numbers:
            found[name] = _number(column, labels, images.classes[column])
        else:
            found[name] = LabelTask(name, "classes", labels, images.classes[column])
    return found


def class_columns(images: Images) -> list[str]:
    """Columns that hold one class for each image, as methods that learn from classes need."""
    return [column for column in images.labels if column not in images.kinds.numbers]


def task_of(images: Images, column: str) -> str:
    """Name of the task that a column belongs to: its own, or that of several labels."""
    return next((name for name, some in images.kinds.sets.items() if column in some), column)


def with_task(images: Images, task: str | None) -> tuple[Images, list[str]]:
    """Names of the tasks to use, and images in which these are tasks.

    Args:
        images: The images.
        task: A task, or one column of a task of several labels; ``None`` for all tasks.

    Returns:
        The images, with that column as a task of two classes where it is one of several; and the
        names.

    Raises:
        InputError: There is no such task.
    """
    names = list(label_tasks(images))
    if task is None:
        return images, names
    if task not in names and task in images.labels:
        images = replace(images, kinds=images.kinds.without(task))
    elif task not in names:
        raise unknown("task", task, [*names, *images.labels])
    return images, [task]


def imbalanced(labels: np.ndarray) -> bool:
    """Whether classes are so uneven that each should count the same.

    The largest class then has three times as many images as the smallest, and more by four
    standard errors.

    Args:
        labels: (N,) class numbers, -1 where there is none.

    Example:
        >>> imbalanced(np.repeat([0, 1], [95, 5])), imbalanced(np.repeat([0, 1], [60, 40]))
        (True, False)
        >>> imbalanced(np.repeat([0, 1], [9, 3]))  # may be chance
        False
    """
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    if len(counts) < 2:
        return False
    least, most = int(counts.min()), int(counts.max())
    return most >= _TIMES * least and most - least > _ERRORS * (most + least) ** 0.5


def numbers_of(labels: np.ndarray, classes: tuple[str, ...]) -> np.ndarray:
    """(N,) numbers of a column of numbers, NaN where unknown."""
    return np.array([*map(float, classes), np.nan])[labels]


def _number(name: str, labels: np.ndarray, classes: tuple[str, ...]) -> LabelTask:
    """A number, in strata that each hold about as many images."""
    values = numbers_of(labels, classes)
    strata, names = even_strata(values, labels >= 0)
    return LabelTask(name, "number", strata, names, values[:, None], (name,))


def even_strata(values: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Strata of numbers that each hold about as many items.

    Args:
        values: (N,) numbers.
        known: (N,) bool, whether each is known.

    Returns:
        (N,) at most ten strata of at least 20 known items, -1 where unknown; and their names.
    """
    count = int(np.clip(known.sum() // _EACH, 2, _STRATA))
    edges = np.quantile(values[known], np.arange(1, count) / count) if known.any() else []
    strata = np.where(known, np.searchsorted(edges, values, side="left"), -1).astype(np.int64)
    number, names = np.full(count + 1, -1), list[str]()
    for place in range(count):
        own = values[strata == place]
        if len(own):
            number[place] = len(names)
            names.append(f"{own.min():g} to {own.max():g}")
    return number[strata], tuple(names)


def _several(images: Images, name: str) -> LabelTask:
    """Several labels, in strata of the rarest label that each image has."""
    columns = images.kinds.sets[name]
    labels = np.stack([images.labels[column] for column in columns], axis=1)
    values = np.where(labels >= 0, labels, np.nan).astype(float)
    known = (labels >= 0).any(axis=1)
    strata = np.full(len(labels), -1, dtype=np.int64)
    names: list[str] = []
    for column in np.argsort((labels == 1).sum(axis=0), kind="stable").tolist():
        own = (labels[:, column] == 1) & (strata < 0)
        if own.sum() >= _RARE:
            strata[own] = len(names)
            names.append(columns[column])
    rest = known & (strata < 0)
    if rest.sum() >= _RARE or not names:
        strata[rest] = len(names)
        names.append("none of these")
    else:
        strata[rest] = len(names) - 1
    return LabelTask(name, "labels", strata, tuple(names), values, tuple(columns))
