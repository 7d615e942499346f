"""Formulas of colour adjustments, each image with its own factor.

All of them are blends with a duller picture: with black for brightness, the mean grey for
contrast, the grey image for saturation, the smoothed one for sharpness. Results are not cut.

Letters: B examples, C channels, H and W pixels.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

_LUMA = (0.2989, 0.587, 0.114)  # as torchvision rounds them
_ROUNDING = 1e-6
"""Less than half a level of 16 bits: this far outside [0, 1] is rounding, not clipping."""


def per_image(values: Tensor, images: Tensor) -> Tensor:
    """(B,) numbers as (B, 1, 1, 1) in the precision of images."""
    return values.to(images.dtype)[:, None, None, None]


def blend(images: Tensor, duller: Tensor | float, factor: Tensor) -> Tensor:
    """``factor`` (B, 1, 1, 1) parts of images (B, C, H, W), the rest duller; 1 leaves them."""
    return factor * images + (1 - factor) * duller


def grey_level(images: Tensor) -> Tensor:
    """(B, 1, H, W), luma (ITU-R BT.601) of three channels, the mean of any other number."""
    if images.shape[1] != 3:
        return images.mean(dim=1, keepdim=True)
    red, green, blue = images.split(1, dim=1)
    return _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue


def brightness(images: Tensor, factor: Tensor) -> Tensor:
    """Images (B, C, H, W) times a factor (B, 1, 1, 1)."""
    return images * factor


def contrast(images: Tensor, factor: Tensor) -> Tensor:
    """Distances from the mean grey of each image times a factor (B, 1, 1, 1)."""
    return blend(images, grey_level(images).mean(dim=(-3, -2, -1), keepdim=True), factor)


def saturation(images: Tensor, factor: Tensor) -> Tensor:
    """Distances from the grey image times a factor (B, 1, 1, 1); one channel stays as it is."""
    return images if images.shape[1] == 1 else blend(images, grey_level(images), factor)


def hue(images: Tensor, shift: Tensor) -> Tensor:
    """Turn the hue of HSV by a share of the circle (B, 1, 1, 1).

    Not a rotation of RGB, so saturation and value stay. One channel has no hue and stays.
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
    # One after the other: built as a tensor, the offsets would be copied to the device.
    channels = []
    for offset in (5.0, 3.0, 1.0):
        k = (offset + 6 * turned) % 6
        channels.append(value - chroma * torch.minimum(k, 4 - k).clamp(0, 1))
    return torch.where(shift == 0, images, torch.stack(channels, dim=1))


def smoothed(images: Tensor) -> Tensor:
    """Images (B, C, H, W) under the 3 x 3 kernel of 1 around 5; the border pixels stay."""
    inner = F.avg_pool2d(images, 3, stride=1) * (9 / 13) + images[..., 1:-1, 1:-1] * (4 / 13)
    left, right = images[..., 1:-1, :1], images[..., 1:-1, -1:]
    middle = torch.cat([left, inner, right], dim=-1)
    return torch.cat([images[..., :1, :], middle, images[..., -1:, :]], dim=-2)


def sharpness(images: Tensor, factor: Tensor) -> Tensor:
    """Distances of images (B, C, H, W) from smoothed ones times a factor; tiny ones stay."""
    if min(images.shape[-2:]) <= 2:
        return images
    return blend(images, smoothed(images), factor)


def only_where(
    on: Tensor, change: Callable[..., Tensor], images: Tensor, *values: Tensor
) -> Tensor:
    """``change(images, *values)`` for the images that are on, the others as they are.

    On a CPU only those are computed. On a device, and when compiled, all are, since sizes that
    depend on data would wait for the device and break the graph; the result is the same.

    Args:
        on: (B,) bool.
        change: From images (B, C, H, W) and tensors of B rows to images of the same shape.
        images: (B, C, H, W).
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
    """Share of values of any shape (...) that lie outside [0, 1] by more than rounding."""
    return ((values < -_ROUNDING) | (values > 1 + _ROUNDING)).double().mean().item()
