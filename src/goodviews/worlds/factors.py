"""Worlds made of factors: every example is drawn from a few known, independent causes.

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
"""Parts of an example's key: its factors, and what rendering draws besides."""


class FactorWorld(ABC):
    """Independent uniform factors, and images that show them.

    Abstract here, final in each file of this room. Rendering is faithful: every factor is a
    function of the image, which each world's tests show by decoding. Hence what an image
    says about any set of factors is their entropy.
    """

    @property
    @abstractmethod
    def factors(self) -> Mapping[str, int]:
        """Name and number of values of each factor, in the order of the columns of values."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of an image."""

    @abstractmethod
    def render(self, values: Tensor, key: Key) -> Tensor:
        """Show factors.

        Args:
            values: (B, F) int64, value of each factor, in the order of :attr:`factors`.
            key: One word per image, for what is drawn besides the factors.

        Returns:
            (B, C, H, W) float32 in [0, 1].
        """

    def draw(self, samples: Tensor, *, seed: int, view: int = 0) -> Tensor:
        """Draw factors, each uniform and independent of the others.

        Args:
            samples: (B,) integers, which examples.
            seed: Number of the world.
            view: Another draw for the same examples.

        Returns:
            (B, F) int64; the same sample, seed and view give the same row in any batch.
        """
        key = Key.of(seed=seed, samples=samples, view=view).fold(_FACTORS)
        sizes = torch.tensor(list(self.factors.values()), device=samples.device)
        return (key.uniform(len(sizes)).double() * sizes).long()

    def sample(self, samples: Tensor, *, seed: int) -> tuple[Tensor, Tensor]:
        """Draw examples and render them.

        Args:
            samples: (B,) integers, which examples.
            seed: Number of the world.

        Returns:
            Images (B, C, H, W) float32 in [0, 1], and their factors (B, F) int64.
        """
        values = self.draw(samples, seed=seed)
        return self.render(values, self.flaw(samples, seed=seed)), values

    def flaw(self, samples: Tensor, *, seed: int, view: int = 0) -> Key:
        """The key that :meth:`render` takes for some examples and one of their views."""
        return Key.of(seed=seed, samples=samples, view=view).fold(_FLAW)

    def entropy(self, names: Iterable[str]) -> float:
        """Entropy in nats of a set of factors: the sum of the logarithms of their sizes.

        Raises:
            InputError: A name is no factor.
        """
        return sum(math.log(self.factors[name]) for name in self.known(names))

    def known(self, names: Iterable[str]) -> tuple[str, ...]:
        """The names of some factors, each once, in the world's order.

        Raises:
            InputError: A name is no factor.
        """
        wanted = set(names)
        for name in sorted(wanted):
            if name not in self.factors:
                raise unknown("factor", name, self.factors)
        return tuple(name for name in self.factors if name in wanted)

    def columns(self, names: Iterable[str]) -> list[int]:
        """Columns of values that hold some factors."""
        order = list(self.factors)
        return [order.index(name) for name in self.known(names)]

    def check(self, values: Tensor) -> None:
        """Refuse what are no factors of this world.

        Raises:
            ShapeError: Not one column per factor.
            InputError: A value is below zero or too large.
        """
        sizes = torch.tensor(list(self.factors.values()), device=values.device)
        if values.ndim != 2 or values.shape[1] != len(sizes):
            raise ShapeError(
                f"values is {tuple(values.shape)}, but (B, {len(sizes)}) is wanted: one column "
                f"each for {', '.join(self.factors)}."
            )
        wrong = ((values < 0) | (values >= sizes)).any(dim=0).nonzero().flatten().tolist()
        if wrong:
            name = list(self.factors)[wrong[0]]
            raise InputError(
                f"A value of {name} lies outside 0 to {self.factors[name] - 1}: {name} has "
                f"{self.factors[name]} values."
            )

    def every(self) -> Tensor:
        """(n, F) int64, each combination of values once, the last factor fastest."""
        axes = [torch.arange(size) for size in self.factors.values()]
        return torch.cartesian_prod(*axes).reshape(-1, len(axes))
