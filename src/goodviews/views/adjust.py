"""Formulas of colour adjustments, with a factor for each image.

Most of them blend the image with another one: black for brightness, the mean grey for contrast,
the grey image for saturation, the smoothed image for sharpness. Results are not clipped.

Letters: B examples, C channels, H and W pixels.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (0.2989, 0.587, 0.114)  # rounded as in torchvision
_ROUNDING = 1e-6
"""Less than half a level of 16 bits; values this close to [0, 1] are not counted as clipped."""


def factor_range(amount: float) -> tuple[float, float]:
    """Centre and half width of the factors uniform from max(0, 1 - amount) to 1 + amount.

    Example:
        >>> factor_range(0.4), factor_range(2.0)
        ((1.0, 0.4), (1.5, 1.5))
    """
    return max(1.0, (1 + amount) / 2), min(amount, (1 + amount) / 2)


def per_image(values: Tensor, images: Tensor) -> Tensor:
    """Reshape (B,) numbers to (B, 1, 1, 1), in the precision of the images."""
    return values.to(images.dtype)[:, None, None, None]


def blend(images: Tensor, duller: Tensor | float, factor: Tensor) -> Tensor:
    """Blend images (B, C, H, W), weight ``factor`` (B, 1, 1, 1), with ``duller`` ones."""
    return factor * images + (1 - factor) * duller


def grey_level(images: Tensor) -> Tensor:
    """Grey image (B, 1, H, W): luma (ITU-R BT.601) of three channels, else the channel mean."""
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    red, green, blue = images.split(1, dim=1)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply images (B, C, H, W) by a factor (B, 1, 1, 1)."""
    return images * factor


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply differences from the mean grey of each image by a factor (B, 1, 1, 1)."""
    return blend(images, grey_level(images).mean(dim=(-3, -2, -1), keepdim=True), factor)


def saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply differences from the grey image by a factor (B, 1, 1, 1), unless C = 1."""
    return images if images.shape[1] == 1 else blend(images, grey_level(images), factor)


def hue(images: Tensor, shift: Tensor) -> Tensor:
    """Shift the hue of HSV by a fraction of the circle (B, 1, 1, 1).

    Saturation and value do not change. Images of one channel do not change.
    """
    if images.shape[1] == 1:
        return images
    value, place = images.max(dim=1)
    chroma = value - images.amin(dim=1)
    safe = torch.where(chroma > 0, chroma, 1.0)
    red, green, blue = images.unbind(1)
    sixth = torch.where(
        place == 0,
        ((green - blue) / safe) % 6,
        torch.where(place == 1, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    turned = (sixth / 6 + shift[:, 0]) % 1.0
    # Offsets are Python numbers: as a tensor, they would be copied to the device.
    channels = []
    for offset in (5.0, 3.0, 1.0):
        k = (offset + 6 * turned) % 6
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.where(shift == 0, images, torch.stack(channels, dim=1))


def smoothed(images: Tensor) -> Tensor:
    """Smooth images (B, C, H, W) with the 3 x 3 kernel of 5 and 1s; borders do not change."""
    inner = F.avg_pool2d(images, 3, stride=1) * (9 / 13) + images[..., 1:-1, 1:-1] * (4 / 13)
    left, right = images[..., 1:-1, :1], images[..., 1:-1, -1:]
    middle = torch.cat([left, inner, right], dim=-1)
    return torch.cat([images[..., :1, :], middle, images[..., -1:, :]], dim=-2)


def sharpness(images: Tensor, factor: Tensor) -> Tensor:
    """Multiply differences of images (B, C, H, W) from smoothed ones; tiny images stay."""
    if min(images.shape[-2:]) <= 2:
        return images
    return blend(images, smoothed(images), factor)


def only_where(
    on: Tensor, change: Callable[..., Tensor], images: Tensor, *values: Tensor
) -> Tensor:
    """Apply ``change(images, *values)`` to the images where ``on`` is true.

    On a CPU, only these are computed. On a device, and when compiled, all are computed, because
    shapes that depend on data would synchronise with the device and break the graph.

    Args:
        on: (B,) bool, whether each image is changed.
        change: Function of images (B, C, H, W) and tensors of B rows that returns images of
            the same shape.
        images: (B, C, H, W), images.
        *values: Tensors whose first axis is B.
    """
    if torch.compiler.is_compiling() or images.device.type != "cpu":
        return torch.where(on[:, None, None, None], change(images, *values), images)
    (place,) = on.nonzero(as_tuple=True)
    if len(place) == 0:
        return images
    changed = change(images[place], *(value[place] for value in values))
    return images.index_copy(0, place, changed)


def outside(values: Tensor) -> float:
    """Share of values, of any shape (...), that are outside [0, 1] by more than rounding."""
    return ((values < -_ROUNDING) | (values > 1 + _ROUNDING)).double().mean().item()
