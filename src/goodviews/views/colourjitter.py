"""Jitter of brightness, contrast, saturation and hue with separate amounts.

Letters: B examples.
"""

from dataclasses import astuple

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.adjust import factor_range
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.photometric import Jitter
from goodviews.views.strength import check_strength

_LARGEST_HUE = 0.5


@register(
    "colourjitter",
    "jitter with an amount for each of the four",
    channels="1 or 3",
    strength="all four amounts",
    source="He et al., 2020 (MoCo v2); torchvision's ColorJitter",
)
class ColourJitter(View):
    """Jitter like :class:`goodviews.views.photometric.Jitter`, with an amount for each change.

    Factors are uniform from max(0, 1 - amount) to 1 + amount, and the hue shift is uniform
    from -hue to hue. The order is drawn for each image, and values are clipped to [0, 1] after
    every change.

    Attributes:
        brightness: Amount of the change of brightness.
        contrast: Amount of the change of contrast.
        saturation: Amount of the change of saturation.
        hue: Largest shift of the hue, as a fraction of the circle, up to 0.5.
        p: Probability that an image is changed.
    """

    brightness: float = 0.4
    contrast: float = 0.4
    saturation: float = 0.4
    hue: float = 0.1
    p: float = 0.8

    def __post_init__(self) -> None:
        """Check the amounts and the hue."""
        check_probability("colourjitter", self.p)
        amounts = astuple(self)[:4]
        if not (min(amounts) >= 0 and max(amounts) <= 10 and self.hue <= _LARGEST_HUE):
            raise InputError(
                f"colourjitter has amounts {amounts}, but expected numbers from 0 to 10 and a hue "
                f"of at most {_LARGEST_HUE}."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``brightness``, ``contrast``, ``saturation``, ``hue``, ``order`` (B, 4), ``on``."""
        draws = 2 * key.uniform(4) - 1
        ranges = [factor_range(amount) for amount in astuple(self)[:3]]
        centre, half = torch.tensor(ranges, device=draws.device).T
        factors = centre + half * draws[:, :3]
        return {
            "brightness": factors[:, 0],
            "contrast": factors[:, 1],
            "saturation": factors[:, 2],
            "hue": self.hue * draws[:, 3],
            "order": key.fold(1).permutation(4),
            "on": key.fold(2).uniform(1)[:, 0] < self.p,
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Change the images where ``on`` is true, each in its own order."""
        return Jitter().apply(images, params)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values clipped by the steps, summed over the steps."""
        return Jitter().clipped(images, params)

    def check(self, shape: Shape) -> None:
        """Check that images have 1 or 3 channels."""
        if shape[0] not in (1, 3):
            raise InputError(
                f"colourjitter takes images of 1 or 3 channels, but these have {shape[0]}; "
                f"brightness and contrast take any."
            )

    def at(self, strength: float) -> "ColourJitter":
        """Return the view with its amounts times the strength, with a hue of at most 0.5."""
        times = check_strength("colourjitter", strength)
        return ColourJitter(
            self.brightness * times,
            self.contrast * times,
            self.saturation * times,
            min(self.hue * times, _LARGEST_HUE),
            self.p,
        )
