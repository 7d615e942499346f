"""Learned linear colour spaces: rotations, or matrices of positive determinant.

Letters: C channels, P pixels.
"""

import torch
from torch import Tensor, nn

from goodviews.views.generators.base import Generator


class LinearGenerator(Generator):
    r"""One matrix for all pixels, which is invertible for all weights.

    .. math:: g(x) = e^{S} e^{K} x, \qquad \log |\det| = \operatorname{tr} S

    where K is antisymmetric and S is symmetric: every matrix of positive determinant is such a
    product (its polar decomposition). With ``orthogonal``, there is no S, and e^K is a rotation.
    Both are initialised to 0.

    Args:
        channels: Number of channels C.
        orthogonal: Whether the map preserves lengths and volumes.

    References:
        Lezcano-Casado and Martínez-Rubio, 2019, arXiv:1901.08428 (the exponential map).

    Example:
        >>> generator = LinearGenerator(3, orthogonal=True)
        >>> generator.matrix()
        tensor([[1., 0., 0.],
                [0., 1., 0.],
                [0., 0., 1.]], grad_fn=<LinalgMatrixExpBackward0>)
    """

    rate = 5e-3  # its few weights are angles and log-scales, which must be able to reach 1

    def __init__(self, channels: int, *, orthogonal: bool) -> None:
        super().__init__(channels, "orthogonal()" if orthogonal else "linear()")
        self.turn = nn.Parameter(torch.zeros(channels * (channels - 1) // 2))
        self.pull = None
        if not orthogonal:
            self.pull = nn.Parameter(torch.zeros(channels * (channels + 1) // 2))

    def matrix(self, *, back: bool = False) -> Tensor:
        """Return the matrix (C, C), or its inverse."""
        sign = -1 if back else 1
        upper = self._upper(self.turn, 1)
        turned = torch.linalg.matrix_exp(sign * (upper - upper.T))
        if self.pull is None:
            return turned
        upper = self._upper(self.pull, 0)
        pulled = torch.linalg.matrix_exp(sign * (upper + upper.T) / 2)
        return turned @ pulled if back else pulled @ turned

    def map_pixels(self, pixels: Tensor) -> Tensor:
        """Multiply pixels (C, P) by the matrix."""
        return self.matrix() @ pixels

    def unmap_pixels(self, pixels: Tensor) -> Tensor:
        """Multiply pixels (C, P) by the inverse of the matrix."""
        return self.matrix(back=True) @ pixels

    def log_det_pixels(self, pixels: Tensor) -> Tensor:
        """Trace of S for every pixel, (P,), in nats."""
        if self.pull is None:
            return pixels.new_zeros(pixels.shape[1])
        return self._upper(self.pull, 0).trace().expand(pixels.shape[1])

    def _upper(self, values: Tensor, offset: int) -> Tensor:
        """Matrix with the values on and above a diagonal, row by row."""
        rows, columns = torch.triu_indices(
            self.channels, self.channels, offset, device=values.device
        )
        empty = values.new_zeros(self.channels, self.channels)
        return empty.index_put((rows, columns), values)
