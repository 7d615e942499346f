"""Critics: networks that score every pair of an anchor and a candidate.

Each maps x (B, D1) and y (K, D2) to scores (B, K) in nats. Letters: B anchors,
K candidates, D1 and D2 dimensions of the views, E embedding dimensions.
"""

import math
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.errors import check_positive, unknown


def mlp(sizes: list[int], generator: torch.Generator | None) -> nn.Sequential:
    """Linear and ReLU layers with torch's default initialisation, drawn from ``generator``."""
    layers: list[nn.Module] = []
    for size, following in pairwise(sizes):
        layer = nn.Linear(size, following)
        if generator is not None:
            with torch.no_grad():
                for value in (layer.weight, layer.bias):
                    value.uniform_(-(size**-0.5), size**-0.5, generator=generator)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class SeparableCritic(nn.Module):
    r"""Two towers: :math:`T(x, y) = g(x) \cdot h(y)`, with B + K network calls for B K scores.

    Args:
        dim1: Dimensions D1 of x.
        dim2: Dimensions D2 of y.
        hidden: Width of the two hidden layers.
        embed: Embedding dimensions E; they limit the rank of the score matrix.
        generator: Random generator of the initial weights; torch's global one by default.

    References:
        van den Oord et al., 2018; sizes from Poole et al., 2019.

    Example:
        >>> SeparableCritic(3, 5)(torch.zeros(2, 3), torch.zeros(7, 5)).shape
        torch.Size([2, 7])
    """

    def __init__(
        self,
        dim1: int,
        dim2: int,
        *,
        hidden: int = 256,
        embed: int = 32,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.left = mlp([dim1, hidden, hidden, embed], generator)
        self.right = mlp([dim2, hidden, hidden, embed], generator)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scores (B, K)."""
        scores: Tensor = self.left(x) @ self.right(y).T
        return scores


class BilinearCritic(nn.Module):
    r""":math:`T(x, y) = x^\top W y + u \cdot x + w \cdot y + c`: for pretrained embeddings.

    Args:
        dim1: Dimensions D1 of x.
        dim2: Dimensions D2 of y.
        generator: Random generator of the initial weights; torch's global one by default.

    Example:
        >>> BilinearCritic(3, 5)(torch.zeros(2, 3), torch.zeros(7, 5)).shape
        torch.Size([2, 7])
    """

    def __init__(self, dim1: int, dim2: int, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        scale = 1 / math.sqrt(dim1 * dim2)
        self.weight = nn.Parameter(scale * torch.randn(dim1, dim2, generator=generator))
        self.left = nn.Parameter(torch.zeros(dim1))
        self.right = nn.Parameter(torch.zeros(dim2))
        self.offset = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scores (B, K)."""
        return x @ self.weight @ y.T + (x @ self.left)[:, None] + y @ self.right + self.offset


class ConcatenatedCritic(nn.Module):
    r"""One network :math:`T(x, y) = g([x, y])`: the most flexible, with B K network calls.

    Args:
        dim1: Dimensions D1 of x.
        dim2: Dimensions D2 of y.
        hidden: Width of the two hidden layers.
        generator: Random generator of the initial weights; torch's global one by default.

    References:
        Belghazi et al., 2018; sizes from Poole et al., 2019.

    Example:
        >>> ConcatenatedCritic(3, 5)(torch.zeros(2, 3), torch.zeros(7, 5)).shape
        torch.Size([2, 7])
    """

    def __init__(
        self,
        dim1: int,
        dim2: int,
        *,
        hidden: int = 256,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        first, *rest = mlp([dim1 + dim2, hidden, hidden, 1], generator)
        self.first = first
        self.rest = nn.Sequential(*rest)
        self.dim1 = dim1

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scores (B, K). The first layer is computed as one product per view."""
        assert isinstance(self.first, nn.Linear)
        left = F.linear(x, self.first.weight[:, : self.dim1])
        right = F.linear(y, self.first.weight[:, self.dim1 :], self.first.bias)
        scores: Tensor = self.rest(left[:, None] + right[None])
        return scores[..., 0]


class CosineCritic(nn.Module):
    r""":math:`T(x, y) = \cos(x, y) / \tau`: the score that contrastive training uses.

    Scores are within [-1/tau, 1/tau], so the temperature limits InfoNCE to
    log K - log(1 + (K - 1) exp(-2/tau)). Use it for training, and a less restricted critic
    for measuring.

    Args:
        temperature: Temperature tau > 0, dimensionless.
        learn: Whether to fit the temperature too.

    Example:
        >>> CosineCritic(0.5)(torch.eye(2), torch.eye(2)).tolist()
        [[2.0, 0.0], [0.0, 2.0]]
    """

    def __init__(self, temperature: float = 0.1, *, learn: bool = False) -> None:
        super().__init__()
        check_positive("temperature", temperature)
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)), requires_grad=learn)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Scores (B, K)."""
        return F.normalize(x, dim=1) @ F.normalize(y, dim=1).T * self.log_scale.exp()

    def ceiling(self, candidates: int) -> float:
        """Largest value of InfoNCE with K candidates at this temperature, in nats."""
        scale = float(self.log_scale.detach().exp())
        return math.log(candidates) - math.log1p((candidates - 1) * math.exp(-2 * scale))


def critic(name: str, dim1: int, dim2: int, generator: torch.Generator | None = None) -> nn.Module:
    """Make a critic by name: ``separable``, ``concatenated``, ``bilinear`` or ``cosine``.

    Example:
        >>> type(critic("bilinear", 2, 2)).__name__
        'BilinearCritic'
    """
    if name == "separable":
        return SeparableCritic(dim1, dim2, generator=generator)
    if name == "concatenated":
        return ConcatenatedCritic(dim1, dim2, generator=generator)
    if name == "bilinear":
        return BilinearCritic(dim1, dim2, generator=generator)
    if name == "cosine":
        return CosineCritic(learn=True)
    raise unknown("critic", name, ("separable", "concatenated", "bilinear", "cosine"))
