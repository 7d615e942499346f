"""Linear colour spaces, learned: a rotation of the channels, or any matrix that turns no volume.

Letters: C channels, P pixels.
"""

import torch
from torch import Tensor, nn

from goodviews.views.generators.base import Generator


class LinearGenerator(Generator):
    r"""One matrix for every pixel, which stays invertible whatever its weights.

    .. math:: g(x) = e^{S} e^{K} x, \qquad \log |\det| = \operatorname{tr} S

    with K antisymmetric and S symmetric: every matrix of positive determinant is such a product
    (its polar decomposition). ``orthogonal`` has no S: e^K is any rotation. Both start at 0.

    Args:
        channels: C.
        orthogonal: Whether lengths and volumes are kept.

    References:
        Lezcano-Casado and Martínez-Rubio, 2019, arXiv:1901.08428 (the exponential map).

    Example:
        >>> generator = LinearGenerator(3, orthogonal=True)
        >>> generator.matrix()
        tensor([[1., 0., 0.],
                [0., 1., 0.],
                [0., 0., 1.]], grad_fn=<LinalgMatrixExpBackward0>)
    """

    rate = 5e-3  # its few numbers are angles and stretches, which must go as far as 1

    def __init__(self, channels: int, *, orthogonal: bool) -> None:
        super().__init__(channels, "orthogonal()" if orthogonal else "linear()")
        self.turn = nn.Parameter(torch.zeros(channels * (channels - 1) // 2))
        self.pull = None
        if not orthogonal:
            self.pull = nn.Parameter(torch.zeros(channels * (channels + 1) // 2))

    def matrix(self, *, back: bool = False) -> Tensor:
        """The matrix (C, C), or its inverse."""
        sign = -1 if back else 1
        upper = self._upper(self.turn, 1)
        turned = torch.linalg.matrix_exp(sign * (upper - upper.T))
        if self.pull is None:
            return turned
        upper = self._upper(self.pull, 0)
        pulled = torch.linalg.matrix_exp(sign * (upper + upper.T) / 2)
        return turned @ pulled if back else pulled @ turned

    def map_pixels(self, pixels: Tensor) -> Tensor:
        """(C, P) times the matrix."""
        return self.matrix() @ pixels

    def unmap_pixels(self, pixels: Tensor) -> Tensor:
        """(C, P) times its inverse."""
        return self.matrix(back=True) @ pixels

    def log_det_pixels(self, pixels: Tensor) -> Tensor:
        """The trace of S for every pixel, (P,) nats."""
        if self.pull is None:
            return pixels.new_zeros(pixels.shape[1])
        return self._upper(self.pull, 0).trace().expand(pixels.shape[1])

    def _upper(self, values: Tensor, offset: int) -> Tensor:
        """Values on and above a diagonal, row by row."""
        rows, columns = torch.triu_indices(
            self.channels, self.channels, offset, device=values.device
        )
        empty = values.new_zeros(self.channels, self.channels)
        return empty.index_put((rows, columns), values)
