"""A dataset on its way into the cache: its pixels, written in blocks, and all the rest of it."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.cache_folder import writing
from goodviews.data.hashing import joint_digest, pixel_head, size_digest
from goodviews.data.kinds import ALL_CLASSES, Kinds
from goodviews.data.value_range import Range, value_range

BLOCK = 1 << 20
"""Bytes of pixels that have one checksum."""


@dataclass
class Draft:
    """Everything about a dataset except its pixels; the fields are those of :class:`Images`."""

    source: str
    names: list[str]
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    part: np.ndarray | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    label_note: str = ""
    groups: np.ndarray | None = None
    kinds: Kinds = ALL_CLASSES


class Stream:
    """Writer of the pixels of images, one after another, with their hash and checksums.

    Args:
        file: Receives the bytes.
        where: Folder of the cache, for messages.
        head: First bytes of the hash.
    """

    def __init__(self, file: BinaryIO, where: Path, head: bytes = b"") -> None:
        self.file, self.where = file, where
        self.digest = hashlib.sha256(head)
        self._sums: list[int] = []
        self._rest = b""

    def write(self, raw: bytes) -> None:
        """Write the bytes.

        Raises:
            InputError: The disk is full.
        """
        self.digest.update(raw)
        data = self._rest + raw
        ends = range(BLOCK, len(data) + 1, BLOCK)
        self._sums += [zlib.crc32(data[end - BLOCK : end]) for end in ends]
        self._rest = data[len(data) - len(data) % BLOCK :]
        with writing(self.where):
            self.file.write(raw)

    def sums(self) -> np.ndarray:
        """Checksum of every block of the file, the last of which may be shorter."""
        last = [zlib.crc32(self._rest)] if self._rest else []
        return np.array([*self._sums, *last], dtype=np.uint32)


class Rows:
    """Writer of images (C, H, W), in order; it also computes their hash and range.

    Args:
        file: Receives images of one size.
        where: Folder of the cache, for messages.
        own: Opens the file that receives the same images at their own sizes.

    Attributes:
        sizes: Height and width of each image at its own size; empty where none is written.
    """

    def __init__(self, file: BinaryIO, where: Path, own: Callable[[], BinaryIO]) -> None:
        self.pixels = Stream(file, where)
        self._own = own
        self._originals: Stream | None = None
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype(np.uint8)
        self.low = self.high = np.zeros(0)
        self.sizes: list[tuple[int, int]] = []

    @property
    def originals(self) -> Stream:
        """Where images go at their own sizes."""
        if self._originals is None:
            self._originals = Stream(self._own(), self.pixels.where)
        return self._originals

    def add(self, block: np.ndarray, names: Sequence[str], own: Sequence[np.ndarray] = ()) -> None:
        """Write images.

        Args:
            block: (n, C, H, W).
            names: Name of each, for messages.
            own: Each at its own size, (C, h, w), where they are kept like that.

        Raises:
            InputError: A value is not finite, or the disk is full.
        """
        if not self.count:
            self.shape, self.dtype = block.shape[1:], block.dtype
            self.pixels.digest.update(pixel_head(self.dtype, self.shape))
            self.low, self.high = (np.full(len(block[0]), end) for end in (np.inf, -np.inf))
        assert (block.shape[1:], block.dtype) == (self.shape, self.dtype)
        if block.dtype == np.float32 and not np.isfinite(block).all():
            bad = [name for name, image in zip(names, block, strict=True) if not finite(image)]
            raise InputError(
                f"Image {bad[0]} has NaN or infinite values; replace or remove them first."
            )
        data = np.ascontiguousarray(block)
        self.low = np.minimum(self.low, data.min((0, 2, 3)))
        self.high = np.maximum(self.high, data.max((0, 2, 3)))
        self.count += len(data)
        self.pixels.write(data.tobytes())
        for image in own:
            assert image.dtype == self.dtype
            self.sizes.append((image.shape[1], image.shape[2]))
            self.originals.write(np.ascontiguousarray(image).tobytes())

    def digest(self) -> bytes:
        """Hash of all pixels, and of the range of values that is given."""
        own = None
        if self.sizes:
            own = size_digest(self.originals.digest.digest(), np.array(self.sizes))
        return joint_digest(self.pixels.digest.digest(), own)

    def range(self, pixels: np.ndarray, given: tuple[float, float] | None) -> Range:
        """How the values of (N, C, H, W) become [0, 1]; a given range is a part of the hash."""
        if given is not None:
            self.pixels.digest.update(f"range {given}".encode())
        return value_range(pixels, self.low, self.high, given)


def finite(image: np.ndarray) -> bool:
    """Whether an image (C, H, W) has no NaN and no infinite value."""
    return image.dtype != np.float32 or bool(np.isfinite(image).all())
