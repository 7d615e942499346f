"""Views that move pixels: identity, crop, flip, rotate, translate.

Letters: B examples, C channels, H and W pixels, O output pixels, T tries.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.checks import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View, check_probability

__all__ = ["Crop", "Flip", "Identity", "Rotate", "Translate", "resample_weights"]

_TRIES = 10
_LARGEST = 8192


@dataclass(frozen=True, repr=False)
class Identity(View):
    """The image itself: both views are equal, and share all there is."""

    name: ClassVar[str] = "identity"

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Nothing to draw."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """The images as they are."""
        return images


@dataclass(frozen=True, repr=False)
class Crop(View):
    """A random part of the image, resized (Szegedy et al., 2015).

    Ten tries of an area and a log-uniform shape, then the largest central part that keeps
    the shape within ``ratio``; antialiased bilinear resize with taps inside the crop, as
    torchvision's float ``RandomResizedCrop`` does.

    Attributes:
        scale: Smallest and largest area, as shares of the image.
        ratio: Smallest and largest width over height.
        size: Side of the views in pixels; the image's own size by default.
    """

    name: ClassVar[str] = "crop"
    scale: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (0.75, 4 / 3)
    size: int | None = None

    def __post_init__(self) -> None:
        """Refuse areas and shapes that no crop can have."""
        low, high = self.scale
        if not 0 < low <= high <= 1:
            raise InputError(
                f"crop has scale={self.scale}, but two shares of the area with "
                f"0 < smallest <= largest <= 1 are wanted, like scale=(0.2, 1)."
            )
        if not 0 < self.ratio[0] <= self.ratio[1] < math.inf:
            raise InputError(
                f"crop has ratio={self.ratio}, but 0 < smallest <= largest is wanted."
            )
        if self.size is not None and not (
            isinstance(self.size, int) and 0 < self.size <= _LARGEST
        ):
            raise InputError(f"crop has size={self.size}, but 1 to {_LARGEST} pixels are wanted.")

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``top``, ``left``, ``height``, ``width`` in pixels, each (B,) int64."""
        _, height, width = shape
        draws = key.uniform(2 * _TRIES + 2).double()
        area_BT = height * width * _between(draws[:, :_TRIES], *self.scale)
        ratio_BT = _between(
            draws[:, _TRIES : 2 * _TRIES], math.log(self.ratio[0]), math.log(self.ratio[1])
        ).exp()
        w_BT = (area_BT * ratio_BT).sqrt().round().long()
        h_BT = (area_BT / ratio_BT).sqrt().round().long()
        fits_BT = (w_BT > 0) & (w_BT <= width) & (h_BT > 0) & (h_BT <= height)
        first = fits_BT.to(torch.uint8).argmax(dim=1, keepdim=True)
        centre_h, centre_w = self._centre(height, width)
        fits = fits_BT.any(dim=1)
        h = torch.where(fits, h_BT.gather(1, first)[:, 0], centre_h)
        w = torch.where(fits, w_BT.gather(1, first)[:, 0], centre_w)
        top = torch.where(fits, (draws[:, -2] * (height - h + 1)).long(), (height - h) // 2)
        left = torch.where(fits, (draws[:, -1] * (width - w + 1)).long(), (width - w) // 2)
        return {"top": top, "left": left, "height": h, "width": w}

    def _centre(self, height: int, width: int) -> tuple[int, int]:
        ratio = width / height
        if ratio < self.ratio[0]:
            return max(round(width / self.ratio[0]), 1), width
        if ratio > self.ratio[1]:
            return height, max(round(height * self.ratio[1]), 1)
        return height, width

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Cut and resize."""
        _, high, wide = self.out_shape(tuple(images.shape[-3:]))  # type: ignore[arg-type]
        rows_BOH = resample_weights(params["top"], params["height"], images.shape[-2], high)
        cols_BOW = resample_weights(params["left"], params["width"], images.shape[-1], wide)
        rows = rows_BOH.to(images.dtype)[:, None]
        cols = cols_BOW.to(images.dtype)[:, None]
        return (rows @ images @ cols.transpose(-1, -2)).clamp(0, 1)

    def out_shape(self, shape: Shape) -> Shape:
        """The image's own size, or ``size``."""
        return (shape[0], self.size or shape[1], self.size or shape[2])

    def check(self, shape: Shape) -> None:
        """Refuse a crop that is smaller than a pixel."""
        _, height, width = shape
        if self.scale[1] * height * width < 1:
            raise InputError(
                f"{self!r} takes less than one pixel of an image of {height} x {width}; "
                f"raise scale to at least {1 / (height * width):.2g}."
            )


def resample_weights(start: Tensor, length: Tensor, size: int, out: int) -> Tensor:
    """Weights of an antialiased bilinear resize of a part of a line.

    Args:
        start: (B,) first pixel of the part.
        length: (B,) pixels in the part.
        size: H, pixels of the whole line.
        out: O, pixels of the resized line.

    Returns:
        (B, O, H) float32, rows sum to 1, zero outside the part.
    """
    step = length.float()[:, None, None] / out
    places = torch.arange(size, device=start.device)[None, None, :]
    outs = torch.arange(out, device=start.device, dtype=torch.float32)[None, :, None]
    inside = places - start[:, None, None]
    distance = (inside + 0.5 - (outs + 0.5) * step) / step.clamp(min=1)
    weights = (1 - distance.abs()).clamp(min=0)
    weights = weights * ((inside >= 0) & (inside < length[:, None, None]))
    return weights / weights.sum(dim=-1, keepdim=True)


@dataclass(frozen=True, repr=False)
class Flip(View):
    """Left to right, with a probability."""

    name: ClassVar[str] = "flip"
    p: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_probability("flip", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``flipped``, (B,) bool."""
        return {"flipped": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Mirror the images that are to be flipped."""
        return torch.where(params["flipped"][:, None, None, None], images.flip(-1), images)


@dataclass(frozen=True, repr=False)
class Rotate(View):
    """About the centre by a uniform angle, bilinear; black comes in at the corners."""

    name: ClassVar[str] = "rotate"
    degrees: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what is no angle."""
        if not 0 <= self.degrees <= 180:
            raise InputError(f"rotate has degrees={self.degrees}, but 0 to 180 is wanted.")

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``angle``, (B,) float32, degrees counter-clockwise."""
        return {"angle": _between(key.uniform(1)[:, 0], -self.degrees, self.degrees)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Turn the images."""
        angle = (params["angle"] * (math.pi / 180)).to(images.dtype)
        height, width = images.shape[-2:]
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        rows = [
            torch.stack([cos, -sin * (height / width), zero], dim=1),
            torch.stack([sin * (width / height), cos, zero], dim=1),
        ]
        grid = F.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", align_corners=False)


@dataclass(frozen=True, repr=False)
class Translate(View):
    """Moved by whole pixels, up to a share of each side; the edge is repeated."""

    name: ClassVar[str] = "translate"
    share: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what is no share."""
        if not 0 <= self.share <= 1:
            raise InputError(f"translate has share={self.share}, but 0 to 1 is wanted.")

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``down`` and ``right``, each (B,) int64, in pixels."""
        draws = _between(key.uniform(2), -self.share, self.share)
        return {
            "down": (draws[:, 0] * shape[1]).round().long(),
            "right": (draws[:, 1] * shape[2]).round().long(),
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


def _between(draws: Tensor, low: float, high: float) -> Tensor:
    return low + draws * (high - low)
