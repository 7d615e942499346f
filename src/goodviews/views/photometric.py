"""Views that change values: noise, grey, jitter, blur.

Letters: B examples, C channels, H and W pixels, K kernel taps.
"""

import math
from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.core.rng import Key
from goodviews.views.adjust import (
    blend,
    factor_range,
    grey_level,
    hue,
    only_where,
    outside,
    per_image,
)
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.smoothing import box_band, gaussian_band
from goodviews.views.strength import check_strength

_WIDEST = 1000
_KERNELS = ("3sigma", "23taps", "pil")
_HUE = 3
"""Index of the hue in the order of jitter: brightness, contrast, saturation, hue."""


@register("noise", "Gaussian noise per value", strength="std")
class Noise(View):
    """Independent Gaussian noise on every value, clipped to [0, 1]."""

    std: float = 0.1

    def __post_init__(self) -> None:
        """Check the standard deviation."""
        if not (math.isfinite(self.std) and self.std >= 0):
            raise InputError(f"noise has std={self.std}, but it must be a number of at least 0.")

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return the ``word`` that seeds the noise of each image, (B,) int64."""
        return {"word": key.words}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Add the noise."""
        return self._raw(images, params).clamp(0, 1)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values that are outside [0, 1] before clipping."""
        return outside(self._raw(images, params))

    def at(self, strength: float) -> "Noise":
        """Return the view with its standard deviation times the strength."""
        return replace(self, std=self.std * check_strength("noise", strength))

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        field = Key(params["word"]).normal(images[0].numel()).view_as(images)
        return images + self.std * field.to(images.dtype)


@register("grey", "no colour", strength="probability", source="Chen et al., 2020")
class Grey(View):
    """Grey image, with a probability: luma of three channels, else the mean of the channels."""

    p: float = 0.2

    def __post_init__(self) -> None:
        """Check the probability."""
        check_probability("grey", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``greyed``, (B,) bool."""
        return {"greyed": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Replace every channel by the grey value."""
        level = grey_level(images).expand_as(images)
        return torch.where(params["greyed"][:, None, None, None], level, images)

    def at(self, strength: float) -> "Grey":
        """Return the view with its probability times the strength, at most 1."""
        return replace(self, p=min(self.p * check_strength("grey", strength), 1.0))


@register(
    "jitter",
    "brightness, contrast, saturation, hue in a random order",
    channels="1 or 3",
    strength="strength",
    source="Chen et al., 2020: 0.8, 0.8, 0.8, 0.2 times the strength",
)
class Jitter(View):
    """Jitter of brightness, contrast, saturation and hue, in an order drawn for each image.

    With strength s, factors are uniform from max(0, 1 - 0.8 s) to 1 + 0.8 s and the hue shift is
    up to 0.2 s of the circle (Chen et al., 2020). Values are clipped to [0, 1] after every
    step. Saturation and hue do not change images of one channel.

    Attributes:
        strength: Strength s, from 0 (unchanged) to 2.5, where the hue shift is at its limit
            of 0.5.
        p: Probability that an image is changed.
    """

    strength: float = 1.0
    p: float = 0.8

    def __post_init__(self) -> None:
        """Check the strength, whose hue shift is at most half the circle."""
        check_probability("jitter", self.p)
        if not 0 <= self.strength <= 2.5:
            raise InputError(
                f"jitter has strength={self.strength}, but must be from 0 to 2.5, where the hue "
                f"shift is 0.5."
            )

    def check(self, shape: Shape) -> None:
        """Check that images have 1 or 3 channels."""
        if shape[0] not in (1, 3):
            raise InputError(
                f"jitter takes images of 1 or 3 channels, but these have {shape[0]}; "
                f"noise, blur, crop, flip, rotate and translate take any."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``brightness``, ``contrast``, ``saturation``, ``hue``, ``order`` (B, 4), ``on``."""
        draws = 2 * key.uniform(4) - 1
        centre, half = factor_range(0.8 * self.strength)
        factors = centre + half * draws[:, :3]
        return {
            "brightness": factors[:, 0],
            "contrast": factors[:, 1],
            "saturation": factors[:, 2],
            "hue": 0.2 * self.strength * draws[:, 3],
            "order": key.fold(1).permutation(4),
            "on": key.fold(2).uniform(1)[:, 0] < self.p,
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Change the images where ``on`` is true, each in its own order."""
        return self._run(images, params)

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values clipped by the steps, summed over the steps."""
        raw: list[Tensor] = []
        self._run(images, params, raw)
        return sum(outside(part) * len(part) for part in raw) / len(images)

    def at(self, strength: float) -> "Jitter":
        """Return the view with its strength times the given one, at most 2.5."""
        return replace(self, strength=min(check_strength("jitter", strength) * self.strength, 2.5))

    def _run(self, images: Tensor, params: Params, raw: list[Tensor] | None = None) -> Tensor:
        """Apply three blends and a shift of the hue; ``raw`` collects values before clipping.

        Each image has its three blends in its own order, and its hue shift after zero to three
        of them. Six blends, each applied to the images that need it, and one hue shift
        therefore cover all orders, and no shape depends on the drawn parameters.
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
    """Apply three blends, of kind 0 (brightness), 1 (contrast) or 2 (saturation) per image."""

    def mix(images: Tensor, kind: Tensor, factor: Tensor) -> Tensor:
        grey = grey_level(images)
        mean = grey.mean(dim=(-3, -2, -1), keepdim=True)
        duller = torch.where(kind == 2, grey, torch.where(kind == 1, mean, 0.0))
        mixed = blend(images, duller, factor)
        if images.shape[1] == 1:  # a grey image does not change, except by rounding
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
    """Gaussian blur, by one of three definitions in use.

    ``3sigma``: a Gaussian kernel of three times the largest sigma on each side, with reflected
    borders, equal to torchvision's ``gaussian_blur`` with a kernel of that size.
    ``23taps``: eleven pixels on each side for any sigma, as in InfoMin (Tian et al., 2020).
    ``pil``: three box blurs with repeated edges, like ``PIL.ImageFilter.GaussianBlur`` with
    this radius but without rounding to 8 bits; MoCo v2 and many versions of SimCLR use it.

    Attributes:
        sigma: Smallest and largest width in pixels; widths are uniform.
        p: Probability that an image is blurred.
        kernel: ``"3sigma"``, ``"23taps"`` or ``"pil"``.
    """

    sigma: tuple[float, float] = (0.1, 2.0)
    p: float = 0.5
    kernel: str = "3sigma"

    def __post_init__(self) -> None:
        """Check the widths and the kernel."""
        check_probability("blur", self.p)
        if not 0 <= self.sigma[0] <= self.sigma[1] <= _WIDEST:
            raise InputError(
                f"blur has sigma={self.sigma}, but expected 0 <= smallest <= largest <= "
                f"{_WIDEST} in pixels."
            )
        if self.kernel not in _KERNELS:
            raise unknown("kernel of blur", str(self.kernel), _KERNELS)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``sigma``, (B,) float32, in pixels; 0 leaves an image unchanged."""
        draws = key.uniform(2)
        sigma = self.sigma[0] + draws[:, 0] * (self.sigma[1] - self.sigma[0])
        return {"sigma": torch.where(draws[:, 1] < self.p, sigma, 0.0)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Blur rows and columns."""
        rows = self._band(params["sigma"], images.shape[-2]).to(images.dtype)[:, None]
        cols = self._band(params["sigma"], images.shape[-1]).to(images.dtype)[:, None]
        return (rows @ images @ cols.transpose(-1, -2)).clamp(0, 1)

    def at(self, strength: float) -> "Blur":
        """Return the view with its sigmas times the strength."""
        times = check_strength("blur", strength)
        low, high = (min(sigma * times, _WIDEST) for sigma in self.sigma)
        return replace(self, sigma=(low, high))

    def _band(self, sigma: Tensor, size: int) -> Tensor:
        if self.kernel == "pil":
            return box_band(sigma, self.sigma[1], size)
        reach = 11 if self.kernel == "23taps" else math.ceil(3 * self.sigma[1])
        return gaussian_band(sigma, reach, size)
