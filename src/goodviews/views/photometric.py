"""Views that change values: noise, grey, jitter, blur.

Letters: B examples, C channels, H and W pixels, K kernel taps.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.core.rng import Key
from goodviews.views.adjust import blend, grey_level, hue, only_where, outside, per_image
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.smoothing import box_band, gaussian_band
from goodviews.views.strength import check_strength

_WIDEST = 1000
_KERNELS = ("3sigma", "23taps", "pil")
_HUE = 3
"""Number of the hue in jitter's order: brightness, contrast, saturation, hue."""


@register("noise", "Gaussian noise per value", strength="std")
class Noise(View):
    """Independent Gaussian noise on every value, cut to [0, 1]."""

    std: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what is no standard deviation."""
        if not (math.isfinite(self.std) and self.std >= 0):
            raise InputError(f"noise has std={self.std}, but a number from 0 up is wanted.")

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Keep the ``word`` that the noise grows from, (B,) int64: a field in eight bytes."""
        return {"word": key.words}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Add the noise."""
        return self._raw(images, params).clamp(0, 1)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values that fell outside [0, 1]."""
        return outside(self._raw(images, params))

    def at(self, strength: float) -> "Noise":
        """The deviation times the strength."""
        return replace(self, std=self.std * check_strength("noise", strength))

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        field = Key(params["word"]).normal(images[0].numel()).view_as(images)
        return images + self.std * field.to(images.dtype)


@register("grey", "no colour", strength="probability", source="Chen et al., 2020")
class Grey(View):
    """Without colour, with a probability: luma for three channels, the mean for others."""

    p: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_probability("grey", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``greyed``, (B,) bool."""
        return {"greyed": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Replace every channel by the grey value."""
        level = grey_level(images).expand_as(images)
        return torch.where(params["greyed"][:, None, None, None], level, images)

    def at(self, strength: float) -> "Grey":
        """The probability times the strength, up to 1."""
        return replace(self, p=min(self.p * check_strength("grey", strength), 1.0))


@register(
    "jitter",
    "brightness, contrast, saturation, hue in a random order",
    channels="1 or 3",
    strength="strength",
    source="Chen et al., 2020: 0.8, 0.8, 0.8, 0.2 times the strength",
)
class Jitter(View):
    """Brightness, contrast, saturation and hue, in an order drawn per image.

    With strength s: factors from 1 - 0.8 s to 1 + 0.8 s (not below 0) and a hue shift up to
    0.2 s of the circle (Chen et al., 2020); values are cut to [0, 1] after every step. On
    one channel, saturation and hue do nothing.

    Attributes:
        strength: s, from 0 (nothing) to 2.5, where the hue shift reaches its limit 0.5.
        p: Probability that an image is changed at all.
    """

    strength: float = 1.0
    p: float = 0.8

    def __post_init__(self) -> None:
        """Refuse strengths whose hue shift would pass half the circle."""
        check_probability("jitter", self.p)
        if not 0 <= self.strength <= 2.5:
            raise InputError(
                f"jitter has strength={self.strength}, but 0 to 2.5 is wanted (hue shift 0.5)."
            )

    def check(self, shape: Shape) -> None:
        """Refuse other channels than grey and RGB."""
        if shape[0] not in (1, 3):
            raise InputError(
                f"jitter takes images of 1 or 3 channels, but these have {shape[0]}; "
                f"noise, blur, crop, flip, rotate and translate take any."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``brightness``, ``contrast``, ``saturation``, ``hue``, ``order`` (B, 4), ``on``."""
        draws = 2 * key.uniform(4) - 1
        factors = (1 + 0.8 * self.strength * draws[:, :3]).clamp(min=0)
        return {
            "brightness": factors[:, 0],
            "contrast": factors[:, 1],
            "saturation": factors[:, 2],
            "hue": 0.2 * self.strength * draws[:, 3],
            "order": key.fold(1).permutation(4),
            "on": key.fold(2).uniform(1)[:, 0] < self.p,
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Change the images that are on, step by step in their own order."""
        return self._run(images, params)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values cut at any of the steps, added up."""
        raw: list[Tensor] = []
        self._run(images, params, raw)
        return sum(outside(part) * len(part) for part in raw) / len(images)

    def at(self, strength: float) -> "Jitter":
        """The same jitter, this many times as strong, up to 2.5 in all."""
        return replace(self, strength=min(check_strength("jitter", strength) * self.strength, 2.5))

    def _run(self, images: Tensor, params: Params, raw: list[Tensor] | None = None) -> Tensor:
        """Three blends around one turn of the hue; ``raw`` collects values before each cut.

        Every image has its three blends in its own order, and turns its hue after its first
        none, one, two or three of them. So six blends, each for the images whose turn it is,
        and one hue do for all orders, and no size depends on what was drawn.
        """
        factors = torch.stack([params[name] for name in ("brightness", "contrast", "saturation")])
        place = (params["order"] == _HUE).to(torch.uint8).argmax(dim=1, keepdim=True)
        slots = torch.arange(3, device=images.device)[None]
        kinds = params["order"].gather(1, slots + (slots >= place).long())
        due = factors.T.gather(1, kinds)
        early = (slots < place) & params["on"][:, None]
        late = (slots >= place) & params["on"][:, None]
        images = _blends(images, kinds, due, early, raw)
        shift = torch.where(params["on"], params["hue"], 0.0)
        images = only_where(params["on"], hue, images, per_image(shift, images)).clamp(0, 1)
        return _blends(images, kinds, due, late, raw)


def _blends(
    images: Tensor, kinds: Tensor, factors: Tensor, due: Tensor, raw: list[Tensor] | None
) -> Tensor:
    """Three blends, each of kind 0 (brightness), 1 (contrast) or 2 (saturation) per image."""

    def mix(images: Tensor, kind: Tensor, factor: Tensor) -> Tensor:
        grey = grey_level(images)
        mean = grey.mean(dim=(-3, -2, -1), keepdim=True)
        duller = torch.where(kind == 2, grey, torch.where(kind == 1, mean, 0.0))
        mixed = blend(images, duller, factor)
        if images.shape[1] == 1:  # grey is its own grey, up to rounding
            mixed = torch.where(kind == 2, images, mixed)
        if raw is not None:
            raw.append(mixed)
        return mixed.clamp(0, 1)

    for turn in range(3):
        on = due[:, turn]
        kind = kinds[:, turn, None, None, None]
        factor = per_image(torch.where(on, factors[:, turn], 1.0), images)
        images = only_where(on, mix, images, kind, factor)
    return images


@register(
    "blur",
    "Gaussian blur",
    strength="both sigmas",
    source="Chen et al., 2020; kernel covers 3 sigma, or 23taps (InfoMin), or pil (MoCo v2)",
)
class Blur(View):
    """Gaussian blur, by one of three definitions that go by this name.

    ``3sigma``: a Gaussian kernel that covers three times the largest sigma to each side,
    mirrored at the border, the kernel of torchvision's ``gaussian_blur`` at that length.
    ``23taps``: always eleven pixels to each side, as InfoMin's augmentation (Tian et al., 2020).
    ``pil``: three box blurs, the edge repeated, as ``PIL.ImageFilter.GaussianBlur`` of this
    radius but without its rounding to 8 bits; MoCo v2 and SimCLR's many copies use it.

    Attributes:
        sigma: Smallest and largest width in pixels, uniform.
        p: Probability that an image is blurred.
        kernel: ``"3sigma"``, ``"23taps"`` or ``"pil"``.
    """

    sigma: tuple[float, float] = (0.1, 2.0)
    p: float = 0.5
    kernel: str = "3sigma"

    def __post_init__(self) -> None:
        """Refuse widths below zero and unknown kernels."""
        check_probability("blur", self.p)
        if not 0 <= self.sigma[0] <= self.sigma[1] <= _WIDEST:
            raise InputError(
                f"blur has sigma={self.sigma}, but 0 <= smallest <= largest <= {_WIDEST} "
                f"in pixels is wanted."
            )
        if self.kernel not in _KERNELS:
            raise unknown("kernel of blur", str(self.kernel), _KERNELS)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``sigma``, (B,) float32, in pixels; 0 where the image stays sharp."""
        draws = key.uniform(2)
        sigma = self.sigma[0] + draws[:, 0] * (self.sigma[1] - self.sigma[0])
        return {"sigma": torch.where(draws[:, 1] < self.p, sigma, 0.0)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Blur rows and columns."""
        rows = self._band(params["sigma"], images.shape[-2]).to(images.dtype)[:, None]
        cols = self._band(params["sigma"], images.shape[-1]).to(images.dtype)[:, None]
        return (rows @ images @ cols.transpose(-1, -2)).clamp(0, 1)

    def at(self, strength: float) -> "Blur":
        """Sigmas times the strength."""
        times = check_strength("blur", strength)
        low, high = (min(sigma * times, _WIDEST) for sigma in self.sigma)
        return replace(self, sigma=(low, high))

    def _band(self, sigma: Tensor, size: int) -> Tensor:
        if self.kernel == "pil":
            return box_band(sigma, self.sigma[1], size)
        reach = 11 if self.kernel == "23taps" else math.ceil(3 * self.sigma[1])
        return gaussian_band(sigma, reach, size)
