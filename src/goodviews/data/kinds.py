"""What columns of labels hold: classes, numbers, or one of several labels of an image.

Letters: N images.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

CLASSES, NUMBER, SEVERAL = "classes", "number", "labels"
WAYS = (CLASSES, NUMBER, SEVERAL)
"""How a column can be read: ``--column NAME=WAY``."""

_FEWEST, _VALUES = 20, 10
"""Known values, and different ones, above which decimals are numbers and not classes."""


@dataclass(frozen=True)
class Kinds:
    """Which columns of labels are not classes.

    Attributes:
        numbers: Columns of numbers. Their classes are the different numbers, in rising order.
        sets: Name of a task of several labels to its columns, each of which says "0" or "1".

    Example:
        >>> Kinds(("age",), {"finding": ("mass", "nodule")}).without("age").numbers
        ()
    """

    numbers: tuple[str, ...] = ()
    sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __or__(self, other: "Kinds") -> "Kinds":
        numbers = tuple(dict.fromkeys([*self.numbers, *other.numbers]))
        return Kinds(numbers, {**self.sets, **other.sets})

    def __bool__(self) -> bool:
        return bool(self.numbers or self.sets)

    def without(self, column: str) -> "Kinds":
        """The same without one column."""
        left = {name: tuple(m for m in some if m != column) for name, some in self.sets.items()}
        kept = {name: some for name, some in left.items() if len(some) > 1}
        return Kinds(tuple(one for one in self.numbers if one != column), kept)

    def to_json(self) -> dict[str, Any]:
        """As JSON can hold it."""
        sets = {name: list(some) for name, some in self.sets.items()}
        return {"numbers": list(self.numbers), "sets": sets}

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Kinds":
        """What :meth:`to_json` made."""
        sets = {name: tuple(some) for name, some in found["sets"].items()}
        return cls(tuple(found["numbers"]), sets)


ALL_CLASSES = Kinds()
"""Kinds of a dataset whose columns are all classes."""


def is_number(text: str) -> bool:
    """Whether a text is a finite number.

    Example:
        >>> is_number("-2.5"), is_number("nan"), is_number("cat")
        (True, False, False)
    """
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def are_numbers(cells: Iterable[str]) -> bool:
    """Whether texts are surely numbers: all are, some with decimals, and many differ.

    Args:
        cells: Texts, empty where there is none.

    Example:
        >>> are_numbers([f"{20 + 0.37 * i:.2f}" for i in range(40)]), are_numbers(["0.5"] * 40)
        (True, False)
    """
    known = [text for text in cells if text]
    different = set(known)
    return (
        len(known) >= _FEWEST
        and len(different) > _VALUES
        and all(map(is_number, different))
        and not all(float(text).is_integer() for text in different)
    )


def encode_numbers(cells: Iterable[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Encode numbers as places among the different ones, in rising order, -1 for an empty text.

    Example:
        >>> encode_numbers(["2.50", "", "-1", "2.5"])
        (array([ 1, -1,  0,  1]), ('-1.0', '2.5'))
    """
    values = np.array([float(text) if text else np.nan for text in cells])
    known = ~np.isnan(values)
    different, places = np.unique(values[known], return_inverse=True)
    numbers = np.full(len(values), -1, dtype=np.int64)
    numbers[known] = places
    return numbers, tuple(repr(float(value)) for value in different)
