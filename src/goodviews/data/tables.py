"""Tables of labels as rows of texts: separators, encodings and well-known layouts."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import LONGEST, read_bytes
from goodviews.core.text import counted

SEPARATORS = (",", ";", "\t", "|")
SPLITS = ("all", "first", "last")
"""Where a line is split at blanks: at all of them, at the first or at the last."""

_BINARY = {
    b"PK\x03\x04": "a spreadsheet or an archive",
    b"\x93NUMPY": "a NumPy array",
    b"PAR1": "a Parquet file",
    b"\x89HDF": "an HDF5 file",
    b"\x89PNG": "an image",
    b"\xff\xd8\xff": "an image",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of an old format",
    b"\x1f\x8b": "a compressed file",
}


@dataclass(frozen=True)
class Table:
    """Rows of one width.

    Attributes:
        name: Name of the file or object, for messages.
        rows: Cells of each row, without surrounding blanks.
        header: Whether the first row holds the names of columns; ``None`` if unknown.
        folder: Folder of the file.
        notes: Sentences about how the file was read.
    """

    name: str
    rows: list[list[str]]
    header: bool | None = None
    folder: Path | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Readings:
    """One file, read in every way in which it is a table of two columns or more.

    Attributes:
        tables: One for each separator that is possible; the most common ones first.
        problem: What is wrong with the most common separator, if no table names images.
    """

    tables: list[Table]
    problem: InputError | None = None


def read_tables(path: Path) -> Readings:
    """Read a file in every way in which it is a table of two columns or more.

    Args:
        path: CSV with commas, semicolons, tabs or bars; lines of a path and a label, separated
            by blanks; JSON lines; or ``image_class_labels.txt`` beside its ``images.txt``.

    Returns:
        The tables.

    Raises:
        InputError: The file cannot be read, or is not a table.
    """
    text, notes = _text(path)
    lines = _lines(text)
    while len(lines) > 1 and _is_comment(*lines[:2]):
        text = text.partition(lines.pop(0))[2]
    if not lines:
        raise InputError(f"{path} is empty; expected lines like 'images/a.png,cat'.")
    if joined := _joined(path, lines):
        return Readings([joined])
    if lines[0].lstrip().startswith(("{", "[")):
        rows = _json_rows(path, text, lines)
        return Readings([Table(path.name, rows, True, path.parent, notes)])
    separators = [one for one in SEPARATORS if one in lines[0] or one in lines[-1]]
    if lines[0].lower().startswith("sep=") and len(lines[0].strip()) <= 5:
        separators = [lines[0][4:5] if lines[0].strip() != "sep=" else "\t"]
        text = text.split("\n", 1)[1]
    found = []
    problem: InputError | None = None
    for separator in sorted(separators, key=lambda one: -lines[0].count(one)):
        try:
            rows = _split(path, text, separator)
        except InputError as error:
            problem = problem or error
            continue
        if len(rows[0]) > 1:
            found.append(Table(path.name, rows, None, path.parent, notes))
    if any(" " in line.strip() or "\t" in line.strip() for line in lines[:100]):
        for how in SPLITS:
            if rows := _blanks(lines, how):
                found.append(Table(path.name, rows, None, path.parent, notes))
    if problem is None and not separators and " " not in lines[0].strip():
        problem = InputError(
            f"Expected a path and one or more label columns in {path}, but got one column, "
            f"{lines[0].strip()[:60]!r}; separate columns with commas, semicolons, tabs or blanks."
        )
    if problem is not None and not found:
        raise problem
    return Readings(found, problem)


def _text(path: Path) -> tuple[str, tuple[str, ...]]:
    """The text of a file, and a sentence where its encoding had to be guessed."""
    raw = read_bytes(path, what="the labels", longest=LONGEST)
    for start, what in _BINARY.items():
        if raw.startswith(start):
            raise InputError(
                f"{path} is {what}, but a text file is expected; save it as CSV, with lines like "
                "'images/a.png,cat'."
            )
    encoding = "utf-8-sig"
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    elif b"\0" in raw[:2]:
        encoding = "utf-16-be" if raw[:1] == b"\0" else "utf-16-le"
    try:
        return raw.decode(encoding), ()
    except UnicodeDecodeError:  # older spreadsheets
        note = f"{path.name} is not UTF-8 and was read as Windows-1252; save it as UTF-8."
        return raw.decode("cp1252", errors="replace"), (note,)


def _lines(text: str) -> list[str]:
    """Lines that are not empty."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [line for line in text.split("\n") if line.strip()]


def _is_comment(line: str, after: str) -> bool:
    """Whether a first line such as ``# made by hand`` is above the header."""
    return line.startswith("#") and not any(one in line for one in SEPARATORS if one in after)


def _split(path: Path, text: str, separator: str) -> list[list[str]]:
    """Rows of a CSV file that are not empty, all of the width of the first."""
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True
        )
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise InputError(
            f"{path} is not a CSV file ({error}); expected lines like 'images/a.png,cat'."
        ) from error
    lines = [(number, row) for number, row in lines if any(row)]
    width = len(lines[0][1])
    if len(lines) > 1 and all(len(row) == width + 1 for _, row in lines[1:]):
        lines[0][1].insert(0, "")  # the column of row names has no name
        width += 1
    for number, row in lines:
        if any(row[width:]):
            raise InputError(
                f"{path}, line {number}, has {counted(len(row), 'cell')}, but the first line has "
                f"{width}; quote cells that contain {separator!r}, or name every column."
            )
    return [row[:width] + [""] * (width - len(row)) for _, row in lines]


def _blanks(lines: list[str], how: str) -> list[list[str]]:
    """Rows of a list that is separated by blanks; empty where it cannot be split like that."""
    if how == "all":
        rows = [line.split() for line in lines]
        if len(rows) > 2 and len(rows[0]) == 1 and rows[0][0].isdigit():
            rows = rows[1:]  # the number of images
        width = len(rows[-1])
        if len(rows[0]) == width - 1:
            rows[0].insert(0, "")
        same = all(len(row) == width for row in rows)
        numbers = all(_is_number(cell) for row in rows[1:] for cell in row[2:])
        return rows if same and width > 1 and (width == 2 or numbers) else []
    rows = [(line.split(None, 1) if how == "first" else line.rsplit(None, 1)) for line in lines]
    return [[cell.strip() for cell in row] + [""] * (2 - len(row)) for row in rows]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _json_rows(path: Path, text: str, lines: list[str]) -> list[list[str]]:
    """Rows of JSON: one object per line or in a list, or one object of paths and labels.

    Values that are not scalars are left out.
    """
    try:
        found = _objects(text, lines)
        heads = list(dict.fromkeys(head for row in found for head in row))
        heads = [h for h in heads if not any(isinstance(row.get(h), dict | list) for row in found)]
        if len(heads) < 2:
            raise ValueError("no two columns")
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} is JSON, but neither objects like "
            '{"file_name": "a.png", "label": "cat"} nor one like {"a.png": "cat"}; save it as '
            "CSV, with lines like 'images/a.png,cat'."
        ) from error
    return [heads, *([_cell(row.get(head)) for head in heads] for row in found)]


def _objects(text: str, lines: list[str]) -> list[dict[str, Any]]:
    try:
        made = json.loads(text)
    except ValueError:
        made = [json.loads(line) for line in lines]
    if isinstance(made, dict):
        made = [{"path": path, "label": label} for path, label in made.items()]
    if not isinstance(made, list) or not all(isinstance(one, dict) for one in made):
        raise ValueError("not objects")
    return made


def _cell(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _joined(path: Path, lines: list[str]) -> Table | None:
    """The layout of Caltech-UCSD Birds: numbers of images and classes, named in other files."""
    images, classes = path.parent / "images.txt", path.parent / "classes.txt"
    if path.name != "image_class_labels.txt" or not images.is_file():
        return None
    names = dict(_pairs(images))
    kinds = dict(_pairs(classes)) if classes.is_file() else {}
    pairs = [[*line.split(None, 1), ""][:2] for line in lines]
    rows = [[names.get(one, one), kinds.get(kind.strip(), kind.strip())] for one, kind in pairs]
    return Table(path.name, [["path", "label"], *rows], True, path.parent)


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    for line in _lines(_text(path)[0]):
        number, _, name = line.strip().partition(" ")
        if name:
            yield number, name.strip()
