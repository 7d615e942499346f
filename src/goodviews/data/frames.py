"""Tables of labels in memory: data frames, columns with an index, and mappings of paths."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.data.image_column import Finder, is_named, kind_of
from goodviews.data.tables import Table

_SCALAR = (str, bytes, int, float, bool, np.generic, type(None))


def frame_table(labels: Any, find: Finder, what: str) -> Table | None:
    """A data frame, a column with an index, or a mapping of paths, as a table.

    Args:
        labels: Labels in memory. The index or a column may name the images.
        find: Finder of the images.
        what: Name of the images, for messages.

    Returns:
        The table; ``None`` where the order of the rows is that of the images.

    Raises:
        InputError: It is not known whether an index counts the images.
    """
    kind = f"the {type(labels).__name__}"
    if isinstance(labels, Mapping):
        if not labels or not all(isinstance(one, _SCALAR) for one in labels.values()):
            return None
        return _table(kind, {"path": list(labels), "label": list(labels.values())})
    if hasattr(labels, "to_frame") and not hasattr(labels, "columns"):
        labels = labels.to_frame(labels.name if labels.name is not None else "label")
    if not hasattr(labels, "columns"):
        return None
    columns = {str(name): list(labels[name]) for name in labels.columns}
    index = getattr(labels, "index", None)
    count = len(next(iter(columns.values()), ()))
    place = list(range(count)) if index is None else list(index)
    name = getattr(index, "name", None)
    numbers = name is None and all(isinstance(one, int | np.integer) for one in place)
    if not numbers:
        columns = {"" if name is None else str(name): place, **columns}
    table = _table(kind, columns)
    if find.files:
        kinds = [kind_of([row[k] for row in table.rows]) for k in range(len(columns))]
        good = [k for k in range(len(columns)) if _finds(table, k, find)]
        if 3 in kinds or any(is_named(table.rows[0][k]) or kinds[k] > 1 for k in good):
            return table
        raise InputError(
            f"Neither the index nor a column of {kind} names the images of {what}: add a column "
            f"'file' with names like {find.names[0]!r}."
        )
    if not numbers or (count != len(find.names) and _named(table, find)):
        return table
    if count != len(find.names):
        raise InputError(
            f"{kind[0].upper()}{kind[1:]} has {counted(count, 'row')} for {len(find.names):,} "
            f"images of {what}: give labels.rename_axis('row') if its index is the number of "
            "the image."
        )
    if place != list(range(count)) and sorted(place) == list(range(count)):
        raise InputError(
            f"The index of {kind} is not in order: give labels.reset_index(drop=True) if the rows "
            f"are in the order of {what}, or labels.rename_axis('row') if the index is the number "
            "of the image."
        )
    moved = [head for k, head in enumerate(table.rows[0]) if _moved(table, k, find)]
    if moved:
        raise InputError(
            f"The rows of {kind} may be in the order of {what} or in that of {moved[0]!r}: give "
            f"labels.set_index({moved[0]!r}) if it is the number of the image, otherwise "
            f"labels.drop(columns={moved[0]!r})."
        )
    return None


def _named(table: Table, find: Finder) -> bool:
    """Whether a column holds the numbers of the images and is named so."""
    return any(is_named(head) and _finds(table, k, find) for k, head in enumerate(table.rows[0]))


def _moved(table: Table, k: int, find: Finder) -> bool:
    """Whether a column such as ``id`` holds the numbers of the images in another order."""
    order = [row[k] for row in table.rows[1:]] == list(find.names)
    return is_named(table.rows[0][k]) > 0 and not order and _finds(table, k, find)


def _table(kind: str, columns: Mapping[str, list[Any]]) -> Table:
    body = zip(*columns.values(), strict=True)
    return Table(kind, [list(columns), *([_text(cell) for cell in row] for row in body)], True)


def _text(cell: Any) -> str:
    return cell.decode() if isinstance(cell, bytes) else str(cell).strip()


def _finds(table: Table, k: int, find: Finder) -> bool:
    """Whether a column names as many images as it has rows, or most of them."""
    found = {one[0] for row in table.rows[1:] if (one := find(row[k])) is not None}
    return len(found - {-1}) * 2 > len(table.rows) - 1
