"""Views that change one quality of an image: brightness, contrast, saturation, hue, sharpness.

Except for sharpness, each is a step of ``jitter``, with the float formulas of torchvision.

Letters: B examples, C channels, H and W pixels.
"""

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views import adjust
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.strength import check_strength


@dataclass(frozen=True, repr=False)
class _Tone(View):
    """Base of views that change one quality of an image by a random amount.

    Attributes:
        amount: Largest change in either direction.
        p: Probability that an image is changed.
    """

    most: ClassVar[float] = 10.0
    """Largest value of ``amount``."""
    amount: float = 0.8
    p: float = 1.0

    def __post_init__(self) -> None:
        """Check the amount and the probability."""
        check_probability(self.name, self.p)
        if not 0 <= self.amount <= self.most:
            raise InputError(
                f"{self.name} has amount={self.amount!r}, but it must be from 0 to {self.most:g}."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``factor``, (B,) float32, from max(0, 1 - amount) to 1 + amount."""
        draws = key.uniform(2)
        centre, half = adjust.factor_range(self.amount)
        factor = centre + half * (2 * draws[:, 0] - 1)
        return {"factor": torch.where(draws[:, 1] < self.p, factor, 1.0)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Change the images and clip them to [0, 1]."""
        return self._raw(images, params).clamp(0, 1)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values that are outside [0, 1] before clipping."""
        return adjust.outside(self._raw(images, params))

    def at(self, strength: float) -> Self:
        """Return the view with its amount times the strength, up to the largest amount."""
        amount = self.amount * check_strength(self.name, strength)
        return replace(self, amount=min(amount, self.most))

    @abstractmethod
    def _raw(self, images: Tensor, params: Params) -> Tensor:
        """Compute the changed images without clipping."""


@register(
    "brightness",
    "values times a factor of 1 - amount to 1 + amount",
    strength="amount",
    source="Chen et al., 2020",
)
class Brightness(_Tone):
    """Values times a uniform factor from max(0, 1 - amount) to 1 + amount."""

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        return adjust.brightness(images, adjust.per_image(params["factor"], images))


@register(
    "contrast",
    "distance from the mean grey times a factor",
    strength="amount",
    source="Chen et al., 2020",
)
class Contrast(_Tone):
    """Differences from the mean grey of the image times a factor, 1 - amount to 1 + amount.

    The grey is the luma of three channels, or the mean of any other number of channels.
    """

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        return adjust.contrast(images, adjust.per_image(params["factor"], images))


@register(
    "saturation",
    "distance from the grey image times a factor",
    channels="1 or 3",
    strength="amount",
    source="Chen et al., 2020",
)
class Saturation(_Tone):
    """Differences from the grey image times a factor; images of one channel do not change."""

    def check(self, shape: Shape) -> None:
        """Check that images have 1 or 3 channels."""
        _check_colour(self.name, shape)

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        return adjust.saturation(images, adjust.per_image(params["factor"], images))


@register(
    "hue",
    "hue of HSV turned by up to a share of the circle",
    channels="1 or 3",
    strength="amount, up to 0.5",
    source="Chen et al., 2020",
)
class Hue(_Tone):
    """Shift of the hue of HSV by up to a fraction of the circle.

    The largest and the smallest value of each pixel do not change, so nothing is clipped.
    Images of one channel do not change.
    """

    most: ClassVar[float] = 0.5
    amount: float = 0.2

    def check(self, shape: Shape) -> None:
        """Check that images have 1 or 3 channels."""
        _check_colour(self.name, shape)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``shift``, (B,) float32, as a fraction of the circle; 0 changes nothing."""
        draws = key.uniform(2)
        shift = self.amount * (2 * draws[:, 0] - 1)
        return {"shift": torch.where(draws[:, 1] < self.p, shift, 0.0)}

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        return adjust.hue(images, adjust.per_image(params["shift"], images))


@register(
    "sharpness",
    "distance from the smoothed image times a factor",
    strength="amount",
    source="Cubuk et al., 2020: factors of 0.1 to 1.9",
)
class Sharpness(_Tone):
    """Differences from the smoothed image times a factor: softer below 1, sharper above.

    The image is smoothed by a 3 x 3 kernel with 5 in the centre and 1 elsewhere. Border pixels,
    and images with sides of less than three pixels, do not change.
    """

    amount: float = 0.9

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        return adjust.sharpness(images, adjust.per_image(params["factor"], images))


def _check_colour(step: str, shape: Shape) -> None:
    if shape[-3] not in (1, 3):
        raise InputError(
            f"{step} takes images of 1 or 3 channels, but these have {shape[-3]}; "
            f"brightness, contrast and sharpness take any."
        )
