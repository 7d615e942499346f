"""How a column of labels is read where the guess is wrong: as classes, labels or a number."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from goodviews.core.errors import InputError, unknown
from goodviews.data.cache import relabelled
from goodviews.data.groups import column_texts
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.data.kinds import CLASSES, NUMBER, SEVERAL, WAYS, Kinds
from goodviews.data.selection import Found, encode, labels_task, number_task

Columns: TypeAlias = Mapping[str, str] | Iterable[str]
"""Column to ``classes``, ``labels`` or ``number``; or texts such as ``age=number``."""


def parse_columns(columns: Columns) -> dict[str, str]:
    """Check how columns are to be read.

    Args:
        columns: Column to way, or texts.

    Raises:
        InputError: A text has no ``=``, or a way is unknown.

    Example:
        >>> parse_columns(["age=number"])
        {'age': 'number'}
    """
    if not isinstance(columns, Mapping):
        if isinstance(columns, str):
            columns = [columns]
        pairs = [text.rpartition("=") for text in columns]
        if odd := next((way for name, _, way in pairs if not name), None):
            raise InputError(f"Expected NAME=WAY, such as --column age=number, but got {odd!r}.")
        columns = {name: way for name, _, way in pairs}
    for way in columns.values():
        if way not in WAYS:
            raise unknown("way to read a column", way, WAYS)
    return dict(columns)


def with_columns(
    images: Images, columns: Columns, *, data: Any = None, labels: Any = None
) -> Images:
    """The same images with columns of labels read as the user says.

    Args:
        images: The images.
        columns: Column to ``classes``, ``labels`` (several in a cell) or ``number``.
        data: What the images were read from, which may have tables beside it.
        labels: Labels that were given, in a file or in memory.

    Returns:
        Images with these columns as tasks.

    Raises:
        InputError: There is no such column, or it cannot be read like that.
    """
    for column, way in parse_columns(columns).items():
        images = _with_column(images, column, way, data, labels)
    return images


def _with_column(images: Images, column: str, way: str, data: Any, labels: Any) -> Images:
    sets = images.kinds.sets
    try:
        texts = column_texts(images, column, data=data, labels=labels, what="labels")
    except InputError:
        if way != CLASSES or column not in sets:
            raise
        rest = {name: some for name, some in sets.items() if name != column}
        apart = Found(images.labels, images.classes, kinds=Kinds(images.kinds.numbers, rest))
        return _with(images, column, apart)
    gone = {column, *images.kinds.sets.get(column, ())}
    kept = {task: one for task, one in images.labels.items() if task not in gone}
    classes = {task: images.classes[task] for task in kept}
    kinds = images.kinds
    for one in gone:
        kinds = kinds.without(one)
    if way == NUMBER:
        found = number_task(column, texts, "")
    elif way == SEVERAL:
        found = labels_task(column, texts, "", taken=list(kept))
    else:
        numbers, order = encode(list(texts))
        found = Found({column: numbers}, {column: order})
    return _with(images, column, Found(kept, classes, kinds=kinds) | found)


def _with(images: Images, column: str, found: Found) -> Images:
    """The same images with other columns of labels, without notes about one of them."""
    notes = [one for one in images.notes if repr(column) not in one] + found.notes
    if images.cache is not None:
        return relabelled(
            images, found.columns, found.classes, notes, images.label_note, None, found.kinds
        )
    return replace(
        images,
        labels=found.columns,
        classes=found.classes,
        kinds=found.kinds,
        notes=tuple(notes),
        hash=content_hash(images.content(), found.columns, images.part),
    )
