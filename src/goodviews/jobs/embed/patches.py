"""Patch maps: what a backbone computes at each place of an image, before it is averaged.

Letters: B images, P places in h rows and w columns, F features of each.
"""

from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError


def patch_maps(module: nn.Module, pixels: Tensor) -> Tensor:
    """Output of the last layer of a network that still has places.

    That is a map of features, or the tokens of a transformer without those that stand for the
    whole image (class and register tokens).

    Args:
        module: Pixels (B, C, H, W) to representations (B, F).
        pixels: (B, C, H, W) in [0, 1].

    Returns:
        (B, F, h, w).

    Raises:
        InputError: No layer has places, or their grid is not known.
    """
    last: list[Tensor] = []
    grids: list[tuple[int, int]] = []

    def keep(layer: nn.Module, _: Any, made: Any) -> None:
        if isinstance(grid := getattr(layer, "grid_size", None), tuple | list):
            grids.append((int(grid[0]), int(grid[1])))
        if isinstance(made, Tensor) and len(made) == len(pixels) and _has_places(made):
            last[:] = [made.detach()]

    hooks = [layer.register_forward_hook(keep) for layer in module.modules()]
    try:
        with torch.no_grad():
            module(pixels)
    finally:
        for hook in hooks:
            hook.remove()
    if not last:
        raise InputError("This encoder has no layer with places; leave out --patches.")
    (found,) = last
    if found.ndim == 4:
        return found
    tokens = found.shape[1]
    side = int(tokens**0.5)
    height, width = grids[-1] if grids else (side, side)
    if height * width > tokens:
        raise InputError(
            f"The last layer has {tokens} tokens, but its grid has {height} x {width} places; "
            "leave out --patches."
        )
    places = found[:, tokens - height * width :].transpose(1, 2)
    return places.reshape(*places.shape[:2], height, width)


def _has_places(made: Tensor) -> bool:
    return (made.ndim == 4 and made.shape[2] * made.shape[3] > 1) or (
        made.ndim == 3 and made.shape[1] > 1
    )
