"""Labels from a CSV table: the first column names an image, every other column is a task."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.files import LONGEST, read_bytes
from goodviews.core.text import counted

Columns = dict[str, np.ndarray]
Classes = dict[str, tuple[str, ...]]


def read_labels(path: Path, names: Sequence[str]) -> tuple[Columns, Classes, list[str]]:
    """Read labels of images from a CSV file.

    The first column is a path below the data folder, or a file name (with or without its
    ending) where that is unique, or a row number for arrays. Most images may be missing, and an
    empty cell means no label. Columns are separated by commas, semicolons or tabs. The first line
    is a header if its first cell does not name an image.

    Args:
        path: Path of the file.
        names: Name of every image, in order.

    Returns:
        Task to (N,) class numbers, -1 where there is no label; task to class names; and
        sentences about ignored rows and columns.

    Raises:
        InputError: The file cannot be read, no row names an image, no column is a task, or
            two rows give one image different labels.
    """
    values, notes = read_cells(path, names)
    columns, classes, more = tasks_of(values)
    if not columns:
        raise InputError(
            f"No column of {path} can be used as labels: {' '.join([*notes, *more])} A column "
            "needs at least two classes with several images each."
        )
    return columns, classes, [*notes, *more]


def read_cells(path: Path, names: Sequence[str]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Read the cells of a table of images as text, without interpretation.

    Args:
        path: Path of the file, in the format of :func:`read_labels`.
        names: Name of every image, in order.

    Returns:
        Column to (N,) texts, empty for missing cells; and sentences about ignored rows.

    Raises:
        InputError: Same as for :func:`read_labels`.
    """
    path = Path(path)
    table, notes = _table(path)
    find = _finder(names)
    body = table if find(table[0][0]) is not None else table[1:]
    width = max(len(row) for row in table)
    if body is table:
        heads = ["label"] if width == 2 else [f"label_{i}" for i in range(1, width)]
    else:
        cells = [cell.strip() for cell in table[0][1:]]
        heads = [
            cell or f"label_{i}" for i, cell in enumerate(cells + [""] * (width - 1 - len(cells)))
        ]
    if width < 2 or len(set(heads)) < len(heads):
        raise InputError(
            f"Expected a path and one or more label columns with different names in {path}, but "
            f"got the columns {', '.join([table[0][0], *heads])}."
        )
    values = {head: np.full(len(names), "", dtype=object) for head in heads}
    missing: list[str] = []
    for row in body:
        at = find(row[0])
        if at is None:
            missing.append(row[0].strip())
            continue
        for head, cell in zip(heads, row[1:], strict=False):
            cell = cell.strip()
            if cell and values[head][at] not in ("", cell):
                raise InputError(
                    f"{path} has two labels for {names[at]}, {values[head][at]!r} and {cell!r} "
                    f"({head}); remove one of the two rows."
                )
            values[head][at] = cell or values[head][at]
    if missing:
        few = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        text = (
            f"{len(missing):,} of {len(body):,} rows of {path.name} do not name an image ({few})"
        )
        if len(missing) == len(body):
            raise InputError(
                f"{text}; the first column must hold paths like {names[0]!r}, relative to the "
                "data folder."
            )
        notes.append(f"{text}; they were ignored.")
    return values, notes


def texts_of(
    labels: np.ndarray, count: int, classes: Sequence[str] | None, what: str | Path
) -> np.ndarray:
    """Convert a column of labels to texts, empty where there is no label.

    Args:
        labels: (N,) class numbers or names; below 0, NaN, ``None`` or empty: no label.
        count: N.
        classes: Names of the classes, in the order of their numbers; ``None`` if unknown.
        what: The file or object, for messages.

    Returns:
        (N,) texts; class numbers as text when ``classes`` is given.

    Raises:
        InputError: The labels are not one for each image, or not classes.

    Example:
        >>> texts_of(np.array([2, -1, 0]), 3, None, "the list")
        array(['2', '', '0'], dtype=object)
    """
    labels = labels.reshape(-1) if labels.shape in ((count, 1), (1, count)) else labels
    if labels.shape != (count,):
        raise InputError(
            f"Labels in {what} must have the shape ({count},), one class number per image, -1 for "
            f"no label; but got {labels.shape}."
        )
    if labels.dtype == object:
        labels = _without_none(labels)
    if labels.dtype.kind in "fiub":
        numbers = np.where(np.isfinite(labels), labels, -1) if labels.dtype.kind == "f" else labels
        whole = numbers.astype(np.int64)
        if (whole != numbers).any():
            raise InputError(
                f"Labels in {what} must be whole numbers, one class number per image, but got "
                f"{labels[whole != numbers][0]}."
            )
        if classes is not None and whole.max() >= len(classes):
            raise InputError(
                f"Labels in {what} go up to {whole.max()}, but only {len(classes)} classes have a "
                "name; name all classes."
            )
        return np.array(["" if number < 0 else str(number) for number in whole], dtype=object)
    texts = ["" if label is None else str(label) for label in labels]
    if classes is not None:
        place = {name: str(i) for i, name in enumerate(classes)} | {"": ""}
        if unknown := [text for text in texts if text not in place]:
            raise InputError(f"Label {unknown[0]!r} in {what} is not one of its classes.")
        texts = [place[text] for text in texts]
    return np.array(texts, dtype=object)


def _without_none(labels: np.ndarray) -> np.ndarray:
    """Python objects as numbers, -1 for a missing one, or as they are with ``None`` for it."""
    missing = np.array(
        [one is None or type(one).__name__ == "NAType" or bool(one != one) for one in labels]
    )
    known = np.array(labels[~missing].tolist())
    if known.size and known.dtype.kind in "fiub":
        filled = np.full(len(labels), -1, dtype=known.dtype if known.dtype.kind == "f" else int)
    else:
        filled = np.full(len(labels), None, dtype=object)
        known = labels[~missing]
    filled[~missing] = known
    return filled


def encode(values: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Encode texts as class numbers, -1 for an empty text; whole numbers are sorted as numbers.

    Example:
        >>> encode(["10", "", "9"])
        (array([ 1, -1,  0]), ('9', '10'))
    """
    names = {value for value in values if value}
    whole = all(name.lstrip("+-").isdigit() for name in names)
    order = sorted(names, key=lambda name: (int(name), name) if whole else (0, name))
    place = {name: i for i, name in enumerate(order)} | {"": -1}
    return np.array([place[value] for value in values], dtype=np.int64), tuple(order)


def tasks_of(
    values: Mapping[str, Sequence[str] | np.ndarray],
) -> tuple[Columns, Classes, list[str]]:
    """Select the columns with usable classes; the others are dropped, each with a sentence.

    Args:
        values: Column to (N,) texts, empty where there is no label.

    Returns:
        Task to (N,) class numbers; task to class names; a sentence for each other column, and
        for each class of one image.

    Example:
        >>> tasks_of({"kind": ["a", "b", "a", "b"], "site": ["x"] * 4})[2]
        ["Column 'site' has only one class, 'x' and was ignored."]
    """
    notes: list[str] = []
    columns: Columns = {}
    classes: Classes = {}
    for head, cells in values.items():
        numbers, order = encode(list(cells))
        known = int((numbers >= 0).sum())
        if len(order) < 2:
            what = f"only one class, {order[0]!r}" if order else "no labels"
            notes.append(f"Column {head!r} has {what} and was ignored.")
        elif known >= 20 and len(order) > known / 2:
            notes.append(
                f"Column {head!r} has {len(order)} different values in {known} labels and was "
                "ignored."
            )
        else:
            columns[head], classes[head] = numbers, order
            counts = Counter(numbers[numbers >= 0].tolist())
            alone = [order[number] for number, count in sorted(counts.items()) if count == 1]
            if alone:
                notes.append(_alone(head, alone))
    return columns, classes, notes


def _alone(task: str, names: Sequence[str]) -> str:
    few = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} classes of {task!r} have only one image and are not tested ({few})."


def _table(path: Path) -> tuple[list[list[str]], list[str]]:
    """Rows that are not empty, and a sentence where the encoding had to be guessed."""
    notes: list[str] = []
    raw = read_bytes(path, what="the labels", longest=LONGEST)
    try:
        wide = raw[:2] in (b"\xff\xfe", b"\xfe\xff")
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")  # older spreadsheets
        notes.append(f"{path.name} is not UTF-8 and was read as Windows-1252; save it as UTF-8.")
    first = text.lstrip().split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        lines = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InputError(
            f"{path} is not a CSV file ({error}); expected lines like 'images/a.png,cat'."
        ) from error
    if not lines:
        raise InputError(f"{path} is empty; expected lines like 'images/a.png,cat'.")
    width = len(lines[0][1])
    for number, row in lines:
        if any(cell.strip() for cell in row[width:]):
            raise InputError(
                f"{path}, line {number}, has {counted(len(row), 'cell')}, but the first line has "
                f"{width}; quote cells that contain {separator!r}, or name every column."
            )
    return [row[:width] for _, row in lines], notes


class _finder:
    """Find an image by its path, its unique file name or its unique name without the ending."""

    def __init__(self, names: Sequence[str]) -> None:
        self.paths = {name: i for i, name in enumerate(names)}
        self.loose: dict[str, int] = {}
        for form in ("name", "stem"):
            texts = [getattr(PurePosixPath(name), form) for name in names]
            counts = Counter(texts)
            for i, text in enumerate(texts):
                if counts[text] == 1:
                    self.loose.setdefault(text, i)

    def __call__(self, cell: str) -> int | None:
        text = cell.strip().replace("\\", "/")
        while text.startswith("./"):
            text = text[2:]
        if text in self.paths:
            return self.paths[text]
        return self.loose.get(text) if "/" not in text else None
