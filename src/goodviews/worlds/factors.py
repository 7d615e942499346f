"""Worlds made of factors: every example is rendered from a few known, independent causes.

Letters: B examples, F factors, C channels, H and W pixels.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, unknown
from goodviews.core.rng import Key

_FACTORS, _FLAW = 11, 12
"""Parts of an example's random key: its factors, and the random choices of rendering."""


class FactorWorld(ABC):
    """Abstract base of worlds: independent uniform factors and images that show them.

    Rendering is faithful: every factor is a function of the image, which each world's tests
    verify by decoding. The information between an image and any set of its factors is
    therefore the entropy of these factors.

    Example:
        >>> from goodviews.worlds.vectors import Vectors
        >>> world = Vectors()
        >>> isinstance(world, FactorWorld), world.shape, round(world.entropy(["task"]), 3)
        (True, (24, 1, 1), 1.386)
        >>> images, values = world.sample(torch.arange(5), seed=0)
        >>> images.shape, values.shape == (5, len(world.factors))
        (torch.Size([5, 24, 1, 1]), True)
    """

    @property
    @abstractmethod
    def factors(self) -> Mapping[str, int]:
        """Name and number of values of each factor, in the order of the columns of values."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """Shape of an image, (C, H, W)."""

    @abstractmethod
    def render(self, values: Tensor, key: Key) -> Tensor:
        """Render factors as images.

        Args:
            values: (B, F) int64, value of each factor, in the order of :attr:`factors`.
            key: Random key with one word per image, for what is random besides the factors.

        Returns:
            (B, C, H, W) float32 in [0, 1].
        """

    def draw(self, samples: Tensor, *, seed: int, view: int = 0) -> Tensor:
        """Draw factors, each uniform and independent of the others.

        Args:
            samples: (B,) integers, indices of the examples.
            seed: Random seed of the world.
            view: Number of the draw; each number gives another draw for the same examples.

        Returns:
            (B, F) int64; the same sample, seed and view give the same row in any batch.
        """
        key = Key.of(seed=seed, samples=samples, view=view).fold(_FACTORS)
        sizes = torch.tensor(list(self.factors.values()), device=samples.device)
        return (key.uniform(len(sizes)).double() * sizes).long()

    def sample(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor]:
        """Draw examples and render them.

        Args:
            samples: (B,) integers, indices of the examples.
            seed: Random seed of the world.

        Returns:
            Images (B, C, H, W) float32 in [0, 1], and their factors (B, F) int64.
        """
        values = self.draw(samples, seed=seed)
        return self.render(values, self.flaw(samples, seed=seed)), values

    def flaw(self, samples: Tensor, *, seed: int, view: int = 0) -> Key:
        """Random key that :meth:`render` takes for some examples and one of their views."""
        return Key.of(seed=seed, samples=samples, view=view).fold(_FLAW)

    def entropy(self, names: Iterable[str]) -> float:
        """Entropy in nats of a set of factors: the sum of the logarithms of their sizes.

        Raises:
            InputError: A name is not a factor of this world.
        """
        return sum(math.log(self.factors[name]) for name in self.known(names))

    def known(self, names: Iterable[str]) -> tuple[str, ...]:
        """Names of some factors, each once, in the order of the world.

        Raises:
            InputError: A name is not a factor of this world.
        """
        wanted = set(names)
        for name in sorted(wanted):
            if name not in self.factors:
                raise unknown("factor", name, self.factors)
        return tuple(name for name in self.factors if name in wanted)

    def columns(self, names: Iterable[str]) -> list[int]:
        """Indices of the columns of values that hold some factors."""
        order = list(self.factors)
        return [order.index(name) for name in self.known(names)]

    def check(self, values: Tensor) -> None:
        """Check that values are factors of this world.

        Raises:
            ShapeError: ``values`` does not have one column per factor.
            InputError: A value is below zero or too large.
        """
        sizes = torch.tensor(list(self.factors.values()), device=values.device)
        if values.ndim != 2 or values.shape[1] != len(sizes):
            raise ShapeError(
                f"Expected values of shape (B, {len(sizes)}), one column each for "
                f"{', '.join(self.factors)}, but got {tuple(values.shape)}."
            )
        wrong = ((values < 0) | (values >= sizes)).any(dim=0).nonzero().flatten().tolist()
        if wrong:
            name = list(self.factors)[wrong[0]]
            raise InputError(
                f"values holds a {name} outside 0 to {self.factors[name] - 1}: {name} has "
                f"{self.factors[name]} values."
            )

    def every(self) -> Tensor:
        """All combinations of values, (n, F) int64; the last factor varies fastest."""
        axes = [torch.arange(size) for size in self.factors.values()]
        return torch.cartesian_prod(*axes).reshape(-1, len(axes))
