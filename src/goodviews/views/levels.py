"""Views that map levels: invert, solarise, posterise, autocontrast, equalise.

Posterise and equalise are defined on the 256 levels of 8 bits: a float value counts as its
nearest level, and the result is levels / 255 again, so that finer values (16 bits) are rounded.
Solarise only decides by the level; it, invert and autocontrast keep the precision they get.

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
        threshold: (B,) levels from 0 (all are inverted) to 256 (none is).
    """
    border = (per_image(threshold, images) - 0.5) / _TOP
    return torch.where(images >= border, 1 - images, images)


def posterise(images: Tensor, bits: Tensor) -> Tensor:
    """Keep the highest bits of the nearest 8-bit levels; with 8 the images are left as they are.

    Args:
        images: (B, C, H, W) in [0, 1].
        bits: (B,) int64 from 0 (black) to 8.
    """
    step = torch.bitwise_left_shift(torch.ones_like(bits), 8 - bits)[:, None, None, None]
    kept = (images * _TOP).round().long() // step * step
    return torch.where((bits >= 8)[:, None, None, None], images, kept.to(images.dtype) / _TOP)


def autocontrast(images: Tensor) -> Tensor:
    """Stretch each channel of each image (B, C, H, W) so that it reaches from 0 to 1."""
    low, high = images.amin(dim=(-2, -1), keepdim=True), images.amax(dim=(-2, -1), keepdim=True)
    flat = high <= low
    stretched = (images - low) / torch.where(flat, 1.0, high - low)
    return torch.where(flat, images, stretched).clamp(0, 1)


def equalise(images: Tensor) -> Tensor:
    """Spread the 8-bit levels of each channel evenly, by PIL's integer rule.

    A channel with too few values to spread (one level, or fewer than 255 pixels below its
    highest level) is left exactly as it is.

    Args:
        images: (B, C, H, W) in [0, 1].
    """
    levels = (images * _TOP).round().long().clamp(0, _TOP).flatten(2)
    count = torch.zeros(*images.shape[:2], _TOP + 1, dtype=torch.long, device=images.device)
    count = count.scatter_add(2, levels, torch.ones_like(levels))
    highest = levels.amax(dim=2, keepdim=True)
    step = (levels.shape[2] - count.gather(2, highest)) // _TOP
    below = count.cumsum(dim=2) - count  # pixels under each level, the table's shift by one
    table = ((below + step // 2) // step.clamp(min=1)).clamp(max=_TOP)
    spread = table.gather(2, levels).view_as(images).to(images.dtype) / _TOP
    return torch.where((step == 0)[..., None], images, spread)


@register(
    "invert", "one minus each value", strength="probability", source="torchvision's RandomInvert"
)
class Invert(View):
    """One minus each value, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_probability("invert", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``on``, (B,) bool."""
        return {"on": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Invert the images that are on."""
        return torch.where(params["on"][:, None, None, None], 1 - images, images)

    def at(self, strength: float) -> "Invert":
        """The probability times the strength, up to 1."""
        return replace(self, p=min(self.p * check_strength("invert", strength), 1.0))


@register(
    "autocontrast",
    "each channel stretched from 0 to 1",
    strength="probability",
    source="torchvision's RandomAutocontrast",
)
class Autocontrast(View):
    """Each channel stretched to reach from 0 to 1, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_probability("autocontrast", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``on``, (B,) bool."""
        return {"on": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Stretch the images that are on."""
        return torch.where(params["on"][:, None, None, None], autocontrast(images), images)

    def at(self, strength: float) -> "Autocontrast":
        """The probability times the strength, up to 1."""
        return replace(self, p=min(self.p * check_strength("autocontrast", strength), 1.0))


@register(
    "equalise",
    "the 8-bit levels of each channel spread evenly",
    strength="probability",
    source="torchvision's RandomEqualize",
)
class Equalise(View):
    """The 8-bit levels of each channel spread evenly, with a probability."""

    p: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_probability("equalise", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``on``, (B,) bool."""
        return {"on": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Equalise the images that are on."""
        return torch.where(params["on"][:, None, None, None], equalise(images), images)

    def at(self, strength: float) -> "Equalise":
        """The probability times the strength, up to 1."""
        return replace(self, p=min(self.p * check_strength("equalise", strength), 1.0))


@register(
    "solarise",
    "values from an 8-bit level up inverted",
    strength="threshold, from 256 down",
    source="Grill et al., 2020 (BYOL, second view)",
)
class Solarise(View):
    """Values from a threshold up inverted, with a probability (BYOL's second view).

    Attributes:
        threshold: 8-bit level from 0 to 256; 128 inverts what is at least a half.
        p: Probability that an image is solarised.
    """

    threshold: float = 128
    p: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what is no level and no probability."""
        check_probability("solarise", self.p)
        if not 0 <= self.threshold <= _TOP + 1:
            raise InputError(f"solarise has threshold={self.threshold!r}, but 0 to 256 is wanted.")

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``threshold``, (B,) float32; 256 where the image stays."""
        on = key.uniform(1)[:, 0] < self.p
        return {"threshold": torch.where(on, float(self.threshold), float(_TOP + 1))}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Invert what is bright."""
        return solarise(images, params["threshold"])

    def at(self, strength: float) -> "Solarise":
        """The threshold on the line from 256 (nothing is inverted) to the one given, down to 0."""
        check_strength("solarise", strength)
        return replace(self, threshold=max(from_still(_TOP + 1, self.threshold, strength), 0.0))


@register(
    "posterise",
    "only the highest bits of 8 kept",
    strength="bits dropped, from none of 8",
    source="Cubuk et al., 2020: 4 bits at the top level",
)
class Posterise(View):
    """Only the highest bits of each 8-bit level kept, with a probability.

    Attributes:
        bits: Bits kept, from 0 (black) to 8 (left as it is).
        p: Probability that an image is posterised.
    """

    bits: int = 4
    p: float = 0.5

    def __post_init__(self) -> None:
        """Refuse what is no number of bits and no probability."""
        check_probability("posterise", self.p)
        if not (isinstance(self.bits, int) and 0 <= self.bits <= 8):
            raise InputError(f"posterise has bits={self.bits!r}, but 0 to 8 is wanted.")

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``bits``, (B,) int64; 8 where the image stays."""
        on = key.uniform(1)[:, 0] < self.p
        return {"bits": torch.where(on, self.bits, 8)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Drop the lower bits."""
        return posterise(images, params["bits"])

    def at(self, strength: float) -> "Posterise":
        """Bits on the line from 8 to those given, rounded, down to 0."""
        check_strength("posterise", strength)
        return replace(self, bits=max(round(from_still(8, self.bits, strength)), 0))
