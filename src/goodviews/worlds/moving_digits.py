"""Colorful Moving-MNIST: a digit that moves over a photograph and bounces off the borders.

The factors are digit, position and background. The first view is a clip, frames 1 to k; the
second is one image that shares chosen factors with frame t of the same clip. The other factors
of the second view are drawn independently.

Letters: B examples, T frames, C H W image, S side of the canvas and D of a digit in pixels.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_shapes, unknown
from goodviews.core.rng import Key

FACTORS = ("digit", "position", "background")
"""Factors that the two views can share."""

_SWITCHES = {
    "digit": ("instance", "class"),
    "background": ("crop", "image", "class"),
    "composite": ("max", "alpha"),
}
_NORMS = {"euclidean": (2**0.5 + np.arcsinh(1.0)) / 6, "rms": 6**-0.5, "axis": 0.25}
"""For each norm, the error of always guessing the centre of a square of side 1."""

_CACHED = 16

_SCENE, _OTHER = 21, 22
"""Parts of an example's random key: its scene, and the choice of another example of a class."""


@dataclass(frozen=True)
class Scene:
    """Random choices behind each example.

    Attributes:
        digit: (B,) int64, index of the digit.
        photo: (B,) int64, index of the photograph.
        crop: (B, 2) int64, row and column of the photograph where the background begins.
        corner: (B, 2) float64, row and column of the digit's box at frame 1, in pixels.
        velocity: (B, 2) float64, pixels per frame before any bounce.
    """

    digit: Tensor
    photo: Tensor
    crop: Tensor
    corner: Tensor
    velocity: Tensor


class MovingPair(NamedTuple):
    """Two views and their scenes.

    Attributes:
        clip: First view, (B, T, C, S, S) float32 in [0, 1], frames 1 to k.
        image: Second view, (B, C, S, S) float32 in [0, 1].
        first: Scene of the clip.
        second: Scene of the image; its ``corner`` is the position of the digit.
    """

    clip: Tensor
    image: Tensor
    first: Scene
    second: Scene


@dataclass(frozen=True, eq=False)
class MovingDigits:
    r"""Digits that move over photographs at a constant speed and bounce off the borders.

    .. math:: p_f = R - |((p_1 + (f - 1) v) \bmod 2R) - R|, \quad \Vert v \Vert = 0.1 \, S

    on each axis, where R = S - D is the range of the corner of the digit's box. Reflection
    preserves the uniform distribution of the first corner, so the corner of every frame is
    uniform and the distribution of v2 does not depend on what it shares. Corners are rounded
    to whole pixels.

    Args:
        digits: (N, D, D) uint8, white on black.
        digit_classes: (N,) integers from 0.
        photos: (M, C, H, W) uint8, at least S pixels high and wide.
        photo_classes: (M,) integers from 0.
        size: Side S of the canvas in pixels.
        frames: Number k of frames of the clip.
        ahead: Number t of the frame that v2 shares factors with, inside the clip or after it.
        digit: ``instance`` to share the same digit, ``class`` to share only its class.
        background: ``crop`` to share the same background, ``image`` to share the photograph
            with another crop, ``class`` to share only the class of the photograph.
        composite: ``max`` for the maximum of digit and background, ``alpha`` to use the
            digit as the opacity of white.
        brightness: Factor of the background values, above 0 and at most 1.
        speed: Length of the velocity in canvas sides per frame.

    Raises:
        InputError: An option, size or array is not valid.

    References:
        Tian et al., 2020, section 3.2 (Colorful Moving-MNIST), arXiv:2005.10243; crop, speed,
        k and t are from its appendix. The paper does not specify which digits and backgrounds
        count as the same, nor how a digit is composed with its background.

    Example:
        >>> ink = torch.full((2, 4, 4), 255, dtype=torch.uint8)
        >>> photos = torch.zeros(3, 3, 20, 20, dtype=torch.uint8)
        >>> world = MovingDigits(ink, torch.arange(2), photos, torch.arange(3), size=16, frames=2)
        >>> pair = world.pair(torch.arange(5), ["digit"], seed=0)
        >>> pair.clip.shape, bool((pair.first.digit == pair.second.digit).all())
        (torch.Size([5, 2, 3, 16, 16]), True)
    """

    digits: Tensor
    digit_classes: Tensor
    photos: Tensor
    photo_classes: Tensor
    size: int = 64
    frames: int = 10
    ahead: int = 20
    digit: Literal["instance", "class"] = "instance"
    background: Literal["crop", "image", "class"] = "crop"
    composite: Literal["max", "alpha"] = "max"
    brightness: float = 1.0
    speed: float = 0.1

    def __post_init__(self) -> None:
        for name in ("digits", "digit_classes", "photos", "photo_classes"):
            object.__setattr__(self, name, torch.as_tensor(getattr(self, name)))
        check_shapes("digits: N D D, classes: N", self.digits, self.digit_classes)
        check_shapes("photos: M C H W, classes: M", self.photos, self.photo_classes)
        for name, known in _SWITCHES.items():
            if getattr(self, name) not in known:
                raise unknown(name, str(getattr(self, name)), known)
        if self.digits.dtype != torch.uint8 or self.photos.dtype != torch.uint8:
            raise InputError(
                f"Expected digits and photos of dtype torch.uint8, but got {self.digits.dtype} "
                f"and {self.photos.dtype}."
            )
        if not len(self.digits) or not len(self.photos):
            raise InputError(
                f"MovingDigits needs at least one digit and one photograph, but got "
                f"{len(self.digits)} digits and {len(self.photos)} photographs."
            )
        if self.room < 1 or min(self.photos.shape[-2:]) < self.size:
            raise InputError(
                f"A canvas of size={self.size} needs smaller digits and photographs of at least "
                f"that size, but got digits of {self.digits.shape[-1]} and photographs of "
                f"{self.photos.shape[-2]} x {self.photos.shape[-1]} pixels."
            )
        if self.frames < 1 or self.ahead < 1:
            raise InputError(
                f"frames and ahead must be at least 1, but got frames={self.frames} and "
                f"ahead={self.ahead}."
            )
        if not (0 < self.brightness <= 1 and self.speed >= 0):
            raise InputError(
                f"Expected brightness in (0, 1] and speed >= 0, but got "
                f"brightness={self.brightness:g} and speed={self.speed:g}."
            )

    @property
    def room(self) -> int:
        """Range R = S - D: corners of the digit's box lie in [0, R] on both axes."""
        return self.size - int(self.digits.shape[-1])

    def constant_error(self, *, norm: str = "euclidean") -> float:
        """Error of always guessing the centre, in pixels of a canvas of 64.

        It is 13.8 pixels for a digit of 28.

        Args:
            norm: Norm of the error, as in :func:`localisation_error`.
        """
        if norm not in _NORMS:
            raise unknown("norm", norm, _NORMS)
        return float(_NORMS[norm]) * self.room * 64 / self.size

    def to(self, device: torch.device | str) -> "MovingDigits":
        """Return the same world with its arrays on a device."""
        names = ("digits", "digit_classes", "photos", "photo_classes")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def draw(self, samples: Tensor, *, seed: int, view: int = 0) -> Scene:
        """Draw the scene of each example; all its parts are independent.

        Args:
            samples: (B,) integers, indices of the examples.
            seed: Random seed of the world.
            view: Number of the draw; each number gives another draw for the same examples.

        Returns:
            The scenes; the same sample, seed and view give the same row in any batch.
        """
        key = Key.of(seed=seed, samples=samples, view=view).fold(_SCENE)
        u = key.uniform(7).double()
        height, width = self.photos.shape[-2:]
        spare = torch.tensor([height - self.size + 1, width - self.size + 1], device=u.device)
        angle = 2 * np.pi * u[:, 6]
        return Scene(
            digit=(u[:, 0] * len(self.digits)).long(),
            photo=(u[:, 1] * len(self.photos)).long(),
            crop=(u[:, 2:4] * spare).long(),
            corner=u[:, 4:6] * self.room,
            velocity=self.speed * self.size * torch.stack([angle.sin(), angle.cos()], dim=1),
        )

    def path(self, scene: Scene, frames: Iterable[int]) -> Tensor:
        """Corners of the digit's box, (B, T, 2), at some frames, counted from 1."""
        steps = torch.tensor([frame - 1 for frame in frames], device=scene.corner.device)
        free = scene.corner[:, None] + steps[:, None] * scene.velocity[:, None]
        return self.room - (free.remainder(2 * self.room) - self.room).abs()

    def columns(self, scene: Scene, *, frame: int = 1) -> dict[str, Tensor]:
        """Labels and positions that can be predicted from a frame.

        Returns:
            ``digit`` and ``background``, (B,) int64 classes; ``row`` and ``column`` of the
            digit's centre, (B,) float64, in pixels of a canvas of 64.
        """
        centre = self.path(scene, [frame])[:, 0] + self.digits.shape[-1] / 2
        centre = centre * 64 / self.size
        return {
            "digit": self.digit_classes[scene.digit].long(),
            "background": self.photo_classes[scene.photo].long(),
            "row": centre[:, 0],
            "column": centre[:, 1],
        }

    def render(
        self, scene: Scene, frames: Iterable[int] = (1,), *, out: Tensor | None = None
    ) -> Tensor:
        """Render some frames.

        Args:
            scene: Scenes to render.
            frames: Numbers of the T frames, counted from 1.
            out: (B, T, C, S, S) float32 to write to; reusing memory makes large clips faster.

        Returns:
            (B, T, C, S, S) float32 in [0, 1].
        """
        corner = self.path(scene, frames).round().long()
        (many, count), side = corner.shape[:2], self.size
        if out is None:
            shape = (many, count, self.photos.shape[1], side, side)
            out = torch.empty(shape, device=corner.device)
        boxes = self.photos.unfold(2, side, 1).unfold(3, side, 1)
        # On a CPU, a few clips at a time fit in the cache.
        few = _CACHED if corner.device.type == "cpu" else max(many, 1)
        for start in range(0, many, few):
            own = slice(start, start + few)
            behind = boxes[scene.photo[own], :, scene.crop[own, 0], scene.crop[own, 1]]
            behind = behind * (self.brightness / 255)
            ink = self.digits[scene.digit[own]] * (1 / 255)
            every = torch.arange(len(ink), device=corner.device)
            for number in range(count):
                # Ink on a black canvas of one channel is blended with the whole image at once.
                black = ink.new_zeros(len(ink), side, side)
                places = black.unfold(1, ink.shape[1], 1).unfold(2, ink.shape[1], 1)
                places[every, corner[own, number, 0], corner[own, number, 1]] = ink
                over = black[:, None]
                if self.composite == "max":
                    torch.maximum(behind, over, out=out[own, number])
                else:
                    torch.add(behind, over * (1 - behind), out=out[own, number])
        return out

    def shared(self, first: Scene, samples: Tensor, shared: Iterable[str], *, seed: int) -> Scene:
        """Draw the scene of v2: it shares some factors with frame t of a clip.

        Args:
            first: Scene of the clip.
            samples: (B,) integers, indices of the examples.
            shared: Names from :data:`FACTORS`; the other factors are drawn independently.
            seed: Random seed of the world.
        """
        wanted = set(shared)
        for name in sorted(wanted):
            if name not in FACTORS:
                raise unknown("factor", name, FACTORS)
        other = self.draw(samples, seed=seed, view=2)
        same: dict[str, Tensor] = {}
        key = Key.of(seed=seed, samples=samples, view=2).fold(_OTHER)
        u = key.uniform(2).double()
        if "digit" in wanted:
            alike = self.digit == "class"
            same["digit"] = (
                _another(self.digit_classes, first.digit, u[:, 0]) if alike else first.digit
            )
        if "background" in wanted:
            alike = self.background == "class"
            same["photo"] = (
                _another(self.photo_classes, first.photo, u[:, 1]) if alike else first.photo
            )
            if self.background == "crop":
                same["crop"] = first.crop
        if "position" in wanted:
            same["corner"] = self.path(first, [self.ahead])[:, 0]
        return replace(other, **same)

    def pair(
        self, samples: Tensor, shared: Iterable[str], *, seed: int, out: Tensor | None = None
    ) -> MovingPair:
        """Draw and render both views.

        Args:
            samples: (B,) integers, indices of the examples.
            shared: Names from :data:`FACTORS`; an empty sequence is allowed.
            seed: Random seed of the world.
            out: Memory of the clip, as in :meth:`render`.

        Returns:
            The views and their scenes.

        Raises:
            InputError: A name is not a factor.
        """
        first = self.draw(samples, seed=seed, view=1)
        second = self.shared(first, samples, shared, seed=seed)
        clip = self.render(first, range(1, self.frames + 1), out=out)
        return MovingPair(clip, self.render(second)[:, 0], first, second)


def localisation_error(
    predicted: np.ndarray, centre: np.ndarray, *, norm: str = "euclidean"
) -> np.ndarray:
    """Error of each predicted centre, in the unit of the centres.

    Args:
        predicted: (N, 2), predicted centres.
        centre: (N, 2), true centres.
        norm: ``euclidean`` for the distance; ``rms`` for its square, to report as the root of
            the mean; ``axis`` for the mean absolute error of both axes.

    Returns:
        (N,), one error per item.

    Example:
        >>> print(localisation_error(np.zeros((1, 2)), np.array([[3.0, 4.0]])))
        [5.]
    """
    check_shapes("predicted: N 2, centre: N 2", predicted, centre)
    if norm not in _NORMS:
        raise unknown("norm", norm, _NORMS)
    gap = np.asarray(predicted) - np.asarray(centre)
    if norm == "axis":
        return np.asarray(np.abs(gap).mean(axis=1))
    square = np.square(gap).sum(axis=1)
    return np.asarray(square if norm == "rms" else np.sqrt(square))


def _another(classes: Tensor, chosen: Tensor, u: Tensor) -> Tensor:
    """Draw another index of the class of each chosen one, (B,), each equally likely."""
    order = classes.long().argsort(stable=True)
    counts = torch.bincount(classes.long())
    begin = counts.cumsum(0) - counts
    own = classes.long()[chosen]
    return order[begin[own] + (u * counts[own]).long()]
