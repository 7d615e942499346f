"""Which columns of texts are tasks: classes, numbers, or several labels of an image."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.kinds import ALL_CLASSES, Kinds, are_numbers, encode_numbers, is_number
from goodviews.data.layouts import UNKNOWN, several_labels, split_labels

_MANY = 20
"""Different whole numbers above which a column may hold amounts."""

_FINDINGS = 4
"""Neighbouring columns of 0 and 1 from which on they are several labels of one task."""

_BINARY = (("0", "1"), ("-1", "1"))

Columns = dict[str, np.ndarray]
Classes = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Found:
    """Labels of images.

    Attributes:
        columns: Task to (N,) class numbers, -1 where there is no label.
        classes: Task to class names.
        notes: Sentences about missing labels, ignored rows and columns.
        matched: One sentence: which column of a table names the images, and how.
        kinds: Columns that are not classes.
    """

    columns: Columns
    classes: Classes
    notes: list[str] = field(default_factory=list)
    matched: str = ""
    kinds: Kinds = ALL_CLASSES

    def __or__(self, other: "Found") -> "Found":
        return Found(
            self.columns | other.columns,
            self.classes | other.classes,
            self.notes + other.notes,
            self.matched or other.matched,
            self.kinds | other.kinds,
        )


def is_whole(text: str) -> bool:
    """Whether a text is a whole number."""
    return text.removeprefix("-").removeprefix("+").isdigit()


def encode(values: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Encode texts as class numbers, -1 for an empty text; whole numbers are sorted as numbers.

    Example:
        >>> encode(["10", "", "9"])
        (array([ 1, -1,  0]), ('9', '10'))
    """
    names = {value for value in values if value}
    whole = all(map(is_whole, names))
    order = sorted(names, key=lambda name: (int(name), name) if whole else (0, name))
    place = {name: i for i, name in enumerate(order)} | {"": -1}
    return np.array([place[value] for value in values], dtype=np.int64), tuple(order)


def tasks_of(values: Mapping[str, Sequence[str] | np.ndarray]) -> Found:
    """Select the columns that are tasks; the others are dropped, each with a sentence.

    Args:
        values: Column to (N,) texts, empty where there is no label.

    Returns:
        Their class numbers, and a sentence for each other column and each class of one image.

    Example:
        >>> tasks_of({"kind": ["a", "b", "a", "b"], "site": ["x"] * 4}).notes
        ["Column 'site' has only one class, 'x' and was ignored."]
    """
    found = Found({}, {})
    for head, cells in values.items():
        special = task_of_kind(head, cells, taken=[*values, *found.columns])
        if special is not None:
            found = found | special
            continue
        numbers, order = encode(list(cells))
        known = int((numbers >= 0).sum())
        if len(order) < 2:
            what = f"only one class, {order[0]!r}" if order else "no labels"
            note = f"Column {head!r} has {what} and was ignored."
        elif known >= 20 and len(order) > known / 2:
            note = f"Column {head!r} has {len(order)} different values in {known} labels and was "
            note += f"ignored.{_as_number(head)}" if all(map(is_number, order)) else "ignored."
        else:
            found = found | Found(
                {head: numbers}, {head: order}, _odd_classes(head, numbers, order)
            )
            continue
        found.notes.append(note)
    return found


def task_of_kind(head: str, cells: Any, *, taken: Sequence[str] = ()) -> Found | None:
    """A column of numbers, or of cells with several labels; nothing for one of classes.

    Args:
        head: Name of the column.
        cells: (N,) texts, empty where there is no label.
        taken: Names that the columns of several labels cannot have.

    Example:
        >>> task_of_kind("finding", ["a|b", "a", "b", "|"]).columns["a"]
        array([1, 1, 0, 0])
    """
    if are_numbers(cells):
        note = (
            f"Column {head!r} holds numbers: readouts predict it by ridge regression; to read it "
            f"as classes, add --column {head}=classes."
        )
        return number_task(head, cells, note)
    several = several_labels(cells)
    if several is None:
        return None
    note = (
        f"Column {head!r} has several labels in {several[0]:,} cells, such as {several[1]!r}: "
        f"each label is predicted by itself; to read whole cells as classes, add --column "
        f"{head}=classes."
    )
    return labels_task(head, cells, note if UNKNOWN not in several[1] else "", taken=taken)


def findings(found: Found, order: Sequence[str]) -> Found:
    """Columns of 0 and 1 beside each other as several labels of one task, where they are many.

    Args:
        found: Columns of a table, as tasks of their own.
        order: Names of all its columns.

    Returns:
        The same, with a task of several labels for each run of four or more such columns.

    Example:
        >>> column = np.array([0, 1, 0, 1])
        >>> one = Found(dict.fromkeys("abcd", column), dict.fromkeys("abcd", ("0", "1")))
        >>> findings(one, list("abcd")).kinds.sets
        {'label': ('a', 'b', 'c', 'd')}
    """
    runs: list[list[str]] = [[]]
    for name in order:
        if found.classes.get(name) in _BINARY:
            runs[-1].append(name)
        elif runs[-1]:
            runs.append([])
    for run in runs:
        if len(run) < _FINDINGS:
            continue
        name = f"{run[0]} to {run[-1]}" if {"label", *found.kinds.sets} & {*order} else "label"
        note = (
            f"The {len(run)} columns from {run[0]!r} to {run[-1]!r} hold 0 and 1 and are several "
            f"labels of one task, {name!r}; to read them as tasks of their own, add --column "
            f"'{name}=classes'."
        )
        found = found | Found({}, {}, [note], kinds=Kinds(sets={name: tuple(run)}))
    return found


def number_task(head: str, cells: Any, note: str) -> Found:
    """A column of numbers as a task.

    Raises:
        InputError: There are other texts, or the numbers are all the same.
    """
    if odd := next((text for text in cells if text and not is_number(text)), ""):
        raise InputError(f"Column {head!r} holds {odd!r}, which is not a number.")
    numbers, order = encode_numbers(cells)
    if len(order) < 2:
        raise InputError(f"Column {head!r} needs at least two different numbers.")
    return Found({head: numbers}, {head: order}, [note] if note else [], kinds=Kinds((head,)))


def labels_task(head: str, cells: Any, note: str, *, taken: Sequence[str] = ()) -> Found:
    """A column of several labels as a task: a column of 0 and 1 for each.

    Labels of fewer than two images, or of all but one, cannot be tested and are left out.
    """
    made = split_labels(np.asarray(cells, dtype=object))
    columns: Columns = {}
    rare = []
    for name, column in made.items():
        if min(int((column == "1").sum()), int((column == "0").sum())) < 2:
            rare.append(name)
            continue
        own = name if name not in taken else f"{head}: {name}"
        columns[own] = np.array([int(text) if text else -1 for text in column], dtype=np.int64)
    notes = [note] if note else []
    if rare:
        few = ", ".join(rare[:3]) + (", ..." if len(rare) > 3 else "")
        notes.append(
            f"{len(rare)} labels of {head!r} have fewer than two images with or without them and "
            f"are left out ({few})."
        )
    kinds = Kinds(sets={head: tuple(columns)} if len(columns) > 1 else {})
    return Found(columns, dict.fromkeys(columns, ("0", "1")), notes, kinds=kinds)


def _as_number(head: str) -> str:
    """What to type where numbers without decimals may be amounts, names of groups or of rows."""
    return f" If these are amounts, such as an age, add --column {head}=number."


def _odd_classes(task: str, numbers: np.ndarray, order: Sequence[str]) -> list[str]:
    """Sentences about classes of one image, and about names that may be the same."""
    notes = []
    counts = Counter(numbers[numbers >= 0].tolist())
    if len(order) > _MANY and all(map(is_whole, order)):
        least, most = int(order[0]), int(order[-1])
        if least not in (0, 1) or most - least >= len(order):
            notes.append(
                f"Column {task!r} has {len(order)} different whole numbers, which are read as "
                f"classes.{_as_number(task)}"
            )
    if alone := [order[number] for number, count in sorted(counts.items()) if count == 1]:
        few = ", ".join(alone[:3]) + (", ..." if len(alone) > 3 else "")
        notes.append(
            f"{len(alone)} classes of {task!r} have only one image and are not tested ({few})."
        )
    plain: dict[str, str] = {}
    for name in order:
        first = plain.setdefault("".join(name.casefold().split()), name)
        if first != name:
            notes.append(
                f"Classes {first!r} and {name!r} of {task!r} differ only in upper case or blanks; "
                "write them alike if they are the same."
            )
            break
    return notes
