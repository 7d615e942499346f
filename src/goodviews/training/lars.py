"""LARS, an optimiser for large batches."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from goodviews.core.errors import InputError, check_positive


class Lars(Optimizer):
    r"""SGD with momentum in which the step of each tensor is proportional to its norm.

    .. math::
        d &= g + \lambda w, \qquad d \leftarrow \eta \frac{\|w\|}{\|d\|} d
            \quad (\text{1 where a norm is 0}) \\
        m &\leftarrow \mu m + d, \qquad w \leftarrow w - \mathrm{lr} \, m

    The norm is that of the gradient *with* its decay, as in the code of VICReg and BYOL; the
    first paper, and timm, take :math:`\|g\| + \lambda \|w\|`, which is never smaller. Without
    decay the two agree.

    Args:
        parameters: Tensors or groups; a group with ``adapt=False`` takes plain SGD steps, as
            biases and norms should (:func:`goodviews.training.optim.build_optimiser` makes the
            groups).
        lr: Learning rate.
        momentum: mu, in [0, 1).
        weight_decay: lambda.
        eta: Trust coefficient.

    Raises:
        InputError: An argument is out of its range.

    References:
        You et al., 2017, arXiv:1708.03888; Bardes et al., 2022, arXiv:2105.04906, its code.

    Example:
        >>> w = torch.tensor([3.0, 4.0], requires_grad=True)  # norm 5
        >>> w.grad = torch.tensor([10.0, 0.0])
        >>> Lars([w], lr=1.0, eta=0.1).step()  # moves 0.1 * 5 along the gradient
        >>> w
        tensor([2.5000, 4.0000], requires_grad=True)
    """

    def __init__(
        self,
        parameters: Iterable[Tensor] | Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        eta: float = 0.001,
    ) -> None:
        check_positive("eta", eta)
        if lr < 0 or weight_decay < 0 or not 0 <= momentum < 1:
            raise InputError(
                "LARS needs lr and weight_decay of at least 0 and a momentum in [0, 1), but got "
                f"lr={lr}, weight_decay={weight_decay}, momentum={momentum}."
            )
        options = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "eta": eta}
        super().__init__(parameters, {**options, "adapt": True})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Take one step; tensors without a gradient stay unchanged."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            moved: list[Tensor] = [p for p in group["params"] if p.grad is not None]
            if not moved:
                continue
            slopes: list[Tensor] = [p.grad for p in moved if p.grad is not None]
            directions = torch._foreach_add(slopes, moved, alpha=group["weight_decay"])
            if group["adapt"]:
                factors = _trust(moved, directions, group["eta"])
                torch._foreach_mul_(directions, factors)
            for p, direction in zip(moved, directions, strict=True):
                if "momentum" not in self.state[p]:
                    self.state[p]["momentum"] = torch.zeros_like(direction)
            momenta = [self.state[p]["momentum"] for p in moved]
            torch._foreach_mul_(momenta, group["momentum"])
            torch._foreach_add_(momenta, directions)
            torch._foreach_add_(moved, momenta, alpha=-group["lr"])
        return loss


def _trust(weights: list[Tensor], directions: Sequence[Tensor], eta: float) -> list[Tensor]:
    """Factor of each tensor, on the device, so that no step waits for it."""
    w = torch.stack(torch._foreach_norm(weights))
    d = torch.stack(torch._foreach_norm(list(directions)))
    return list(torch.where((w > 0) & (d > 0), eta * w / d, 1.0).unbind())
