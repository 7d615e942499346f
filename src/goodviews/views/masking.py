"""Views that hide parts of an image: cutout, blockmask.

Letters: B examples, C channels, H and W pixels, G cells to a side.
"""

from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Params, Shape, View, check_probability, register
from goodviews.views.strength import check_strength

_FINEST = 256


@register(
    "cutout",
    "one square hidden",
    strength="side of the square",
    source="DeVries and Taylor, 2017: half a side of CIFAR-10",
)
class Cutout(View):
    """Mask of one square, whose centre is uniform over the image, so it can cross the border.

    DeVries and Taylor, 2017 (arXiv:1708.04552) mask a square of 16 x 16 pixels of CIFAR-10
    with zeros after normalisation, which is the mean colour. Views are applied before
    normalisation, so the default is mid-grey.

    Attributes:
        size: Side of the square relative to the smaller side of the image, from 0 to 2.
        p: Probability that an image is masked.
        fill: Value in [0, 1] of the square in every channel.
    """

    size: float = 0.5
    p: float = 1.0
    fill: float = 0.5

    def __post_init__(self) -> None:
        """Check the side, the probability and the value."""
        check_probability("cutout", self.p)
        if not 0 <= self.size <= 2:
            raise InputError(f"cutout has size={self.size!r}, but it must be from 0 to 2.")
        _check_fill("cutout", self.fill)

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``top``, ``left`` and ``side`` in pixels, each (B,) int64.

        A side of 0 leaves an image unchanged. The square can begin above or left of the image.
        """
        height, width = shape[-2:]
        draws = key.uniform(3)
        row, col = (draws[:, 0] * height).long(), (draws[:, 1] * width).long()
        side = torch.where(draws[:, 2] < self.p, round(self.size * min(height, width)), 0)
        return {"top": row - side // 2, "left": col - side // 2, "side": side}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Mask the square."""
        rows = _within(params["top"], params["side"], images.shape[-2])
        cols = _within(params["left"], params["side"], images.shape[-1])
        return torch.where((rows[:, :, None] & cols[:, None, :])[:, None], self.fill, images)

    def at(self, strength: float) -> "Cutout":
        """Return the view with its size times the strength, at most 2."""
        return replace(self, size=min(self.size * check_strength("cutout", strength), 2.0))


@register(
    "blockmask",
    "random cells of a grid hidden",
    strength="share of cells",
    source="He et al., 2022: 0.75 of 14 x 14",
)
class BlockMask(View):
    """Mask of random cells of a grid, with exactly the same share in every image.

    He et al., 2022 (masked autoencoders, arXiv:2111.06377) mask 0.75 of 14 x 14 cells.

    Attributes:
        share: Share of the cells that is masked, rounded to whole cells.
        grid: Number of cells G per side; a pixel at y belongs to row floor(y G / H).
        fill: Value in [0, 1] of masked cells in every channel.
    """

    share: float = 0.75
    grid: int = 14
    fill: float = 0.5

    def __post_init__(self) -> None:
        """Check the share, the grid and the value."""
        check_probability("blockmask", self.share)
        if not (isinstance(self.grid, int) and 1 <= self.grid <= _FINEST):
            raise InputError(
                f"blockmask has grid={self.grid!r}, but it must be from 1 to {_FINEST}."
            )
        _check_fill("blockmask", self.fill)

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Draw ``hidden``, (B, G * G) bool, the cells in row-major order."""
        return {"hidden": key.permutation(self.grid**2) < round(self.share * self.grid**2)}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Mask the cells."""
        cells = params["hidden"].view(-1, self.grid, self.grid)
        rows, cols = (
            torch.arange(size, device=images.device) * self.grid // size
            for size in images.shape[-2:]
        )
        hidden = cells[:, rows[:, None], cols[None, :]]
        return torch.where(hidden[:, None], self.fill, images)

    def at(self, strength: float) -> "BlockMask":
        """Return the view with its share times the strength, at most 1."""
        return replace(self, share=min(self.share * check_strength("blockmask", strength), 1.0))

    def check(self, shape: Shape) -> None:
        """Check that images have a pixel for each cell of a side."""
        if min(shape[-2:]) < self.grid:
            raise InputError(
                f"blockmask has {self.grid} cells per side, but these images are "
                f"{shape[-2]} x {shape[-1]}; lower grid to at most {min(shape[-2:])}."
            )


def _check_fill(step: str, fill: float) -> None:
    if not (isinstance(fill, int | float) and 0 <= fill <= 1):
        raise InputError(f"{step} has fill={fill!r}, but expected a value from 0 to 1.")


def _within(start: Tensor, length: Tensor, size: int) -> Tensor:
    place = torch.arange(size, device=start.device)[None]
    return (place >= start[:, None]) & (place < (start + length)[:, None])
