"""Conversion between steps with their parameters and the arrays of a kernel.

This module does not need numba, so checking whether a chain has a kernel is cheap.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from goodviews.views.adjust import factor_range
from goodviews.views.base import Params, Shape, View
from goodviews.views.colourjitter import ColourJitter
from goodviews.views.compiled.codes import BLUR, CROP, FLIP, GREY, JITTER
from goodviews.views.geometric import Crop, Flip, _centre
from goodviews.views.photometric import Blur, Grey, Jitter


@dataclass(frozen=True)
class Record:
    """Names of the parameters of a step, by type, in the order of the rows of a kernel."""

    code: int
    ints: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    floats: tuple[str, ...] = ()


_JITTER = Record(
    JITTER,
    ints=("order",) * 4,
    flags=("on",),
    floats=("brightness", "contrast", "saturation", "hue"),
)

_RECORDS: dict[type[View], Record] = {
    Crop: Record(CROP, ints=("top", "left", "height", "width")),
    Flip: Record(FLIP, flags=("flipped",)),
    Jitter: _JITTER,
    ColourJitter: _JITTER,
    Grey: Record(GREY, flags=("greyed",)),
    Blur: Record(BLUR, floats=("sigma",)),
}


@dataclass(frozen=True, eq=False)
class Program:
    """Consecutive steps that one kernel call applies.

    Attributes:
        places: Index of each step in its chain.
        names: Name of each step.
        records: Rows of the parameters of each step.
        codes: (steps,) int64, codes of the steps.
        reach: (steps,) int64, source pixels on each side of a tap of a crop, or taps of a blur.
        size: Height and width of the views, or None for those of the images.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    records: tuple[Record, ...]
    codes: np.ndarray
    reach: np.ndarray
    size: tuple[int, int] | None

    def pack(self, params: Params) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Pack parameters into arrays (rows, B) of integers, flags and floats for the kernel."""
        rows: tuple[list[np.ndarray], ...] = ([], [], [])
        count = 0
        for place, name, record in zip(self.places, self.names, self.records, strict=True):
            for kind, names in enumerate((record.ints, record.flags, record.floats)):
                for row, parameter in enumerate(names):
                    value = params[f"{place}.{name}.{parameter}"].numpy()
                    rows[kind].append(value[:, row] if parameter == "order" else value)
                    count = len(value)
        return (
            _stack(rows[0], count, np.int64),
            _stack(rows[1], count, np.bool_),
            _stack(rows[2], count, np.float32),
        )

    def fits(self, ints: np.ndarray, extent: np.ndarray) -> bool:
        """Whether every crop (R, B) is within its image (H, W), which no kernel checks."""
        if self.codes[0] != CROP:
            return True
        start, length = ints[:2], ints[2:4]
        return bool(((start >= 0) & (length > 0) & (start + length <= extent)).all())


@lru_cache(maxsize=256)
def program(steps: tuple[View, ...], begin: int) -> Program | None:
    """Longest sequence of steps from a place on that one kernel call can apply.

    Args:
        steps: Steps of a chain.
        begin: Index of the first step.

    Returns:
        Program of the kernel, or None if the first step has no kernel.
    """
    places: list[int] = []
    reach: list[int] = []
    for place in range(begin, len(steps)):
        found = _reach(steps[place])
        if found is None or (places and isinstance(steps[place], Crop)):
            break
        places.append(place)
        reach.append(found)
    if not places:
        return None
    first = steps[begin]
    records = tuple(_RECORDS[type(steps[place])] for place in places)
    return Program(
        tuple(places),
        tuple(steps[place].name for place in places),
        records,
        np.array([record.code for record in records]),
        np.array(reach),
        first.sides if isinstance(first, Crop) else None,
    )


def _reach(step: View) -> int | None:
    """Number of taps on each side of a step; None if it has no kernel."""
    if isinstance(step, Crop):
        return 1 if step.interpolation == "bilinear" else 2
    if isinstance(step, Blur):
        if step.kernel == "23taps":
            return 11
        return math.ceil(3 * step.sigma[1]) if step.kernel == "3sigma" else None
    return 0 if type(step) in _RECORDS else None


@lru_cache(maxsize=4096)
def draw_plan(
    steps: tuple[View, ...], shape: Shape
) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]] | None:
    """Make codes (steps,), constants (steps, 8) and the number of rows of each type of a chain.

    Returns:
        None if one of the steps has no kernel, or the shape is not that of an image.
    """
    if len(shape) != 3 or not steps or any(type(step) not in _CONSTANTS for step in steps):
        return None
    constants = np.zeros((len(steps), 8))
    for number, step in enumerate(steps):
        made = _CONSTANTS[type(step)](step, shape)
        constants[number, : len(made)] = made
        shape = step.out_shape(shape)
    records = [_RECORDS[type(step)] for step in steps]
    rows = tuple(
        sum(len(getattr(record, kind)) for record in records)
        for kind in ("ints", "flags", "floats")
    )
    return np.array([record.code for record in records]), constants, rows  # type: ignore[return-value]


def _of_crop(step: Crop, shape: Shape) -> list[float]:
    height, width = shape[-2:]
    narrow, wide = step.ratio or (width / height, width / height)
    low, high = math.log(narrow), math.log(wide)
    centre = _centre(height, width, narrow, wide)
    return [height, width, step.scale[0], step.scale[1] - step.scale[0], low, high - low, *centre]


_CONSTANTS: dict[type[View], Callable[..., list[float]]] = {
    Crop: _of_crop,
    Flip: lambda step, _: [step.p],
    Jitter: lambda step, _: [step.p, *factor_range(0.8 * step.strength), 0.2 * step.strength],
    Grey: lambda step, _: [step.p],
    Blur: lambda step, _: [step.p, step.sigma[0], step.sigma[1] - step.sigma[0]],
}


def unpack(
    steps: tuple[View, ...], ints: torch.Tensor, flags: torch.Tensor, floats: torch.Tensor
) -> Params:
    """Name the drawn rows like the parameters from the ``sample`` methods of the steps.

    Args:
        steps: Steps of a chain.
        ints: (R, B), R rows of integers.
        flags: (R, B), rows of Booleans.
        floats: (R, B) float32, rows of floats.
    """
    params: Params = {}
    row = [0, 0, 0]
    for place, step in enumerate(steps):
        record = _RECORDS[type(step)]
        for kind, (names, values) in enumerate(
            ((record.ints, ints), (record.flags, flags), (record.floats, floats))
        ):
            for name in dict.fromkeys(names):
                many = names.count(name)
                part = values[row[kind]] if many == 1 else values[row[kind] : row[kind] + many].T
                params[f"{place}.{step.name}.{name}"] = part
                row[kind] += many
    return params


def _stack(rows: list[np.ndarray], count: int, dtype: type) -> np.ndarray:
    out: np.ndarray = np.empty((len(rows), count), dtype=dtype)
    for row, values in zip(out, rows, strict=True):
        row[:] = values
    return out
