"""One encoder for each group of channels.

Letters: B images, C channels, H and W pixels, F representation of one encoder.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError


class Halves(nn.Module):
    """Encoders that split the channels of an image between them (CMC: L and ab, Y and DbDr).

    Args:
        backbones: One per group, each (B, C of its group, H, W) to (B, F) with its F in
            ``features``.
        groups: Channels of each group, in their order in the image.

    Raises:
        InputError: Not one backbone per group.

    References:
        Tian et al., 2020 (CMC), arXiv:1906.05849: features of both are joined for the readout.
    """

    def __init__(self, backbones: Sequence[nn.Module], groups: Sequence[int]) -> None:
        super().__init__()
        if len(backbones) != len(groups) or not groups or min(groups) < 1:
            raise InputError(
                f"{len(backbones)} backbones for channel groups {tuple(groups)}: give one "
                f"backbone for each group of one or more channels."
            )
        self.backbones = nn.ModuleList(backbones)
        self.groups = tuple(groups)
        sizes: list[int] = [backbone.features for backbone in backbones]  # type: ignore[misc]
        self.features = sum(sizes)

    def each(self, images: Tensor) -> list[Tensor]:
        """Representation of each group, the views of a contrastive loss.

        Args:
            images: (B, C, H, W), C the sum of the groups.

        Returns:
            One (B, F) per group.

        Raises:
            InputError: The groups do not add up to C.
        """
        if images.shape[1] != sum(self.groups):
            raise InputError(
                f"Images have {images.shape[1]} channels, but groups {self.groups} make "
                f"{sum(self.groups)}."
            )
        parts = images.split(self.groups, dim=1)
        return [backbone(part) for backbone, part in zip(self.backbones, parts, strict=True)]

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) to the representations of all groups side by side."""
        return torch.cat(self.each(images), dim=1)
