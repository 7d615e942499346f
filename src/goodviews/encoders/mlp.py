"""Fully connected encoder, for vectors and other data without spatial structure.

Letters: B examples, C channels, H and W pixels, F representation.
"""

from math import prod

from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.encoders.adapt import Size, sides


class Mlp(nn.Sequential):
    """Fully connected layers with batch-norm and ReLU, applied to all values of an image.

    Args:
        channels: Number of channels C of the images.
        size: Side of the images in pixels, or their height and width; they must have one size.
        width: Number of units of every layer, which is also F.
        depth: Number of layers.

    Example:
        >>> import torch
        >>> Mlp(channels=24, size=1, width=16)(torch.zeros(2, 24, 1, 1)).shape
        torch.Size([2, 16])
    """

    def __init__(self, *, channels: int, size: Size, width: int = 64, depth: int = 2) -> None:
        if not all(isinstance(n, int) and n > 0 for n in (width, depth)):
            raise InputError(
                f"mlp needs width >= 1 and depth >= 1, but got width={width!r} and "
                f"depth={depth!r}."
            )
        self.inputs, self.features = channels * prod(sides(size)), width
        layers: list[nn.Module] = []
        for inputs in [self.inputs, *[width] * (depth - 1)]:
            layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
        super().__init__(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, C, H, W) to representations (B, F)."""
        flat = images.flatten(1)
        if flat.shape[1] != self.inputs:
            raise InputError(
                f"mlp expects {self.inputs} values per image, but got images of shape "
                f"{tuple(images.shape[1:])}: it needs images of one size."
            )
        return super().forward(flat)  # type: ignore[no-untyped-call]  # torch's has no types
