"""A dataset on its way into the cache: its pixels, written in blocks, and all the rest of it."""

import hashlib
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.cache_folder import writing
from goodviews.data.hashing import pixel_head
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


class Rows:
    """Writer of blocks of images (B, C, H, W), in order; it also computes their hash and range."""

    def __init__(self, file: BinaryIO, where: Path) -> None:
        self.file = file
        self.where = where
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype(np.uint8)
        self.low = self.high = np.zeros(0)
        self.digest = hashlib.sha256()
        self.sums: list[int] = []
        self.rest = b""

    def add(self, block: np.ndarray, names: Sequence[str]) -> None:
        """Write (n, C, H, W) images; ``names`` holds the name of each, for messages.

        Raises:
            InputError: A value is not finite, or the disk is full.
        """
        if not self.count:
            self.shape, self.dtype = block.shape[1:], block.dtype
            self.digest.update(pixel_head(self.dtype, self.shape))
            self.low, self.high = (np.full(len(block[0]), end) for end in (np.inf, -np.inf))
        assert (block.shape[1:], block.dtype) == (self.shape, self.dtype)
        if block.dtype == np.float32 and not np.isfinite(block).all():
            bad = [name for name, image in zip(names, block, strict=True) if not finite(image)]
            raise InputError(
                f"Image {bad[0]} has NaN or infinite values; replace or remove them first."
            )
        data = np.ascontiguousarray(block)
        raw = data.tobytes()
        self.digest.update(raw)
        self.sums += self._block_sums(raw)
        self.low = np.minimum(self.low, data.min((0, 2, 3)))
        self.high = np.maximum(self.high, data.max((0, 2, 3)))
        self.count += len(data)
        with writing(self.where):
            self.file.write(raw)

    def _block_sums(self, raw: bytes) -> list[int]:
        """Checksums of the blocks of the file that these bytes complete."""
        data = self.rest + raw
        ends = range(BLOCK, len(data) + 1, BLOCK)
        self.rest = data[len(data) - len(data) % BLOCK :]
        return [zlib.crc32(data[end - BLOCK : end]) for end in ends]

    def all_sums(self) -> np.ndarray:
        """Checksum of every block of the file, the last of which may be shorter."""
        last = [zlib.crc32(self.rest)] if self.rest else []
        return np.array([*self.sums, *last], dtype=np.uint32)

    def range(self, pixels: np.ndarray, given: tuple[float, float] | None) -> Range:
        """How the written values become [0, 1]; a given range becomes a part of the hash."""
        if given is not None:
            self.digest.update(f"range {given}".encode())
        return value_range(pixels, self.low, self.high, given)


def finite(image: np.ndarray) -> bool:
    """Whether an image (C, H, W) has no NaN and no infinite value."""
    return image.dtype != np.float32 or bool(np.isfinite(image).all())
