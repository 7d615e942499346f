"""Labels that are in memory: arrays, lists, mappings and data frames."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from goodviews.data.frames import frame_table
from goodviews.data.image_column import Finder, are_files
from goodviews.data.labels import as_texts, read_labels, texts_of
from goodviews.data.matrix import is_matrix, matrix_cells
from goodviews.data.missing import known_texts, missing_note
from goodviews.data.selection import Found, encode, is_whole, task_of_kind, tasks_of
from goodviews.data.stacks import files_of


def label_columns(labels: Any, classes: Any, names: list[str], what: str, home: str = "") -> Found:
    """Encode labels as class numbers.

    Args:
        labels: (N,) class numbers or names, with -1, NaN, ``None`` or an empty text for no label;
            (N,) numbers with decimals; (N, L) 0 and 1, or a list of names for each image, where it
            can have several labels; or a mapping of tasks to such labels; or a mapping of paths
            to labels; or a data frame whose index or column names the images, or whose rows are
            in their order; or ``None``.
        classes: Names of the classes, in the order of their numbers, or a mapping of tasks to
            such names.
        names: Name of every image.
        what: Name of the object in messages.
        home: Name of the data folder.

    Returns:
        A task for each usable column.

    Raises:
        InputError: The number of labels is not that of the images, or no row names an image.
    """
    if labels is None:
        return Found({}, {})
    count = len(names)
    table = (
        frame_table(labels, Finder(files_of(names), home), what) if _has_names(labels) else None
    )
    if table is not None:
        return read_labels(table, names, home)
    several = isinstance(labels, Mapping) or hasattr(labels, "columns")
    found = _tasks(labels, classes, count, what) if several else _one(labels, classes, count, what)
    if are_files(names):
        few = ", ".join(names[:3])
        stems = [name.rpartition(".")[0] for name in names]
        numbers = [int(stem) for stem in stems if stem.isdecimal()]
        more = list(found.notes)
        if len(numbers) == count and numbers != sorted(numbers):
            more.append(
                f"The labels are in the order {few}, ..., not in the order of their numbers."
            )
        matched = f"Labels are in the order of the file names: {few}, ..."
        found = replace(found, matched=matched, notes=more)
    return found


def _tasks(labels: Any, classes: Any, count: int, what: str) -> Found:
    """Labels of several tasks."""
    notes: list[str] = []
    free: dict[str, np.ndarray] = {}
    given = Found({}, {})
    heads = list(labels) if isinstance(labels, Mapping) else list(labels.columns)
    for head in heads:
        task, column = str(head), host_array(labels[head])
        known = classes.get(task) if isinstance(classes, Mapping) else None
        if known is not None or is_matrix(column, count):
            given = given | _one(column, known, count, what, task)
            continue
        texts, missing, note = known_texts(as_texts(column, count, what)[0])
        free[task] = np.array(texts, dtype=object)
        notes += [f"Column {task!r} {note}."] if note else []
        notes += [missing_note(task, missing)] if missing else []
    return given | Found({}, {}, notes) | tasks_of(free)


def host_array(values: Any) -> np.ndarray:
    """Convert a tensor on any device and of any type, or a column, to an array; it keeps masks.

    Lists of names become texts, the names joined by bars.
    """
    if isinstance(values, np.ma.MaskedArray):
        return values
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return np.asarray(values.float() if "bfloat16" in str(values.dtype) else values)
    if not isinstance(values, np.ndarray) and any(_names(one) for one in values):
        joined = ["|".join(one) or "|" if _names(one) else one for one in values]
        return np.array(joined, dtype=object)
    return np.asarray(values)


def _names(value: Any) -> bool:
    """Whether a value is a list of names."""
    return isinstance(value, list | tuple | set) and all(isinstance(one, str) for one in value)


def _has_names(labels: Any) -> bool:
    return isinstance(labels, Mapping) or hasattr(labels, "columns") or hasattr(labels, "to_frame")


def _one(labels: Any, classes: Any, count: int, what: str, task: str = "label") -> Found:
    """Labels of one task, by the numbers or names of its classes where these fit."""
    values = host_array(labels)
    notes: list[str] = []
    known = None if classes is None else [str(name) for name in classes]
    if is_matrix(values, count):
        names = known if known is not None and len(known) == values.shape[1] else None
        values = matrix_cells(values, names, what, task)
        if (several := task_of_kind(task, values)) is not None:
            return several
    if known is not None:
        seen = set(known_texts(as_texts(values, count, what)[0], pair=False)[0]) - {""}
        numbers = all(is_whole(one) and int(one) < len(known) for one in seen)
        known = known if numbers or seen <= set(known) else None
    texts = texts_of(values, count, known, what, notes, task)
    if known is not None:
        numbered = np.array([int(text) if text else -1 for text in texts], dtype=np.int64)
        return Found({task: numbered}, {task: tuple(known)}, notes)
    if not any(texts):
        return Found({}, {}, notes)
    if (special := task_of_kind(task, texts)) is not None:
        return special | Found({}, {}, notes)
    numbered, order = encode(list(texts))
    return Found({task: numbered}, {task: order}, notes)
