"""Labels from a CSV table: the first column names an image, every other column is a task."""

import csv
import io
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np

from goodviews.core.errors import InputError, counted

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
    return _tasks(path, *read_cells(path, names))


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


def _tasks(
    path: Path, values: dict[str, np.ndarray], notes: list[str]
) -> tuple[Columns, Classes, list[str]]:
    """Columns with usable classes; the others are dropped, each with a sentence."""
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
    if not columns:
        raise InputError(
            f"No column of {path} can be used as labels: {' '.join(notes)} A column needs at "
            "least two classes with several images each."
        )
    return columns, classes, notes


def _alone(task: str, names: Sequence[str]) -> str:
    few = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} classes of {task!r} have only one image and are not tested ({few})."


def _table(path: Path) -> tuple[list[list[str]], list[str]]:
    """Rows that are not empty, and a sentence where the encoding had to be guessed."""
    notes: list[str] = []
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read the labels {path}: {error.strerror}.") from error
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
