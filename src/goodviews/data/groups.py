"""The group of each image (patient, slide, scene): from a column of a table, or an array.

Letters: N images.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.core.text import counted
from goodviews.data.array_columns import array_columns
from goodviews.data.cache import relabelled, row_names
from goodviews.data.folders import list_folder
from goodviews.data.frames import frame_table
from goodviews.data.hashing import content_hash
from goodviews.data.image_column import Finder
from goodviews.data.images import Images
from goodviews.data.labels import as_texts, read_cells
from goodviews.data.labels_in_memory import host_array
from goodviews.data.missing import known_texts
from goodviews.data.selection import encode
from goodviews.data.tables import Table

Groups: TypeAlias = str | np.ndarray | Tensor | Sequence[Any] | None
"""Name of a column of the labels, or (N,) numbers or names of groups."""


def with_groups(images: Images, groups: Groups, *, data: Any = None, labels: Any = None) -> Images:
    """The same images with groups; a column that names groups is no longer a task.

    An image without a group is a group by itself.

    Args:
        images: The images.
        groups: Name of a column of the labels, or (N,) numbers or names of groups.
        data: What the images were read from, which may have tables beside it.
        labels: Labels that were given, in a file or in memory.

    Returns:
        Images with :attr:`Images.groups`.

    Raises:
        InputError: There is no such column, or not one group per image.
    """
    if not isinstance(groups, str):
        raw = as_texts(host_array(groups), len(images), "groups")[0]
        given = known_texts(raw, negative=False)[0]
        return _grouped(images, "", np.array(given, dtype=object))
    texts = column_texts(images, groups, data=data, labels=labels, what="groups")
    return _grouped(images, groups, texts)


def column_texts(
    images: Images, column: str, *, data: Any = None, labels: Any = None, what: str
) -> np.ndarray:
    """The cells of a column of labels, as it was written.

    Args:
        images: The images.
        column: Its name.
        data: What the images were read from, which may have tables beside it.
        labels: Labels that were given, in a file or in memory.
        what: What the column is to hold, for messages.

    Returns:
        (N,) texts, empty where there is none.

    Raises:
        InputError: There is no such column.
    """
    if column in images.labels:
        names = np.array([*images.classes[column], ""], dtype=object)
        found: np.ndarray = names[images.labels[column]]
        return found
    seen = set(images.labels)
    for table in _tables(images, data, labels):
        if isinstance(table, Mapping):
            if column in table:
                raw = as_texts(host_array(table[column]), len(images), column)[0]
                return np.array(known_texts(raw, negative=False)[0], dtype=object)
            seen |= set(map(str, table))
            continue
        cells = read_cells(table, row_names(images), images.name, negative=False).values
        if column in cells:
            return cells[column]
        seen |= set(cells)
    if not seen:
        raise InputError(
            f"There is no column {column!r}, because {images.name} has no table of labels; give "
            "one with --labels FILE."
        )
    raise unknown(f"column of {what}", column, seen)


def _tables(images: Images, data: Any, labels: Any) -> Iterator[Path | Table | Mapping[str, Any]]:
    """Tables and mappings of columns in which a name may be found."""
    if isinstance(labels, str | Path):
        yield from [Path(labels).expanduser()] if str(labels) != "none" else []
    elif isinstance(labels, Mapping) or hasattr(labels, "columns"):
        table = frame_table(labels, Finder(row_names(images), images.name), images.name)
        columns = labels if isinstance(labels, Mapping) else list(labels.columns)
        yield table or {str(head): labels[head] for head in columns}
    if isinstance(data, Mapping):
        yield data
    elif isinstance(data, str | Path) and (Path(data) / "train.npz").is_file():
        parts = [Path(data) / f"{part}.npz" for part in ("train", "val", "test")]
        yield array_columns([file for file in parts if file.is_file()], row_names(images))
    elif isinstance(data, str | Path) and Path(data).is_dir():
        home = Path(data)
        yield from (home / table for table in list_folder(home).tables)
    elif isinstance(data, str | Path) and Path(data).suffix == ".npz":
        yield array_columns([Path(data)], row_names(images))


def _grouped(images: Images, column: str, texts: np.ndarray) -> Images:
    """Images with the groups of these names; an empty name makes a group of one image."""
    known, names = encode(list(texts))
    if not names:
        raise InputError(f"No image has a group in {column or 'groups'}; choose another column.")
    alone = known < 0
    numbers = np.where(alone, len(names) + np.cumsum(alone) - 1, known).astype(np.int64)
    sizes = np.bincount(numbers)
    what = f"Column {column!r} gives" if column else "There are"
    sizes = sizes[: len(names)]
    most = "" if sizes.min() == sizes.max() else f" to {sizes.max():,}"
    note = (
        f"{what} {counted(len(names), 'group')} of {sizes.min():,}{most} images; no split divides "
        "a group."
    )
    if alone.any() and len(names):
        note += f" {counted(int(alone.sum()), 'image')} without a group count as one group each."
    return _without(images, column, note=note, groups=numbers)


def _without(
    images: Images, column: str, *, note: str = "", groups: np.ndarray | None = None
) -> Images:
    """The images without a task and without notes about its column."""
    labels = {task: one for task, one in images.labels.items() if task != column}
    classes = {task: one for task, one in images.classes.items() if task != column}
    notes = [one for one in images.notes if not column or repr(column) not in one]
    notes += [note] if note else []
    kinds = images.kinds.without(column)
    if images.cache is not None:
        return relabelled(images, labels, classes, notes, images.label_note, groups, kinds)
    return replace(
        images,
        kinds=kinds,
        labels=labels,
        classes=classes,
        notes=tuple(notes),
        groups=images.groups if groups is None else groups,
        hash=images.hash
        if len(labels) == len(images.labels)
        else content_hash(images.content(), labels, images.part),
    )
