"""Affine transforms of images, with a matrix for each: rotation, shear, scale, shift.

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
    r"""Matrix from the pixels of the view to those of the image, relative to the centre.

    .. math:: p = \big(s\, R(-\text{angle})\, S_y\, S_x\big)^{-1} (p' - t)

    where :math:`S_x = [1, -\tan x; 0, 1]` and :math:`S_y = [1, 0; -\tan y, 1]`. Order and signs
    are those of torchvision's ``affine``, except that a positive angle is counter-clockwise, as
    in its ``rotate``.

    Args:
        angle: (B,), angle in radians, counter-clockwise.
        shear_x: (B,), slope tan x.
        shear_y: (B,), slope tan y.
        scale: (B,), size in the view relative to the size in the image.
        right: (B,), shift to the right in pixels.
        down: (B,), shift down in pixels.

    Returns:
        (B, 2, 3), map from (x, y, 1) of the view to x and y of the image, in pixels from the
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
    """Transform each image by its matrix; the identity matrix returns it exactly.

    The area outside the image is black, or ``fill``. Edges are a mix of the image and this
    colour, weighted by the coverage (torchvision multiplies the edge by its coverage twice,
    which leaves a dark line).

    Args:
        images: (B, C, H, W), images.
        matrix: (B, 2, 3), from :func:`affine_matrix`.
        fill: (C,), colour outside the image; black by default.
        bicubic: (B,) bool, whether to use bicubic (a = -0.75) instead of bilinear
            interpolation for each image.

    Returns:
        (B, C, H, W); values can be outside [0, 1] with bicubic interpolation.
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
    # The unit of grid_sample is half a side: x from -1 at the left edge to 1 at the right.
    sides = torch.tensor([[1, height / width, 2 / width], [width / height, 1, 2 / height]])
    theta = (matrix * sides.to(matrix)).to(images.dtype)
    grid = F.affine_grid(theta, [count, channels, height, width], align_corners=False)
    if fill is None:
        return F.grid_sample(images, grid, mode=mode, align_corners=False)
    # After subtracting the fill colour, black outside stands for that colour.
    plane = fill.to(images)[:, None, None]
    return F.grid_sample(images - plane, grid, mode=mode, align_corners=False) + plane
