"""Small encoders that train in seconds on a CPU.

Letters: B examples, C channels, H and W pixels, F representation, D embedding.
"""

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown


class Normalise(nn.Module):
    """Normalisation of each channel of the views by its mean and standard deviation.

    Args:
        channels: Number of channels C.

    Example:
        >>> normalise = Normalise(1)
        >>> normalise.learn(torch.tensor([0.0, 1.0, 2.0]).reshape(3, 1, 1, 1))
        >>> normalise(torch.ones(1, 1, 1, 1)).item()
        0.0
    """

    mean: Tensor
    std: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels, 1, 1))
        self.register_buffer("std", torch.ones(channels, 1, 1))

    @torch.no_grad()
    def learn(self, images: Tensor) -> None:
        """Store the channel statistics of images (N, C, H, W), deviations at least 1/255."""
        self.mean.copy_(images.mean(dim=(0, 2, 3))[:, None, None])
        spread = torch.std(images, dim=(0, 2, 3)).clamp(min=1 / 255)
        self.std.copy_(spread[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """Normalise images (B, C, H, W)."""
        return (images - self.mean) / self.std


class ConvNet(nn.Module):
    """Convolutions that halve the image until it is 4 to 7 pixels wide, and a global mean.

    Args:
        channels: Number of channels C of the images.
        size: Smaller side of the images in pixels, which determines the depth: 3 layers at 16,
            4 at 32.
        width: Number of channels of the first layer, doubled in each further layer, up to 8
            times ``width``.
        stem: ``"pixels"``, or ``"patches"`` to replace the first two layers by one: patches of 4
            x 4 pixels, 2 apart, in ``2 * width`` channels. It costs less than half the time, for
            images of at least 16 pixels.

    Raises:
        InputError: The width is not a positive integer, or the stem is unknown or does not fit.

    Example:
        >>> net = ConvNet(channels=3, size=16, width=8)
        >>> net(torch.zeros(2, 3, 16, 16)).shape, net.features
        (torch.Size([2, 32]), 32)
    """

    def __init__(self, *, channels: int, size: int, width: int = 16, stem: str = "pixels") -> None:
        super().__init__()
        if not (isinstance(width, int) and width > 0):
            raise InputError(f"convnet needs a positive integer, but got width={width!r}.")
        if stem not in ("pixels", "patches"):
            raise unknown("stem of convnet", str(stem), ["pixels", "patches"])
        if stem == "patches" and size < 16:
            raise InputError(
                f"convnet(stem='patches') needs images of at least 16 pixels, but got {size}; "
                f"take stem='pixels'."
            )
        layers: list[nn.Module] = []
        wide, kernel = width, {"kernel_size": 3, "stride": 1, "padding": 1}
        if stem == "patches":
            size, wide = size // 2, 2 * width
            kernel = {"kernel_size": 4, "stride": 2, "padding": 1}
        while True:
            layers += [
                nn.Conv2d(channels, wide, bias=False, **kernel),  # type: ignore[arg-type]
                nn.BatchNorm2d(wide),
                nn.ReLU(inplace=True),
            ]
            if size < 8:
                break
            layers.append(nn.MaxPool2d(2))
            size, channels, wide = size // 2, wide, min(2 * wide, 8 * width)
            kernel = {"kernel_size": 3, "stride": 1, "padding": 1}
        self.layers = nn.Sequential(*layers)
        self.features = wide

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, C, H, W) to representations (B, F)."""
        return self.layers(images).mean(dim=(-2, -1))


class Projector(nn.Sequential):
    """Projector from representation to embedding: linear, batch-norm, ReLU, linear.

    Args:
        features: Number of features F.
        embedding: Embedding dimensions D.

    Example:
        >>> Projector(32, 8)(torch.randn(4, 32)).shape
        torch.Size([4, 8])
    """

    def __init__(self, features: int, embedding: int) -> None:
        super().__init__(
            nn.Linear(features, features, bias=False),
            nn.BatchNorm1d(features),
            nn.ReLU(inplace=True),
            nn.Linear(features, embedding),
        )
