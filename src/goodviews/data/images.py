"""A set of images as one array: what every other room is handed.

Letters: N images, B of them in a batch, C H W one image.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError

FORMAT = 1
"""Layout of a cache folder; another number means: build it again."""


def _no_parts() -> np.ndarray:
    return np.zeros(0, dtype=np.int8)


@dataclass(frozen=True, eq=False)
class Images:
    """Decoded images of one size, with the labels there are.

    Attributes:
        name: What records call the set; never a path.
        pixels: (N, C, H, W) uint8, uint16 or float32; a read-only memory map when cached.
        scale: ``(low, high)``: a pixel value v means (v - low) / (high - low), in [0, 1].
        labels: Task to (N,) int64, class numbers, -1 where there is no label.
        classes: Task to the names of its classes, in the order of their numbers.
        skipped: ``(file, why)`` for every image file that could not be read.
        source: One sentence: what the images were, and how they were resized.
        range_note: One sentence: how values became [0, 1].
        hash: First 16 hex digits of the SHA-256 of pixels, labels and parts.
        cache: Folder of the memory map, for :meth:`open` in another process; ``None`` when
            the images live in memory only.
        part: (N,) int8, 0 for images to train on and 1 for the set's own test images; all 0
            when the set comes without a split.
        notes: Sentences to show: what is odd about the set, where one can go on.
    """

    name: str
    pixels: np.ndarray
    scale: tuple[float, float]
    labels: dict[str, np.ndarray]
    classes: dict[str, tuple[str, ...]]
    skipped: tuple[tuple[str, str], ...]
    source: str
    range_note: str
    hash: str
    cache: Path | None = None
    part: np.ndarray = field(default_factory=_no_parts)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.part) == 0:
            object.__setattr__(self, "part", np.zeros(len(self.pixels), dtype=np.int8))

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def channels(self) -> int:
        """C."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """H, in pixels."""
        return int(self.pixels.shape[2])

    @property
    def width(self) -> int:
        """W, in pixels."""
        return int(self.pixels.shape[3])

    def batch(
        self, index: Tensor | np.ndarray, device: torch.device | str | None = None
    ) -> Tensor:
        """Some of the images, ready for views.

        Args:
            index: (B,) integers, which images.
            device: Where to put them.

        Returns:
            (B, C, H, W) float32 in [0, 1] on ``device``.

        Example:
            >>> from goodviews.data import load
            >>> load("digits").batch(torch.tensor([0, 5]), "cpu").shape
            torch.Size([2, 1, 16, 16])
        """
        rows = np.atleast_1d(index.cpu().numpy() if isinstance(index, Tensor) else index)
        raw = np.array(self.pixels[rows], copy=None)
        if raw.dtype == np.uint16:  # torch has few operations for it
            raw = raw.astype(np.int32)
        low, high = self.scale
        values = torch.from_numpy(raw).to(device=device or "cpu").to(torch.float32)
        return values.sub_(low).div_(high - low).clamp_(0, 1)

    def raw(self, index: Tensor | np.ndarray, device: torch.device | str | None = None) -> Tensor:
        """Some of the images in as few bytes as views can take.

        Args:
            index: (B,) integers, which images.
            device: Where to put them.

        Returns:
            (B, C, H, W): uint8, of which 255 means 1, where that is how they are stored;
            else what :meth:`batch` gives. Views of either are the same.

        Example:
            >>> from goodviews.data import load
            >>> load("digits").raw(torch.tensor([0, 5])).dtype
            torch.float32
        """
        if self.pixels.dtype != np.uint8 or self.scale != (0.0, 255.0):
            return self.batch(index, device)
        rows = np.atleast_1d(index.cpu().numpy() if isinstance(index, Tensor) else index)
        return torch.from_numpy(np.array(self.pixels[rows], copy=None)).to(device or "cpu")

    @classmethod
    def open(cls, cache: Path) -> "Images":
        """Map the images of a cache folder, as another process left them.

        Args:
            cache: An :attr:`Images.cache`.

        Returns:
            The same images, sharing memory with every process that opened them.

        Raises:
            InputError: The folder is missing, incomplete or of another version.
        """
        cache = Path(cache)
        try:
            about: dict[str, Any] = json.loads((cache / "about.json").read_text("utf-8"))
            if about["format"] != FORMAT:
                raise ValueError(f"format {about['format']} is not {FORMAT}")
            shape, dtype = tuple(about["shape"]), np.dtype(about["dtype"])
            file = cache / about["pixels"]
            wanted = int(np.prod(shape)) * dtype.itemsize
            if file.stat().st_size != wanted:
                raise ValueError(f"{file.name} has {file.stat().st_size} bytes, not {wanted}")
            labelled = cache / "labels.npz"
            with labelled.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
                part = arrays["part"]
                labels = {task: arrays[f"task_{i}"] for i, task in enumerate(about["tasks"])}
            if any(len(column) != shape[0] for column in (part, *labels.values())):
                raise ValueError("labels and pixels differ in number")
            pixels = np.memmap(file, dtype=dtype, mode="r", shape=shape)
            return cls(
                name=about["name"],
                pixels=pixels,
                scale=(about["scale"][0], about["scale"][1]),
                labels=labels,
                classes={task: tuple(names) for task, names in about["tasks"].items()},
                skipped=tuple((file, why) for file, why in about["skipped"]),
                source=about["source"],
                range_note=about["range_note"],
                hash=about["hash"],
                cache=cache,
                part=part,
                notes=tuple(about["notes"]),
            )
        except Exception as error:  # a broken file can fail in any way its reader knows
            raise InputError(
                f"The image cache {cache} cannot be used ({error}); remove that folder and "
                f"run again to rebuild it."
            ) from error
