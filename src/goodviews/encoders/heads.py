"""Heads: maps from a representation to the embedding of a loss, without normalisation.

Letters: B images, F representation, D embedding, K prototypes.
"""

import re
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.errors import InputError, unknown
from goodviews.encoders.jigsaw import JigsawHead
from goodviews.encoders.small import Projector
from goodviews.spec.grammar import parse_spec


def projector(features: int, widths: tuple[int, ...]) -> nn.Sequential:
    """Make linear layers of given widths, with BatchNorm and ReLU after all but the last.

    The last layer has no activation, normalisation or bias. Papers write such a projector as
    X-Y-Z.

    Args:
        features: Number of inputs F.
        widths: Number of outputs of each layer; the last is D.

    References:
        Bardes et al., 2022 (VICReg), section 4.2, arXiv:2105.04906.

    Example:
        >>> [type(layer).__name__ for layer in projector(8, (16, 4))]
        ['Linear', 'BatchNorm1d', 'ReLU', 'Linear']
    """
    layers: list[nn.Module] = []
    for width in widths[:-1]:
        layers += [nn.Linear(features, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
        features = width
    return nn.Sequential(*layers, nn.Linear(features, widths[-1], bias=False))


class Prototypes(nn.Module):
    """Scores of embeddings against K learned unit vectors (SwAV).

    Args:
        features: Embedding dimensions D.
        count: Number of prototypes K.

    References:
        Caron et al., 2020, section 3.1, arXiv:2006.09882.

    Example:
        >>> Prototypes(8, count=30)(torch.randn(4, 8)).abs().max() <= 1
        tensor(True)
    """

    def __init__(self, features: int, *, count: int = 3000) -> None:
        super().__init__()
        self.vectors = nn.Parameter(torch.empty(count, features))
        nn.init.normal_(self.vectors)
        self.renormalise()

    @torch.no_grad()
    def renormalise(self) -> None:
        """Normalise the vectors; call it before every step, as in the code of the paper."""
        self.vectors.copy_(F.normalize(self.vectors, dim=1))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Map embeddings (B, D), of any norm, to cosines (B, K)."""
        return F.normalize(embeddings, dim=1) @ self.vectors.T


def _linear(features: int, *, dim: int = 128) -> nn.Module:
    return nn.Linear(features, dim)


def _mlp(features: int, *, dim: int = 128) -> nn.Module:
    layers = nn.Linear(features, features), nn.ReLU(inplace=True), nn.Linear(features, dim)
    return nn.Sequential(*layers)


def _small(features: int, *, dim: int = 64) -> nn.Module:
    return Projector(features, dim)


def _simclr(features: int, *, dim: int = 128, hidden: int | None = None) -> nn.Module:
    hidden = features if hidden is None else hidden
    last = nn.BatchNorm1d(dim)
    last.bias.requires_grad_(False)  # the reference code centres here without a bias
    return nn.Sequential(
        nn.Linear(features, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, dim, bias=False),
        last,
    )


def _simsiam(features: int, *, dim: int = 2048) -> nn.Module:
    layers: list[nn.Module] = []
    for _ in range(2):
        layers += [
            nn.Linear(features, dim, bias=False),
            nn.BatchNorm1d(dim),
            nn.ReLU(inplace=True),
        ]
        features = dim
    last = nn.Linear(dim, dim, bias=False)
    return nn.Sequential(*layers, last, nn.BatchNorm1d(dim, affine=False))


def _predictor(features: int, *, hidden: int = 512) -> nn.Module:
    return nn.Sequential(
        nn.Linear(features, hidden, bias=False),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, features),
    )


def _jigsaw(features: int, *, dim: int = 128, patches: int = 9, kind: str = "linear") -> nn.Module:
    kinds = {"linear": _linear, "mlp": _mlp}
    if kind not in kinds:
        raise unknown("jigsaw kind", str(kind), kinds)
    return JigsawHead(kinds[kind](features, dim=dim), dim=dim, patches=patches)


def _identity(features: int) -> nn.Module:  # noqa: ARG001 - all heads have this signature
    return nn.Identity()


HEADS: dict[str, Callable[..., nn.Module]] = {
    "identity": _identity,
    "jigsaw": _jigsaw,
    "linear": _linear,
    "mlp": _mlp,
    "predictor": _predictor,
    "projector": _small,
    "prototypes": Prototypes,
    "simclr": _simclr,
    "simsiam": _simsiam,
}
_SIZES = ("dim", "hidden", "count", "patches")


def build_head(text: str, features: int) -> nn.Module:
    """Make a head from its spec.

    ========================  ========================================================
    ``linear(dim=128)``       one layer (InstDis, CMC, MoCo, PIRL)
    ``mlp(dim=128)``          F-F, ReLU, F-128, no BatchNorm (MoCo v2, InfoMin)
    ``projector(dim=64)``     F-F, BatchNorm, ReLU, F-64 (default of studies)
    ``simclr(dim=128)``       BatchNorm after both layers, the last without bias
    ``simsiam(dim=2048)``     three layers, BatchNorm after each, the last without affine
    ``8192-8192-2048``        widths; BatchNorm and ReLU after all but the last, which has no
                              bias (VICReg, Barlow Twins; BYOL: ``4096-256``, twice)
    ``predictor(hidden=512)`` D-512, BatchNorm, ReLU, 512-D (SimSiam, BYOL with 4096)
    ``prototypes(count=..)``  :class:`Prototypes` (SwAV)
    ``jigsaw(kind='mlp')``    a linear or mlp head fc1, then fc2 (PIRL, InfoMin)
    ``identity()``            the representation itself
    ========================  ========================================================

    Args:
        text: Name with named arguments, or widths separated by ``-``.
        features: Number of inputs F.

    Returns:
        The head, with its number of outputs D in ``outputs``.

    Raises:
        InputError: The name or an argument is unknown.

    References:
        See each method: Chen et al., 2020, arXiv:2002.05709 and its code; Chen and He, 2021,
        arXiv:2011.10566; Grill et al., 2020, arXiv:2006.07733; heads of InstDis to InfoMin as
        in the code of Tian et al., 2020, arXiv:2005.10243.

    Example:
        >>> build_head("64-64-16", 32).outputs
        16
    """
    if re.fullmatch(r"\s*\d+(\s*-\s*\d+)*\s*", text):
        widths = tuple(map(int, text.split("-")))
        if min(widths) < 1:
            raise InputError(f"Head {text!r} has a layer of width 0: widths must be at least 1.")
        head: nn.Module = projector(features, widths)
    else:
        head = _named(text, features)
    with torch.no_grad():
        shape = (2, head.patches, features) if isinstance(head, JigsawHead) else (2, features)
        modes = {part: part.training for part in head.modules()}
        head.outputs = head.eval()(torch.zeros(shape)).shape[1]
        for part, mode in modes.items():
            part.training = mode
    return head


def _named(text: str, features: int) -> nn.Module:
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            f"Expected a head such as linear(dim=128), with named arguments, or widths such as "
            f"64-16, but got {text!r}."
        )
    given: dict[str, Any] = dict(calls[0].kwargs)
    if calls[0].name not in HEADS:
        raise unknown("head", calls[0].name, HEADS)
    for name, value in given.items():
        if name in _SIZES and not (type(value) is int and value > 0):
            raise InputError(f"Head {text!r} needs a positive integer, but got {name}={value!r}.")
    try:
        return HEADS[calls[0].name](features, **given)
    except TypeError as error:
        raise InputError(f"Head {text!r}: {error}.") from error
