"""Backbone with one encoder for each group of channels.

Letters: B images, C channels, H and W pixels, F representation of one encoder.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError


class Halves(nn.Module):
    """Encoders for separate groups of channels of an image (CMC: L and ab, Y and DbDr).

    Args:
        backbones: One module per group, from (B, C of the group, H, W) to (B, F), with its F
            in ``features``.
        groups: Number of channels of each group, in their order in the image.

    Raises:
        InputError: There is not exactly one backbone per group.

    References:
        Tian et al., 2020 (CMC), arXiv:1906.05849: the readout uses the features of both.

    Example:
        >>> from goodviews.encoders import ConvNet
        >>> nets = [ConvNet(channels=c, size=8, width=4) for c in (1, 2)]
        >>> halves = Halves(nets, groups=(1, 2))
        >>> halves(torch.zeros(2, 3, 8, 8)).shape
        torch.Size([2, 16])
    """

    def __init__(self, backbones: Sequence[nn.Module], groups: Sequence[int]) -> None:
        super().__init__()
        if len(backbones) != len(groups) or not groups or min(groups) < 1:
            raise InputError(
                f"Expected one backbone for each group of one or more channels, but got "
                f"{len(backbones)} backbones for groups={tuple(groups)}."
            )
        self.backbones = nn.ModuleList(backbones)
        self.groups = tuple(groups)
        sizes: list[int] = [backbone.features for backbone in backbones]  # type: ignore[misc]
        self.features = sum(sizes)

    def each(self, images: Tensor) -> list[Tensor]:
        """Compute the representation of each group, as the views of a contrastive loss.

        Args:
            images: (B, C, H, W), where C is the sum of the groups.

        Returns:
            Representations (B, F), one per group.

        Raises:
            InputError: C is not the sum of the groups.
        """
        if images.shape[1] != sum(self.groups):
            raise InputError(
                f"Images have {images.shape[1]} channels, but groups={self.groups} need "
                f"{sum(self.groups)}."
            )
        parts = images.split(self.groups, dim=1)
        return [backbone(part) for backbone, part in zip(self.backbones, parts, strict=True)]

    def forward(self, images: Tensor) -> Tensor:
        """Map images (B, C, H, W) to the concatenated representations of all groups."""
        return torch.cat(self.each(images), dim=1)
