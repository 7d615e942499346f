"""Representations of images from a frozen encoder.

Letters: N images, F representation.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goodviews.data import Images
from goodviews.evaluation.large import room


@torch.no_grad()
def represent(
    images: Images,
    index: np.ndarray,
    embed: Callable[[Tensor, Tensor], Tensor],
    *,
    device: torch.device | None = None,
    batch: int = 1024,
) -> Tensor:
    """Apply a function to images, batch by batch.

    Args:
        images: Dataset.
        index: (N,) indices of the images.
        embed: Function from pixels (B, C, H, W) in [0, 1] and indices (B,) int64 to (B, F), or
            to several representations of each, (B, V, F).
        device: Device of the computation (default: CPU).
        batch: Images per batch.

    Returns:
        (N, F) or (N, V, F) float32 on the CPU, in a file where they are large.

    Example:
        >>> from goodviews.data import load
        >>> represent(load("digits"), np.arange(5), lambda pixels, rows: pixels.flatten(1)).shape
        torch.Size([5, 256])
    """
    device = device or torch.device("cpu")
    made: Tensor | None = None
    for start in range(0, len(index), batch):
        rows = index[start : start + batch]
        part = embed(images.batch(rows, device), torch.from_numpy(rows)).float().cpu()
        if made is None:
            made = room(len(index), *part.shape[1:])
        made[start : start + len(part)] = part
    return torch.zeros(0, 0) if made is None else made
