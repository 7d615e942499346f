"""Every objective computes in float32 or better, whatever the caller's autocast.

A softmax at a small temperature, a covariance or a determinant taken in half
precision is a number that is wrong but finite. So each objective opens with
:func:`full_precision`, which lifts half-precision inputs to float32 and leaves
float32 and float64 as they are. Gradients return in the caller's precision.
"""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

from goodviews.core.errors import check_positive


def lift(tensor: Tensor) -> Tensor:
    """The tensor, of any shape, in float32 or better: half precision is raised, else untouched.

    Example:
        >>> lift(torch.zeros(1, dtype=torch.bfloat16)).dtype
        torch.float32
        >>> lift(torch.zeros(1, dtype=torch.float64)).dtype
        torch.float64
    """
    if tensor.dtype in (torch.float16, torch.bfloat16):
        return tensor.float()
    return tensor


@contextlib.contextmanager
def full_precision(like: Tensor) -> Iterator[None]:
    """Switch autocast off where ``like``, of any shape, lives, while the block lasts.

    Example:
        >>> with torch.autocast("cpu", torch.bfloat16), full_precision(torch.ones(2, 2)):
        ...     (torch.ones(2, 2) @ torch.ones(2, 2)).dtype
        torch.float32
    """
    with torch.autocast(like.device.type, enabled=False):
        yield


def check_temperature(temperature: float | Tensor) -> None:
    """Refuse a temperature that is not above zero; a learned one (a scalar tensor) is trusted.

    Raises:
        InputError: A number that is zero, negative, infinite or not a number.

    Example:
        >>> check_temperature(0.1)
    """
    if not isinstance(temperature, Tensor):
        check_positive("temperature", temperature)
