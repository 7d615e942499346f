"""Use of any module as a backbone: a dry run determines the shape of its output.

Letters: B images, C channels, H and W pixels, F representation.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError


class Backbone(nn.Module):
    """Wrapper of a module that returns features or feature maps.

    Args:
        module: Module from (B, C, H, W) to (B, F), or to feature maps (B, F, h, w), which are
            averaged.
        features: Number of features F.

    Example:
        >>> backbone = Backbone(nn.Conv2d(3, 8, 3), features=8)
        >>> backbone(torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 8])
    """

    def __init__(self, module: nn.Module, features: int) -> None:
        super().__init__()
        self.module = module
        self.features = features

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, C, H, W) to representations (B, F)."""
        out = self.module(images)
        return out.mean(dim=(-2, -1)) if out.ndim == 4 else out


Size = int | Sequence[int]
"""Side of square images in pixels, or height and width."""


def sides(size: Size) -> tuple[int, int]:
    """Height and width of images.

    Example:
        >>> sides(32), sides([32, 128])
        ((32, 32), (32, 128))
    """
    height, width = (size, size) if isinstance(size, int) else size
    return height, width


def as_backbone(
    module: nn.Module, *, channels: int, size: Size, name: str = "this module"
) -> Backbone:
    """Use any module as a backbone, after a dry run with two empty images.

    Weights, running statistics and the mode of each submodule do not change.

    Args:
        module: Module from (B, C, H, W) to (B, F) or (B, F, h, w).
        channels: Number of channels C.
        size: Side of the images of the dry run, or their height and width.
        name: Name of the module in errors.

    Returns:
        The wrapped module with its number of features F in ``features``.

    Raises:
        InputError: The module does not accept such images, or its output has another shape.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(4, 12, 3), nn.ReLU())
        >>> as_backbone(net, channels=4, size=16).features
        12
    """
    modes = {part: part.training for part in module.modules()}
    like = next(module.parameters(), torch.zeros(()))
    height, width = sides(size)
    images = torch.zeros(2, channels, height, width, device=like.device, dtype=like.dtype)
    try:
        with torch.no_grad():
            out = module.eval()(images)
    except (RuntimeError, ValueError, TypeError, AssertionError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{name} cannot take images of {channels} x {height} x {width}: {reason[:200]}."
        ) from error
    finally:
        for part, mode in modes.items():
            part.training = mode
    if not isinstance(out, Tensor) or out.ndim not in (2, 4) or len(out) != 2:
        shape = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise InputError(
            f"Expected {name} to return features (2, F) or maps (2, F, h, w) for 2 images, but "
            f"got {shape}; wrap it in a module that returns one of them."
        )
    return Backbone(module, out.shape[1])
