"""Matrices that blur along one axis, with Gaussian or box taps and a rule for the border.

A blurred image is ``rows @ image @ columns.T``, exact for any number of channels.

Letters: B examples, K kernel taps, S pixels of a line.
"""

import math

import torch
from torch import Tensor

_PASSES = 3
"""Number of box blurs in the Gaussian blur of PIL."""


def gaussian_taps(sigma: Tensor, reach: int) -> Tensor:
    """Weights of the kernel of each image, (B, 2 reach + 1) float32, whose rows sum to 1.

    Args:
        sigma: (B,), widths in pixels; at 0, all the weight is in the centre.
        reach: Number of pixels on each side.
    """
    offsets = torch.arange(-reach, reach + 1, device=sigma.device, dtype=torch.float32)
    width = sigma[:, None].clamp(min=1e-3)
    return (-0.5 * (offsets / width) ** 2).softmax(dim=1)


def gaussian_band(sigma: Tensor, reach: int, size: int) -> Tensor:
    """Matrix (B, S, S) that blurs a line of S pixels, reflected without repeating the edge."""
    places = _places(reach, size, sigma.device)
    period = max(2 * (size - 1), 1)
    places = (places % period + period) % period
    return _band(gaussian_taps(sigma, reach), torch.where(places >= size, period - places, places))


def box_band(sigma: Tensor, largest: float, size: int) -> Tensor:
    """Matrix (B, S, S) of the Gaussian blur of PIL: three box blurs with repeated edges.

    The box has a fractional radius, so that three passes have the variance of the Gaussian
    (Gwosdek et al., 2011, "Theoretical foundations of Gaussian convolution by extended box
    filtering"). PIL also rounds to 8 bits after each pass; this function does not.

    Args:
        sigma: (B,), widths in pixels, the ``radius`` of PIL.
        largest: Upper limit of all sigmas.
        size: Number of pixels S of the line.
    """
    variance = sigma**2 / _PASSES
    whole = (((12 * variance + 1).sqrt() - 1) / 2).floor()
    excess = (2 * whole + 1) * (3 * variance - whole * (whole + 1))
    part = excess / (6 * ((whole + 1) ** 2 - variance))
    reach = math.ceil((math.sqrt(4 * largest**2 + 1) - 1) / 2) + 1
    offsets = torch.arange(-reach, reach + 1, device=sigma.device).abs()[None]
    inside = (offsets <= whole[:, None]).float()
    at_edge = (offsets == whole[:, None] + 1).float()
    taps = (inside + part[:, None] * at_edge) / (2 * (whole + part) + 1)[:, None]
    once = _band(taps, _places(reach, size, sigma.device).clamp(0, size - 1))
    return once @ once @ once


def _places(reach: int, size: int, device: torch.device) -> Tensor:
    """Index (S, K) of the pixel of each tap of each output, which can be beyond the ends."""
    ends = torch.arange(size, device=device)[:, None]
    return ends + torch.arange(-reach, reach + 1, device=device)[None]


def _band(taps_BK: Tensor, places_SK: Tensor) -> Tensor:
    size = len(places_SK)
    index = places_SK[None].expand(len(taps_BK), -1, -1)
    band = taps_BK.new_zeros(len(taps_BK), size, size)
    return band.scatter_add_(2, index, taps_BK[:, None, :].expand(-1, size, -1))
