"""Backbones of timm and torchvision, for any number of channels, without classifier.

The libraries are only imported when a backbone is made. Letters: B images, C channels, H and W
pixels, F representation.
"""

import difflib
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from goodviews.core.errors import InputError, unknown
from goodviews.encoders.adapt import Backbone, Size, as_backbone
from goodviews.encoders.weights.channels import spread_channels

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
    size: int,  # noqa: ARG001 - all backbones have this argument
    depth: int = 18,
    stem: str = "small",
    width: float = 1.0,
) -> Backbone:
    """Residual network of timm; its weight names are those of torchvision as well.

    The small stem, for images of 32 to 96 pixels, is a 3 x 3 convolution with stride 1 and
    without max-pooling (Chen et al., 2020, appendix B.9); ``imagenet`` is a 7 x 7 convolution
    with stride 2 and max-pooling. The weights of the last BatchNorm of a residual branch are
    initialised to 1, as in the code of the papers.

    Args:
        channels: Number of channels C of the images.
        size: Smaller side of the images in pixels; not used.
        depth: Number of layers: 18, 34, 50, 101 or 152.
        stem: First layers: ``small`` or ``imagenet``.
        width: Factor of the channels of the four stages, such as 0.5 for each half of a
            colour-split pair (CMC). The stem always has 64, as in the code of the papers.

    Returns:
        Backbone with F = 512 (depth 18, 34) or 2048, times the width.

    Raises:
        InputError: The depth, stem or width is not valid.

    References:
        He et al., 2016, arXiv:1512.03385; halves as in Tian et al., 2020, arXiv:1906.05849.

    Example:
        >>> resnet(channels=2, size=32, depth=18, width=0.5).features
        256
    """
    if depth not in LAYERS:
        known = ", ".join(map(str, LAYERS))
        raise InputError(f"resnet needs one of the depths {known}, but got depth={depth!r}.")
    if stem not in STEMS:
        raise unknown("stem", str(stem), STEMS)
    if not (isinstance(width, int | float) and int(64 * width) >= 1):
        raise InputError(f"resnet needs a factor such as 1 or 0.5, but got width={width!r}.")
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


def timm_backbone(name: str, /, *, channels: int, size: Size, **options: Any) -> Backbone:
    """Make any model of timm as a backbone, without its classifier.

    Args:
        name: Name of the model, as in ``timm.list_models()``.
        channels: Number of channels C of the images.
        size: Side of the images in pixels, or height and width. Models with a fixed size also
            need ``img_size=...``, such as ``(32, 128)``.
        **options: Options of the model, such as ``pretrained=True`` or ``img_size=32``.

    Returns:
        Backbone whose number of features is determined by a dry run.

    Raises:
        InputError: There is no model of this name, or it does not accept such images.

    Example:
        >>> timm_backbone("test_resnet", channels=5, size=32).features
        96
    """
    import timm

    if not timm.is_model(name):
        raise _unknown_model("timm", name, timm.list_models())
    with fetched("timm", name):
        net = timm.create_model(name, in_chans=channels, num_classes=0, **options)
    return as_backbone(net, channels=channels, size=size, name=f"timm({name!r})")


def torchvision_backbone(name: str, /, *, channels: int, size: Size, **options: Any) -> Backbone:
    """Make any classification model of torchvision as a backbone, without its last linear layer.

    Args:
        name: Name of the model, as in ``torchvision.models.list_models()``.
        channels: Number of channels C of the images; if it is not 3, the first convolution is
            replaced: pretrained weights are spread over the channels, by the rule of timm
            (:func:`goodviews.encoders.weights.channels.spread_channels`).
        size: Side of the images in pixels, or height and width.
        **options: Options of the model, such as ``weights="DEFAULT"`` or ``image_size=32``
            for a vision transformer.

    Returns:
        Backbone whose number of features is determined by a dry run.

    Raises:
        InputError: There is no model of this name, its last layer is not linear, or it does
            not accept such images.

    Example:
        >>> torchvision_backbone("mobilenet_v3_small", channels=1, size=32).features
        1024
    """
    import torchvision

    known = torchvision.models.list_models(module=torchvision.models)
    if name not in known:
        raise _unknown_model("torchvision", name, known)
    with fetched("torchvision", name):
        net = torchvision.models.get_model(name, **options)
    last = [path for path, part in net.named_modules() if isinstance(part, nn.Linear)]
    if not last:
        raise InputError(
            f"torchvision({name!r}) has no linear layer at its end to remove; load it in Python "
            f"and pass it to as_backbone."
        )
    net.set_submodule(last[-1], nn.Identity())
    set_channels(net, channels, keep=options.get("weights") is not None)
    return as_backbone(net, channels=channels, size=size, name=f"torchvision({name!r})")


def set_channels(net: nn.Module, channels: int, *, keep: bool) -> None:
    """Replace the first convolution of a network by one for another number of channels.

    Args:
        net: The network, changed in place.
        channels: Number of channels C of the images.
        keep: Whether its weights are worth keeping; otherwise new ones are drawn.

    Example:
        >>> net = nn.Sequential(nn.Conv2d(3, 8, 3))
        >>> grey = net[0].weight.sum(dim=1, keepdim=True)
        >>> set_channels(net, 1, keep=True)
        >>> torch.equal(net[0].weight, grey)
        True
    """
    path, first = next((p, c) for p, c in net.named_modules() if isinstance(c, nn.Conv2d))
    if channels == first.in_channels:
        return
    made = nn.Conv2d(
        channels,
        first.out_channels,
        first.kernel_size,  # type: ignore[arg-type]
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        bias=first.bias is not None,
    )
    if keep:
        with torch.no_grad():
            made.weight.copy_(spread_channels(first.weight, channels))
            if made.bias is not None and first.bias is not None:
                made.bias.copy_(first.bias)
    net.set_submodule(path, made)


@contextmanager
def fetched(library: str, name: str) -> Iterator[None]:
    """Within this block, weights are taken from the cache or downloaded, without vain waiting.

    The hub would retry for a minute where its name cannot be found.

    Raises:
        InputError: The weights can be neither found nor downloaded.
    """
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    host = constants.ENDPOINT.partition("://")[2].partition("/")[0].partition(":")[0]
    if not before and not any(key.lower().endswith("_proxy") for key in os.environ):
        try:
            socket.getaddrinfo(host, 443)
        except OSError:
            constants.HF_HUB_OFFLINE = True
    try:
        yield
    except (OSError, RuntimeError, ValueError) as error:
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(
            f"Cannot make {library}:{name} with its weights ({said[:120].rstrip('. ')}). If they "
            f"cannot be downloaded here, give a file of them, {library}:{name}@FILE."
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = before


def _unknown_model(library: str, name: str, known: Sequence[str]) -> InputError:
    """Make the error for an unknown model; the libraries have too many models to list."""
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    lists = "timm" if library == "timm" else "torchvision.models"
    return InputError(
        f"Unknown {library} backbone {name!r}.{hint} {lists}.list_models() names all {len(known)}."
    )
