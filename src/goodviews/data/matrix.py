"""Labels of shape (N, L): one-hot classes, or several labels of each image.

Letters: N images, L labels.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.layouts import UNKNOWN


def is_matrix(labels: Any, count: int) -> bool:
    """Whether labels have the shape (N, L), L above 1."""
    shape = np.shape(labels)
    return len(shape) == 2 and shape[0] == count and shape[1] > 1


def matrix_cells(
    labels: Any, names: Sequence[str] | None, what: str | Path, task: str = "label"
) -> np.ndarray:
    """The labels of each image as one text, as tables have them.

    Args:
        labels: (N, L), 1 where an image has a label, 0 where it has not; a negative number, NaN
            or a masked value where that is not known.
        names: Names of the L labels; by default ``label_1``, ``label_2``, ...
        what: The file or object, for messages.
        task: Beginning of the default names.

    Returns:
        (N,) the labels joined by bars, as :func:`goodviews.data.layouts.split_labels` takes
        them. Where every known row has exactly one 1, these are classes: their names or numbers.

    Raises:
        InputError: There are other values, or not L names.

    Example:
        >>> matrix_cells(np.array([[1, 0], [1, 1], [0, 0]]), ["a", "b"], "the array").tolist()
        ['a', 'a|b', '|']
        >>> matrix_cells(np.array([[1, 0], [0, 1]]), None, "the array").tolist()  # one-hot
        ['0', '1']
    """
    try:
        values = np.ma.filled(np.ma.asarray(labels).astype(float), np.nan)
    except (TypeError, ValueError) as error:
        raise _odd(np.shape(labels), what) from error
    values = np.where(values < 0, np.nan, values)
    known: np.ndarray = ~np.isnan(values)
    if not np.isin(values[known], (0, 1)).all():
        raise _odd(values.shape, what)
    count = values.shape[1]
    if names is not None and len(names) != count:
        raise InputError(
            f"Labels in {what} have {count} columns, but {len(names)} names are given; give one "
            "name for each column."
        )
    whole: np.ndarray = np.asarray(known.all(axis=1))
    hot = (
        whole.any()
        and (values[whole].sum(axis=1) == 1).all()
        and not (known ^ whole[:, None]).any()
    )
    if hot:
        shown = [str(name) for name in names] if names else [str(k) for k in range(count)]
        return np.array(
            [
                shown[int(np.argmax(row))] if all_ else ""
                for row, all_ in zip(values, whole, strict=True)
            ],
            dtype=object,
        )
    shown = [str(name) for name in names] if names else [f"{task}_{k + 1}" for k in range(count)]
    return np.array([_cell(row, shown) for row in values], dtype=object)


def _cell(row: np.ndarray, names: Sequence[str]) -> str:
    """One row as a text; empty where nothing is known."""
    if np.isnan(row).all():
        return ""
    parts = [
        name if value == 1 else UNKNOWN + name
        for name, value in zip(names, row, strict=True)
        if value != 0
    ]
    return "|".join(parts) or "|"


def _odd(shape: tuple[int, ...], what: str | Path) -> InputError:
    return InputError(
        f"Labels in {what} have the shape {shape}, so they must be 0 and 1, whether an image has "
        "each label, or one-hot classes; give other columns by name: a table with --labels, or a "
        "mapping of tasks to (N,) labels."
    )
