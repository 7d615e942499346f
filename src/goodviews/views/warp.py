"""Images seen through a matrix, each through its own: rotation, shear, scale, shift.

Letters: B examples, C channels, H and W pixels.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.views.adjust import only_where


def affine_matrix(
    angle: Tensor,
    *,
    shear_x: Tensor | None = None,
    shear_y: Tensor | None = None,
    scale: Tensor | None = None,
    right: Tensor | None = None,
    down: Tensor | None = None,
) -> Tensor:
    r"""Where each pixel of the view comes from, about the centre of the image.

    .. math:: p = \big(s\, R(-\text{angle})\, S_y\, S_x\big)^{-1} (p' - t)

    with :math:`S_x = [1, -\tan x; 0, 1]` and :math:`S_y = [1, 0; -\tan y, 1]`, the order and
    signs of torchvision's ``affine`` (which turns clockwise for a positive angle, where this
    turns counter-clockwise, as its ``rotate`` does).

    Args:
        angle: (B,) radians, counter-clockwise as seen.
        shear_x: (B,) slope tan x.
        shear_y: (B,) slope tan y.
        scale: (B,) size of things in the view over their size in the image.
        right: (B,) pixels that things move to the right.
        down: (B,) pixels that things move down.

    Returns:
        (B, 2, 3), from (x, y, 1) of the view to x and y of the image, in pixels from the
        centre, in the precision of ``angle``.
    """
    zero = torch.zeros_like(angle)
    x, y = (zero if slope is None else slope for slope in (shear_x, shear_y))
    size = zero + 1 if scale is None else scale
    cos, sin = angle.cos(), angle.sin()
    # R(-angle) S_y S_x, whose determinant is 1.
    a, b = cos - sin * y, sin * (1 + x * y) - cos * x
    c, d = -sin - cos * y, cos * (1 + x * y) + sin * x
    inverse = torch.stack([d, -b, -c, a], dim=1).view(-1, 2, 2) / size[:, None, None]
    shift = torch.stack([zero if t is None else t for t in (right, down)], dim=1)[:, :, None]
    return torch.cat([inverse, -inverse @ shift], dim=2)


def warp(
    images: Tensor,
    matrix: Tensor,
    *,
    fill: Tensor | None = None,
    bicubic: Tensor | None = None,
) -> Tensor:
    """See each image through its matrix; an identity matrix gives it back exactly.

    What comes from outside the image is black, or ``fill``: as if the image lay on a plane of
    that colour, so that its edge is a clean mix of both. (torchvision's ``fill`` multiplies
    the edge by its coverage twice, which leaves a dark line.)

    Args:
        images: (B, C, H, W).
        matrix: (B, 2, 3), as :func:`affine_matrix` gives it.
        fill: (C,) colour outside; black when absent.
        bicubic: (B,) bool, images seen by bicubic interpolation (a = -0.75) and not bilinear.

    Returns:
        (B, C, H, W); bicubic values may pass [0, 1].
    """
    still = (matrix == torch.eye(2, 3, dtype=matrix.dtype, device=matrix.device)).flatten(1)
    moved = ~still.all(dim=1)

    def bilinear(images: Tensor, matrix: Tensor) -> Tensor:
        return _seen(images, matrix, fill, "bilinear")

    def cubic(images: Tensor, matrix: Tensor) -> Tensor:
        return _seen(images, matrix, fill, "bicubic")

    if bicubic is None:
        return only_where(moved, bilinear, images, matrix)
    images = only_where(moved & ~bicubic, bilinear, images, matrix)
    return only_where(moved & bicubic, cubic, images, matrix)


def _seen(images: Tensor, matrix: Tensor, fill: Tensor | None, mode: str) -> Tensor:
    count, channels, height, width = images.shape
    # grid_sample counts in half sides: x from -1 at the left edge to 1 at the right.
    sides = torch.tensor([[1, height / width, 2 / width], [width / height, 1, 2 / height]])
    theta = (matrix * sides.to(matrix)).to(images.dtype)
    grid = F.affine_grid(theta, [count, channels, height, width], align_corners=False)
    if fill is None:
        return F.grid_sample(images, grid, mode=mode, align_corners=False)
    # The plane's colour taken as zero, black outside is that colour.
    plane = fill.to(images)[:, None, None]
    return F.grid_sample(images - plane, grid, mode=mode, align_corners=False) + plane
