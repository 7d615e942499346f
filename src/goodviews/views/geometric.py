"""Geometric views: identity, crop, flips, translate.

Letters: B examples, C channels, H and W pixels, O output pixels, T tries.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.core.rng import Key
from goodviews.views.adjust import outside
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.strength import check_strength, from_still

_TRIES = 10
_LARGEST = 8192
_SMALLEST = 0.01
"""Smallest area of a crop for strengths above 1."""
_INTERPOLATIONS = ("bilinear", "bicubic")


@register("identity", "the image itself", source="the null of every study")
class Identity(View):
    """The image itself: both views are equal and share all information."""

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Return the images unchanged."""
        return images


@register(
    "crop",
    "random part of the image, resized to its size",
    strength="smallest area, from the whole image",
    source="Szegedy et al., 2015; lower area 0.2 in Tian et al., 2020, 3.4",
)
class Crop(View):
    """Random part of the image, resized (Szegedy et al., 2015).

    Area and log-uniform aspect ratio are drawn up to ten times; if no crop fits, the largest
    central part with an aspect ratio within ``ratio`` is used. The resize is antialiased, with
    taps inside the crop, as in torchvision's float ``RandomResizedCrop``. Bicubic
    interpolation overshoots and is clipped to [0, 1].

    Attributes:
        scale: Smallest and largest area, as shares of the image.
        ratio: Smallest and largest width over height; None keeps the ratio of the image.
        size: Side of the views in pixels, or height and width, such as ``(32, 128)``; by default,
            the size of the image.
        interpolation: ``"bilinear"`` or ``"bicubic"`` (a = -0.5, as in PIL).
    """

    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] | None = (0.75, 1.3333333333333333)
    size: int | tuple[int, int] | None = None
    interpolation: str = "bilinear"

    def __post_init__(self) -> None:
        """Check areas, aspect ratios and the size."""
        low, high = self.scale
        if not 0 < low <= high <= 1:
            raise InputError(
                f"crop has scale={self.scale}, but expected two shares of the area with "
                f"0 < smallest <= largest <= 1, such as scale=(0.2, 1)."
            )
        if self.ratio is not None and not 0 < self.ratio[0] <= self.ratio[1] < math.inf:
            raise InputError(f"crop has ratio={self.ratio}, but expected 0 < smallest <= largest.")
        sides = (self.size,) if isinstance(self.size, int) else self.size or ()
        known = len(sides) == 2 or self.size is None or isinstance(self.size, int)
        if not known or not all(isinstance(one, int) and 0 < one <= _LARGEST for one in sides):
            raise InputError(
                f"crop has size={self.size}, but expected 1 to {_LARGEST} pixels, or height and "
                "width, such as size=(32, 128)."
            )
        if self.interpolation not in _INTERPOLATIONS:
            raise unknown("interpolation of crop", str(self.interpolation), _INTERPOLATIONS)

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``top``, ``left``, ``height``, ``width`` in pixels, each (B,) int64."""
        height, width = shape[-2:]
        narrow, wide = self.ratio or (width / height, width / height)
        draws = key.uniform(2 * _TRIES + 2).double()
        area_BT = height * width * _between(draws[:, :_TRIES], *self.scale)
        ratio_BT = _between(draws[:, _TRIES : 2 * _TRIES], math.log(narrow), math.log(wide)).exp()
        w_BT = (area_BT * ratio_BT).sqrt().round().long()
        h_BT = (area_BT / ratio_BT).sqrt().round().long()
        fits_BT = (w_BT > 0) & (w_BT <= width) & (h_BT > 0) & (h_BT <= height)
        first = fits_BT.to(torch.uint8).argmax(dim=1, keepdim=True)
        centre_h, centre_w = _centre(height, width, narrow, wide)
        fits = fits_BT.any(dim=1)
        h = torch.where(fits, h_BT.gather(1, first)[:, 0], centre_h)
        w = torch.where(fits, w_BT.gather(1, first)[:, 0], centre_w)
        top = torch.where(fits, (draws[:, -2] * (height - h + 1)).long(), (height - h) // 2)
        left = torch.where(fits, (draws[:, -1] * (width - w + 1)).long(), (width - w) // 2)
        return {"top": top, "left": left, "height": h, "width": w}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Crop and resize the images."""
        return self._raw(images, params).clamp(0, 1)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values that are outside [0, 1] after bicubic interpolation."""
        return outside(self._raw(images, params)) if self.interpolation == "bicubic" else 0.0

    def at(self, strength: float) -> "Crop":
        """Interpolate the areas between the whole image (strength 0) and the given ones.

        Aspect ratios do not change, as in the sweep of the paper, which only varies the
        smallest area (Tian et al., 2020, 3.4). Above 1, the smallest area shrinks to 0.01.
        """
        check_strength("crop", strength)
        low, high = (from_still(1.0, area, strength) for area in self.scale)
        low = max(low, min(_SMALLEST, self.scale[0]))
        ratio = None if strength == 0 else self.ratio
        return replace(self, scale=(low, max(low, high)), ratio=ratio)

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        high, wide = self.out_shape(tuple(images.shape[-3:]))[-2:]
        rows_BOH, cols_BOW = (
            resample_weights(start, length, size, out, interpolation=self.interpolation)
            for start, length, size, out in (
                (params["top"], params["height"], images.shape[-2], high),
                (params["left"], params["width"], images.shape[-1], wide),
            )
        )
        rows = rows_BOH.to(images.dtype)[:, None]
        cols = cols_BOW.to(images.dtype)[:, None]
        return rows @ images @ cols.transpose(-1, -2)

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views: the size of the images, or ``size``."""
        return (*shape[:-2], *(self.sides or shape[-2:]))

    @property
    def sides(self) -> tuple[int, int] | None:
        """Height and width of the views; ``None`` for those of the image."""
        return (self.size, self.size) if isinstance(self.size, int) else self.size

    def check(self, shape: Shape) -> None:
        """Check that a crop has at least one pixel."""
        height, width = shape[-2:]
        if self.scale[1] * height * width < 1:
            raise InputError(
                f"{self!r} crops less than one pixel of an image of {height} x {width}; "
                f"raise scale to at least {1 / (height * width):.2g}."
            )


def resample_weights(
    start: Tensor, length: Tensor, size: int, out: int, *, interpolation: str = "bilinear"
) -> Tensor:
    """Weights of an antialiased resize of a part of a line.

    Args:
        start: (B,), first pixel of the part.
        length: (B,), number of pixels of the part.
        size: Number of pixels H of the whole line.
        out: Number of pixels O of the resized line.
        interpolation: ``"bilinear"`` or ``"bicubic"``.

    Returns:
        (B, O, H) float32, whose rows sum to 1 and are zero outside the part.
    """
    step = length.float()[:, None, None] / out
    places = torch.arange(size, device=start.device)[None, None, :]
    outs = torch.arange(out, device=start.device, dtype=torch.float32)[None, :, None]
    inside = places - start[:, None, None]
    distance = ((inside + 0.5 - (outs + 0.5) * step) / step.clamp(min=1)).abs()
    if interpolation == "bilinear":
        weights = (1 - distance).clamp(min=0)
    else:  # Keys, 1981, with a = -0.5
        near = (1.5 * distance - 2.5) * distance**2 + 1
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        weights = torch.where(distance < 1, near, torch.where(distance < 2, far, 0.0))
    weights = weights * ((inside >= 0) & (inside < length[:, None, None]))
    return weights / weights.sum(dim=-1, keepdim=True)


def _centre(height: int, width: int, narrow: float, wide: float) -> tuple[int, int]:
    """Height and width of the largest part whose aspect ratio is between the two ratios."""
    ratio = width / height
    if ratio < narrow:
        return max(round(width / narrow), 1), width
    if ratio > wide:
        return height, max(round(height * wide), 1)
    return height, width


@register("flip", "left to right", source="Krizhevsky et al., 2012")
class Flip(View):
    """Horizontal flip, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the probability."""
        check_probability("flip", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``flipped``, (B,) bool."""
        return {"flipped": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Flip the images where ``flipped`` is true."""
        return torch.where(params["flipped"][:, None, None, None], images.flip(-1), images)


@register("vflip", "top to bottom", source="torchvision")
class VerticalFlip(View):
    """Vertical flip, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the probability."""
        check_probability("vflip", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``flipped``, (B,) bool."""
        return {"flipped": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Flip the images where ``flipped`` is true."""
        return torch.where(params["flipped"][:, None, None, None], images.flip(-2), images)


@register(
    "translate", "moved by up to a share of each side, edge repeated", strength="largest shift"
)
class Translate(View):
    """Shift by whole pixels, up to a share of each side, with repeated edges."""

    share: float = 0.2

    def __post_init__(self) -> None:
        """Check the share."""
        if not 0 <= self.share <= 1:
            raise InputError(f"translate has share={self.share}, but it must be from 0 to 1.")

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``down`` and ``right``, each (B,) int64, in pixels."""
        draws = _between(key.uniform(2), -self.share, self.share)
        return {
            "down": (draws[:, 0] * shape[-2]).round().long(),
            "right": (draws[:, 1] * shape[-1]).round().long(),
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Shift the images."""
        for axis, shift in ((-2, params["down"]), (-1, params["right"])):
            size = images.shape[axis]
            source = torch.arange(size, device=images.device)[None] - shift[:, None]
            view = (-1, 1, size, 1) if axis == -2 else (-1, 1, 1, size)
            index = source.clamp(0, size - 1).view(view).expand_as(images)
            images = images.gather(axis, index)
        return images

    def at(self, strength: float) -> "Translate":
        """Return the view with its share times the strength, at most 1."""
        return replace(self, share=min(self.share * check_strength("translate", strength), 1.0))


def _between(draws: Tensor, low: float, high: float) -> Tensor:
    return low + draws * (high - low)
