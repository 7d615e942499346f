"""Encoders of the two views: one for both, or one for each."""

from collections.abc import Callable, Sequence
from functools import partial
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown
from goodviews.encoders.adapt import Size, sides
from goodviews.encoders.alexnet import AlexNet
from goodviews.encoders.halves import Halves
from goodviews.encoders.heads import build_head
from goodviews.encoders.libraries import resnet, timm_backbone, torchvision_backbone
from goodviews.encoders.mlp import Mlp
from goodviews.encoders.small import ConvNet, Normalise
from goodviews.encoders.sources import without_sources
from goodviews.spec.grammar import parse_spec

BACKBONES: dict[str, Callable[..., nn.Module]] = {
    "alexnet": AlexNet,
    "convnet": ConvNet,
    "halves": lambda **options: _halves(**options),
    "mlp": Mlp,
    "resnet": resnet,
    "resnet18": partial(resnet, depth=18),
    "resnet50": partial(resnet, depth=50),
    "timm": timm_backbone,
    "torchvision": torchvision_backbone,
}
_TAKE_A_NAME = ("timm", "torchvision")
_WHOLE = (*_TAKE_A_NAME, "mlp", "halves")
"""Backbones that are given height and width; all others take any shape with that smaller side."""


class PairEncoder(nn.Module):
    """Backbone and projector of each view; with one of each, they are shared by both views.

    Args:
        backbones: One or two modules from (B, C, H, W) to (B, F), including the normalisation.
        projectors: The same number of modules from (B, F) to (B, D).

    Example:
        >>> v1, v2 = torch.rand(2, 4, 3, 8, 8)
        >>> encoders = build_pair("convnet()", v1, v2, shared=True, head="linear(dim=5)", seed=0)
        >>> z1, z2 = encoders(v1, v2)
        >>> z1.shape, encoders.represent(v1).shape, encoders.shared
        (torch.Size([4, 5]), torch.Size([4, 32]), True)
    """

    def __init__(self, backbones: list[nn.Module], projectors: list[nn.Module]) -> None:
        super().__init__()
        self.backbones = nn.ModuleList(backbones)
        self.projectors = nn.ModuleList(projectors)
        self.made_of: dict[str, Any] = {}

    @property
    def features(self) -> int:
        """Number of features F of one backbone."""
        return int(self.backbones[0][1].features)  # type: ignore[index]

    @property
    def embedding(self) -> int:
        """Embedding dimensions D."""
        return int(self.projectors[0].outputs)  # type: ignore[arg-type]

    @property
    def shared(self) -> bool:
        """Whether both views use the same encoder."""
        return len(self.backbones) == 1

    def forward(self, v1: Tensor, v2: Tensor) -> tuple[Tensor, Tensor]:
        """Embeddings (B, D) of both views; a shared encoder processes them in one batch."""
        if self.shared and v1.shape == v2.shape:
            both = self.projectors[0](self.backbones[0](torch.cat([v1, v2])))
            z1, z2 = both.chunk(2)
            return z1, z2
        return self.embed(0, v1), self.embed(1, v2)

    def embed(self, which: int, view: Tensor) -> Tensor:
        """Embedding (B, D) of view 0 or 1."""
        which = 0 if self.shared else which
        return self.projectors[which](self.backbones[which](view))

    def represent(
        self, images: Tensor, second: Tensor | None = None, *, side: str = "both"
    ) -> Tensor:
        """Representation of unaugmented images.

        Args:
            images: (B, C, H, W), inputs of the first encoder: images in [0, 1], or a part of
                them where views are parts of the image, such as some of its channels.
            second: Inputs of the second encoder, if they are different.
            side: ``both`` to concatenate the representations of both encoders, (B, 2 F);
                ``first`` or ``second`` for one of them. With a shared encoder, all three
                give the same (B, F).
        """
        if side not in ("both", "first", "second"):
            raise unknown("side", side, ["both", "first", "second"])
        if self.shared:
            return self.backbones[0](images)
        forms = (images, images if second is None else second)
        chosen = {"both": (0, 1), "first": (0,), "second": (1,)}[side]
        return torch.cat([self.backbones[which](forms[which]) for which in chosen], dim=1)


def build_backbone(text: str, *, channels: int, size: Size) -> nn.Module:
    """Make a backbone from its spec.

    Args:
        text: Backbone spec, such as ``"convnet(width=16)"``, ``"resnet18(stem='small')"``,
            ``"resnet(depth=50, stem='imagenet')"``, ``"timm('vit_tiny_patch16_224',
            img_size=32)"``, ``"torchvision('resnet18')"``, ``"alexnet(width=0.5)"`` or
            ``"halves(groups=(1, 2))"``. For any other module, use
            :func:`goodviews.encoders.as_backbone`.
        channels: Number of channels C of the views.
        size: Side of the views in pixels, or their height and width.

    Returns:
        Module from (B, C, H, W) to (B, F), with its F in ``features``.

    Raises:
        InputError: The name or an argument is unknown.

    Example:
        >>> build_backbone("convnet(width=16)", channels=1, size=16).features
        64
    """
    calls = parse_spec(text)
    if len(calls) != 1 or (calls[0].args and calls[0].name not in _TAKE_A_NAME):
        raise InputError(
            f"Encoder {text!r} is not one name with named arguments, as convnet(width=16)."
        )
    call = calls[0]
    if call.name not in BACKBONES:
        raise unknown("encoder", call.name, BACKBONES)
    if call.name in _TAKE_A_NAME and [type(value) for value in call.args] != [str]:
        raise InputError(f"Encoder {text!r} names no model; type {call.name}('resnet18').")
    known = [
        name
        for name, option in signature(BACKBONES[call.name]).parameters.items()
        if option.kind is option.KEYWORD_ONLY and name not in ("channels", "size")
    ]
    for name, _ in call.kwargs if known else ():
        if name not in known:
            raise unknown(f"argument of {call.name}", name, known)
    given = size if call.name in _WHOLE else min(sides(size))
    options = {"channels": channels, "size": given, **dict(call.kwargs)}
    try:
        return BACKBONES[call.name](*call.args, **options)
    except TypeError as error:
        raise InputError(f"Encoder {text!r}: {error}.") from error


def build_pair(
    text: str, v1: Tensor, v2: Tensor, *, shared: bool, head: str, seed: int
) -> PairEncoder:
    """Make the encoders for a pair of views; the seed determines the initialisation.

    Args:
        text: Backbone spec.
        v1: (N, C, H, W), first views of some images, to compute channel statistics from.
        v2: (N, C', H', W'), second views of these images.
        shared: Whether both views can use one encoder.
        head: Projector spec.
        seed: Random seed of the run.

    Returns:
        The encoders on the CPU: two if ``shared`` is False or the numbers of channels differ.

    Example:
        >>> luma, chroma = torch.rand(4, 1, 8, 8), torch.rand(4, 2, 8, 8)
        >>> net = "convnet(width=4)"
        >>> encoders = build_pair(net, luma, chroma, shared=False, head="linear(dim=5)", seed=0)
        >>> len(encoders.backbones), encoders.embedding
        (2, 5)
    """
    for view in (v1, v2):
        if view.ndim != 4:
            raise InputError(
                f"Encoders of a pair expect views of shape (B, C, H, W), but got "
                f"{tuple(view.shape)}; stacks of views, such as jigsaw, need another encoder."
            )
    views = [v1] if shared and v1.shape[1] == v2.shape[1] else [v1, v2]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoders = build_empty(
            encoder=text,
            head=head,
            channels=[view.shape[1] for view in views],
            sizes=[_size(view) for view in views],
        )
    for backbone, view in zip(encoders.backbones, views, strict=True):
        backbone[0].learn(view)  # type: ignore[index]
    return encoders


def build_empty(
    *, encoder: str, head: str, channels: Sequence[int], sizes: Sequence[Size]
) -> PairEncoder:
    """Make encoders with the default initialisation of torch.

    Args:
        encoder: Backbone spec.
        head: Projector spec.
        channels: Number of channels C of each view that has its own encoder.
        sizes: Side of each of these views in pixels, or height and width.

    Example:
        >>> made = build_empty(encoder="convnet()", head="linear(dim=5)", channels=[3], sizes=[8])
        >>> made.features, made.embedding
        (32, 5)
    """
    backbones: list[nn.Module] = []
    projectors: list[nn.Module] = []
    for channel, size in zip(channels, sizes, strict=True):
        backbone = build_backbone(encoder, channels=channel, size=size)
        backbones.append(nn.Sequential(Normalise(channel), backbone))
        projectors.append(build_head(head, backbone.features))  # type: ignore[arg-type]
    made = PairEncoder(backbones, projectors)
    made.made_of = {
        "encoder": without_sources(encoder),
        "head": head,
        "channels": list(channels),
        "sizes": list(sizes),
    }
    return made


def _size(view: Tensor) -> Size:
    """The side of square images, the height and width of others."""
    height, width = view.shape[-2:]
    return int(height) if height == width else [int(height), int(width)]


def _halves(
    *,
    channels: int,
    size: Size,
    backbone: str = "resnet(depth=50, width=0.5)",
    groups: tuple[int, ...] = (1, 2),
) -> Halves:
    """Make one backbone per group of channels."""
    if not isinstance(groups, tuple) or sum(groups) != channels:
        raise InputError(
            f"halves has groups={groups!r}, but their sum must be the number of channels: the "
            f"images have {channels} channels."
        )
    return Halves([build_backbone(backbone, channels=c, size=size) for c in groups], groups)
