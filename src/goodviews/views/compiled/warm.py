"""Compilation of the kernels of views before their first use."""

import torch

from goodviews.views.compiled import available
from goodviews.views.compose import parse_view


def warm_up() -> bool:
    """Compile the kernels, or load them from the disk cache, before they are needed.

    Returns:
        Whether kernels can be used.

    Example:
        >>> warm_up()
        True
    """
    pair = parse_view("crop(size=8)|flip()|jitter()|grey()|blur()")
    images = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    pair(images, seed=0, samples=torch.arange(1), epoch=0)
    return available()
