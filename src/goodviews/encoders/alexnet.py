"""AlexNet for small images, and its halves.

Letters: B images, C channels, H and W pixels, F representation.
"""

from torch import Tensor, nn

from goodviews.core.errors import InputError


class AlexNet(nn.Module):
    """Five convolutions and two linear layers, BatchNorm and ReLU after each.

    CMC gives each of its two views one half of AlexNet (48-128-192-192-128, 2048, 2048). For
    patches of 64 pixels the papers "tailor" it and do not say how; here the two first
    convolutions become 3 x 3 of stride 1, and the last pooling gives 6 x 6 at any size. The
    128 outputs that follow are a head: ``linear(dim=128)``.

    Args:
        channels: C of the images.
        size: Their smaller side in pixels; any from 8 up.
        width: Share of AlexNet's channels: 0.5 is the half above, 1 the whole.

    Raises:
        InputError: The width leaves a layer without channels, or images are too small.

    References:
        Tian et al., 2020 (CMC), appendix, arXiv:1906.05849; the variant for 64 pixels in Tian
        et al., 2020, arXiv:2005.10243, is not given in detail: ours.

    Example:
        >>> AlexNet(channels=1, size=64).features
        2048
    """

    def __init__(self, *, channels: int, size: int, width: float = 0.5) -> None:
        super().__init__()
        if not (isinstance(width, int | float) and int(96 * width) >= 1):
            raise InputError(f"alexnet has width={width!r}, but a share such as 0.5 is wanted.")
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
        """(B, C, H, W) to representations (B, F), those after ``fc7``."""
        return self.linear(self.convolutions(images))

    def layers(self, images: Tensor) -> dict[str, Tensor]:
        """What the papers probe.

        Args:
            images: (B, C, H, W).

        Returns:
            ``conv5`` (B, 36 times its channels), flattened after pooling, and ``fc7`` (B, F).
        """
        maps = self.convolutions(images)
        return {"conv5": maps.flatten(1), "fc7": self.linear(maps)}
