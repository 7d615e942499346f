"""Factors of examples, which a representation may keep besides the task.

Factors come from a world, the columns of a table, or the parameters drawn by a view.

Letters: N examples.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.cache import row_names
from goodviews.data.images import Images
from goodviews.data.labels import read_cells
from goodviews.data.missing import known_texts, missing_note
from goodviews.data.selection import encode

MOST_CLASSES = 20
"""Number of different values above which a column of numbers is continuous."""

MASKS = ("on",)
"""Drawn parameters that show whether the others of their step were used."""


@dataclass(frozen=True, eq=False)
class Factor:
    """An attribute of every example.

    Attributes:
        name: Name of the factor.
        values: (N,) int64 class numbers, -1 where unknown; or float64, NaN where unknown.
        classes: Names of the classes; empty when the factor is continuous.

    Example:
        >>> Factor("colour", np.array([0, 1, -1]), ("red", "blue")).known
        array([ True,  True, False])
    """

    name: str
    values: np.ndarray
    classes: tuple[str, ...] = ()

    @property
    def discrete(self) -> bool:
        """Whether the factor has classes."""
        return bool(self.classes)

    @property
    def known(self) -> np.ndarray:
        """(N,) bool, True where the value is known."""
        return self.values >= 0 if self.discrete else np.isfinite(self.values)


def as_factors(
    columns: Mapping[str, np.ndarray | Tensor], *, unknown: int | None = -1
) -> tuple[list[Factor], list[str]]:
    """Make factors from columns of any kind.

    Truth values, texts and numbers with at most 20 different values are discrete; other numbers
    are continuous. A column with several numbers per example becomes several factors. A column is
    left out, with a sentence, if it has a single value, as many texts as examples, or 64-bit
    random words.

    Args:
        columns: Name to (N,) or (N, k) values; NaN and an empty text are unknown.
        unknown: Whole number that stands for an unknown value, if there is one.

    Returns:
        The factors, and a sentence for each column that was left out.

    Raises:
        InputError: Columns have different lengths, or more than two axes.

    Example:
        >>> factors, _ = as_factors({"form": np.array(["disc", "square", "disc"])})
        >>> factors[0].values, factors[0].classes
        (array([0, 1, 0]), ('disc', 'square'))
    """
    arrays = {name: np.asarray(_host(values)) for name, values in columns.items()}
    lengths = {name: array.shape[0] if array.ndim else 0 for name, array in arrays.items()}
    odd = [name for name, array in arrays.items() if array.ndim not in (1, 2)]
    if odd or len(set(lengths.values())) > 1:
        raise InputError(
            "Factors must be columns of the same length, but got "
            f"{', '.join(f'{name} {arrays[name].shape}' for name in arrays)}."
        )
    factors: list[Factor] = []
    notes: list[str] = []
    for name, array in arrays.items():
        parts = {name: array} if array.ndim == 1 else _split(name, array)
        for part, values in parts.items():
            made = _factor(part, values, unknown)
            if isinstance(made, Factor):
                factors.append(made)
            else:
                notes.append(f"Column {part!r} {made} and is not used as a factor.")
    return factors, notes


def drawn_factors(params: Mapping[str, Tensor]) -> tuple[list[Factor], list[str]]:
    """Make factors of the parameters drawn by a view, to measure whether these are kept.

    Where a step records whether it was used (``on``), its other parameters are unknown for images
    on which it was not used.

    Args:
        params: Parameters from :meth:`goodviews.views.compose.Chain.sample`: name to (N,) or (N,
            k).

    Returns:
        Same as :func:`as_factors`.

    Example:
        >>> import torch
        >>> from goodviews.views import parse_view
        >>> pair, images = parse_view("rotate(30)|flip()"), torch.rand(64, 1, 8, 8)
        >>> key = pair.key(0, images, seed=0, samples=torch.arange(64), epoch=0)
        >>> factors, _ = drawn_factors(pair.first.sample((1, 8, 8), key))
        >>> [(factor.name, factor.discrete) for factor in factors]
        [('rotate.angle', False), ('flip.flipped', True)]
    """
    short = {name: name.split(".", 1)[-1] for name in params}
    plain = len(set(short.values())) == len(short)
    columns: dict[str, np.ndarray] = {}
    for name, values in params.items():
        array = np.asarray(_host(values))
        step, _, own = name.rpartition(".")
        for mask in MASKS:
            used = params.get(f"{step}.{mask}")
            if used is not None and own != mask:
                array = array.astype(np.float64)
                array[~np.asarray(_host(used)).astype(bool)] = np.nan
        columns[short[name] if plain else name] = array
    return as_factors(columns, unknown=None)


def read_factors(path: Path, images: Images) -> tuple[list[Factor], list[str]]:
    """Read factors from a table of which one column names the images of a dataset.

    Args:
        path: A CSV file, as :func:`goodviews.data.labels.read_cells` reads it.
        images: The dataset.

    Returns:
        Same as :func:`as_factors`; a column of numbers is read as numbers.

    Raises:
        InputError: The file cannot be read, or no column is a factor.
    """
    cells = read_cells(path, row_names(images), images.name, negative=False)
    if cells.double:
        raise InputError(next(iter(cells.double.values())))
    notes = list(cells.notes)
    columns = {}
    for name, texts in cells.values.items():
        missing = dict(cells.missing[name])
        if len(set(texts)) <= MOST_CLASSES:  # classes, where -1 means that there is none
            classes, more, _ = known_texts(list(texts))
            texts = np.array(classes, dtype=object)
            missing |= {text: count for text, count in more.items() if text}
        columns[name] = _numbers(texts)
        notes += [missing_note(name, missing)] if missing else []
    factors, left = as_factors(columns)
    if not factors:
        raise InputError(f"No column of {path} can be used as a factor: {' '.join(notes + left)}")
    return factors, notes + left


def _host(values: np.ndarray | Tensor) -> np.ndarray:
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else values


def _split(name: str, table: np.ndarray) -> dict[str, np.ndarray]:
    return {f"{name}[{place}]": table[:, place] for place in range(table.shape[1])}


def _numbers(texts: np.ndarray) -> np.ndarray:
    """Convert a column of texts to numbers if all of them are numbers."""
    try:
        return np.array([float(text) if text else np.nan for text in texts])
    except ValueError:
        return texts


def _factor(name: str, values: np.ndarray, unknown: int | None) -> Factor | str:
    """The factor, or the reason why it cannot be one."""
    if values.dtype.kind in "OUS":
        numbers, classes = encode([str(value) for value in values])
        known = int((numbers >= 0).sum())
        if len(classes) > MOST_CLASSES and len(classes) > known / 2:
            return f"has {len(classes):,} different texts in {known:,} rows"
        return _classed(name, numbers, classes)
    if values.dtype.kind in "iu" and len(values) and np.abs(values).max() >= 2**40:
        return "holds random words"
    numbers = values.astype(np.float64)
    numbers[~np.isfinite(numbers)] = np.nan
    if unknown is not None and values.dtype.kind in "iu":
        numbers[numbers == unknown] = np.nan
    levels = np.unique(numbers[np.isfinite(numbers)])
    if len(levels) > MOST_CLASSES:
        return Factor(name, numbers)
    place = np.full(len(numbers), -1, dtype=np.int64)
    for number, level in enumerate(levels):
        place[numbers == level] = number
    words = ("no", "yes")
    named = [words[int(v)] if values.dtype.kind == "b" else f"{v:.6g}" for v in levels]
    return _classed(name, place, tuple(named))


def _classed(name: str, numbers: np.ndarray, classes: tuple[str, ...]) -> Factor | str:
    if len(classes) < 2:
        return f"has only one value, {classes[0]!r}," if classes else "has no values"
    return Factor(name, numbers, classes)
