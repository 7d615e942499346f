"""Labels as class numbers: from tables, arrays and the parts of a dataset."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.image_column import WAYS, Finder, are_files, image_column
from goodviews.data.kinds import are_numbers
from goodviews.data.layouts import one_hot, without_boxes
from goodviews.data.matrix import is_matrix, matrix_cells
from goodviews.data.missing import known_texts, missing_note
from goodviews.data.selection import Found, findings, is_whole, task_of_kind, tasks_of
from goodviews.data.stacks import file_of, files_of
from goodviews.data.tables import Readings, Table, read_tables


@dataclass(frozen=True)
class Cells:
    """Cells of a table, by image.

    Attributes:
        values: Column to (N,) texts, empty where there is no value.
        missing: Column to each spelling of a missing value, and how often it occurs.
        notes: Sentences about ignored rows.
        matched: One sentence: which column names the images, and how.
        double: Column to a sentence about an image that has two values.
    """

    values: dict[str, np.ndarray]
    missing: dict[str, dict[str, int]]
    notes: list[str]
    matched: str
    double: dict[str, str]


def read_labels(
    source: Path | Table | Sequence[Path], names: Sequence[str], home: str = ""
) -> Found:
    """Read labels of images from a table, or from several of different images.

    One column names the images: the one that names most of them. Its cells are paths below the
    data folder, paths below the folder of the table, absolute or longer paths, file names (with
    or without their ending) where these are unique, or row numbers for arrays. Most images may be
    missing; an empty cell, ``NaN``, ``NA``, ``None``, ``null`` and a negative class number mean
    that there is no label. The first line is a header if it does not name an image.

    Args:
        source: Path of the file (:func:`goodviews.data.tables.read_tables`), a table, or several
            paths.
        names: Name of every image, in order.
        home: Name of the data folder.

    Returns:
        A task for each column with usable classes.

    Raises:
        InputError: The file cannot be read, no row names an image, no column is a task, or
            two rows give one image different labels.
    """
    sources = [source] if isinstance(source, Path | Table) else source
    cells = _joined([read_cells(one, names, home) for one in sources])
    values, box = without_boxes(cells.values)
    values, joined = one_hot(values)
    found = findings(tasks_of(values), list(values))
    used = {*found.columns, *found.kinds.sets}
    if conflicts := [cells.double[task] for task in values if task in used & set(cells.double)]:
        raise InputError(conflicts[0])
    counted = [
        missing_note(head, counts)
        for head, counts in cells.missing.items()
        if counts and (head in used or not used)
    ]
    more = [*cells.notes, *(one for one in (box, joined) if one), *counted, *found.notes]
    if not found.columns:
        raise InputError(
            f"No column of {sources[0].name} can be used as labels: {' '.join(more)} A column "
            "needs at least two classes with several images each."
        )
    return replace(found, notes=more, matched=cells.matched)


def read_cells(
    source: Path | Table, names: Sequence[str], home: str = "", *, negative: bool = True
) -> Cells:
    """Read the cells of a table of images as text, without interpretation.

    A row that names a file of several images is about all of them, unless the table names pages.

    Args:
        source: Path of the file, or a table.
        names: Name of every image, in order.
        home: Name of the data folder.
        negative: Whether negative whole numbers are missing values.

    Returns:
        The cells of each image.

    Raises:
        InputError: Same as for :func:`read_labels`.
    """
    read = Readings([source]) if isinstance(source, Table) else read_tables(Path(source))
    files = files_of(names)
    if len(files) < len(names) and not _names_pages(read):
        cells = read_cells(source, files, home, negative=negative)
        at = {file: i for i, file in enumerate(files)}
        rows = [at[file_of(name)] for name in names]
        return replace(cells, values={head: c[rows] for head, c in cells.values.items()})
    table, place = image_column(read, Finder(names, home, read.tables[0].folder))
    body = table.rows[1:] if place.header else table.rows
    heads = _heads(table, place.column, place.header)
    notes = list(table.notes)
    if missed := int((place.rows < 0).sum()):
        strange = [row[place.column] for row, at in zip(body, place.rows, strict=True) if at < 0]
        few = ", ".join(strange[:3]) + (", ..." if missed > 3 else "")
        notes.append(
            f"{missed:,} of {len(body):,} rows of {table.name} do not name an image ({few}); they "
            "were ignored."
        )
    kept = np.flatnonzero(place.rows >= 0)
    values: dict[str, np.ndarray] = {}
    missing: dict[str, dict[str, int]] = {}
    double: dict[str, str] = {}
    for k, head in heads.items():
        texts, missing[head], note = known_texts([body[i][k] for i in kept], negative=negative)
        if note:
            notes.append(f"Column {head!r} {note}.")
        column = values[head] = np.full(len(names), "", dtype=object)
        for at, text in zip(place.rows[kept].tolist(), texts, strict=True):
            if text and column[at] not in ("", text):
                double.setdefault(
                    head,
                    f"{table.name} has two labels for {names[at]}, {column[at]!r} and {text!r} "
                    f"({head}); remove one of the two rows.",
                )
            column[at] = column[at] or text
    head = table.rows[0][place.column] if place.header else ""
    which = f"column {head!r}" if head else f"column {place.column + 1}"
    way = WAYS[place.way if are_files(names) else -1]
    matched = (
        f"Labels of {table.name}: {which} names {place.score:,} of {len(names):,} images, {way}."
    )
    return Cells(values, missing, notes, matched, double)


def _names_pages(read: Readings) -> bool:
    """Whether a table names the pages of files, as in ``a.tif#3``."""
    return any(file_of(cell) != cell for row in read.tables[0].rows[:1000] for cell in row)


def _joined(tables: Sequence[Cells]) -> Cells:
    """The cells of several tables; of one image, those of the first that has them."""
    if len(tables) == 1:
        return tables[0]
    joined = Cells({}, {}, [], " ".join(one.matched for one in tables), {})
    for table in tables:
        for head, column in table.values.items():
            old = joined.values.get(head, np.full(len(column), "", dtype=object))
            joined.values[head] = np.where(old == "", column, old)
            counts = Counter(joined.missing.get(head, {}))
            joined.missing[head] = dict(counts + Counter(table.missing[head]))
        joined.notes.extend(note for note in table.notes if note not in joined.notes)
        joined.double.update(table.double)
    return joined


def _heads(table: Table, place: int, header: bool) -> dict[int, str]:
    """Column number to name, without the column of images and pandas' index."""
    first, width = table.rows[0], len(table.rows[0])
    others = [k for k in range(width) if k != place]
    if header:
        index = [k for k in others if not first[k] or first[k].startswith("Unnamed: ")]
        index = [k for k in index if all(row[k].isdigit() for row in table.rows[1:])]
        heads = {k: first[k] or f"label_{k}" for k in others if k not in index or len(others) == 1}
    elif len(others) == 1:
        heads = {others[0]: "label"}
    else:
        heads = {k: f"label_{i}" for i, k in enumerate(others, 1)}
    if len(set(heads.values())) < len(heads) or not heads:
        raise InputError(
            "Expected a path and one or more label columns with different names in "
            f"{table.name}, but got the columns {', '.join(first)}."
        )
    return heads


def texts_of(
    labels: Any,
    count: int,
    classes: Sequence[str] | None,
    what: str | Path,
    notes: list[str] | None = None,
    task: str = "label",
) -> np.ndarray:
    """Convert a column of labels to texts, empty where there is no label.

    Args:
        labels: (N,) class numbers or names. A negative number, NaN, ``None``, a masked value and
            the texts that tables write for these mean that there is no label. Or (N, L), as in
            :func:`goodviews.data.matrix.matrix_cells`.
        count: N.
        classes: Names of the classes, in the order of their numbers; ``None`` if unknown.
        what: The file or object, for messages.
        notes: Receives a sentence about missing labels.
        task: Name of the task, for the sentence.

    Returns:
        (N,) texts; class numbers as text when ``classes`` is given.

    Raises:
        InputError: The labels are not one for each image, or not classes.

    Example:
        >>> texts_of(np.array([2, -1, 0]), 3, None, "the list")
        array(['2', '', '0'], dtype=object)
    """
    if is_matrix(labels, count):
        labels = matrix_cells(labels, classes, what, task)
        if task_of_kind(task, labels) is not None:
            return np.asarray(labels)
    raw, numbers = as_texts(labels, count, what)
    texts, missing, note = known_texts(raw, pair=classes is None)
    known = {text for text in texts if text}
    if notes is not None:
        notes += [f"Column {task!r} {note}."] if note else []
        notes += [missing_note(task, missing)] if missing else []
    half = sorted(text for text in known if not is_whole(text))
    if numbers and half and not are_numbers(texts):
        raise InputError(
            f"Labels in {what} must be whole numbers, one class number per image, but got "
            f"{half[0]}; numbers to predict need at least 20 images and more than 10 values."
        )
    if numbers and half:
        return np.array(texts, dtype=object)
    if classes is None:
        return np.array(texts, dtype=object)
    place = {_text(name): str(i) for i, name in enumerate(classes)}
    if numbers or not known <= set(place):
        if unknown := sorted(text for text in known if not is_whole(text)):
            raise InputError(f"Label {unknown[0]!r} in {what} is not one of its classes.")
        most = max(map(int, known), default=0)
        if most >= len(classes):
            raise InputError(
                f"Labels in {what} go up to {most}, but only {len(classes)} classes have a name; "
                "name all classes."
            )
        place = {text: str(int(text)) for text in known}
    return np.array([place.get(text, "") for text in texts], dtype=object)


def as_texts(labels: Any, count: int, what: str | Path) -> tuple[list[str], bool]:
    """Labels as texts, with a missing one as it was spelled; and whether they are numbers.

    Raises:
        InputError: The labels are not one for each of ``count`` images.
    """
    shape = np.shape(labels)
    if shape not in ((count,), (count, 1), (1, count)):
        raise InputError(
            f"Labels in {what} must have the shape ({count},), one class number per image, -1 for "
            f"no label; but got {shape}."
        )
    if isinstance(labels, np.ma.MaskedArray):
        mask, labels = np.ma.getmaskarray(labels), np.array(labels.data, dtype=object)
        labels[mask] = None
    labels = np.asarray(labels).reshape(-1)
    kinds = {_kind(one) for one in labels.tolist()} if labels.dtype == object else set()
    numbers = labels.dtype.kind in "fiub" or (kinds <= {"number", "none"} and bool(kinds))
    values, places = (
        np.unique(labels, return_inverse=True) if labels.dtype != object else (labels, None)
    )
    texts = [_text(one) for one in values.tolist()]
    return ([texts[i] for i in places.tolist()] if places is not None else texts), numbers


def _kind(value: Any) -> str:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return "none"
    return "number" if isinstance(value, int | float | np.number | np.bool_) else "text"


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return str(int(value))
    return value.decode() if isinstance(value, bytes) else str(value).strip()
