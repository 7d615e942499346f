"""Conversion of batches from RGB to other colour spaces and back.

Definitions and ranges are those of scikit-image: sRGB primaries, white D65 of the 2 degree
observer, Lab and LUV with L from 0 to 100, YCbCr from 16 to 240, the others near [-1, 1]. Inputs
are RGB in [0, 1]. Results are not clipped, except on the way back where a curve needs it.

Letters: B examples, H and W pixels; the axis of the three channels precedes H and W.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from goodviews.core.errors import InputError, unknown

_Rows = tuple[tuple[float, float, float], ...]

_LUMA = (0.299, 0.587, 0.114)
_YDBDR: _Rows = (_LUMA, (-0.45, -0.883, 1.333), (-1.333, 1.116, 0.217))
_YIQ: _Rows = (
    _LUMA,
    (0.59590059, -0.27455667, -0.32134392),
    (0.21153661, -0.52273617, 0.31119955),
)
_YUV: _Rows = (
    _LUMA,
    (-0.14714119, -0.28886916, 0.43601035),
    (0.61497538, -0.51496512, -0.10001026),
)
_YPBPR: _Rows = (_LUMA, (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))
_YCBCR: _Rows = ((65.481, 128.553, 24.966), (-37.797, -74.203, 112.0), (112.0, -93.786, -18.214))
_STUDIO = (16.0, 128.0, 128.0)
_XYZ: _Rows = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
_WHITE = (0.95047, 1.0, 1.08883)
_STAINS: _Rows = ((0.65, 0.70, 0.29), (0.07, 0.99, 0.11), (0.27, 0.57, 0.78))
"""Absorption of red, green and blue by haematoxylin, eosin and DAB (Ruifrok and Johnston)."""

_LEAST = 1e-6
"""Smallest intensity of light, below which a stain is treated as black."""

_BEND = 0.008856
_SLOPE = 7.787
_KAPPA = 903.3


def from_rgb(images: Tensor, space: str) -> Tensor:
    """Convert RGB to another colour space.

    Args:
        images: (..., 3, H, W) RGB in [0, 1].
        space: Colour space, one of :data:`SPACES`.

    Returns:
        (..., 3, H, W) in the ranges of the space.

    Raises:
        InputError: The space is unknown, or there are not three channels.

    References:
        Definitions as in scikit-image's ``color``; HED: Ruifrok and Johnston, 2001.

    Example:
        >>> from_rgb(torch.ones(3, 1, 1), "ycbcr").flatten()
        tensor([235., 128., 128.])
    """
    return _known(images, space)[0](images)


def to_rgb(images: Tensor, space: str) -> Tensor:
    """Convert another colour space back to RGB.

    XYZ, Lab, LUV, HSV and HED are clipped to [0, 1]; the affine spaces are inverted exactly,
    without clipping. HED loses colours that its stains cannot represent.

    Args:
        images: (..., 3, H, W) from :func:`from_rgb`.
        space: Colour space, one of :data:`SPACES`.

    Returns:
        (..., 3, H, W) RGB.

    Raises:
        InputError: The space is unknown, or there are not three channels.

    Example:
        >>> rgb = torch.full((3, 1, 1), 0.25)
        >>> to_rgb(from_rgb(rgb, "lab"), "lab").flatten()
        tensor([0.2500, 0.2500, 0.2500])
    """
    return _known(images, space)[1](images)


def _known(
    images: Tensor, space: str
) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    if space not in SPACES:
        raise unknown("colour space", str(space), SPACES)
    if images.ndim < 3 or images.shape[-3] != 3:
        raise InputError(
            f"Colour spaces need images (..., 3, H, W), but got {tuple(images.shape)}."
        )
    return SPACES[space]


def _mix(images: Tensor, rows: _Rows | Tensor) -> Tensor:
    matrix = images.new_tensor(rows) if isinstance(rows, tuple) else rows.to(images)
    return torch.einsum("ij,...jhw->...ihw", matrix, images)


def _inverse(rows: _Rows) -> Tensor:
    return torch.linalg.inv(torch.tensor(rows, dtype=torch.float64))


def _column(images: Tensor, values: tuple[float, ...]) -> Tensor:
    return images.new_tensor(values)[:, None, None]


def _affine(
    rows: _Rows, offset: tuple[float, ...] = (0.0, 0.0, 0.0)
) -> tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]:
    back = _inverse(rows)
    return (
        lambda images: _mix(images, rows) + _column(images, offset),
        lambda images: _mix(images - _column(images, offset), back),
    )


def _to_xyz(images: Tensor) -> Tensor:
    curved = ((images.clamp(min=0.04) + 0.055) / 1.055) ** 2.4
    return _mix(torch.where(images > 0.04045, curved, images / 12.92), _XYZ)


def _from_xyz(images: Tensor) -> Tensor:
    linear = _mix(images, _XYZ_BACK)
    curved = 1.055 * linear.clamp(min=0.003) ** (1 / 2.4) - 0.055
    return torch.where(linear > 0.0031308, curved, linear * 12.92).clamp(0, 1)


def _root(values: Tensor) -> Tensor:
    return values.clamp(min=_BEND) ** (1 / 3)


def _to_lab(images: Tensor) -> Tensor:
    part = _to_xyz(images) / _column(images, _WHITE)
    x, y, z = torch.where(part > _BEND, _root(part), _SLOPE * part + 16 / 116).unbind(-3)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=-3)


def _from_lab(images: Tensor) -> Tensor:
    light, a, b = images.unbind(-3)
    y = (light + 16) / 116
    part = torch.stack([y + a / 500, y, (y - b / 200).clamp(min=0)], dim=-3)
    part = torch.where(part > 0.2068966, part**3, (part - 16 / 116) / _SLOPE)
    return _from_xyz(part * _column(images, _WHITE))


def _white_uv() -> tuple[float, float]:
    x, y, z = _WHITE
    return 4 * x / (x + 15 * y + 3 * z), 9 * y / (x + 15 * y + 3 * z)


def _to_luv(images: Tensor) -> Tensor:
    x, y, z = _to_xyz(images).unbind(-3)
    light = torch.where(y > _BEND, 116 * _root(y) - 16, _KAPPA * y)
    below = (x + 15 * y + 3 * z).clamp(min=torch.finfo(images.dtype).tiny)
    u, v = _white_uv()
    return torch.stack(
        [light, 13 * light * (4 * x / below - u), 13 * light * (9 * y / below - v)], dim=-3
    )


def _from_luv(images: Tensor) -> Tensor:
    light, u, v = images.unbind(-3)
    y = torch.where(light > 7.999625, ((light + 16) / 116) ** 3, light / _KAPPA)
    lit = light > 0
    safe = torch.where(lit, 13 * light, 1.0)
    u = torch.where(lit, u / safe, 0.0) + _white_uv()[0]
    v = torch.where(lit, v / safe, 0.0) + _white_uv()[1]
    v = v.clamp(min=torch.finfo(images.dtype).eps)
    x = 9 * u * y / (4 * v)
    return _from_xyz(torch.stack([x, y, (12 - 3 * u - 20 * v) * y / (4 * v)], dim=-3))


def _to_hsv(images: Tensor) -> Tensor:
    red, green, blue = images.unbind(-3)
    value, low = images.amax(dim=-3), images.amin(dim=-3)
    chroma = value - low
    grey = chroma == 0
    safe = torch.where(grey, 1.0, chroma)
    sixth = torch.where(
        value == blue,
        4 + (red - green) / safe,
        torch.where(value == green, 2 + (blue - red) / safe, (green - blue) / safe),
    )
    hue = torch.where(grey, 0.0, (sixth / 6) % 1.0)
    saturation = torch.where(grey, 0.0, chroma / torch.where(value > 0, value, 1.0))
    return torch.stack([hue, saturation, value], dim=-3)


def _from_hsv(images: Tensor) -> Tensor:
    hue, saturation, value = images.unbind(-3)
    made = []
    for offset in (5.0, 3.0, 1.0):
        k = (offset + 6 * hue) % 6
        made.append(value - value * saturation * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.stack(made, dim=-3).clamp(0, 1)


def _to_hed(images: Tensor) -> Tensor:
    share = images.clamp(min=_LEAST).log() / math.log(_LEAST)
    return _mix(share, _STAINS_BACK).clamp(min=0)


def _from_hed(images: Tensor) -> Tensor:
    light = _mix(images, _STAINS_ACROSS) * math.log(_LEAST)
    return light.exp().clamp(0, 1)


def _same(images: Tensor) -> Tensor:
    return images


_XYZ_BACK = _inverse(_XYZ)
_STAINS_ACROSS: _Rows = tuple(zip(*_STAINS, strict=True))
_STAINS_BACK = _inverse(_STAINS_ACROSS)

SPACES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "rgb": (_same, _same),
    "hsv": (_to_hsv, _from_hsv),
    "lab": (_to_lab, _from_lab),
    "luv": (_to_luv, _from_luv),
    "ydbdr": _affine(_YDBDR),
    "yiq": _affine(_YIQ),
    "yuv": _affine(_YUV),
    "ypbpr": _affine(_YPBPR),
    "ycbcr": _affine(_YCBCR, _STUDIO),
    "xyz": (_to_xyz, _from_xyz),
    "hed": (_to_hed, _from_hed),
}
"""Conversions from RGB and back, by the name of the space."""
