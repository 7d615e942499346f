"""Six bands that mix six planes: views that split the bands share everything, unmixed ones do not.

Letters: B images, S side in pixels, P planes or bands: 6 of each.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.worlds.catalogue import register
from goodviews.worlds.factors import FactorWorld
from goodviews.worlds.shapes import FORMS

PLANES = ("texture", "disc", "square", "texture", "triangle", "cross")
"""Content of each plane: the first three and the last three share only the texture."""

_CLASSES, _ROWS, _SIDE_LEAST = 12, 4, 16
_WAVES, _WAVE, _NOISE, _SHAPE, _RADIUS = 6, 0.5, 0.5, 1.4, 0.16
_RESIDUES = (1, 4)
"""Squares modulo 5: they make the conference matrix of order 6 (Paley, 1933)."""


@register("bands")
@dataclass(frozen=True)
class Bands(FactorWorld):
    r"""Planes of known factors, mixed pixel by pixel into bands by an invertible map.

    Planes 0 and 3 both show the texture (12 orientations of a grating, the task), each with its
    own phase. Each of the other planes shows one shape at one of 16 places. Every plane has
    independent noise whose standard deviation equals the amplitude of a grating. Planes 0 to 2
    and planes 3 to 5 therefore share only the texture, log 12 = 2.48 nats: both views keep the
    task and nothing else, which is the sweet spot. The bands are

    .. math:: x = \sigma(M z), \qquad M = (C + I) / \sqrt6, \qquad M^{-1} = \sqrt6 (C - I) / 4

    with C the symmetric conference matrix of order 6 and σ the logistic function: each band
    weighs every plane by 1/√6, up to the sign. Every split of the bands therefore shows all
    factors on both sides, log 12 + 4 log 16 = 13.58 nats: at 32 pixels, all four places can be
    decoded from any single band in at least four images out of five.

    Attributes:
        side: Side S of an image in pixels, at least 16.

    Example:
        >>> world = Bands(side=16)
        >>> images, values = world.sample(torch.arange(2), seed=0)
        >>> images.shape
        torch.Size([2, 6, 16, 16])
        >>> round(world.entropy(["texture"]), 2), round(world.entropy(world.factors), 2)
        (2.48, 13.58)
    """

    side: int = 32

    def __post_init__(self) -> None:
        if self.side < _SIDE_LEAST:
            raise InputError(f"Bands has side={self.side}, but needs at least {_SIDE_LEAST}.")

    @property
    def factors(self) -> Mapping[str, int]:
        """Name and number of values of each factor."""
        return {"texture": _CLASSES, **dict.fromkeys(FORMS, _ROWS**2)}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an image, (6, S, S)."""
        return len(PLANES), self.side, self.side

    def render(self, values: Tensor, key: Key) -> Tensor:
        """Render (B, F) values as (B, 6, S, S) bands: :meth:`mix` of :meth:`planes`.

        See :meth:`FactorWorld.render`.
        """
        return self.mix(self.planes(values, key))

    def planes(self, values: Tensor, key: Key) -> Tensor:
        """Render the planes that the bands mix.

        Args:
            values: (B, F), value of each factor.
            key: Random key with one word per image, for the phases and the noise.

        Returns:
            (B, 6, S, S) float32, in the order of :data:`PLANES`.
        """
        self.check(values)
        shown = []
        for plane, name in enumerate(PLANES):
            column, own = values[:, self.columns([name])[0]], key.fold(plane)
            grating = name == "texture"
            shows = self._grating(column, own) if grating else self._outline(name, column)
            noise = own.fold(0).normal(self.side**2).reshape(shows.shape)
            shown.append(shows + _NOISE * noise)
        return torch.stack(shown, dim=1)

    def mix(self, planes: Tensor) -> Tensor:
        """Mix (..., 6, S, S) planes into bands in (0, 1)."""
        return torch.einsum("cd,...dhw->...chw", self.matrix().to(planes), planes).sigmoid()

    def unmix(self, bands: Tensor) -> Tensor:
        """Recover planes from (..., 6, S, S) bands: the map that a learned view has to find."""
        matrix = math.sqrt(6) / 4 * (math.sqrt(6) * self.matrix() - 2 * torch.eye(6))
        return torch.einsum("cd,...dhw->...chw", matrix.to(bands), bands.logit(eps=1e-4))

    @staticmethod
    def matrix() -> Tensor:
        """Return the mixing matrix M, (6, 6), whose entries are all 1/√6 or -1/√6."""
        core = torch.tensor(
            [[1.0 if i == j or (i - j) % 5 in _RESIDUES else -1.0 for j in range(5)]
             for i in range(5)]
        )  # fmt: skip
        whole = torch.ones(6, 6)
        whole[1:, 1:] = core
        return whole / math.sqrt(6)

    def _grid(self, device: torch.device) -> Tensor:
        return (torch.arange(self.side, device=device) + 0.5) / self.side

    def _grating(self, which: Tensor, key: Key) -> Tensor:
        grid = self._grid(which.device)
        angle = (math.pi / _CLASSES * which)[:, None, None]
        along = grid * angle.cos() + grid[:, None] * angle.sin()
        phase = key.uniform(1)[:, :, None]
        return _WAVE * (2 * math.pi * (_WAVES * along + phase)).sin()

    def _outline(self, name: str, place: Tensor) -> Tensor:
        grid = self._grid(place.device)
        centre_x, centre_y = ((0.2 + 0.2 * at)[:, None, None] for at in self._cell(place))
        x, y = torch.broadcast_tensors(
            (grid - centre_x) / _RADIUS, (grid[:, None] - centre_y) / _RADIUS
        )
        return _SHAPE * (0.5 - FORMS[name](x, y) * _RADIUS * self.side).clamp(0, 1)

    @staticmethod
    def _cell(place: Tensor) -> tuple[Tensor, Tensor]:
        return place % _ROWS, place // _ROWS
