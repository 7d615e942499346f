"""A dataset of images as one array, as all other packages use it.

Letters: N images, B images of a batch, C H W one image.
"""

import html
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.display import sheet, to_bytes
from goodviews.data.hashing import joint_digest, pixel_digest
from goodviews.data.kinds import ALL_CLASSES, Kinds
from goodviews.data.originals import MixedBatch, Originals
from goodviews.data.value_range import Scale

VALUES = 8_000_000
"""Maximum number of values that are looked at together."""

FORMAT = 2
"""Version of the layout of cache folders; folders of other versions are built again."""

SIZES = "sizes.npy"
"""File of the sizes of images in a cache folder, beside the images at their own sizes."""


def _no_parts() -> np.ndarray:
    return np.zeros(0, dtype=np.int8)


def spaced(images: "Images", most: int = 256) -> np.ndarray:
    """Numbers of evenly spaced images, ``most`` or as many as have 8 million values."""
    count = max(1, min(len(images), most, VALUES // max(images.pixels[0].size, 1)))
    return np.unique(np.linspace(0, len(images) - 1, count).astype(int))


def _scale(stored: list[Any]) -> Any:
    return tuple(tuple(end) if isinstance(end, list) else end for end in stored)


@dataclass(frozen=True, eq=False, repr=False)
class Images:
    """Decoded images of one size, with their labels.

    Attributes:
        name: Name of the dataset in records; never a path.
        pixels: (N, C, H, W) uint8, uint16 or float32; a read-only memory map when cached.
        scale: ``(low, high)``: a pixel value v means (v - low) / (high - low), cut to [0, 1];
            two numbers, or two tuples of one number per channel.
        labels: Task to (N,) int64, class numbers, -1 where there is no label.
        classes: Task to class names, in the order of class numbers.
        skipped: ``(file, why)`` for every image file that could not be read.
        source: One sentence: what the original images were and how they were resized.
        range_note: One sentence: how values were mapped to [0, 1].
        hash: First 16 hex digits of the SHA-256 of pixels, labels and parts.
        cache: Folder of the memory map, for :meth:`open` in another process; ``None`` when the
            images are only in memory.
        part: (N,) int8, 0 for training images and 1 for the test images of the dataset; all 0
            when the dataset has no split.
        notes: Sentences to show the user: peculiarities of the dataset, next steps.
        label_note: One sentence: which column of a table of labels names the images, and how.
        groups: (N,) int64, the group of each image (patient, slide, scene), which no split
            divides; ``None`` where each image is by itself. They are not part of ``hash``.
        kinds: Which columns of ``labels`` are numbers, whose classes are the different numbers, or
            one of several labels, see :func:`goodviews.data.tasks.label_tasks`.
        originals: The images at their own sizes, from which views are made; ``None`` where those
            are the sizes of ``pixels``, or where images were fitted (:meth:`for_views`).

    Example:
        >>> from goodviews.data import load
        >>> images = load((np.zeros((6, 8, 8), np.uint8), ["cat", "dog", None] * 2))
        >>> len(images), images.channels, images.classes["label"]
        (6, 1, ('cat', 'dog'))
        >>> images.labels["label"]
        array([ 0,  1, -1,  0,  1, -1])
    """

    name: str
    pixels: np.ndarray
    scale: Scale
    labels: dict[str, np.ndarray]
    classes: dict[str, tuple[str, ...]]
    skipped: tuple[tuple[str, str], ...]
    source: str
    range_note: str
    hash: str
    cache: Path | None = None
    part: np.ndarray = field(default_factory=_no_parts)
    notes: tuple[str, ...] = ()
    label_note: str = ""
    groups: np.ndarray | None = None
    kinds: Kinds = ALL_CLASSES
    originals: Originals | None = None

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

    @property
    def least_shape(self) -> tuple[int, int, int] | None:
        """C and the smallest height and width of :attr:`originals`, if there are any."""
        if self.originals is None:
            return None
        height, width = self.originals.sizes.min(axis=0).tolist()
        return self.channels, height, width

    def batch(
        self, index: Tensor | np.ndarray, device: torch.device | str | None = None
    ) -> Tensor:
        """Return some of the images, ready for views.

        Args:
            index: (B,) integers, indices of the images.
            device: Target device.

        Returns:
            (B, C, H, W) float32 in [0, 1] on ``device``.

        Example:
            >>> from goodviews.data import load
            >>> load("digits").batch(torch.tensor([0, 5]), "cpu").shape
            torch.Size([2, 1, 16, 16])
        """
        rows = np.atleast_1d(index.cpu().numpy() if isinstance(index, Tensor) else index)
        return self._scaled(np.array(self.pixels[rows], copy=None), device)

    def _scaled(self, raw: np.ndarray, device: torch.device | str | None = None) -> Tensor:
        """Stored pixels (B, C, H, W) as float32 in [0, 1]."""
        if raw.dtype == np.uint16:  # torch has few operations for uint16
            raw = raw.astype(np.int32)
        values = torch.from_numpy(raw).to(device=device or "cpu").to(torch.float32)
        low: Any
        high: Any
        low, high = self.scale
        if isinstance(low, tuple):
            low, high = (values.new_tensor(end).view(1, -1, 1, 1) for end in (low, high))
        return values.sub_(low).div_(high - low).clamp_(0, 1)

    def raw(self, index: Tensor | np.ndarray, device: torch.device | str | None = None) -> Tensor:
        """Return some of the images in the smallest type that views accept.

        Args:
            index: (B,) integers, indices of the images.
            device: Target device.

        Returns:
            (B, C, H, W): uint8 where 255 means 1, if the images are stored like that; otherwise
            the result of :meth:`batch`. Views are the same for both.

        Example:
            >>> from goodviews.data import load
            >>> load("digits").raw(torch.tensor([0, 5])).dtype
            torch.float32
        """
        if self.pixels.dtype != np.uint8 or self.scale != (0.0, 255.0):
            return self.batch(index, device)
        rows = np.atleast_1d(index.cpu().numpy() if isinstance(index, Tensor) else index)
        return torch.from_numpy(np.array(self.pixels[rows], copy=None)).to(device or "cpu")

    def for_views(
        self,
        index: Tensor | np.ndarray,
        device: torch.device | str | None = None,
        *,
        floats: bool = False,
    ) -> Tensor | MixedBatch:
        """Return some of the images as views are made of them.

        Args:
            index: (B,) integers, indices of the images.
            device: Target device.
            floats: Whether images of one size are those of :meth:`batch` instead of :meth:`raw`.

        Returns:
            The images at their own sizes, where they were loaded like that (``--fit natural``);
            otherwise (B, C, H, W). Pairs and chains of views take both.

        Example:
            >>> from goodviews.data import load
            >>> from goodviews.views import parse_view
            >>> photos = [np.zeros((3, 20, 30), np.uint8), np.zeros((3, 25, 20), np.uint8)] * 4
            >>> images, index = load(photos, size="16,natural"), torch.arange(4)
            >>> batch = images.for_views(index)
            >>> batch.shapes[:2], images.batch(index).shape
            (((3, 20, 30), (3, 25, 20)), torch.Size([4, 3, 16, 16]))
            >>> v1, v2 = parse_view("crop()")(batch, seed=0, samples=index, epoch=0)
            >>> v1.shape
            torch.Size([4, 3, 16, 16])
        """
        if self.originals is None:
            return self.batch(index, device) if floats else self.raw(index, device)
        rows = np.atleast_1d(index.cpu().numpy() if isinstance(index, Tensor) else index)
        some = self.originals.take(rows)
        shapes = tuple((self.channels, height, width) for height, width in some.sizes.tolist())
        if self.pixels.dtype != np.uint8 or self.scale != (0.0, 255.0):
            stored = [np.array(some.image(b)[None]) for b in range(len(rows))]
            values = np.concatenate([self._scaled(raw).numpy().reshape(-1) for raw in stored])
            some = Originals.of(values, some.sizes, self.channels)
        return MixedBatch(
            some.values,
            some.starts,
            shapes,
            (self.height, self.width),
            torch.device(device or "cpu"),
            lambda: self.raw(rows),
        )

    def content(self) -> bytes:
        """SHA-256 of the pixels, of those at their own sizes as well."""
        whole = None if self.originals is None else self.originals.digest()
        return joint_digest(pixel_digest(self.pixels), whole)

    def shown_range(self) -> tuple[float, float]:
        """The values that pictures show black and white.

        Returns:
            0 and 1 for 8-bit images; of others the 1st and 99th percentile of their values, which
            :meth:`batch` gives in [0, 1].

        Example:
            >>> from goodviews.data import load
            >>> load("digits").shown_range()
            (0.0, 0.9765625)
        """
        if self.pixels.dtype == np.uint8:
            return 0.0, 1.0
        some = self.batch(spaced(self))
        low, high = np.quantile(some.numpy(), (0.01, 0.99))
        return float(low), float(high)

    def __repr__(self) -> str:
        tasks = "; ".join(self._tasks()) or "no labels"
        return (
            f"<Images {self.name!r}: {len(self):,} of {self.channels} x {self.height} x "
            f"{self.width}, {self.pixels.dtype}; {tasks}; hash {self.hash}>"
        )

    def _tasks(self) -> list[str]:
        sets, numbers = self.kinds.sets, self.kinds.numbers
        joined = {column for some in sets.values() for column in some}
        plain = [
            f"{task}: {'numbers' if task in numbers else f'{len(self.classes[task])} classes'}, "
            f"{int((column >= 0).sum()):,} labelled"
            for task, column in self.labels.items()
            if task not in joined
        ]
        return plain + [f"{name}: several of {len(some)} labels" for name, some in sets.items()]

    def _repr_html_(self) -> str:
        """Some of the images, and what is known of them, for a notebook."""
        about = f"{len(self):,} images of {self.channels} x {self.height} x {self.width}"
        if tests := int(self.part.sum()):
            about += f", {tests:,} of them for testing"
        notes = (self.source, self.range_note, *self._tasks(), *self.notes)
        if self.skipped:
            notes += (f"{len(self.skipped):,} files were skipped, such as {self.skipped[0][0]}.",)
        text = "".join(f"<div>{html.escape(note)}</div>" for note in notes)
        picture = ""
        if self.height * self.width > 1:
            columns = next(iter(self.labels.values()), np.zeros(len(self)))
            order = np.argsort(columns, kind="stable")  # class by class
            some = order[np.unique(np.linspace(0, len(self) - 1, 24).astype(int))]
            tiles = [to_bytes(one, *self.shown_range()) for one in self.batch(some).numpy()]
            picture = (
                f'<img alt="Some of the images" src="{sheet(tiles)}" '
                'style="max-width:100%;image-rendering:pixelated;margin-top:6px">'
            )
        return (
            '<div style="font:13px/1.5 system-ui,sans-serif">'
            f"<b>{html.escape(self.name)}</b> {about}{text}{picture}</div>"
        )

    @classmethod
    def open(cls, cache: Path) -> "Images":
        """Map the images of a cache folder that another process has written.

        Args:
            cache: Folder from :attr:`Images.cache`.

        Returns:
            The same images; memory is shared with all processes that opened them.

        Raises:
            InputError: The folder is missing, incomplete or of another version.
        """
        cache = Path(cache)
        try:
            about: dict[str, Any] = json.loads(
                (cache / "about.json").read_text("utf-8", errors="surrogateescape")
            )
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
                groups = arrays["groups"] if "groups" in arrays.files else None
            columns = (part, *labels.values(), *([] if groups is None else [groups]))
            if any(len(column) != shape[0] for column in columns):
                raise ValueError("the numbers of labels and pixels differ")
            pixels = np.memmap(file, dtype=dtype, mode="r", shape=shape)
            originals = None
            if "originals" in about:
                originals = _own_sizes(cache / about["originals"], dtype, shape)
            return cls(
                name=about["name"],
                pixels=pixels,
                scale=_scale(about["scale"]),
                labels=labels,
                classes={task: tuple(names) for task, names in about["tasks"].items()},
                skipped=tuple((file, why) for file, why in about["skipped"]),
                source=about["source"],
                range_note=about["range_note"],
                hash=about["hash"],
                cache=cache,
                part=part,
                notes=tuple(about["notes"]),
                label_note=about["label_note"],
                groups=groups,
                kinds=Kinds.from_json(about["kinds"]) if "kinds" in about else Kinds(),
                originals=originals,
            )
        except Exception as error:  # a broken file can raise any exception
            raise InputError(
                f"The image cache {cache} cannot be used ({error}); remove that folder and "
                f"run again to rebuild it."
            ) from error


def _own_sizes(file: Path, dtype: np.dtype, shape: tuple[int, ...]) -> Originals:
    """Map images at their own sizes; of the fitted ones the shape is (N, C, H, W)."""
    sizes = np.load(file.with_name(SIZES), allow_pickle=False)
    wanted = int((sizes[:, 0] * sizes[:, 1]).sum()) * shape[1] * dtype.itemsize
    if len(sizes) != shape[0] or file.stat().st_size != wanted:
        raise ValueError(f"{file.name} has {file.stat().st_size} bytes, not {wanted}")
    values = np.memmap(file, dtype=dtype, mode="c")  # for kernels, which expect writable memory
    return Originals.of(np.asarray(values), sizes, shape[1])
