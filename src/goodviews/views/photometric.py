"""Views that change values: noise, grey, jitter, blur.

Letters: B examples, C channels, H and W pixels, K kernel taps.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from goodviews.core.checks import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View, check_probability

__all__ = ["Blur", "Grey", "Jitter", "Noise"]

_WIDEST = 1000
_LUMA = (0.2989, 0.587, 0.114)  # as torchvision rounds them


@dataclass(frozen=True, repr=False)
class Noise(View):
    """Independent Gaussian noise on every value, cut to [0, 1]."""

    name: ClassVar[str] = "noise"
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
        return _outside(self._raw(images, params))

    def _raw(self, images: Tensor, params: Params) -> Tensor:
        field = Key(params["word"]).normal(images[0].numel()).view_as(images)
        return images + self.std * field.to(images.dtype)


@dataclass(frozen=True, repr=False)
class Grey(View):
    """Without colour, with a probability: luma for three channels, the mean for others."""

    name: ClassVar[str] = "grey"
    p: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what is no probability."""
        check_probability("grey", self.p)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``greyed``, (B,) bool."""
        return {"greyed": key.uniform(1)[:, 0] < self.p}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Replace every channel by the grey value."""
        level = _grey(images).expand_as(images)
        return torch.where(params["greyed"][:, None, None, None], level, images)


@dataclass(frozen=True, repr=False)
class Jitter(View):
    """Brightness, contrast, saturation and hue, in an order drawn per image.

    With strength s: factors from 1 - 0.8 s to 1 + 0.8 s (not below 0) and a hue shift up to
    0.2 s of the circle (Chen et al., 2020); values are cut to [0, 1] after every step. On
    one channel, saturation and hue do nothing.

    Attributes:
        strength: s, from 0 (nothing) to 2.5, where the hue shift reaches its limit 0.5.
        p: Probability that an image is changed at all.
    """

    name: ClassVar[str] = "jitter"
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
        return self._run(images, params)[0]

    def clipped(self, images: Tensor, params: Params) -> float:
        """Share of values cut at any of the steps, added up."""
        return self._run(images, params)[1]

    def _run(self, images: Tensor, params: Params) -> tuple[Tensor, float]:
        out, cut = images.clone(), 0.0
        for turn in range(4):
            due = torch.where(params["on"], params["order"][:, turn], -1)
            for number, (name, change) in enumerate(_CHANGES.items()):
                if images.shape[1] == 1 and name in ("saturation", "hue"):
                    continue
                (where,) = (due == number).nonzero(as_tuple=True)
                if len(where):
                    factor = params[name][where][:, None, None, None].to(images.dtype)
                    raw = change(out[where], factor)
                    cut += _outside(raw) * len(where) / len(images)
                    out[where] = raw.clamp(0, 1)
        return out, cut


@dataclass(frozen=True, repr=False)
class Blur(View):
    """Gaussian blur, reflected at the border; the kernel covers three sigma to each side.

    Attributes:
        sigma: Smallest and largest width in pixels, uniform.
        p: Probability that an image is blurred.
    """

    name: ClassVar[str] = "blur"
    sigma: tuple[float, float] = (0.1, 2.0)
    p: float = 0.5

    def __post_init__(self) -> None:
        """Refuse widths below zero."""
        check_probability("blur", self.p)
        if not 0 <= self.sigma[0] <= self.sigma[1] <= _WIDEST:
            raise InputError(
                f"blur has sigma={self.sigma}, but 0 <= smallest <= largest <= {_WIDEST} "
                f"in pixels is wanted."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``sigma``, (B,) float32, in pixels; 0 where the image stays sharp."""
        draws = key.uniform(2)
        sigma = self.sigma[0] + draws[:, 0] * (self.sigma[1] - self.sigma[0])
        return {"sigma": torch.where(draws[:, 1] < self.p, sigma, 0.0)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Blur rows and columns."""
        reach = math.ceil(3 * self.sigma[1])
        offsets = torch.arange(-reach, reach + 1, device=images.device, dtype=torch.float32)
        sigma = params["sigma"][:, None].clamp(min=1e-3)
        taps_BK = (-0.5 * (offsets / sigma) ** 2).softmax(dim=1).to(images.dtype)
        rows = _band(taps_BK, images.shape[-2])[:, None]
        cols = _band(taps_BK, images.shape[-1])[:, None]
        return rows @ images @ cols.transpose(-1, -2)


def _band(taps_BK: Tensor, size: int) -> Tensor:
    """(B, size, size) matrix that filters a line, reflected at its ends without repeating them."""
    reach = taps_BK.shape[1] // 2
    places = torch.arange(size, device=taps_BK.device)[:, None]
    source = places + torch.arange(-reach, reach + 1, device=taps_BK.device)[None]
    period = max(2 * (size - 1), 1)
    source = (source % period + period) % period
    source = torch.where(source >= size, period - source, source)
    band = taps_BK.new_zeros(len(taps_BK), size, size)
    index = source[None].expand(len(taps_BK), -1, -1)
    return band.scatter_add_(2, index, taps_BK[:, None, :].expand(-1, size, -1))


def _grey(images: Tensor) -> Tensor:
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    luma = images.new_tensor(_LUMA)
    return (images * luma[:, None, None]).sum(dim=1, keepdim=True)


def _outside(values: Tensor) -> float:
    return ((values < 0) | (values > 1)).double().mean().item()


def _brightness(images: Tensor, factor: Tensor) -> Tensor:
    return images * factor


def _contrast(images: Tensor, factor: Tensor) -> Tensor:
    pivot = _grey(images).mean(dim=(-3, -2, -1), keepdim=True)
    return pivot + factor * (images - pivot)


def _saturation(images: Tensor, factor: Tensor) -> Tensor:
    level = _grey(images)
    return level + factor * (images - level)


def _hue(images: Tensor, shift: Tensor) -> Tensor:
    """Turn the hue of HSV: not a rotation of RGB, so saturation and value stay."""
    value, place = images.max(dim=1)
    low = images.min(dim=1).values
    chroma = value - low
    safe = torch.where(chroma > 0, chroma, 1.0)
    red, green, blue = images.unbind(1)
    sixth = torch.where(
        place == 0,
        ((green - blue) / safe) % 6,
        torch.where(place == 1, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue = (sixth / 6 + shift[:, 0]) % 1.0
    offsets = images.new_tensor([5.0, 3.0, 1.0])[None, :, None, None]
    k = (offsets + 6 * hue[:, None]) % 6
    return value[:, None] - chroma[:, None] * torch.minimum(k, 4 - k).clamp(0, 1)


_CHANGES = {
    "brightness": _brightness,
    "contrast": _contrast,
    "saturation": _saturation,
    "hue": _hue,
}
