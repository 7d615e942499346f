"""Moving digits from real digits and photographs, or from bundled ones where these are missing."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.data.cache_folder import cache_root
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.data.names import shared
from goodviews.data.reading import read_set
from goodviews.data.size import Size
from goodviews.worlds.moving_digits import MovingDigits

DIGITS, PHOTOS = ("mnist", "MNIST"), ("imagenette96", "imagenette96")
"""Preferred dataset in the shared data: name and folder."""

BUNDLED = "bundled"
COUNT, TESTS, PLACES = 4_000, 1_000, 3


class MovingWorlds(NamedTuple):
    """A training world and a test world with different digits and photographs.

    Attributes:
        train: World made of the training parts.
        test: World made of the test parts.
        source: One sentence about the digits and photographs used.
        classes: Class names of ``digit`` and ``background``.

    Example:
        >>> moving_worlds(32, digits="digits", photos="bundled").train.size
        32
    """

    train: MovingDigits
    test: MovingDigits
    source: str
    classes: dict[str, tuple[str, ...]]


def moving_worlds(
    size: int = 64, *, digits: str | None = None, photos: str | None = None, **switches: Any
) -> MovingWorlds:
    """Make moving digits from named datasets.

    A canvas of S pixels has digits of 7/16 S (28 at 64) and photographs of 3/2 S (96).

    Args:
        size: S, a multiple of 16.
        digits: A dataset of grey images (default: MNIST if the shared data hold it, otherwise
            scikit-learn's digits, enlarged).
        photos: A dataset of photographs, or ``bundled`` for tiles of the two photographs that
            come with scikit-learn (default: imagenette96 if the shared data hold it, otherwise
            ``bundled``).
        **switches: Options of :class:`goodviews.worlds.moving_digits.MovingDigits`.

    Returns:
        The two worlds.

    Raises:
        InputError: A dataset is unknown, or the size is not a multiple of 16.

    Example:
        >>> worlds = moving_worlds(32, digits="digits", photos="bundled", frames=2)
        >>> worlds.train.room, len(worlds.train.photos) > len(worlds.test.photos)
        (18, True)
    """
    if size < 16 or size % 16:
        raise InputError(f"size must be a multiple of 16, such as 32 or 64, but got {size}.")
    ink, inked, ink_text, figures = _part(digits or _there(DIGITS, "digits"), size * 7 // 16)
    seen, shown, seen_text, scenes = _part(photos or _there(PHOTOS, BUNDLED), size * 3 // 2)
    train, test = (
        MovingDigits(
            torch.from_numpy(ink[0][inked == part].mean(axis=1).round().astype(np.uint8)),
            torch.from_numpy(ink[1][inked == part]),
            torch.from_numpy(seen[0][shown == part]),
            torch.from_numpy(seen[1][shown == part]),
            size=size,
            **switches,
        )
        for part in (0, 1)
    )
    said = f"Moving digits: {ink_text} over {seen_text}"
    return MovingWorlds(train, test, said, {"digit": figures, "background": scenes})


def moving_images(size: int | None = None, *, seed: int = 0) -> Images:
    """Single frames as a dataset of images with the tasks digit, background and place.

    Args:
        size: S, in pixels (default: 64).
        seed: Random seed of the world.

    Returns:
        4,000 images, of which the last 1,000 are test images; the place has 9 classes, a third of
        the room on each axis.

    Example:
        >>> images = moving_images(32)
        >>> images.pixels.shape, list(images.labels)
        ((4000, 3, 32, 32), ['digit', 'background', 'place'])
    """
    worlds = moving_worlds(size or 64)
    parts: list[np.ndarray] = []
    tables: dict[str, list[np.ndarray]] = {"digit": [], "background": [], "place": []}
    for world, first, last in (
        (worlds.train, 0, COUNT - TESTS),
        (worlds.test, COUNT - TESTS, COUNT),
    ):
        scene = world.draw(torch.arange(first, last), seed=seed)
        parts.append((world.render(scene)[:, 0] * 255).round().to(torch.uint8).numpy())
        columns = world.columns(scene)
        third = (scene.corner * PLACES / world.room).long()
        columns["place"] = PLACES * third[:, 0] + third[:, 1]
        for name, table in tables.items():
            table.append(columns[name].numpy())
    labels = {name: np.concatenate(table) for name, table in tables.items()}
    pixels, part = np.concatenate(parts), (np.arange(COUNT) >= COUNT - TESTS).astype(np.int8)
    spots = tuple(f"{down} {across}" for down in _DOWN for across in _ACROSS)
    return Images(
        name="moving_digits",
        pixels=pixels,
        scale=(0.0, 255.0),
        labels=labels,
        classes={**worlds.classes, "place": spots},
        skipped=(),
        source=f"{worlds.source} {COUNT:,} frames (seed {seed}).",
        range_note="Values from 0 to 1 were stored in 255 steps.",
        hash=content_hash(pixels, labels, part),
        part=part,
    )


_DOWN, _ACROSS = ("top", "middle", "bottom"), ("left", "centre", "right")


def bundled_photographs(size: int) -> Images:
    """Tiles of the two photographs that come with scikit-learn; every fourth is a test image.

    Args:
        size: Height and width in pixels.

    Returns:
        48 tiles of 96 pixels, resized; task ``label``: the photograph and one of its four bands.
    """
    from PIL import Image
    from sklearn.datasets import load_sample_images

    bunch = load_sample_images()
    tiles: list[np.ndarray] = []
    labels: list[int] = []
    names: list[str] = []
    for file, photo in zip(bunch.filenames, bunch.images, strict=True):
        for band, top in enumerate(range(0, photo.shape[0] - 95, 96)):
            names.append(f"{Path(str(file)).stem} {band + 1}")
            for left in range(0, photo.shape[1] - 95, 96):
                tile = Image.fromarray(photo[top : top + 96, left : left + 96])
                small = tile.resize((size, size), Image.Resampling.LANCZOS)
                tiles.append(np.asarray(small).transpose(2, 0, 1))
                labels.append(len(names) - 1)
    pixels, column = np.stack(tiles), np.array(labels, dtype=np.int64)
    part = (np.arange(len(tiles)) % 4 == 3).astype(np.int8)
    return Images(
        name=BUNDLED,
        pixels=pixels,
        scale=(0.0, 255.0),
        labels={"label": column},
        classes={"label": tuple(names)},
        skipped=(),
        source=f"{len(tiles)} tiles of 96x96 pixels of scikit-learn's two photographs.",
        range_note="Values 0 to 255 were divided by 255.",
        hash=content_hash(pixels, {"label": column}, part),
        part=part,
    )


def _there(known: tuple[str, str], otherwise: str) -> str:
    common = shared()
    return known[0] if common is not None and (common / known[1]).is_dir() else otherwise


def _part(
    name: str, size: int
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, str, tuple[str, ...]]:
    """Pixels (N, C, size, size) uint8, classes, parts, source and class names of a dataset."""
    if name == BUNDLED:
        images = bundled_photographs(size)
    else:
        images = read_set(name, size=Size.of(size), home=cache_root(None))
    if not images.labels:
        raise InputError(f"{name} has no labels, but moving digits need its classes.")
    task = next(iter(images.labels))
    labels = images.labels[task]
    known = np.flatnonzero(labels >= 0)
    if images.pixels.dtype == np.uint8 and images.scale == (0.0, 255.0):
        pixels = np.asarray(images.pixels[known])
    else:
        pixels = (images.batch(known).numpy() * 255).round().astype(np.uint8)
    part = images.part[known] if images.part.any() else (known % 4 == 3).astype(np.int8)
    words = f"{(part == 0).sum():,} and {(part == 1).sum():,} of {images.name} (train, test)"
    return (pixels, labels[known]), part, words, images.classes[task]
