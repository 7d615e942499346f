"""Rendering of views from image files of several sizes, one file in the cache at a time.

Letters: B examples, C channels, H and W pixels.
"""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from goodviews.views import compiled
from goodviews.views.base import Params, Shape, View
from goodviews.views.compiled.codes import CROP
from goodviews.views.compiled.plan import Program, program
from goodviews.views.compiled.room import tensor_for
from goodviews.views.compiled.threads import shared_out

_SPARE = 64
"""Bytes after the pixels of a file, since kernels read 16 values at a time."""
_MARGIN = 1.5
"""Least side of a reduced crop, in sides of its view; with 1, a hundredth is off by 9 of 255."""
_NONE = np.zeros(0, np.float32)
_OWN = threading.local()


def starts_with_crop(steps: tuple[View, ...]) -> bool:
    """Whether a kernel can make views of one size from images of any size."""
    run = program(steps, 0)
    return (
        run is not None and run.codes[0] == CROP and run.size is not None and compiled.available()
    )


@dataclass(frozen=True, eq=False)
class FileBatch:
    """Two views of files to be rendered.

    Attributes:
        runs: Program of each view; both start with a crop to a size.
        packed: Parameters of each view as arrays.
        factors: (B,) int64, how much each file is reduced.
        shapes: (B,) shapes (C, H, W) of the files.
        out: Memory of each view, (B, C, H', W').
    """

    runs: list[Program]
    packed: list[tuple[np.ndarray, np.ndarray, np.ndarray]]
    factors: np.ndarray
    shapes: Sequence[Shape]
    out: list[Tensor]

    @classmethod
    def of(
        cls, chains: Sequence[tuple[View, ...]], params: Sequence[Params], shapes: Sequence[Shape]
    ) -> "FileBatch":
        """Prepare a batch of views that start with a crop to a size."""
        runs = [program(steps, 0) for steps in chains]
        factors = np.full(len(shapes), 8)
        packed, out, kept = [], [], []
        for run, drew in zip(runs, params, strict=True):
            assert run is not None
            assert run.size is not None
            ints, flags, floats = run.pack(drew)
            spare = (ints[2:4] / np.array(run.size)[:, None]).min(axis=0) / _MARGIN
            for factor in (8, 4, 2):
                factors[(spare < factor) & (factors >= factor)] = factor // 2
            packed.append((ints, flags, floats))
            kept.append(run)
            out.append(tensor_for((len(shapes), shapes[0][0], *run.size)))
        return cls(kept, packed, factors, shapes, out)

    def done(self, which: int) -> int:
        """Index of the first step of a view that was not applied."""
        return self.runs[which].places[-1] + 1

    def render(self, files: Sequence[Any]) -> None:
        """Decode every file and fill ``out``, on as many threads as torch uses."""
        kernels, calls = compiled.kernels(), [self._call(which) for which in (0, 1)]
        assert kernels is not None
        kernel = kernels[0]

        def work(first: int, last: int) -> None:
            for b in range(first, last):
                channels, height, width = self.shapes[b]
                memory = _memory(channels * height * width)
                pixels, factor, top, left = files[b].read(int(self.factors[b]), memory)
                expected = (-(-height // factor), -(-width // factor), channels)
                if pixels.dtype != np.uint8 or pixels.shape != expected:
                    raise ValueError(f"Expected pixels {expected} in 8 bits of {files[b]!r}.")
                if memory.ctypes.data != pixels.ctypes.data:
                    memory[: pixels.size] = pixels.reshape(-1)
                for layouts, ints, boxes, between, rest in calls:
                    layouts[b, :3] = (1, expected[1] * channels, channels)
                    if factor > 1:
                        _reduce(ints[:, b], boxes[:, b], factor, (top, left), expected)
                    kernel(
                        *(memory, _NONE, layouts, channels, *between),
                        *(ints, boxes, *rest, b, b + 1),
                    )

        shared_out(work, len(files), sum(out[0].numel() for out in self.out))

    def _call(self, which: int) -> tuple[Any, ...]:
        """Arguments of the kernel that are the same for all files of a view."""
        run, (ints, flags, floats) = self.runs[which], self.packed[which]
        into, side = self.out[which].view(-1).numpy(), np.array(run.size)
        boxes = np.zeros((4, len(self.shapes)), np.float32)
        boxes[2:] = ints[2:4]
        layouts = np.zeros((len(self.shapes), 4), np.int64)
        return layouts, ints, boxes, (run.codes, run.reach), (flags, floats, side, into)


def _reduce(
    ints: np.ndarray, box: np.ndarray, factor: int, start: Sequence[float], size: Sequence[int]
) -> None:
    """Change a crop (rows,) of an image to the same crop of its reduced pixels."""
    for axis in (0, 1):
        begin, extent = ints[axis] / factor + start[axis], ints[2 + axis] / factor
        whole = int(begin)
        box[axis], box[2 + axis] = begin - whole, extent
        ints[axis] = whole
        ints[2 + axis] = min(math.ceil(begin - whole + extent), size[axis] - whole)


def _memory(least: int) -> np.ndarray:
    """Memory of this thread for the pixels of one file, with spare bytes."""
    block: np.ndarray | None = getattr(_OWN, "block", None)
    if block is None or block.size < least + _SPARE:
        _OWN.block = block = np.empty(least + _SPARE, np.uint8)
    return block
