"""A vector world: each factor is encoded in its own block of coordinates.

Letters: B examples, F factors, D coordinates, W coordinates of one factor.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.worlds.catalogue import register
from goodviews.worlds.factors import FactorWorld

_LOW, _HIGH = 0.25, 0.75


@register("vectors")
@dataclass(frozen=True)
class Vectors(FactorWorld):
    r"""Vectors whose blocks of W coordinates each carry one factor.

    A value is written in binary, one bit per coordinate, as 1/4 or 3/4; further coordinates
    repeat the bits or hold their parities. Uniform noise of half width ``noise`` < 1/4 moves
    no coordinate across 1/2, so every factor can be decoded exactly: the noise removes no
    information. Vectors have the shape of images of one pixel, (B, D, 1, 1).

    Attributes:
        sizes: Name and number of values of each factor; the first is the task.
        width: Number of coordinates W of each factor.
        noise: Half width of the uniform noise, in [0, 0.25).

    Example:
        >>> world = Vectors((("task", 4), ("background", 4)), width=3)
        >>> images, values = world.sample(torch.arange(5), seed=0)
        >>> images.shape, bool((world.decode(images) == values).all())
        (torch.Size([5, 6, 1, 1]), True)
    """

    sizes: tuple[tuple[str, int], ...] = (
        ("task", 4),
        ("background", 4),
        *((f"nuisance{n}", 4) for n in range(1, 5)),
    )
    width: int = 4
    noise: float = 0.2

    def __post_init__(self) -> None:
        names = [name for name, _ in self.sizes]
        if not names or len(set(names)) != len(names):
            raise InputError(f"sizes must name one or more distinct factors, but got {names}.")
        for name, size in self.sizes:
            if size < 2 or (size - 1).bit_length() > self.width:
                raise InputError(
                    f"Factor {name} has {size} values, but width={self.width} coordinates "
                    f"encode 2 to {2**self.width} values."
                )
        if not 0 <= self.noise < (_HIGH - _LOW) / 2:
            raise InputError(
                f"noise must be in [0, 0.25), so that factors are a function of the vector, "
                f"but got {self.noise}."
            )

    @property
    def factors(self) -> Mapping[str, int]:
        """Name and number of values of each factor."""
        return dict(self.sizes)

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of a vector, (D, 1, 1)."""
        return len(self.sizes) * self.width, 1, 1

    def channels(self, *names: str) -> tuple[int, ...]:
        """Indices of the coordinates that encode some factors, for a view that acts on them."""
        return tuple(
            column * self.width + place
            for column in self.columns(names)
            for place in range(self.width)
        )

    def render(self, values: Tensor, key: Key) -> Tensor:
        """Render (B, F) values as (B, D, 1, 1) vectors; see :meth:`FactorWorld.render`."""
        self.check(values)
        blocks = [
            self._book(size).to(values.device)[values[:, column]]
            for column, (_, size) in enumerate(self.sizes)
        ]
        codes_BD = torch.cat(blocks, dim=1)
        clean = _LOW + (_HIGH - _LOW) * codes_BD
        noise = self.noise * (2 * key.uniform(codes_BD.shape[1]) - 1)
        return (clean + noise)[:, :, None, None]

    def decode(self, images: Tensor) -> Tensor:
        """Decode the factors of (B, D, 1, 1) vectors exactly: (B, F) int64."""
        codes_BD = (images.flatten(1) > 0.5).float()
        found = []
        for column, (_, size) in enumerate(self.sizes):
            block = codes_BD[:, column * self.width : (column + 1) * self.width]
            found.append(torch.cdist(block, self._book(size).to(block)).argmin(dim=1))
        return torch.stack(found, dim=1)

    def _book(self, size: int) -> Tensor:
        """(size, W) codeword of each value, 0 or 1."""
        bits = (size - 1).bit_length()
        numbers = torch.arange(size)[:, None]
        plain = (numbers >> torch.arange(bits)) & 1
        # Parities of neighbouring bits, then the bits again: redundancy eases decoding.
        parities = plain ^ plain.roll(1, dims=1) if bits > 1 else plain
        pool = torch.cat([plain, parities], dim=1)
        return pool[:, [place % pool.shape[1] for place in range(self.width)]].float()
