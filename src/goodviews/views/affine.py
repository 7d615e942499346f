"""Views that rotate, shear, scale and shift images: rotate, shear, affine.

Letters: B examples, C channels, H and W pixels.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View, register
from goodviews.views.strength import check_strength, from_still
from goodviews.views.warp import affine_matrix, warp

_STEEPEST = 80.0
"""Largest shear in degrees; a shear of 90 degrees is not invertible."""
_SMALLEST, _LARGEST = 0.05, 20.0
"""Smallest and largest scale; more extreme scales leave nothing visible."""


@register("rotate", "about the centre", strength="largest angle")
class Rotate(View):
    """Rotation about the centre by a uniform angle, bilinear, with black corners."""

    degrees: float = 30.0

    def __post_init__(self) -> None:
        """Check the angle."""
        _check_range("rotate", "degrees", self.degrees, 180)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``angle``, (B,) float32, degrees counter-clockwise."""
        return {"angle": _around(key.uniform(1)[:, 0], self.degrees)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Rotate the images."""
        return warp(images, affine_matrix(_radians(params["angle"], images))).clamp(0, 1)

    def at(self, strength: float) -> "Rotate":
        """Return the view with its degrees times the strength, at most 180."""
        return replace(self, degrees=min(self.degrees * check_strength("rotate", strength), 180.0))


@register(
    "shear",
    "rows slide along each other, then columns",
    strength="largest angle",
    source="Cubuk et al., 2020: slope 0.3",
)
class Shear(View):
    """Horizontal and then vertical shear by uniform angles, bilinear, with black edges.

    Attributes:
        degrees: Largest angle of the horizontal and of the vertical shear; both are uniform.
    """

    degrees: float = 16.7

    def __post_init__(self) -> None:
        """Check the angle."""
        _check_range("shear", "degrees", self.degrees, _STEEPEST)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``x`` and ``y``, each (B,) float32, in degrees."""
        draws = _around(key.uniform(2), self.degrees)
        return {"x": draws[:, 0], "y": draws[:, 1]}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Shear the images."""
        x, y = (_radians(params[axis], images).tan() for axis in ("x", "y"))
        return warp(images, affine_matrix(torch.zeros_like(x), shear_x=x, shear_y=y)).clamp(0, 1)

    def at(self, strength: float) -> "Shear":
        """Return the view with its degrees times the strength, at most 80."""
        times = check_strength("shear", strength)
        return replace(self, degrees=min(self.degrees * times, _STEEPEST))


@register("affine", "turned, shifted, scaled and sheared at once", strength="all four ranges")
class Affine(View):
    """Rotation, shear, scaling and shift in one resampling, bilinear, with black edges.

    The order is that of torchvision's ``RandomAffine``, whose shifts are whole pixels; these
    are not.

    Attributes:
        degrees: Largest angle of the rotation in either direction.
        translate: Largest shift in either direction, as a share of each side.
        scale: Smallest and largest factor of the size.
        shear: Largest angle of both shears, in degrees.
    """

    degrees: float = 15.0
    translate: float = 0.1
    scale: tuple[float, float] = (0.9, 1.1)
    shear: float = 10.0

    def __post_init__(self) -> None:
        """Check the angles, the shift and the scale."""
        _check_range("affine", "degrees", self.degrees, 180)
        _check_range("affine", "translate", self.translate, 1)
        _check_range("affine", "shear", self.shear, _STEEPEST)
        if not _SMALLEST <= self.scale[0] <= self.scale[1] <= _LARGEST:
            raise InputError(
                f"affine has scale={self.scale}, but expected {_SMALLEST} <= smallest <= largest "
                f"<= {_LARGEST:g}, such as scale=(0.9, 1.1)."
            )

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``angle``, shears ``x`` and ``y``, ``scale``, ``right``, ``down``, (B,) float32.

        Angles are in degrees (the first one counter-clockwise), shifts in pixels.
        """
        draws = key.uniform(6)
        return {
            "angle": _around(draws[:, 0], self.degrees),
            "x": _around(draws[:, 1], self.shear),
            "y": _around(draws[:, 2], self.shear),
            "scale": self.scale[0] + draws[:, 3] * (self.scale[1] - self.scale[0]),
            "right": _around(draws[:, 4], self.translate) * shape[-1],
            "down": _around(draws[:, 5], self.translate) * shape[-2],
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Transform the images."""
        matrix = affine_matrix(
            _radians(params["angle"], images),
            shear_x=_radians(params["x"], images).tan(),
            shear_y=_radians(params["y"], images).tan(),
            scale=params["scale"].to(images.dtype),
            right=params["right"].to(images.dtype),
            down=params["down"].to(images.dtype),
        )
        return warp(images, matrix).clamp(0, 1)

    def at(self, strength: float) -> "Affine":
        """Interpolate all ranges between the identity and the given ones, up to their limits."""
        check_strength("affine", strength)
        low, high = (from_still(1.0, size, strength) for size in self.scale)
        return replace(
            self,
            degrees=min(self.degrees * strength, 180.0),
            translate=min(self.translate * strength, 1.0),
            scale=(max(low, _SMALLEST), min(max(high, _SMALLEST), _LARGEST)),
            shear=min(self.shear * strength, _STEEPEST),
        )


def _check_range(step: str, name: str, value: float, most: float) -> None:
    if not 0 <= value <= most:
        raise InputError(f"{step} has {name}={value!r}, but it must be from 0 to {most:g}.")


def _around(draws: Tensor, reach: float) -> Tensor:
    return -reach + draws * (2 * reach)


def _radians(degrees: Tensor, images: Tensor) -> Tensor:
    return (degrees * (math.pi / 180)).to(images.dtype)
