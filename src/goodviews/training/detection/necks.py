"""The parts between a backbone and a detector: a feature pyramid, or the backbone cut in two.

Letters: B images, R regions, C H W one image, F features of a map, h w a map.
"""

import math
from collections import OrderedDict
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import FeaturePyramidNetwork
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock

from goodviews.core.errors import InputError
from goodviews.encoders.maps import Maps

WIDTH = 256
"""Features of each level of a pyramid by default."""
COARSEST = 64
"""Stride in pixels up to which levels for proposals are added."""


def group_norm(channels: int) -> nn.GroupNorm:
    """A normalisation that does not depend on the batch, in up to 32 groups.

    References:
        Wu and He, 2018, arXiv:1803.08494.

    Example:
        >>> group_norm(48).num_groups
        16
    """
    return nn.GroupNorm(math.gcd(32, channels), channels)


class Pyramid(nn.Module):
    """A feature pyramid network on the maps of a backbone.

    A backbone with a single map, such as a vision transformer, gets a simple pyramid first:
    transposed convolutions for finer maps and max-pooling for coarser ones.

    Args:
        maps: The backbone; of its maps, the coarsest whose strides double are used.
        width: F of each level.

    Attributes:
        strides: Pixels between neighbouring values of each level, proposals included.
        pooled: Number of levels, the first ones, that boxes are pooled from.
        out_channels: F of each level.

    References:
        Lin et al., 2017, arXiv:1612.03144; of a single map, Li et al., 2022, arXiv:2203.16527.

    Example:
        >>> from goodviews.encoders import build_backbone
        >>> net = build_backbone("convnet(width=4)", channels=3, size=64)
        >>> neck = Pyramid(Maps(net, (3, 64, 64)))
        >>> neck.strides, [tuple(one.shape) for one in neck(torch.zeros(1, 3, 64, 64)).values()]
        ((4, 8, 16, 32, 64), [(1, 256, 16, 16), (1, 256, 8, 8), (1, 256, 4, 4), (1, 256, 2, 2), \
(1, 256, 1, 1)])
    """

    def __init__(self, maps: Maps, *, width: int = WIDTH) -> None:
        super().__init__()
        self.maps, self.out_channels = maps, width
        strides, channels = _doubling(maps)
        self.skipped = len(maps.strides) - len(strides)
        self.simple = _Simple(strides[0], channels[0]) if len(strides) == 1 else None
        if self.simple is not None:
            strides, channels = self.simple.strides, self.simple.channels
        self.pooled = len(strides)
        more = max(round(math.log2(COARSEST / strides[-1])), 1)
        self.strides = (*strides, *(strides[-1] * 2 ** (k + 1) for k in range(more)))
        self.fpn = FeaturePyramidNetwork(
            list(channels), width, extra_blocks=_Coarser(more), norm_layer=group_norm
        )

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Levels (B, F, h, w) of images (B, C, H, W) in [0, 1], finest first."""
        levels = self.maps(images)[self.skipped :]
        if self.simple is not None:
            levels = self.simple(levels[0])
        found: dict[str, Tensor] = self.fpn(
            OrderedDict((str(k), one) for k, one in enumerate(levels))
        )
        return found


class Cut(nn.Module):
    """A residual network without its last stage, which becomes the head of boxes (C4).

    Args:
        maps: The backbone, of which :attr:`last` is taken out.
        image: (C, H, W) of the images.

    Attributes:
        strides: Pixels between neighbouring values of the only map.
        out_channels: F of that map.
        last: The last stage, a :class:`LastStage`.

    Raises:
        InputError: The backbone has no stages named as those of residual networks.

    References:
        Ren et al., 2015, arXiv:1506.01497; the split is that of He et al., 2016, arXiv:1512.03385.
    """

    def __init__(self, maps: Maps, image: tuple[int, int, int]) -> None:
        super().__init__()
        net: Any = next(
            (one for one in maps.modules() if hasattr(one, "layer3") and hasattr(one, "layer4")),
            None,
        )
        if net is None:
            raise InputError(
                "neck c4 needs a residual network, whose last stage becomes the head of boxes; "
                "use --neck fpn, or an encoder such as resnet18(stem='imagenet')."
            )
        stage, self.net, self.module = net.layer4, net, maps.module
        net.layer4 = _Nothing(maps.channels[-1])
        like = next(stage.parameters())
        mode = self.training
        self.eval()
        with torch.no_grad():
            found = self(torch.zeros(1, *image, device=like.device))["0"]
        self.train(mode)
        self.out_channels = found.shape[1]
        self.strides = (2 ** round(math.log2(image[1] / found.shape[2])),)
        self.last = LastStage(stage, maps.channels[-1])

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The map (B, F, h, w) of images (B, C, H, W) in [0, 1]."""
        kept: list[Tensor] = []
        handle = self.net.layer3.register_forward_hook(lambda _, __, out: kept.append(out))
        try:
            self.module(images)
        finally:
            handle.remove()
        return OrderedDict({"0": kept[-1]})


class LastStage(nn.Module):
    """The last stage of a residual network on regions, averaged.

    Args:
        stage: From (R, F, h, w) to maps of another F.
        channels: F of these maps.
    """

    def __init__(self, stage: nn.Module, channels: int) -> None:
        super().__init__()
        self.stage, self.channels = stage, channels

    def forward(self, regions: Tensor) -> Tensor:
        """Regions (R, F, h, w) to (R, F)."""
        made: Tensor = self.stage(regions).mean(dim=(2, 3))
        return made


class _Nothing(nn.Module):
    """Zeros, where the last stage was; what comes after it is not used."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels

    def forward(self, maps: Tensor) -> Tensor:
        return maps.new_zeros(len(maps), self.channels, 1, 1)


class _Simple(nn.Module):
    """Maps of strides 4, 8, 16 and 32 from a single one."""

    strides = (4, 8, 16, 32)

    def __init__(self, stride: int, channels: int) -> None:
        super().__init__()
        self.levels = nn.ModuleList()
        made = []
        for target in self.strides:
            parts: list[nn.Module] = []
            wide = channels
            for _ in range(max(round(math.log2(stride / target)), 0)):
                half = max(wide // 2, 1)
                parts += [nn.ConvTranspose2d(wide, half, 2, 2), group_norm(half), nn.GELU()]
                wide = half
            if target > stride:
                parts.append(nn.MaxPool2d(target // stride))
            self.levels.append(nn.Sequential(*parts))
            made.append(wide)
        self.channels = tuple(made)

    def forward(self, one: Tensor) -> list[Tensor]:
        return [level(one) for level in self.levels]


class _Coarser(ExtraFPNBlock):  # type: ignore[misc]
    """Levels for proposals of large objects: every second value of the level before."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(
        self,
        results: list[Tensor],
        x: list[Tensor],  # noqa: ARG002 - what torchvision gives
        names: list[str],
    ) -> tuple[list[Tensor], list[str]]:
        for k in range(self.count):
            results.append(F.max_pool2d(results[-1], 1, 2))
            names.append(f"pool{k}")
        return results, names


def _doubling(maps: Maps) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Strides and channels of the coarsest maps of which each stride is twice the one before."""
    first = len(maps.strides) - 1
    while first and maps.strides[first] == 2 * maps.strides[first - 1]:
        first -= 1
    return maps.strides[first:], maps.channels[first:]
