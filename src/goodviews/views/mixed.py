"""Images of several sizes as one batch, and which steps make them equal.

Letters: B examples, C channels, H and W pixels.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import torch
from torch import Tensor

from goodviews.views.base import Shape, View
from goodviews.views.geometric import Crop

if TYPE_CHECKING:
    from typing_extensions import TypeIs

_PROBES = ((997, 1013), (1021, 991))
"""Two sizes of images; steps whose views of both are alike make views of one size."""
_TOGETHER = 16


class Mixed(Protocol):
    """Images of several sizes, such as :meth:`goodviews.data.Images.for_views` gives.

    Attributes:
        values: (M,) uint8 where 255 means 1, or float32 in [0, 1]: the pixels of all images.
        starts: (B,) int64, where in ``values`` each image starts, channel after channel.
        shapes: (B,) shapes (C, H, W).
        sides: Height and width of the views of a crop that names none.
        device: Where the views go.
    """

    @property
    def values(self) -> np.ndarray:
        """See the class."""
        ...

    @property
    def starts(self) -> np.ndarray:
        """See the class."""
        ...

    @property
    def shapes(self) -> Sequence[Shape]:
        """See the class."""
        ...

    @property
    def sides(self) -> tuple[int, int]:
        """See the class."""
        ...

    @property
    def device(self) -> torch.device:
        """See the class."""
        ...

    def fitted(self) -> Tensor:
        """(B, C, H, W), the images resized to one size."""
        ...


Pictures: TypeAlias = Tensor | Mixed
"""What views are made of: images of one size, (B, C, H, W), or of several."""


def is_mixed(images: Pictures) -> "TypeIs[Mixed]":
    """Whether images have several sizes."""
    return not isinstance(images, Tensor) and hasattr(images, "starts")


@lru_cache(maxsize=256)
def sized(
    steps: tuple[View, ...], channels: int, sides: tuple[int, int]
) -> tuple[View, ...] | None:
    """The same steps for images of any size.

    A crop without a size makes views of ``sides``.

    Args:
        steps: Steps of a chain.
        channels: C.
        sides: Height and width of the images when they are fitted.

    Returns:
        The steps; ``None`` where views have as many sizes as the images.

    Example:
        >>> from goodviews.views import parse_view
        >>> sized(parse_view("flip()|crop()").first.steps, 3, (32, 48))
        (flip(), crop(size=(32, 48)))
        >>> sized(parse_view("flip()|jitter()").first.steps, 3, (32, 48))
    """
    own = list(steps)
    shapes: list[Shape] = [(channels, *probe) for probe in _PROBES]
    for place, step in enumerate(steps):
        if isinstance(step, Crop) and step.size is None:
            own[place] = step = replace(step, size=sides[0] if sides[0] == sides[1] else sides)
        shapes = [step.out_shape(shape) for shape in shapes]
        if shapes[0] == shapes[1]:
            return tuple(own)
    return None


def alike(images: Mixed) -> Iterator[tuple[Tensor, Tensor]]:
    """Images of one size together: their places in the batch and (n, C, H, W), as they are stored.

    Images of several sizes come in groups of at most 16, since they are larger than their views.
    """
    shapes = dict.fromkeys(images.shapes)
    most = len(images.shapes) if len(shapes) == 1 else _TOGETHER
    for shape in shapes:
        rows = np.array([b for b, other in enumerate(images.shapes) if other == shape])
        count = math.prod(shape)
        for begin in range(0, len(rows), most):
            some = rows[begin : begin + most]
            found = np.stack([images.values[at : at + count] for at in images.starts[some]])
            yield torch.from_numpy(some), torch.from_numpy(found.reshape(-1, *shape))


def squares(images: Mixed, top: Tensor, left: Tensor, size: int) -> Tensor:
    """Cut a square out of each image, without copying the rest of it.

    Args:
        images: Images of several sizes.
        top: (B,) int64, first row.
        left: (B,) int64, first column.
        size: Side S in pixels.

    Returns:
        (B, C, S, S), in the type of the values.
    """
    out = np.empty((len(images.shapes), images.shapes[0][0], size, size), images.values.dtype)
    corners = zip(images.starts.tolist(), images.shapes, top.tolist(), left.tolist(), strict=True)
    for place, (start, shape, row, column) in enumerate(corners):
        image = images.values[start : start + math.prod(shape)].reshape(shape)
        out[place] = image[:, row : row + size, column : column + size]
    return torch.from_numpy(out)


def unit(images: Tensor) -> Tensor:
    """Convert uint8 images (B, C, H, W) to floats in [0, 1]; return floats as they are."""
    return images.float() / 255 if images.dtype == torch.uint8 else images
