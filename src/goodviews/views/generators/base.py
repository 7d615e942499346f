"""Base class of generators: learned invertible maps of the channels of each pixel.

Letters: B examples, C channels, H and W pixels, P pixels of the batch (B H W).
"""

from abc import ABC, abstractmethod

from torch import Tensor, nn

from goodviews.core.errors import InputError

_FEWEST, _MOST = 2, 13


class Generator(nn.Module, ABC):
    """Abstract base of invertible pixel-wise maps of C channels.

    A generator is a learned colour space. It maps the channels of each pixel independently, so
    it commutes with every permutation of pixels, and loses no information. The mapped channels
    are split into the two views. Every generator is initialised to exactly the identity.

    Args:
        channels: Number of channels C, from 2 to 13.
        text: Spec that builds the generator.

    Attributes:
        rate: Learning rate for this kind of generator, with Adam.
        channels: Number of channels C.
        text: Spec with all arguments.

    Raises:
        InputError: There are fewer channels than 2, or more than 13.

    References:
        Tian et al., 2020, section 4.2, arXiv:2005.10243.

    Example:
        >>> import torch
        >>> class Swap(Generator):
        ...     def map_pixels(self, pixels):
        ...         return pixels.flip(0)
        ...     def unmap_pixels(self, pixels):
        ...         return pixels.flip(0)
        ...     def log_det_pixels(self, pixels):
        ...         return pixels.new_zeros(pixels.shape[1])
        >>> swap, images = Swap(2, "swap()"), torch.rand(4, 2, 8, 8)
        >>> torch.equal(swap(images)[:, 0], images[:, 1])
        True
        >>> torch.equal(swap.inverse(swap(images)), images)
        True
    """

    rate = 2e-4

    def __init__(self, channels: int, text: str) -> None:
        super().__init__()
        if not (type(channels) is int and _FEWEST <= channels <= _MOST):
            raise InputError(
                f"{text} needs images of {_FEWEST} to {_MOST} channels, but got {channels!r} "
                f"channels."
            )
        self.channels = channels
        self.text = text

    def forward(self, images: Tensor) -> Tensor:
        """Map each pixel.

        Args:
            images: (..., C, H, W), values of order 1 (normalise colour spaces of other ranges).

        Returns:
            (..., C, H, W), mapped images.

        Raises:
            InputError: The images have another number of channels.
        """
        return self._moved(images, self.map_pixels)

    def inverse(self, images: Tensor) -> Tensor:
        """Invert the map: ``inverse(forward(images))`` is ``images``.

        Args:
            images: (..., C, H, W), mapped images.

        Returns:
            (..., C, H, W), original images.
        """
        return self._moved(images, self.unmap_pixels)

    def log_det(self, images: Tensor) -> Tensor:
        """Log-determinant of the Jacobian at each pixel, in nats.

        Args:
            images: (B, C, H, W), images before the map.

        Returns:
            (B, H, W), logarithm of the change of volume; 0 where the map preserves it.
        """
        shape = images.shape
        logs = self.log_det_pixels(self._pixels(images))
        return logs.reshape(*shape[:-3], *shape[-2:])

    @abstractmethod
    def map_pixels(self, pixels: Tensor) -> Tensor:
        """Map a matrix (C, P) with one column per pixel, as in :meth:`forward`."""

    @abstractmethod
    def unmap_pixels(self, pixels: Tensor) -> Tensor:
        """Invert the map of a matrix (C, P), as in :meth:`inverse`."""

    @abstractmethod
    def log_det_pixels(self, pixels: Tensor) -> Tensor:
        """Log-determinant for a matrix (C, P), as in :meth:`log_det`: (P,), in nats."""

    def extra_repr(self) -> str:
        """Return the spec and the number of channels."""
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
