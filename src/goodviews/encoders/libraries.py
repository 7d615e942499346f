"""Backbones of timm and torchvision: any number of channels, small images, no classifier.

Neither library is loaded before a backbone is made. Letters: B images, C channels, H and W
pixels, F representation.
"""

import difflib
from collections.abc import Sequence
from typing import Any

from torch import nn

from goodviews.core.errors import InputError, unknown
from goodviews.encoders.adapt import Backbone, as_backbone

LAYERS = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
STEMS = ("small", "imagenet")


def resnet(
    *,
    channels: int,
    size: int,  # noqa: ARG001 - what every backbone is called with
    depth: int = 18,
    stem: str = "small",
    width: float = 1.0,
) -> Backbone:
    """Residual network, timm's: the weights go by torchvision's names as well.

    The small stem, for images of 32 to 96 pixels, is one 3 x 3 convolution of stride 1 and no
    max-pool (Chen et al., 2020, appendix B.9); ``imagenet`` is 7 x 7 of stride 2 with it. Last
    BatchNorms of a residual branch start at 1, as in the papers' code.

    Args:
        channels: C of the images.
        size: Their smaller side in pixels; any will do.
        depth: 18, 34, 50, 101 or 152.
        stem: ``small`` or ``imagenet``.
        width: Factor on the channels of the four stages; 0.5 is the half of a colour-split
            pair (CMC). The stem keeps its 64, as in the papers' code.

    Returns:
        Backbone with F = 512 (depth 18, 34) or 2048, times the width.

    Raises:
        InputError: The depth, stem or width is not known.

    References:
        He et al., 2016, arXiv:1512.03385; halves as in Tian et al., 2020, arXiv:1906.05849.

    Example:
        >>> resnet(channels=2, size=32, depth=18, width=0.5).features
        256
    """
    if depth not in LAYERS:
        known = ", ".join(map(str, LAYERS))
        raise InputError(f"resnet has depth={depth!r}, but one of {known} is wanted.")
    if stem not in STEMS:
        raise unknown("stem", str(stem), STEMS)
    if not (isinstance(width, int | float) and int(64 * width) >= 1):
        raise InputError(f"resnet has width={width!r}, but a factor such as 1 or 0.5 is wanted.")
    from timm.models.resnet import BasicBlock, Bottleneck, ResNet

    net = ResNet(
        BasicBlock if depth < 50 else Bottleneck,
        LAYERS[depth],
        num_classes=0,
        in_chans=channels,
        channels=tuple(int(base * width) for base in (64, 128, 256, 512)),
        zero_init_last=False,
    )
    if stem == "small":
        net.conv1 = nn.Conv2d(channels, 64, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(net.conv1.weight, mode="fan_out", nonlinearity="relu")
        net.maxpool = nn.Identity()
    return Backbone(net, net.num_features)


def timm_backbone(name: str, /, *, channels: int, size: int, **options: Any) -> Backbone:
    """Any model of timm without its classifier.

    Args:
        name: As ``timm.list_models()`` writes it.
        channels: C of the images.
        size: Their smaller side in pixels. Models of one size need ``img_size=...`` too.
        **options: Whatever the model takes, such as ``pretrained=True`` or ``img_size=32``.

    Returns:
        Backbone with the F that a dry run finds.

    Raises:
        InputError: No model has this name, or it cannot take such images.

    Example:
        >>> timm_backbone("test_resnet", channels=5, size=32).features
        96
    """
    import timm

    if not timm.is_model(name):
        raise _nobody("timm", name, timm.list_models())
    net = timm.create_model(name, in_chans=channels, num_classes=0, **options)
    return as_backbone(net, channels=channels, size=size, name=f"timm({name!r})")


def torchvision_backbone(name: str, /, *, channels: int, size: int, **options: Any) -> Backbone:
    """Any classification model of torchvision without its last linear layer.

    Args:
        name: As ``torchvision.models.list_models()`` writes it.
        channels: C of the images; for other than 3 the first convolution is made anew.
        size: Their smaller side in pixels.
        **options: Whatever the model takes, such as ``weights="DEFAULT"`` or
            ``image_size=32`` for a vision transformer.

    Returns:
        Backbone with the F that a dry run finds.

    Raises:
        InputError: No model has this name, it has no linear layer at its end, or it cannot
            take such images.

    Example:
        >>> torchvision_backbone("mobilenet_v3_small", channels=1, size=32).features
        1024
    """
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise _nobody("torchvision", name, known)
    net = torchvision.models.get_model(name, **options)
    last = [path for path, part in net.named_modules() if isinstance(part, nn.Linear)]
    if not last:
        raise InputError(
            f"torchvision({name!r}) ends in no linear layer to take off; load it in Python and "
            f"hand it to as_backbone."
        )
    net.set_submodule(last[-1], nn.Identity())
    path, first = next((p, c) for p, c in net.named_modules() if isinstance(c, nn.Conv2d))
    if channels != first.in_channels:
        net.set_submodule(path, _with_channels(first, channels))
    return as_backbone(net, channels=channels, size=size, name=f"torchvision({name!r})")


def _with_channels(conv: nn.Conv2d, channels: int) -> nn.Conv2d:
    """The same convolution for other inputs, with fresh weights."""
    return nn.Conv2d(
        channels,
        conv.out_channels,
        conv.kernel_size,  # type: ignore[arg-type]
        conv.stride,  # type: ignore[arg-type]
        conv.padding,  # type: ignore[arg-type]
        bias=conv.bias is not None,
    )


def _nobody(library: str, name: str, known: Sequence[str]) -> InputError:
    """The error for a model nobody knows; the libraries know too many to list."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    lists = "timm" if library == "timm" else "torchvision.models"
    return InputError(
        f"Unknown {library} backbone {name!r}.{hint} {lists}.list_models() names all {len(known)}."
    )
