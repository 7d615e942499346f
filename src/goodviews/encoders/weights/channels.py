"""First convolutions for another number of channels: one rule for every library.

Letters: O outputs, C channels that a weight has, n channels that are needed.
"""

import torch
from torch import Tensor


def spread_channels(weight: Tensor, channels: int) -> Tensor:
    r"""Weights of a first convolution for images with another number of channels.

    A single channel gets the sum over the channels, so that a grey image gives what it gave as a
    colour image with three equal channels. For more channels, the weights are repeated in their
    order and scaled:

    .. math:: w'_{j} = \frac{C}{n} \, w_{j \bmod C}

    which gives equal channels the same response if n is a multiple of C. This is timm's rule for
    its own pretrained weights.

    Args:
        weight: (O, C, h, w).
        channels: n.

    Returns:
        (O, n, h, w); the weight itself if n is C.

    Example:
        >>> spread_channels(torch.ones(1, 3, 1, 1), 1).item()
        3.0
        >>> spread_channels(torch.ones(1, 3, 1, 1), 6).sum().item()
        3.0
    """
    held = weight.shape[1]
    if channels == held:
        return weight
    if channels == 1:
        return weight.sum(dim=1, keepdim=True)
    order = torch.arange(channels, device=weight.device) % held
    return weight[:, order] * (held / channels)
