"""What a view is: parameters are drawn from a key, then applied with no randomness left.

Letters: B examples, C channels, H and W pixels.
"""

from abc import ABC, abstractmethod
from dataclasses import fields
from typing import ClassVar

from torch import Tensor

from goodviews.core.checks import InputError
from goodviews.core.rng import Key

__all__ = ["Params", "Shape", "View", "check_probability"]

Params = dict[str, Tensor]
Shape = tuple[int, int, int]


class View(ABC):
    """One step of a view: abstract here, final in each file of this room.

    Subclasses are frozen dataclasses of literals, so that ``repr`` is the spec.
    Images are (B, C, H, W) floats in [0, 1]; each image gets its own draw.
    """

    name: ClassVar[str]

    @abstractmethod
    def sample(self, shape: Shape, key: Key) -> Params:
        """Draw parameters for a batch of images of one shape.

        Args:
            shape: (C, H, W) of the images.
            key: One word per image; the same words draw the same parameters.

        Returns:
            Tensors whose first axis is B; empty when nothing is random.
        """

    @abstractmethod
    def apply(self, images: Tensor, params: Params) -> Tensor:
        """Make the views. Same parameters, same views: nothing random happens here.

        Args:
            images: (B, C, H, W) in [0, 1].
            params: What :meth:`sample` drew for images of this shape.

        Returns:
            (B, C', H', W') in [0, 1].
        """

    def out_shape(self, shape: Shape) -> Shape:
        """(C', H', W') of the views of images of a shape."""
        return shape

    def check(self, shape: Shape) -> None:  # noqa: B027
        """Refuse images that this view cannot take.

        Raises:
            InputError: Channels or size do not fit, and what would.
        """

    def clipped(self, images: Tensor, params: Params) -> float:  # noqa: ARG002
        """Share of the values that :meth:`apply` pushed out of [0, 1] and cut off."""
        return 0.0

    def __repr__(self) -> str:
        """The step as spec text; arguments at their default are left out."""
        given = [
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)  # type: ignore[arg-type]
            if getattr(self, field.name) != field.default
        ]
        return f"{self.name}({', '.join(given)})"


def check_probability(step: str, p: float) -> None:
    """Refuse what is no probability.

    Raises:
        InputError: ``p`` is outside [0, 1].
    """
    if not (isinstance(p, int | float) and 0 <= p <= 1):
        raise InputError(f"{step} has p={p!r}, but a probability from 0 to 1 is wanted.")
