"""What a generator is: an invertible map of the channels of each pixel, learned or to be learned.

Letters: B examples, C channels, H and W pixels, P pixels of the batch (B H W).
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from goodviews.core.errors import InputError

_FEWEST, _MOST = 2, 13


class Generator(nn.Module, ABC):
    """An invertible pixel-wise map of C channels; abstract here, final in this room's files.

    It is a learned colour space: each pixel's channels are mapped on their own, so it commutes
    with every move of pixels, and nothing is lost. A split of the mapped channels makes the two
    views. Every generator starts as the identity, exactly.

    Args:
        channels: C, from 2 to 13.
        text: The spec that builds it.

    Attributes:
        rate: Learning rate that suits this kind, with Adam.
        channels: C.
        text: The spec, every argument spelt out.

    Raises:
        InputError: There are fewer channels than 2, or more than 13.

    References:
        Tian et al., 2020, section 4.2, arXiv:2005.10243.
    """

    rate = 2e-4

    def __init__(self, channels: int, text: str) -> None:
        super().__init__()
        if not (type(channels) is int and _FEWEST <= channels <= _MOST):
            raise InputError(
                f"{text} is given {channels!r} channels, but a generator maps images of "
                f"{_FEWEST} to {_MOST}."
            )
        self.channels = channels
        self.text = text

    def forward(self, images: Tensor) -> Tensor:
        """Map each pixel.

        Args:
            images: (..., C, H, W), values of the order of 1 (normalise a space of other ranges).

        Returns:
            (..., C, H, W).

        Raises:
            InputError: The images have another number of channels.
        """
        return self._moved(images, self.map_pixels)

    def inverse(self, images: Tensor) -> Tensor:
        """Map back: ``inverse(forward(images))`` is ``images``.

        Args:
            images: (..., C, H, W), mapped.

        Returns:
            (..., C, H, W).
        """
        return self._moved(images, self.unmap_pixels)

    def log_det(self, images: Tensor) -> Tensor:
        """Log-determinant of the Jacobian at each pixel, in nats.

        Args:
            images: (B, C, H, W), not mapped.

        Returns:
            (B, H, W): how far the map stretches volume there; 0 where it keeps it.
        """
        shape = images.shape
        logs = self.log_det_pixels(self._pixels(images))
        return logs.reshape(*shape[:-3], *shape[-2:])

    @abstractmethod
    def map_pixels(self, pixels: Tensor) -> Tensor:
        """:meth:`forward` of a matrix (C, P), one column per pixel."""

    @abstractmethod
    def unmap_pixels(self, pixels: Tensor) -> Tensor:
        """:meth:`inverse` of a matrix (C, P)."""

    @abstractmethod
    def log_det_pixels(self, pixels: Tensor) -> Tensor:
        """:meth:`log_det` of a matrix (C, P): (P,) nats."""

    def extra_repr(self) -> str:
        """The spec and the channels."""
        return f"{self.text}, channels={self.channels}"

    def _pixels(self, images: Tensor) -> Tensor:
        if images.ndim < 3 or images.shape[-3] != self.channels:
            raise InputError(
                f"{self.text} maps images (..., {self.channels}, H, W), but got "
                f"{tuple(images.shape)}."
            )
        return images.movedim(-3, 0).reshape(self.channels, -1)

    def _moved(self, images: Tensor, move) -> Tensor:  # type: ignore[no-untyped-def]
        moved = move(self._pixels(images))
        axes = (self.channels, *images.shape[:-3], *images.shape[-2:])
        return moved.reshape(axes).movedim(0, -3).contiguous()
