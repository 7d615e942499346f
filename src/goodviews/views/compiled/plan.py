"""From steps and their drawn parameters to what a kernel reads, and back.

Nothing here needs numba, so that asking whether a chain has a kernel costs nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from goodviews.views.base import Params, Shape, View
from goodviews.views.colourjitter import ColourJitter
from goodviews.views.compiled.codes import BLUR, CROP, FLIP, GREY, JITTER
from goodviews.views.geometric import Crop, Flip, _centre
from goodviews.views.photometric import Blur, Grey, Jitter


@dataclass(frozen=True)
class Record:
    """Names of one step's parameters, by type, in the order of a kernel's rows."""

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
    """A run of steps that one kernel call makes.

    Attributes:
        places: Place of each step in its chain.
        names: Name of each step.
        records: Where each step's parameters go.
        codes: (steps,) int64.
        reach: (steps,) int64: source pixels to each side of a crop's tap, or a blur's taps.
        size: Side of the views, or None for the images' own.
    """

    places: tuple[int, ...]
    names: tuple[str, ...]
    records: tuple[Record, ...]
    codes: np.ndarray
    reach: np.ndarray
    size: int | None

    def pack(self, params: Params) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(rows, B) of whole numbers, flags and floats, as the kernel reads them."""
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

    def fits(self, ints: np.ndarray, shape: Shape) -> bool:
        """Whether every crop lies in an image of a shape; the kernel does not look."""
        if self.codes[0] != CROP:
            return True
        start, length, extent = ints[:2], ints[2:4], np.array(shape[-2:])[:, None]
        return bool(((start >= 0) & (length > 0) & (start + length <= extent)).all())


@lru_cache(maxsize=256)
def program(steps: tuple[View, ...], begin: int) -> Program | None:
    """The longest run of steps from a place on that one kernel call can make.

    Args:
        steps: Of a chain.
        begin: Place of the first step.

    Returns:
        What to call the kernel with, or None when the step there has no kernel.
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
        first.size if isinstance(first, Crop) else None,
    )


def _reach(step: View) -> int | None:
    """How far a step's taps reach; None when it has no kernel."""
    if isinstance(step, Crop):
        return 1 if step.interpolation == "bilinear" else 2
    if isinstance(step, Blur):
        if step.kernel == "23taps":
            return 11
        return math.ceil(3 * step.sigma[1]) if step.kernel == "3sigma" else None
    return 0 if type(step) in _RECORDS else None


@lru_cache(maxsize=256)
def draw_plan(
    steps: tuple[View, ...], shape: Shape
) -> tuple[np.ndarray, np.ndarray, tuple[int, int, int]] | None:
    """Codes (steps,), constants (steps, 8) and how many rows of each type a chain draws.

    Returns:
        None when one of the steps is not drawn by a kernel, or the shape is no image's.
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
    Jitter: lambda step, _: [step.p, 0.8 * step.strength, 0.2 * step.strength],
    Grey: lambda step, _: [step.p],
    Blur: lambda step, _: [step.p, step.sigma[0], step.sigma[1] - step.sigma[0]],
}


def unpack(
    steps: tuple[View, ...], ints: torch.Tensor, flags: torch.Tensor, floats: torch.Tensor
) -> Params:
    """Drawn rows by the names that each step's own draw would have.

    Args:
        steps: Of a chain.
        ints: (R, B) whole numbers, R rows of them.
        flags: (R, B) yes or no.
        floats: (R, B) float32.
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
