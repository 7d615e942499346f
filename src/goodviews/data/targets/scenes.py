"""What a set of images with targets holds.

Letters: n objects of one image, C H W one image, N images.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.core.errors import InputError

KINDS = ("boxes", "masks", "pixels", "depth")
"""Kinds of targets."""

PARTS = ("train", "val", "test")


@dataclass(frozen=True, eq=False)
class Target:
    """The objects of one image.

    Attributes:
        boxes: (n, 4) float32, left, top, right and bottom in pixels, each with an area.
        classes: (n,) int64, places in :attr:`Scenes.classes`.
        crowd: (n,) bool, whether a box holds many objects without one for each.
        masks: (n, H, W) bool, where there are any.

    Example:
        >>> box = np.array([[0.0, 0.0, 4.0, 5.0]], dtype=np.float32)
        >>> Target(box, np.array([2]), np.array([False])).masks is None
        True
    """

    boxes: np.ndarray
    classes: np.ndarray
    crowd: np.ndarray
    masks: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Scenes:
    """Images and their targets, read from files when they are needed.

    Attributes:
        name: Name of the set; never a path.
        kind: ``boxes``, ``masks``, ``pixels`` or ``depth``.
        classes: Names of the classes; of pixels those of the numbers 0, 1, ...; of depth none.
        images: (N,) files of the images.
        parts: (N,) ``train``, ``val`` or ``test``.
        read: Place of an image to its target: :class:`Target`, (H, W) int64 class numbers with
            -1 where a pixel does not count, or (H, W) float32 depth, 0 where it is unknown.
        notes: Sentences on what was left out or decided.
        hash: 16 hex digits of all that a result depends on.

    Example:
        >>> scenes = Scenes("a", "boxes", ("cat",), (Path("a.png"),), ("test",), dict)
        >>> len(scenes), scenes.of("test").tolist(), scenes.of("train").tolist()
        (1, [0], [])
    """

    name: str
    kind: str
    classes: tuple[str, ...]
    images: tuple[Path, ...]
    parts: tuple[str, ...]
    read: Callable[[int], Target | np.ndarray]
    notes: tuple[str, ...] = ()
    hash: str = ""

    def __len__(self) -> int:
        return len(self.images)

    def of(self, part: str) -> np.ndarray:
        """Places of the images of a part."""
        return np.array([k for k, one in enumerate(self.parts) if one == part], dtype=np.int64)

    def scene(self, place: int) -> tuple[np.ndarray, Target | np.ndarray]:
        """An image (3, H, W) uint8, and its target."""
        return read_image(self.images[place]), self.read(place)

    def objects(self, place: int) -> Target:
        """The target of boxes or masks."""
        found = self.read(place)
        assert isinstance(found, Target)
        return found

    def pixels(self, place: int) -> np.ndarray:
        """The target (H, W) of pixels or depth."""
        found = self.read(place)
        assert isinstance(found, np.ndarray)
        return found


def read_image(path: Path) -> np.ndarray:
    """A picture as colour, (3, H, W) uint8, as its file stores it: annotations are not turned.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with Image.open(path) as file:
            if file.mode.startswith("I;16") or file.mode == "I":
                grey = np.asarray(file).astype(np.float32) / 257
                return np.repeat(grey.clip(0, 255).astype(np.uint8)[None], 3, axis=0)
            return np.ascontiguousarray(np.asarray(file.convert("RGB")).transpose(2, 0, 1))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(
            f"Cannot read the image {path} ({error}); transfer reads pictures of 1, 3 or 4 "
            f"channels that Pillow opens, such as PNG and JPEG."
        ) from error


def image_size(path: Path) -> tuple[int, int]:
    """H and W of a picture, from its header.

    Raises:
        InputError: It cannot be read.
    """
    try:
        with Image.open(path) as file:
            return file.height, file.width
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"Cannot read the image {path} ({error}).") from error


def with_parts(scenes: Scenes) -> Scenes:
    """The same images, with a part to train on and a part to test where there was none.

    A quarter is drawn for testing where no part is named; ``val`` is tested where there is no
    ``test``. The draw is the same for any run.

    Raises:
        InputError: There are fewer than two images.
    """
    if len(scenes) < 2:
        raise InputError(
            f"{scenes.name} has {len(scenes)} image with targets; transfer needs at least 2, one "
            f"to train on and one to test."
        )
    have = set(scenes.parts)
    if {"train", "test"} <= have:
        return scenes
    if "train" in have and "val" in have:
        parts = tuple("test" if one == "val" else one for one in scenes.parts)
        note = "There is no test part, so val is tested."
    else:
        order = np.random.default_rng(0).permutation(len(scenes))
        tested = set(order[: max(len(scenes) // 4, 1)].tolist())
        parts = tuple("test" if k in tested else "train" for k in range(len(scenes)))
        note = (
            f"No parts for training and testing are named, so {len(tested):,} of "
            f"{len(scenes):,} images are drawn for testing."
        )
    return replace(scenes, parts=parts, notes=(*scenes.notes, note))


def part_of(words: str) -> str:
    """The part that the words of a path name, or nothing.

    Example:
        >>> part_of("labels/valid/a.png"), part_of("images/a.png")
        ('val', '')
    """
    for word in reversed(words.lower().replace("\\", "/").split("/")):
        for part, names in _PART_NAMES.items():
            if word in names:
                return part
    return ""


_PART_NAMES = {
    "train": ("train", "training", "trainval", "train2017", "train2014"),
    "val": ("val", "valid", "validation", "val2017", "val2014"),
    "test": ("test", "testing", "test2017"),
}


def listed(names: list[str], most: int = 3) -> str:
    """The first names of a list, and how many more there are.

    Example:
        >>> listed(["a", "b", "c", "d"])
        'a, b, c and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
