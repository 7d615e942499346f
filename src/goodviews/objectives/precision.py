"""Full precision of objectives: they compute in float32 or float64, even under autocast.

A softmax at a small temperature, a covariance or a determinant in half precision is finite but
wrong. Each objective therefore disables autocast with :func:`full_precision` and converts
half-precision inputs to float32 with :func:`lift`. Gradients have the precision of the inputs.
"""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

from goodviews.core.errors import check_positive, check_tensor


def lift(tensor: Tensor) -> Tensor:
    """Convert a tensor of any shape to float32 if it has half precision; return others as is.

    Example:
        >>> lift(torch.zeros(1, dtype=torch.bfloat16)).dtype
        torch.float32
        >>> lift(torch.zeros(1, dtype=torch.float64)).dtype
        torch.float64
    """
    check_tensor("An argument", tensor)
    if tensor.dtype in (torch.float16, torch.bfloat16):
        return tensor.float()
    return tensor


@contextlib.contextmanager
def full_precision(like: Tensor) -> Iterator[None]:
    """Context manager that disables autocast on the device of ``like``, a tensor of any shape.

    Example:
        >>> with torch.autocast("cpu", torch.bfloat16), full_precision(torch.ones(2, 2)):
        ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
        torch.float32
    """
    check_tensor("The first argument", like)
    with torch.autocast(like.device.type, enabled=False):
        yield


def check_temperature(temperature: float | Tensor) -> None:
    """Check that a temperature is above zero; a learned one (a scalar tensor) is not checked.

    Raises:
        InputError: The temperature is zero, negative, infinite or NaN.

    Example:
        >>> check_temperature(0.1)
    """
    if not isinstance(temperature, Tensor):
        check_positive("temperature", temperature)
