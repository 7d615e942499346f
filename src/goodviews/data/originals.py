"""Images at their own sizes, beside the same images fitted to one size.

Letters: N images, B images of a batch, M values, C H W one image.
"""

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from goodviews.data.decode import fit
from goodviews.data.hashing import size_digest

SHORTER, TIMES = 512, 4
"""A picture keeps its own size up to this shorter side, or this many times the fitted side."""


@dataclass(frozen=True, eq=False)
class Originals:
    """Images of several sizes, one after another.

    Attributes:
        values: (M,), the pixels, image after image and channel after channel; a memory map when
            cached.
        starts: (N,) int64, where each image starts.
        sizes: (N, 2) int64, height and width of each image.
        channels: C.

    Example:
        >>> found = Originals.of(np.arange(10, dtype=np.uint8), np.array([[2, 3], [1, 4]]), 1)
        >>> found.image(1).tolist(), found.take(np.array([1])).starts.tolist()
        ([[[6, 7, 8, 9]]], [6])
    """

    values: np.ndarray
    starts: np.ndarray
    sizes: np.ndarray
    channels: int

    @classmethod
    def of(cls, values: np.ndarray, sizes: np.ndarray, channels: int) -> "Originals":
        """The images of which ``values`` holds one after another, without gaps."""
        counts = channels * sizes[:, 0] * sizes[:, 1]
        return cls(values, np.cumsum(counts) - counts, sizes, channels)

    def image(self, row: int) -> np.ndarray:
        """(C, H, W), one image."""
        height, width = self.sizes[row].tolist()
        count = self.channels * height * width
        start = int(self.starts[row])
        return self.values[start : start + count].reshape(self.channels, height, width)

    def take(self, rows: np.ndarray) -> "Originals":
        """Some of the images; the pixels are shared."""
        return Originals(self.values, self.starts[rows], self.sizes[rows], self.channels)

    def digest(self) -> bytes:
        """SHA-256 of the pixels and sizes, in the order of the images."""
        total = hashlib.sha256()
        for row in range(len(self.starts)):
            total.update(self.image(row).tobytes())
        return size_digest(total.digest(), self.sizes)


@dataclass(frozen=True, eq=False)
class MixedBatch:
    """Some images of several sizes, as :class:`goodviews.views.ViewPair` takes them.

    Attributes:
        values: (M,) uint8 where 255 means 1, or float32 in [0, 1]: the pixels, among others.
        starts: (B,) int64, where each image starts, channel after channel.
        shapes: (B,) shapes (C, H, W).
        sides: Height and width of the views of a crop that names none.
        device: Where the views go.
        fitted: Gives the images resized to ``sides``, (B, C, H, W).
    """

    values: np.ndarray
    starts: np.ndarray
    shapes: tuple[tuple[int, int, int], ...]
    sides: tuple[int, int]
    device: torch.device
    fitted: Callable[[], Tensor]


def bounded(image: np.ndarray, sides: tuple[int, int]) -> np.ndarray:
    """An image at its own size, unless that is too small for its views, or very large.

    Args:
        image: (C, h, w), uint8, uint16 or float32.
        sides: (H, W), the size to which images are fitted for evaluation.

    Returns:
        (C, h', w') with the same ratio of the sides: h' >= H and w' >= W, and a shorter side of
        at most 512 pixels or 4 times the larger of H and W.

    Example:
        >>> [bounded(np.zeros((1, *size), np.uint8), (64, 64)).shape[1:]
        ...  for size in ((375, 500), (32, 48), (1024, 2048))]
        [(375, 500), (64, 96), (512, 1024)]
    """
    height, width = image.shape[1:]
    least = max(sides[0] / height, sides[1] / width)
    most = max(SHORTER, TIMES * max(sides)) / min(height, width)
    scale = least if least > 1 else min(most, 1.0)
    if scale == 1:
        return image
    goal = (
        max(sides[0], math.floor(height * scale + 0.5)),
        max(sides[1], math.floor(width * scale + 0.5)),
    )
    return fit(image, goal, "stretch")
