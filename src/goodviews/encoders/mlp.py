"""An encoder for vectors: what has no neighbourhoods needs no convolutions.

Letters: B examples, C channels, H and W pixels, F representation.
"""

from torch import Tensor, nn

from goodviews.core.errors import InputError


class Mlp(nn.Sequential):
    """Fully connected layers with batch-norm and ReLU, on all values of an image at once.

    Args:
        channels: C of the images.
        size: Their side in pixels; they must be square.
        width: F, units of every layer.
        depth: Number of layers.
    """

    def __init__(self, *, channels: int, size: int, width: int = 64, depth: int = 2) -> None:
        if not all(isinstance(n, int) and n > 0 for n in (width, depth)):
            raise InputError(
                f"mlp has width={width!r} and depth={depth!r}, but numbers from 1 up are wanted."
            )
        self.inputs, self.features = channels * size**2, width
        layers: list[nn.Module] = []
        for inputs in [self.inputs, *[width] * (depth - 1)]:
            layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
        super().__init__(*layers)

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to representations (B, F)."""
        flat = images.flatten(1)
        if flat.shape[1] != self.inputs:
            raise InputError(
                f"mlp was made for {self.inputs} values per image, but got "
                f"{tuple(images.shape[1:])}: it takes square images of one size."
            )
        return super().forward(flat)
