"""Views that map levels: invert, solarise, posterise, autocontrast, equalise.

Posterise and equalise are defined on the 256 levels of 8 bits: float values are rounded to the
nearest level, and the result is levels / 255. Solarise compares levels with its threshold; like
invert and autocontrast, it keeps the precision of its input.

Letters: B examples, C channels, H and W pixels, L = 256 levels.
"""

from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.adjust import per_image
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.strength import check_strength, from_still

_TOP = 255


def solarise(images: Tensor, threshold: Tensor) -> Tensor:
    """Invert the values whose nearest 8-bit level is at least the threshold.

    Args:
        images: (B, C, H, W) in [0, 1].
        threshold: (B,), levels from 0 (all values are inverted) to 256 (none is).
    """
    border = (per_image(threshold, images) - 0.5) / _TOP
    return torch.where(images >= border, 1 - images, images)


def posterise(images: Tensor, bits: Tensor) -> Tensor:
    """Keep the highest bits of the nearest 8-bit levels.

    Args:
        images: (B, C, H, W) in [0, 1].
        bits: (B,) int64, number of bits from 0 (black) to 8 (unchanged).
    """
    step = torch.bitwise_left_shift(torch.ones_like(bits), 8 - bits)[:, None, None, None]
    kept = (images * _TOP).round().long() // step * step
    return torch.where((bits >= 8)[:, None, None, None], images, kept.to(images.dtype) / _TOP)


def autocontrast(images: Tensor) -> Tensor:
    """Stretch each channel of each image (B, C, H, W) to the range from 0 to 1."""
    low, high = images.amin(dim=(-2, -1), keepdim=True), images.amax(dim=(-2, -1), keepdim=True)
    flat = high <= low
    stretched = (images - low) / torch.where(flat, 1.0, high - low)
    return torch.where(flat, images, stretched).clamp(0, 1)


def equalise(images: Tensor) -> Tensor:
    """Equalise the histogram of the 8-bit levels of each channel, by the integer rule of PIL.

    A channel with too few values (one level, or fewer than 255 pixels below its highest level)
    does not change.

    Args:
        images: (B, C, H, W) in [0, 1].
    """
    levels = (images * _TOP).round().long().clamp(0, _TOP).flatten(2)
    count = torch.zeros(*images.shape[:2], _TOP + 1, dtype=torch.long, device=images.device)
    count = count.scatter_add(2, levels, torch.ones_like(levels))
    highest = levels.amax(dim=2, keepdim=True)
    step = (levels.shape[2] - count.gather(2, highest)) // _TOP
    below = count.cumsum(dim=2) - count  # number of pixels below each level
    table = ((below + step // 2) // step.clamp(min=1)).clamp(max=_TOP)
    spread = table.gather(2, levels).view_as(images).to(images.dtype) / _TOP
    return torch.where((step == 0)[..., None], images, spread)


@register(
    "invert", "one minus each value", strength="probability", source="torchvision's RandomInvert"
)
class Invert(View):
    """Inversion of all values, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the probability."""
        check_probability("invert", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``on``, (B,) bool."""
        return {"on": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Invert the images where ``on`` is true."""
        return torch.where(params["on"][:, None, None, None], 1 - images, images)

    def at(self, strength: float) -> "Invert":
        """Return the view with its probability times the strength, at most 1."""
        return replace(self, p=min(self.p * check_strength("invert", strength), 1.0))


@register(
    "autocontrast",
    "each channel stretched from 0 to 1",
    strength="probability",
    source="torchvision's RandomAutocontrast",
)
class Autocontrast(View):
    """Stretch of each channel to the range from 0 to 1, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the probability."""
        check_probability("autocontrast", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``on``, (B,) bool."""
        return {"on": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Stretch the images where ``on`` is true."""
        return torch.where(params["on"][:, None, None, None], autocontrast(images), images)

    def at(self, strength: float) -> "Autocontrast":
        """Return the view with its probability times the strength, at most 1."""
        return replace(self, p=min(self.p * check_strength("autocontrast", strength), 1.0))


@register(
    "equalise",
    "the 8-bit levels of each channel spread evenly",
    strength="probability",
    source="torchvision's RandomEqualize",
)
class Equalise(View):
    """Histogram equalisation of the 8-bit levels of each channel, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the probability."""
        check_probability("equalise", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``on``, (B,) bool."""
        return {"on": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Equalise the images where ``on`` is true."""
        return torch.where(params["on"][:, None, None, None], equalise(images), images)

    def at(self, strength: float) -> "Equalise":
        """Return the view with its probability times the strength, at most 1."""
        return replace(self, p=min(self.p * check_strength("equalise", strength), 1.0))


@register(
    "solarise",
    "values from an 8-bit level up inverted",
    strength="threshold, from 256 down",
    source="Grill et al., 2020 (BYOL, second view)",
)
class Solarise(View):
    """Inversion of the values above a threshold, with a probability (second view of BYOL).

    Attributes:
        threshold: 8-bit level from 0 to 256; 128 inverts the values of at least one half.
        p: Probability that an image is solarised.
    """

    threshold: float = 128
    p: float = 0.2

    def __post_init__(self) -> None:
        """Check the level and the probability."""
        check_probability("solarise", self.p)
        if not 0 <= self.threshold <= _TOP + 1:
            raise InputError(
                f"solarise has threshold={self.threshold!r}, but it must be from 0 to 256."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``threshold``, (B,) float32; 256 leaves an image unchanged."""
        on = key.uniform(1)[:, 0] < self.p
        return {"threshold": torch.where(on, float(self.threshold), float(_TOP + 1))}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Invert the values from the threshold up."""
        return solarise(images, params["threshold"])

    def at(self, strength: float) -> "Solarise":
        """Interpolate the threshold between 256 (unchanged) and the given one, at least 0."""
        check_strength("solarise", strength)
        return replace(self, threshold=max(from_still(_TOP + 1, self.threshold, strength), 0.0))


@register(
    "posterise",
    "only the highest bits of 8 kept",
    strength="bits dropped, from none of 8",
    source="Cubuk et al., 2020: 4 bits at the top level",
)
class Posterise(View):
    """Removal of the lowest bits of each 8-bit level, with a probability.

    Attributes:
        bits: Number of bits that are kept, from 0 (black) to 8 (unchanged).
        p: Probability that an image is posterised.
    """

    bits: int = 4
    p: float = 0.5

    def __post_init__(self) -> None:
        """Check the number of bits and the probability."""
        check_probability("posterise", self.p)
        if not (isinstance(self.bits, int) and 0 <= self.bits <= 8):
            raise InputError(f"posterise has bits={self.bits!r}, but it must be from 0 to 8.")

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``bits``, (B,) int64; 8 leaves an image unchanged."""
        on = key.uniform(1)[:, 0] < self.p
        return {"bits": torch.where(on, self.bits, 8)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Remove the lowest bits."""
        return posterise(images, params["bits"])

    def at(self, strength: float) -> "Posterise":
        """Interpolate the bits between 8 and the given number, rounded, at least 0."""
        check_strength("posterise", strength)
        return replace(self, bits=max(round(from_still(8, self.bits, strength)), 0))
