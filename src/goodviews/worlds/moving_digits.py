"""Colorful Moving-MNIST: a digit that bounces over a photograph; digit, position, background.

The first view is a clip, frames 1 to k; the second is one image that shares a chosen set of
the three factors with frame t of the same clip, and draws the others anew.

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
"""What the two views may share."""

_SWITCHES = {
    "digit": ("instance", "class"),
    "background": ("crop", "image", "class"),
    "composite": ("max", "alpha"),
}
_NORMS = {"euclidean": (2**0.5 + np.arcsinh(1.0)) / 6, "rms": 6**-0.5, "axis": 0.25}
"""Norm: error of the centre as a guess, over a square of side 1."""

_CACHED = 16

_SCENE, _OTHER = 21, 22
"""Parts of an example's key: what is seen, and which other example of a class is taken."""


@dataclass(frozen=True)
class Scene:
    """What is drawn for each example.

    Attributes:
        digit: (B,) int64, which digit.
        photo: (B,) int64, which photograph.
        crop: (B, 2) int64, row and column where the background begins in it.
        corner: (B, 2) float64, row and column of the digit's box at frame 1, in pixels.
        velocity: (B, 2) float64, pixels per frame before any bounce.
    """

    digit: Tensor
    photo: Tensor
    crop: Tensor
    corner: Tensor
    velocity: Tensor


class MovingPair(NamedTuple):
    """Two views and what made them.

    Attributes:
        clip: v1, (B, T, C, S, S) float32 in [0, 1], frames 1 to k.
        image: v2, (B, C, S, S) float32 in [0, 1].
        first: Scene of the clip.
        second: Scene of the image; its ``corner`` is where the digit stands.
    """

    clip: Tensor
    image: Tensor
    first: Scene
    second: Scene


@dataclass(frozen=True, eq=False)
class MovingDigits:
    r"""Digits that move over photographs at a constant speed and bounce off the borders.

    .. math:: p_f = R - |((p_1 + (f - 1) v) \bmod 2R) - R|, \quad \Vert v \Vert = 0.1 \, S

    on each axis, with R = S - D the room of the digit's box; a reflection keeps the uniform
    law of the first corner, so each frame's corner is uniform, and v2 looks the same whatever
    it shares. Boxes are drawn at whole pixels.

    Args:
        digits: (N, D, D) uint8, white on black.
        digit_classes: (N,) integers from 0.
        photos: (M, C, H, W) uint8, at least S pixels high and wide.
        photo_classes: (M,) integers from 0.
        size: S, pixels.
        frames: k, frames of the clip.
        ahead: t, the frame that v2 shares factors with; it may lie in the clip or past it.
        digit: A shared digit is the same ``instance``, or another one of its ``class``.
        background: A shared background is the same ``crop``, another crop of the same
            ``image``, or a crop of another image of its ``class``.
        composite: ``max`` of digit and background, or the digit as ``alpha`` of white.
        brightness: What background values are multiplied by, above 0 and at most 1.
        speed: Length of the velocity in canvases per frame.

    Raises:
        InputError: A switch, size or array is none of these.

    References:
        Tian et al., 2020, section 3.2 (Colorful Moving-MNIST), arXiv:2005.10243; crop, speed,
        k and t from its appendix. Which digit and background count as the same, and how the
        two are laid over each other, it does not say.

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
                f"Digits are {self.digits.dtype} and photographs {self.photos.dtype}, but uint8 "
                f"is wanted for both."
            )
        if not len(self.digits) or not len(self.photos):
            raise InputError(
                f"{len(self.digits)} digits and {len(self.photos)} photographs "
                f"make no world: give one or more of each."
            )
        if self.room < 1 or min(self.photos.shape[-2:]) < self.size:
            raise InputError(
                f"A canvas of size={self.size} needs digits of less and photographs of at least "
                f"as many pixels, but got {self.digits.shape[-1]} and "
                f"{self.photos.shape[-2]} x {self.photos.shape[-1]}."
            )
        if self.frames < 1 or self.ahead < 1:
            raise InputError(
                f"frames={self.frames} and ahead={self.ahead}, but both count from 1."
            )
        if not (0 < self.brightness <= 1 and self.speed >= 0):
            raise InputError(
                f"brightness={self.brightness:g} and speed={self.speed:g}, but above 0 up to 1, "
                f"and 0 or more, are wanted."
            )

    @property
    def room(self) -> int:
        """R = S - D: corners of the digit's box lie in [0, R] on both axes."""
        return self.size - int(self.digits.shape[-1])

    def constant_error(self, *, norm: str = "euclidean") -> float:
        """Error of always guessing the centre, pixels of a canvas of 64: 13.8 for a digit of 28.

        Args:
            norm: As for :func:`localisation_error`.
        """
        if norm not in _NORMS:
            raise unknown("norm", norm, _NORMS)
        return float(_NORMS[norm]) * self.room * 64 / self.size

    def to(self, device: torch.device | str) -> "MovingDigits":
        """The same world with its arrays on a device."""
        names = ("digits", "digit_classes", "photos", "photo_classes")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def draw(self, samples: Tensor, *, seed: int, view: int = 0) -> Scene:
        """Draw what each example shows; all parts are independent.

        Args:
            samples: (B,) integers, which examples.
            seed: Number of the world.
            view: Another draw for the same examples.

        Returns:
            The scene; the same sample, seed and view give the same row in any batch.
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
        """Corners of the digit's box (B, T, 2) at some frames, counted from 1."""
        steps = torch.tensor([frame - 1 for frame in frames], device=scene.corner.device)
        free = scene.corner[:, None] + steps[:, None] * scene.velocity[:, None]
        return self.room - (free.remainder(2 * self.room) - self.room).abs()

    def columns(self, scene: Scene, *, frame: int = 1) -> dict[str, Tensor]:
        """What there is to be read from a frame.

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
        """Show some frames, counted from 1.

        Args:
            scene: What to show.
            frames: Numbers of the T frames.
            out: (B, T, C, S, S) float32 to write to: large clips are quicker where their
                memory is used again.

        Returns:
            (B, T, C, S, S) float32 in [0, 1].
        """
        corner = self.path(scene, frames).round().long()
        (many, count), side = corner.shape[:2], self.size
        if out is None:
            shape = (many, count, self.photos.shape[1], side, side)
            out = torch.empty(shape, device=corner.device)
        boxes = self.photos.unfold(2, side, 1).unfold(3, side, 1)
        # On a CPU a few clips at a time stay in cache.
        few = _CACHED if corner.device.type == "cpu" else max(many, 1)
        for start in range(0, many, few):
            own = slice(start, start + few)
            behind = boxes[scene.photo[own], :, scene.crop[own, 0], scene.crop[own, 1]]
            behind = behind * (self.brightness / 255)
            ink = self.digits[scene.digit[own]] * (1 / 255)
            every = torch.arange(len(ink), device=corner.device)
            for number in range(count):
                # Ink on a black canvas of one channel: laid over the whole, not patched in.
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
        """The scene of v2: some factors of frame t of a clip, the others drawn anew.

        Args:
            first: Scene of the clip.
            samples: (B,) integers, which examples these are.
            shared: Names of :data:`FACTORS`.
            seed: Number of the world.
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
            samples: (B,) integers, which examples.
            shared: Names of :data:`FACTORS`; none is allowed.
            seed: Number of the world.
            out: Memory of the clip, as for :meth:`render`.

        Returns:
            The views and their scenes.

        Raises:
            InputError: A name is no factor.
        """
        first = self.draw(samples, seed=seed, view=1)
        second = self.shared(first, samples, shared, seed=seed)
        clip = self.render(first, range(1, self.frames + 1), out=out)
        return MovingPair(clip, self.render(second)[:, 0], first, second)


def localisation_error(
    predicted: np.ndarray, centre: np.ndarray, *, norm: str = "euclidean"
) -> np.ndarray:
    """Error of predicted centres, one number per item, in the unit of the centres.

    Args:
        predicted: (N, 2).
        centre: (N, 2).
        norm: ``euclidean`` distance; ``rms``, its square, of which the root of the mean is
            told; or ``axis``, the mean of the absolute errors of both axes.

    Returns:
        (N,).

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
    """(B,) places of the class of the chosen ones, each equally likely."""
    order = classes.long().argsort(stable=True)
    counts = torch.bincount(classes.long())
    begin = counts.cumsum(0) - counts
    own = classes.long()[chosen]
    return order[begin[own] + (u * counts[own]).long()]
