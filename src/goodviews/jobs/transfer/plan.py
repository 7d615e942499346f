"""What is fitted: on which images, at which size, with how many labels, and how often.

Letters: N images, C H W one image.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.targets.scenes import Scenes, image_size, read_image
from goodviews.encoders.maps import Maps

COUNTS = (10, 30, 100)
"""Numbers of labelled images by default, as far as they fit; all of them come last."""

MOST_CHOOSE = 40
"""Images that choose the learning rate, at most."""

SHOWN = 4
"""Tested images whose predictions are kept for the page."""

FREEZE = ("all", "stem", "none")


@dataclass(frozen=True)
class Parts:
    """Places of the images of each role, disjoint.

    Attributes:
        train: Images from which the labelled ones are drawn.
        choose: Images that the learning rate is chosen on.
        test: Images that are scored.
    """

    train: np.ndarray
    choose: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Fit:
    """One training.

    Attributes:
        arm: Place of its encoder.
        freeze: ``all``, ``stem`` or ``none``.
        count: Number of labelled images.
        seed: Random seed of the labelled images, the head and the order, the same for each arm.
        first: Whether it chooses the learning rate for the other seeds.
    """

    arm: int
    freeze: str
    count: int
    seed: int
    first: bool


Cell = dict[str, Any]
"""What is stored of a fit."""


class Fitted(Protocol):
    """An encoder that heads or detectors are trained on."""

    def fit(self, fit: Fit, rates: tuple[float, ...], step: Callable[[], None], /) -> Cell:
        """Train with each rate, and return the result of the one that is best."""


class Task(Protocol):
    """What is trained on the encoders, and how it is scored."""

    scenes: Scenes
    parts: Parts
    shape: tuple[int, int]
    device: torch.device
    images: dict[str, Tensor]

    @property
    def normalisation(self) -> str:
        """How activations are normalised, in words for rows."""

    @property
    def rates(self) -> Mapping[str, tuple[float, ...]]:
        """Learning rates to try, for each value of ``--freeze``."""

    @property
    def settings(self) -> Any:
        """Settings of the training, a dataclass with ``steps`` and ``batch``."""

    @property
    def metric(self) -> str:
        """Name of the score."""

    def applied(self, how: str, drawn: bool) -> str:
        """What is frozen, of drawn weights or others, with ``--freeze`` as in ``how``."""

    def looks(self, tried: int) -> int:
        """How often ``step`` is called in scoring a fit of which ``tried`` rates are tried."""

    def prepare(self, maps: Maps) -> Fitted:
        """An encoder of the task."""

    def numbers(self, cell: Cell) -> dict[str, float]:
        """The scores of a fit by name."""

    def score(self, cell: Cell, weights: np.ndarray | None = None) -> float:
        """The score of a fit, each tested image counted as often as in ``weights``."""

    def described(self, cell: Cell) -> dict[str, Any]:
        """Further columns of the row of a fit."""

    def truth_picture(self, row: int) -> np.ndarray:
        """The labels of a tested image, (H, W, 3) uint8."""

    def predicted_picture(self, row: int, cell: Cell) -> np.ndarray:
        """What was predicted of a tested image, (H, W, 3) uint8."""


def parts_of(scenes: Scenes) -> Parts:
    """The roles of the images; a fifth of the training part chooses where there is no ``val``."""
    train, choose = scenes.of("train"), scenes.of("val")
    if not len(choose):
        order = np.random.default_rng(1).permutation(train)
        cut = min(max(len(train) // 5, 1), MOST_CHOOSE)
        if len(train) < 2:
            raise InputError(
                f"{scenes.name} has {len(train)} training image; at least 2 are needed, one of "
                f"which chooses the learning rate."
            )
        train, choose = np.sort(order[cut:]), np.sort(order[:cut])
    if len(choose) > MOST_CHOOSE:
        choose = np.sort(np.random.default_rng(1).permutation(choose)[:MOST_CHOOSE])
    return Parts(train, choose, scenes.of("test"))


def read_counts(given: Sequence[int | str], available: int) -> list[int]:
    """Numbers of labelled images, in rising order.

    Args:
        given: Numbers, or ``all``; nothing for those of :data:`COUNTS` that fit, and all.
        available: Labelled images there are.

    Raises:
        InputError: A number is not one, or larger than there are.

    Example:
        >>> read_counts([], 50), read_counts(["5", "all"], 50)
        ([10, 30, 50], [5, 50])
    """
    if not given:
        return [*[one for one in COUNTS if one < available], available]
    counts = []
    for one in given:
        text = str(one).strip()
        if text == "all":
            counts.append(available)
        elif text.isdigit() and 0 < int(text) <= available:
            counts.append(int(text))
        else:
            raise InputError(
                f"label_counts must be numbers from 1 to the {available:,} training images, or "
                f"all, such as 10,30,all, but got {text!r}."
            )
    return sorted(set(counts))


def labelled(parts: Parts, count: int, seed: int) -> np.ndarray:
    """Which images are labelled; a larger number holds the smaller ones of the same seed."""
    return np.random.default_rng([seed, 4]).permutation(parts.train)[:count]


def common_shape(scenes: Scenes, size: int) -> tuple[int, int]:
    """Height and width that all images are brought to: the longer side is ``size``.

    The ratio is the median of the set; both are multiples of 32, so that every map fits.
    """
    ratio = float(np.median([h / w for h, w in map(image_size, scenes.images)]))
    height, width = (size, size / ratio) if ratio > 1 else (size * ratio, size)
    return max(round(height / 32), 1) * 32, max(round(width / 32), 1) * 32


def read_pixels(scenes: Scenes, places: np.ndarray, shape: tuple[int, int]) -> Tensor:
    """Images (N, 3, H, W) uint8 at one size, averaged down as Pillow does."""
    made = np.empty((len(places), 3, *shape), dtype=np.uint8)
    for k, place in enumerate(places):
        image = Image.fromarray(read_image(scenes.images[place]).transpose(1, 2, 0))
        small = image.resize(shape[::-1], Image.Resampling.BILINEAR)
        made[k] = np.asarray(small).transpose(2, 0, 1)
    return torch.from_numpy(made)


def read_truth(scenes: Scenes, places: np.ndarray, shape: tuple[int, int]) -> Tensor:
    """Maps of pixels or depth (N, H, W) at one size, by the nearest value."""
    made = []
    for place in places:
        found = scenes.pixels(place)
        rows = ((np.arange(shape[0]) + 0.5) * found.shape[0] / shape[0]).astype(int)
        columns = ((np.arange(shape[1]) + 0.5) * found.shape[1] / shape[1]).astype(int)
        made.append(found[rows[:, None], columns])
    return torch.from_numpy(np.stack(made))
