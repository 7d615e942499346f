"""Small sets of images, each made the same way anywhere."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.core import InputError
from goodviews.data import Images, load
from goodviews.data.targets import read_scenes

_MARGIN = 1.2
"""Side of a picture of a cell as a multiple of the longer side of its box."""


@dataclass(frozen=True)
class Set:
    """Images and the views that are tried on them.

    Attributes:
        name: Name of the set.
        read: Reads the images.
        views: Specs of the views.
    """

    name: str
    read: Callable[[], Images]
    views: tuple[str, ...]


def some(data: str, *, size: int | None, count: int, begin: int = 0) -> Images:
    """Training images of a known set in a fixed random order, from one place on.

    Args:
        data: Known name.
        size: Height and width in pixels.
        count: Number of images; fewer where there are fewer.
        begin: Place of the first.
    """
    images = load(data, size=size)
    index = np.flatnonzero(images.part == 0)
    index = np.random.default_rng(0).permutation(index)[begin : begin + count]
    pixels = np.ascontiguousarray(images.pixels[index])
    return replace(
        images,
        pixels=pixels,
        labels={name: labels[index] for name, labels in images.labels.items()},
        part=np.zeros(len(index), dtype=np.int8),
        hash=hashlib.sha256(images.hash.encode() + pixels.tobytes()).hexdigest()[:16],
        cache=None,
    )


def blood_cells(*, size: int, count: int) -> Images:
    """Cells of the BCCD smears, each cut out as a square around its box, the three kinds evenly.

    Args:
        size: Height and width in pixels.
        count: Largest number of cells of a kind.

    Raises:
        InputError: The smears are not in ``GOODVIEWS_DATA``.
    """
    home = Path(os.environ.get("GOODVIEWS_DATA", ".")) / "bccd"
    if not home.is_dir():
        raise InputError("bccd is not there; name the folder that holds it in GOODVIEWS_DATA.")
    scenes = read_scenes(home)
    boxes = [
        (place, box, int(kind))
        for place in range(len(scenes))
        for box, kind in zip(
            scenes.objects(place).boxes, scenes.objects(place).classes, strict=True
        )
    ]
    order = np.random.default_rng(0).permutation(len(boxes))
    taken: dict[int, int] = {}
    chosen = []
    for number in order:
        kind = boxes[number][2]
        taken[kind] = taken.get(kind, 0) + 1
        if taken[kind] <= count:
            chosen.append(boxes[number])
    chosen.sort(key=lambda one: one[0])
    pictures: dict[int, Image.Image] = {}
    pixels = []
    for place, box, _ in chosen:
        if place not in pictures:
            pictures = {place: Image.fromarray(scenes.scene(place)[0].transpose(1, 2, 0))}
        left, top, right, bottom = (float(end) for end in box)
        half = _MARGIN * max(right - left, bottom - top) / 2
        x, y = (left + right) / 2, (top + bottom) / 2
        square = pictures[place].crop(
            (round(x - half), round(y - half), round(x + half), round(y + half))
        )
        pixels.append(np.asarray(square.resize((size, size), Image.Resampling.BOX)))
    labels = [scenes.classes[kind] for *_, kind in chosen]
    groups = np.array([place for place, *_ in chosen])
    made = load((np.stack(pixels), labels), groups=groups, channels="last", size=size)
    return replace(made, name="bccd cells")


_GREY = (
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.2, 1))|rotate(15)",
    "rotate(30)",
    "crop(scale=(0.35, 1))|noise(0.2)",
)
_COLOUR = (
    "crop(scale=(0.35, 1))",
    "crop(scale=(0.2, 1))|flip()|jitter(0.5)|grey(p=0.2)",
    "crop(scale=(0.08, 1))|flip()",
    "flip()|jitter(1)|grey()",
)

SETS = (
    Set("digits", partial(some, "digits", size=None, count=2000), _GREY),
    Set("mnist", partial(some, "mnist", size=16, count=4000), _GREY),
    Set("cifar10", partial(some, "cifar10_exact", size=24, count=4000), _COLOUR),
    Set("imagenette", partial(some, "imagenette96", size=24, count=4000), _COLOUR),
    Set("bccd cells", partial(blood_cells, size=24, count=400), _COLOUR),
)
"""The sets of the run; none has more than 24 pixels a side."""

TINY = tuple(
    Set(
        f"digits {part}",
        partial(some, "digits", size=8, count=80, begin=80 * part),
        ("noise(0.1)",),
    )
    for part in range(4)
)
"""Sets of a run that only shows that it works."""
