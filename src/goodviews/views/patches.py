"""Views of parts of an image: two patches at a distance, an overlapping grid, a jigsaw.

Letters: B examples, P patches of each, C channels, H and W pixels, S patch side.
"""

from typing import ClassVar

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.views.base import Joint, Params, Shape, View, register


def cut(images: Tensor, top: Tensor, left: Tensor, size: int) -> Tensor:
    """Cut a square out of each image.

    Args:
        images: (B, C, H, W), images.
        top: (B,) int64, first row.
        left: (B,) int64, first column.
        size: Side S in pixels.

    Returns:
        (B, C, S, S), squares.
    """
    steps = torch.arange(size, device=images.device)
    rows = (top[:, None] + steps)[:, None, :, None]
    cols = (left[:, None] + steps)[:, None, None, :]
    tall = images.gather(-2, rows.expand(-1, images.shape[1], -1, images.shape[-1]))
    return tall.gather(-1, cols.expand(-1, images.shape[1], size, -1))


@register("patch", "one of two patches", source="Tian et al., 2020, 3.1")
class Patch(View):
    """One of the two patches of :class:`Patches`.

    Attributes:
        size: Side S of a patch in pixels.
        distance: Distance between the two along both axes, in pixels.
        second: Whether it is the lower right patch.
    """

    size: int = 64
    distance: int = 128
    second: bool = False
    moves: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Check the size and the distance."""
        _whole("patch", "size", self.size, 1)
        _whole("patch", "distance", self.distance, 0)

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``top`` and ``left``, (B,) int64: the corner of the first of the two patches."""
        draws = key.uniform(2).double()
        rooms = [extent - self.size - self.distance + 1 for extent in shape[-2:]]
        return {
            name: (draws[:, axis] * rooms[axis]).long()
            for axis, name in enumerate(("top", "left"))
        }

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Cut out the patch."""
        return cut(images, *self.corner(params), self.size)

    def corner(self, params: Params) -> tuple[Tensor, Tensor]:
        """First row and column of the patch in each image, (B,) each."""
        by = self.distance if self.second else 0
        return params["top"] + by, params["left"] + by

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views, (C, S, S)."""
        return (shape[0], self.size, self.size)

    def check(self, shape: Shape) -> None:
        """Check that both patches fit into the images."""
        room = self.size + self.distance
        if min(shape[-2:]) < room:
            raise InputError(
                f"patches(size={self.size}, distance={self.distance}) needs images of at least "
                f"{room} x {room} pixels, but got {shape[-2]} x {shape[-1]}; lower size or "
                f"distance."
            )


@register(
    "patches",
    "two views: patches of one image at a distance",
    source="Tian et al., 2020, 3.1: best near 128 [likely]",
)
class Patches(Joint):
    """Two patches of one image, at (x, y) and at (x + d, y + d) (Tian et al., 2020, 3.1).

    The corner is uniform over all positions where both fit. ``distance`` is measured from
    corner to corner, so patches overlap if it is below ``size``, and are equal if it is 0.

    Attributes:
        size: Side S of a patch in pixels.
        distance: Distance d in pixels.
    """

    size: int = 64
    distance: int = 128

    def __post_init__(self) -> None:
        """Check the size and the distance."""
        _whole("patches", "size", self.size, 1)
        _whole("patches", "distance", self.distance, 0)

    def sides(self) -> tuple[View, View]:
        """Views of the upper left patch, and of the lower right one."""
        return Patch(self.size, self.distance), Patch(self.size, self.distance, True)


@register(
    "grid",
    "every patch of an overlapping grid, stacked",
    source="van den Oord et al., 2018: 7 x 7 of 256 pixels",
)
class Grid(View):
    """All patches of a grid of overlapping patches, stacked (van den Oord et al., 2018; CPC).

    The views are (B, P, C, S, S), with the patches of an image in row-major order. Pixels
    beyond the last whole patch are dropped. An image of 256 pixels gives 7 x 7 by default.

    Attributes:
        patch: Side S of a patch in pixels.
        overlap: Overlap of neighbouring patches in pixels.
    """

    patch: int = 64
    overlap: int = 32

    def __post_init__(self) -> None:
        """Check the size and the overlap of the patches."""
        _whole("grid", "patch", self.patch, 1)
        _whole("grid", "overlap", self.overlap, 0)
        if self.overlap >= self.patch:
            raise InputError(
                f"grid has overlap={self.overlap}, but it must be below patch={self.patch}."
            )

    def sample(self, shape: Shape, key: Key) -> Params:  # noqa: ARG002
        """Return no parameters: nothing is random."""
        return {}

    def apply(self, images: Tensor, params: Params) -> Tensor:  # noqa: ARG002
        """Cut out the patches."""
        step = self.patch - self.overlap
        parts = images.unfold(-2, self.patch, step).unfold(-2, self.patch, step)
        return parts.flatten(2, 3).transpose(1, 2)

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views, (P, C, S, S)."""
        step = self.patch - self.overlap
        down, along = ((extent - self.patch) // step + 1 for extent in shape[-2:])
        return (down * along, shape[0], self.patch, self.patch)

    def check(self, shape: Shape) -> None:
        """Check that images have room for a patch."""
        if min(shape[-2:]) < self.patch:
            raise InputError(
                f"{self!r} needs images of at least {self.patch} x {self.patch} pixels, but got "
                f"{shape[-2]} x {shape[-1]}; write {self._smaller(min(shape[-2:]))!r}."
            )

    def _smaller(self, side: int) -> "Grid":
        """Grid of overlapping patches of half the image."""
        patch = max(side // 2, 1)
        return Grid(patch=patch, overlap=patch // 2)


@register(
    "jigsaw",
    "a random square of each cell of a grid, stacked",
    source="Misra and van der Maaten, 2020 (PIRL)",
)
class Jigsaw(View):
    """One random square of every cell of a grid, stacked (Misra and van der Maaten, 2020).

    The views are (B, P, C, S, S), with the cells in row-major order; the head permutes them.
    The gaps between squares prevent edges from identifying neighbours.

    Attributes:
        grid: Number of cells along each side.
        cell: Side of a cell in pixels; by default the largest that fits, 85 of 255. Pixels
            beyond the last cell are dropped.
        crop: Side S of the square from each cell in pixels.
    """

    grid: int = 3
    cell: int | None = None
    crop: int = 64

    def __post_init__(self) -> None:
        """Check that the squares fit into their cells."""
        _whole("jigsaw", "grid", self.grid, 1)
        _whole("jigsaw", "crop", self.crop, 1)
        if self.cell is not None:
            _whole("jigsaw", "cell", self.cell, 1)
        if self.cell is not None and self.crop > self.cell:
            raise InputError(f"jigsaw has crop={self.crop}, but cell={self.cell} is smaller.")

    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw ``top`` and ``left``, (B, P) int64, in pixels within each cell."""
        count = self.grid**2
        draws = (key.uniform(2 * count).double() * (self._cell(shape) - self.crop + 1)).long()
        return {"top": draws[:, :count], "left": draws[:, count:]}

    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Cut out the squares."""
        cell = self._cell(tuple(images.shape))
        places = torch.arange(self.grid, device=images.device) * cell
        down = params["top"] + places.repeat_interleave(self.grid)
        along = params["left"] + places.repeat(self.grid)
        squares = [
            cut(images, down[:, place], along[:, place], self.crop)
            for place in range(self.grid**2)
        ]
        return torch.stack(squares, dim=1)

    def out_shape(self, shape: Shape) -> Shape:
        """Shape of the views, (P, C, S, S)."""
        return (self.grid**2, shape[0], self.crop, self.crop)

    def check(self, shape: Shape) -> None:
        """Check that the cells fit into the images."""
        side = self.grid * (self.cell or self.crop)
        if min(shape[-2:]) < side:
            wanted = self.grid * (self.cell or 85)
            raise InputError(
                f"{self!r} needs images of at least {side} x {side} pixels, but got {shape[-2]} x "
                f"{shape[-1]}; write crop(scale=(0.6, 1), size={wanted}) before it."
            )

    def _cell(self, shape: Shape) -> int:
        return min(shape[-2:]) // self.grid if self.cell is None else self.cell


def _whole(step: str, name: str, value: object, least: int) -> None:
    if not (type(value) is int and value >= least):
        raise InputError(
            f"{step} has {name}={value!r}, but it must be a whole number of pixels, "
            f"at least {least}."
        )
