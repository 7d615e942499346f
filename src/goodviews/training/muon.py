"""Muon, an optimiser that gives every direction of a weight matrix a step of the same length."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from goodviews.core.errors import InputError

_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of Jordan et al., which lift small singular values to near 1 in five steps."""

_BETAS = (0.9, 0.999)
"""Averages of Adam."""


class Muon(Optimizer):
    r"""Momentum whose matrix is made nearly orthogonal before the step.

    .. math::
        m &\leftarrow \mu m + (1 - \mu) g, \qquad d = \mu m + (1 - \mu) g \\
        w &\leftarrow (1 - \mathrm{lr} \, \lambda) w
            - \mathrm{lr} \sqrt{\max(1, R / C)} \; \mathrm{orthogonal}(d)

    A convolution is the matrix of its R output channels and its C = inputs x height x width
    weights. Tensors of one axis (biases, norms) take steps of Adam.

    Args:
        parameters: Tensors or groups.
        lr: Learning rate of matrices.
        momentum: mu, in [0, 1).
        weight_decay: lambda, decoupled.
        vectors: Learning rate of tensors of one axis, as a share of ``lr``.

    Raises:
        InputError: An argument is out of its range.

    References:
        Jordan et al., 2024, "Muon: an optimizer for hidden layers in neural networks", and its
        code; torch.optim.Muon takes the same steps, of matrices only.

    Example:
        >>> w = torch.eye(2, requires_grad=True)
        >>> w.grad = torch.tensor([[3.0, 0.0], [0.0, 0.01]])
        >>> Muon([w], lr=0.5, momentum=0.0).step()  # both axes move, by about 0.5
        >>> bool((w.diagonal() < 0.7).all())
        True
    """

    def __init__(
        self,
        parameters: Iterable[Tensor] | Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        vectors: float = 0.12,
    ) -> None:
        if lr < 0 or weight_decay < 0 or vectors < 0 or not 0 <= momentum < 1:
            raise InputError(
                "Muon needs lr, weight_decay and vectors of at least 0 and a momentum in [0, 1), "
                f"but got lr={lr}, weight_decay={weight_decay}, vectors={vectors} and "
                f"momentum={momentum}."
            )
        options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        super().__init__(parameters, {**options, "vectors": vectors})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; tensors without a gradient stay unchanged."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is None:
                    continue
                rate = group["lr"] * (1 if p.ndim > 1 else group["vectors"])
                p.mul_(1 - rate * group["weight_decay"])
                if p.ndim > 1:
                    move = _matrix_step(self.state[p], p.grad, group["momentum"])
                else:
                    move = _adam_step(self.state[p], p.grad)
                p.add_(move, alpha=-rate)
        return loss


def _matrix_step(state: dict[str, Any], slope: Tensor, mu: float) -> Tensor:
    """Direction of a tensor of two or more axes."""
    if "momentum" not in state:
        state["momentum"] = torch.zeros_like(slope)
    state["momentum"].lerp_(slope, 1 - mu)
    direction = slope.lerp(state["momentum"], mu).flatten(1)
    rows, columns = direction.shape
    return orthogonal(direction).mul_(max(1, rows / columns) ** 0.5).reshape(slope.shape)


def _adam_step(state: dict[str, Any], slope: Tensor) -> Tensor:
    """Direction of a tensor of one axis."""
    first, second = _BETAS
    if not state:
        state["step"], state["mean"] = torch.zeros(()), torch.zeros_like(slope)
        state["square"] = torch.zeros_like(slope)
    state["step"] += 1
    steps = float(state["step"])
    state["mean"].lerp_(slope, 1 - first)
    state["square"].mul_(second).addcmul_(slope, slope, value=1 - second)
    root = (state["square"] / (1 - second**steps)).sqrt_().add_(1e-8)
    return (state["mean"] / (1 - first**steps)).div_(root)


def orthogonal(matrix: Tensor, *, steps: int = 5) -> Tensor:
    r"""Nearly the closest matrix with orthogonal rows or columns, by Newton-Schulz iterations.

    .. math:: X \leftarrow a X + b (X X^T) X + c (X X^T)^2 X, \qquad X_0 = M / \|M\|_F

    Args:
        matrix: M, (R, C).
        steps: Iterations.

    Returns:
        (R, C) with the singular vectors of M, whose singular values lie between 0.5 and 1.3
        where those of M are at least 0.003 of its norm. Zeros stay zeros.

    References:
        Jordan et al., 2024.

    Example:
        >>> values = torch.linalg.svdvals(orthogonal(torch.tensor([[2.0, 1.0], [0.0, 1.0]])))
        >>> bool(values.min() > 0.5 and values.max() < 1.3)
        True
    """
    a, b, c = _QUINTIC
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
