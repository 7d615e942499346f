"""Any module as a backbone: what it makes of an image is found by a dry run.

Letters: B images, C channels, H and W pixels, F representation.
"""

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError


class Backbone(nn.Module):
    """A module that ends in features, with their number.

    Args:
        module: (B, C, H, W) to (B, F), or to maps (B, F, h, w), of which the mean is taken.
        features: F.
    """

    def __init__(self, module: nn.Module, features: int) -> None:
        super().__init__()
        self.module = module
        self.features = features

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to representations (B, F)."""
        out = self.module(images)
        return out.mean(dim=(-2, -1)) if out.ndim == 4 else out


def as_backbone(
    module: nn.Module, *, channels: int, size: int, name: str = "this module"
) -> Backbone:
    """Take a module of anyone's as a backbone; two empty images are sent through it.

    Weights, running statistics and the mode of each part stay as they were.

    Args:
        module: (B, C, H, W) to (B, F) or (B, F, h, w).
        channels: C.
        size: H and W of the dry run.
        name: What an error calls it.

    Returns:
        The module with its F in ``features``.

    Raises:
        InputError: It cannot take such images, or gives back something else.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(4, 12, 3), nn.ReLU())
        >>> as_backbone(net, channels=4, size=16).features
        12
    """
    modes = {part: part.training for part in module.modules()}
    like = next(module.parameters(), torch.zeros(()))
    images = torch.zeros(2, channels, size, size, device=like.device, dtype=like.dtype)
    try:
        with torch.no_grad():
            out = module.eval()(images)
    except (RuntimeError, ValueError, TypeError, AssertionError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"{name} cannot take images of {channels} x {size} x {size}: {reason[:200]}."
        ) from error
    finally:
        for part, mode in modes.items():
            part.training = mode
    if not isinstance(out, Tensor) or out.ndim not in (2, 4) or len(out) != 2:
        shape = tuple(out.shape) if isinstance(out, Tensor) else type(out).__name__
        raise InputError(
            f"{name} makes {shape} of 2 images, but features (2, F) or maps (2, F, h, w) are "
            f"wanted; wrap it so that it ends in them."
        )
    return Backbone(module, out.shape[1])
