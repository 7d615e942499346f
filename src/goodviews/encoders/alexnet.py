"""AlexNet for small images, and half-width versions of it.

Letters: B images, C channels, H and W pixels, F representation.
"""

from torch import Tensor, nn

from goodviews.core.errors import InputError


class AlexNet(nn.Module):
    """AlexNet: five convolutions and two linear layers, each followed by BatchNorm and ReLU.

    CMC uses one half of AlexNet for each of its two views (48-128-192-192-128, 2048, 2048). The
    papers "tailor" it to patches of 64 pixels without further details; here the first two
    convolutions are 3 x 3 with stride 1, and the last pooling gives 6 x 6 at any size. The
    final layer with 128 outputs is a head: ``linear(dim=128)``.

    Args:
        channels: Number of channels C of the images.
        size: Smaller side of the images in pixels, at least 8.
        width: Factor of the channels of AlexNet: 0.5 for the half above, 1 for the whole.

    Raises:
        InputError: The width leaves a layer without channels, or images are too small.

    References:
        Tian et al., 2020 (CMC), appendix, arXiv:1906.05849. The variant for 64 pixels of Tian
        et al., 2020, arXiv:2005.10243, is not described in detail; this one is defined here.

    Example:
        >>> AlexNet(channels=1, size=64).features
        2048
    """

    def __init__(self, *, channels: int, size: int, width: float = 0.5) -> None:
        super().__init__()
        if not (isinstance(width, int | float) and int(96 * width) >= 1):
            raise InputError(
                f"alexnet needs a positive width, such as 0.5, but got width={width!r}."
            )
        if size < 8:
            raise InputError(f"alexnet needs images of 8 pixels or more, but got {size}.")
        wide = [int(base * width) for base in (96, 256, 384, 384, 256)]
        self.features = int(4096 * width)
        layers: list[nn.Module] = []
        for number, (before, after) in enumerate(zip([channels, *wide], wide, strict=False)):
            layers += [
                nn.Conv2d(before, after, 3, padding=1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(inplace=True),
            ]
            if number < 2:
                layers.append(nn.MaxPool2d(3, stride=2, padding=1))
        layers.append(nn.AdaptiveMaxPool2d(6))
        self.convolutions = nn.Sequential(*layers)
        linear: list[nn.Module] = [nn.Flatten()]
        for inputs in (36 * wide[-1], self.features):
            linear += [
                nn.Linear(inputs, self.features, bias=False),
                nn.BatchNorm1d(self.features),
                nn.ReLU(inplace=True),
            ]
        self.linear = nn.Sequential(*linear)

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, C, H, W) to representations (B, F), the output of ``fc7``."""
        return self.linear(self.convolutions(images))

    def layers(self, images: Tensor) -> dict[str, Tensor]:
        """Layers that the papers evaluate with linear probes.

        Args:
            images: (B, C, H, W), images.

        Returns:
            ``conv5`` (B, 36 times its channels), flattened after pooling, and ``fc7`` (B, F).
        """
        maps = self.convolutions(images)
        return {"conv5": maps.flatten(1), "fc7": self.linear(maps)}
