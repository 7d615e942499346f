"""Rendered shapes: form, colour, size, place, texture and background are independent factors.

Letters: B images, S side in pixels.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.worlds.catalogue import register
from goodviews.worlds.factors import FactorWorld

_SIDE_LEAST = 16


def _disc(x: Tensor, y: Tensor) -> Tensor:
    return torch.hypot(x, y) - 0.9


def _square(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - 0.8


def _triangle(x: Tensor, y: Tensor) -> Tensor:
    slope = (2 * x.abs() - y - 0.95) / math.sqrt(5)
    return torch.maximum(slope, y - 0.8)


def _cross(x: Tensor, y: Tensor) -> Tensor:
    a, b = x.abs(), y.abs()
    upright = torch.maximum(a - 0.3, b - 1)
    return torch.minimum(upright, torch.maximum(a - 1, b - 0.3))


FORMS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "disc": _disc,
    "square": _square,
    "triangle": _triangle,
    "cross": _cross,
}
"""Distance to the outline, negative inside, on a plane where the shape spans about [-1, 1]."""

COLOURS = {
    "red": (0.9, 0.15, 0.15),
    "green": (0.15, 0.8, 0.2),
    "blue": (0.2, 0.3, 0.95),
    "yellow": (0.95, 0.9, 0.15),
    "magenta": (0.9, 0.2, 0.85),
    "cyan": (0.15, 0.85, 0.9),
}
BACKGROUNDS = {
    "black": (0.05, 0.05, 0.05),
    "grey": (0.45, 0.45, 0.45),
    "brown": (0.4, 0.25, 0.1),
    "navy": (0.1, 0.12, 0.4),
}
TEXTURES = ("plain", "rows", "columns")
_RADII = (0.22, 0.18, 0.14)
_PLACES = 3


@register("shapes")
@dataclass(frozen=True)
class Shapes(FactorWorld):
    """One shape on a plain background; images and factors determine each other.

    The factors are form (4), colour (6), size (3), place (9, a grid of 3 by 3), texture (3)
    and background (4). They make 7,776 equally likely images: H(x) = log 7,776 = 8.96 nats.
    Edges are anti-aliased: a pixel at distance d from the outline is covered by 1/2 - d pixels.

    Attributes:
        side: Side S of an image in pixels, at least 16.

    Example:
        >>> world = Shapes(side=16)
        >>> images, values = world.sample(torch.arange(2), seed=0)
        >>> images.shape, round(world.entropy(world.factors), 2)
        (torch.Size([2, 3, 16, 16]), 8.96)
    """

    side: int = 32

    def __post_init__(self) -> None:
        if self.side < _SIDE_LEAST:
            raise InputError(f"Shapes has side={self.side}, but needs at least {_SIDE_LEAST}.")

    @property
    def factors(self) -> Mapping[str, int]:
        """Name and number of values of each factor."""
        return {
            "form": len(FORMS),
            "colour": len(COLOURS),
            "size": len(_RADII),
            "place": _PLACES**2,
            "texture": len(TEXTURES),
            "background": len(BACKGROUNDS),
        }

    @property
    def shape(self) -> tuple[int, int, int]:
        """Shape of an image, (3, S, S)."""
        return 3, self.side, self.side

    def render(self, values: Tensor, key: Key) -> Tensor:  # noqa: ARG002
        """Render (B, F) values as (B, 3, S, S) images; nothing is random, the key is ignored.

        See :meth:`FactorWorld.render`.
        """
        self.check(values)
        form, colour, size, place, texture, background = values.T

        def pick(table: object, which: Tensor) -> Tensor:
            return torch.tensor(table, dtype=torch.float32, device=values.device)[which]

        radius = pick(_RADII, size)[:, None, None]
        across, down = place % _PLACES, place // _PLACES
        step = 0.5 / (_PLACES - 1)
        centre_x = (0.25 + step * across)[:, None, None]
        centre_y = (0.25 + step * down)[:, None, None]
        grid = (torch.arange(self.side, device=values.device) + 0.5) / self.side
        x = (grid[None, None, :] - centre_x) / radius
        y = (grid[None, :, None] - centre_y) / radius
        x, y = torch.broadcast_tensors(x, y)
        outlines = torch.stack([outline(x, y) for outline in FORMS.values()])
        distance = outlines[form, torch.arange(len(values), device=values.device)]
        cover = (0.5 - distance * radius * self.side).clamp(0, 1)[:, None]
        # Waves span the whole image, not the shape: they reveal neither its size nor its place.
        waves = torch.stack(
            [
                torch.ones_like(x),
                self._wave(grid)[None, :, None].expand_as(x),
                self._wave(grid)[None, None, :].expand_as(x),
            ]
        )
        shade = waves[texture, torch.arange(len(values), device=values.device)][:, None]
        front = pick(list(COLOURS.values()), colour)[:, :, None, None] * shade
        back = pick(list(BACKGROUNDS.values()), background)[:, :, None, None]
        return cover * front + (1 - cover) * back

    @staticmethod
    def _wave(grid: Tensor) -> Tensor:
        """Wave between 0.4 and 1 with a period of S / 8: a whole number of pixels at S = 32."""
        return 0.7 + 0.3 * torch.sin(2 * math.pi * 8 * grid + math.pi / 4)
