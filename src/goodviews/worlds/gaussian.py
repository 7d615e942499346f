"""Correlated Gaussians: pairs whose information has a closed form.

Letters: B pairs, D dimensions.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_shapes, unknown
from goodviews.core.rng import Key


def _cube_root(y: Tensor) -> Tensor:
    return y.sign() * y.abs().pow(1 / 3)


def _half_cube(y: Tensor) -> Tensor:
    return y * y.abs().sqrt()


def _half_cube_back(y: Tensor) -> Tensor:
    return y.sign() * y.abs().pow(2 / 3)


MAPS: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]] = {
    "identity": (lambda y: y, lambda y: y),
    "cubic": (lambda y: y**3, _cube_root),
    "half_cube": (_half_cube, _half_cube_back),
    "asinh": (torch.asinh, torch.sinh),
}
"""Invertible maps of each coordinate, with their inverses; none changes the information."""


@dataclass(frozen=True)
class CorrelatedGaussian:
    r"""Pairs of standard normal vectors x and y, correlated coordinate by coordinate.

    .. math:: y = \rho x + \sqrt{1 - \rho^2}\, e, \qquad I(x; y) = -\tfrac D2 \log(1 - \rho^2)

    Attributes:
        dim: Number of coordinates D of each view.
        rho: Correlation of coordinate k of x with coordinate k of y, in (-1, 1).
        map: Name of an invertible map that is applied to y, such as ``cubic``.

    References:
        Poole et al., 2019, arXiv:1905.06922; Song and Ermon, 2020, arXiv:1910.06222.

    Example:
        >>> world = CorrelatedGaussian.from_information(2.0, dim=20)
        >>> round(world.rho, 4), round(world.information, 6)
        (0.4258, 2.0)
    """

    dim: int
    rho: float
    map: str = "identity"

    def __post_init__(self) -> None:
        if self.dim < 1 or not -1 < self.rho < 1:
            raise InputError(
                f"CorrelatedGaussian needs dim >= 1 and rho inside (-1, 1), but got "
                f"dim={self.dim} and rho={self.rho}."
            )
        if self.map not in MAPS:
            raise unknown("map", self.map, MAPS)

    @classmethod
    def from_information(
        cls, nats: float, dim: int, *, map: str = "identity"
    ) -> "CorrelatedGaussian":
        """Make the world of ``dim`` dimensions whose views share ``nats`` >= 0."""
        if not (math.isfinite(nats) and nats >= 0 and dim >= 1):
            raise InputError(
                f"Expected nats >= 0 and dim >= 1, but got nats={nats} and dim={dim}."
            )
        return cls(dim, math.sqrt(-math.expm1(-2 * nats / dim)), map)

    @property
    def information(self) -> float:
        """Exact information I(x; y), in nats."""
        return -self.dim / 2 * math.log1p(-self.rho * self.rho)

    def sample(
        self, n: int, generator: torch.Generator, *, dtype: torch.dtype = torch.float64
    ) -> tuple[Tensor, Tensor]:
        """Draw n pairs: x and y, both (n, D), on the generator's device."""
        x, noise = (
            torch.randn(n, self.dim, generator=generator, dtype=dtype, device=generator.device)
            for _ in range(2)
        )
        return self._pair(x, noise)

    def pairs(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor]:
        """Draw the pairs of some examples: x and y, both (B, D) float32.

        Args:
            samples: (B,) integers, indices of the examples; the same index gives the same
                pair in any batch.
            seed: Random seed of the world.
        """
        key = Key.of(seed=seed, samples=samples)
        return self._pair(key.fold(0).normal(self.dim), key.fold(1).normal(self.dim))

    def _pair(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        y = self.rho * x + math.sqrt(1 - self.rho**2) * noise
        return x, MAPS[self.map][0](y)

    def log_ratio(self, x: Tensor, y: Tensor) -> Tensor:
        r"""Scores of the optimal critic: log p(y_j | x_i) - log p(y_j), in nats.

        Args:
            x: (B, D), first views.
            y: (K, D), second views, after the map.

        Returns:
            (B, K), scores; the Jacobian of the map cancels.
        """
        check_shapes("x: B D, y: K D", x, y)
        y = MAPS[self.map][1](y)
        r = self.rho
        squares = r * r * (x.square().sum(1)[:, None] + y.square().sum(1)[None, :])
        return self.information - (squares - 2 * r * x @ y.T) / (2 * (1 - r * r))
