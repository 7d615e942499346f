"""A gather across ranks with the correct gradient, and the matching mean over ranks.

Losses and gradients equal those of one process with the whole batch, because :func:`gather` sums
the gradients that all ranks send to a row, and :func:`mean` divides the sum of the losses by the
number of rows of all ranks. A gather that keeps only the gradient of its own rank, or a mean over
local rows only, silently scales the gradient by a wrong factor. Without a process group, every
function does what it should do for one process, so callers do not need a branch.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor


def ranks() -> int:
    """Number of processes that share the batch; 1 without a process group.

    Example:
        >>> ranks()
        1
    """
    return dist.get_world_size() if _running() else 1


def rank() -> int:
    """Index of this process among them, from 0.

    Example:
        >>> rank()
        0
    """
    return dist.get_rank() if _running() else 0


class ProcessLostError(RuntimeError):
    """Another process of a run ended or no longer answers, so that this one cannot continue.

    Attributes:
        speaks: Whether this process is the one to report it: the first one, unless that is the
            one that ended.
    """

    speaks: bool = True


_LOST = re.compile(
    r"gloo.*(closed by peer|reset by peer|Broken pipe|Timed out|timed out|failed to connect)"
    r"|NCCL.*(remote error|remote process|timed out|timeout|aborted)|Watchdog caught collective",
    re.DOTALL | re.IGNORECASE,
)
_PARENT = os.getppid()


@contextmanager
def reporting_lost(step: Callable[[], int]) -> Iterator[None]:
    """Within this block, the loss of another process is reported in one sentence.

    Args:
        step: Returns the number of steps taken.

    Raises:
        ProcessLostError: Another process ended, or did not answer within the timeout of the
            process group.

    Example:
        >>> with reporting_lost(lambda: 3):
        ...     raise RuntimeError("[gloo/pair.cc:561] Connection closed by peer [127.0.0.1]:1")
        Traceback (most recent call last):
        goodviews.core.distributed.ProcessLostError: Another process of this run ended ...
    """
    try:
        yield
    except RuntimeError as error:
        if not _LOST.search(str(error)):
            raise
        lost = ProcessLostError(
            f"Another process of this run ended or does not answer, so this one (number {rank()} "
            f"of 0 to {ranks() - 1}) stopped after step {step()}; the last checkpoint is complete."
        )
        lost.speaks = rank() == 0 or _first_has_ended()
        raise lost from error


def _first_has_ended() -> bool:
    """Whether the first process ended; true as well if another launcher started it.

    A process closes its connections shortly before its children get another parent.
    """
    if "LOCAL_RANK" not in os.environ or "TORCHELASTIC_RUN_ID" in os.environ:
        return True
    end = time.monotonic() + 2
    while os.getppid() == _PARENT and time.monotonic() < end:
        time.sleep(0.05)
    return os.getppid() != _PARENT


def anywhere(here: bool) -> bool:
    """Whether a condition holds on any rank; every rank gets the same answer.

    Args:
        here: Whether it holds on this rank.

    Example:
        >>> anywhere(True)
        True
    """
    if ranks() == 1:
        return here
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    flag = torch.tensor([int(here)], device=device)
    dist.all_reduce(flag, op=dist.ReduceOp.MAX)
    return bool(flag.item())


def together() -> None:
    """Wait until every rank has reached this call."""
    if ranks() > 1:
        anywhere(False)


def gather(tensor: Tensor, *, dim: int = 0) -> Tensor:
    """The tensors of all ranks joined along one axis, in the order of the ranks.

    Backward adds up what every rank's loss sends to a row, so the ranks' losses must be
    shares that sum to the loss of the whole batch (see :func:`mean`). Every rank must
    call it the same number of times, and run backward through it if one does.

    Args:
        tensor: (..., B_r, ...), the same on all ranks but for the size along ``dim``,
            which may differ and may be 0.
        dim: Axis to join along.

    Returns:
        (..., B, ...), B the sum of the ranks' sizes; without a process group the tensor
        itself.

    Example:
        >>> gather(torch.ones(2, 3)).shape
        torch.Size([2, 3])
    """
    if ranks() == 1:
        return tensor
    gathered: Tensor = _Gather.apply(tensor, _sizes(tensor.shape[dim], tensor.device), dim)
    return gathered


def gather_others(tensor: Tensor, *, dim: int = 0) -> Tensor:
    """Join the tensors of all other ranks along one axis: :func:`gather` without this rank's.

    Args:
        tensor: (..., B_r, ...), as for :func:`gather`.
        dim: Axis to join along.

    Returns:
        (..., B - B_r, ...); its size along ``dim`` is 0 without a process group.

    Example:
        >>> gather_others(torch.ones(2, 3)).shape
        torch.Size([0, 3])
    """
    if ranks() == 1:
        return tensor.narrow(dim, 0, 0)
    sizes = _sizes(tensor.shape[dim], tensor.device)
    parts = list(_Gather.apply(tensor, sizes, dim).split(sizes, dim=dim))
    del parts[rank()]
    return torch.cat(parts, dim=dim)


def mean(losses: Tensor, *, gradients: Literal["averaged", "summed"] = "averaged") -> Tensor:
    r"""Mean of the losses of all ranks, the same number on each.

    .. math:: L = \frac{\sum_r \sum_i \ell_{ri}}{\sum_r B_r}

    Ranks of different sizes are weighted by their rows. A loss that is equal on all ranks (a term
    of the gathered batch) can be passed as it is, because its mean is that number.

    Args:
        losses: Any shape, this rank's losses.
        gradients: What the training wrapper does with the ranks' gradients: "averaged"
            (DistributedDataParallel and similar wrappers divide by the number of ranks, so the
            gradient is multiplied by it here) or "summed" (the gradients are added).

    Returns:
        (), the mean over all ranks.

    Example:
        >>> mean(torch.tensor([1.0, 3.0]))
        tensor(2.)
    """
    if ranks() == 1:
        return losses.mean()
    count = sum(_sizes(losses.numel(), losses.device))
    scale = ranks() if gradients == "averaged" else 1
    mean: Tensor = _Sum.apply(losses.sum(), scale) / count
    return mean


def _running() -> bool:
    return dist.is_available() and dist.is_initialized()


def _sizes(size: int, device: torch.device) -> list[int]:
    """One size per rank."""
    own = torch.tensor([size], device=device)
    every = [torch.empty_like(own) for _ in range(ranks())]
    dist.all_gather(every, own)
    return [int(other) for other in every]


class _Gather(torch.autograd.Function):
    """Forward joins the rows of all ranks; backward sums each row's gradient over ranks."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, sizes: list[int], dim: int) -> Tensor:
        ctx.start, ctx.size, ctx.dim = sum(sizes[: rank()]), tensor.shape[dim], dim
        # Collectives need equal shapes: pad to the largest rank, then cut.
        shape = list(tensor.shape)
        shape[dim] = max(sizes)
        padded = tensor.new_zeros(shape)
        padded.narrow(dim, 0, tensor.shape[dim]).copy_(tensor)
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded)
        rows = [part.narrow(dim, 0, size) for part, size in zip(parts, sizes, strict=True)]
        return torch.cat(rows, dim=dim)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        own = gradients[0]
        exact = torch.float32 if own.dtype in (torch.float16, torch.bfloat16) else own.dtype
        total = own.to(exact, copy=True, memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total.narrow(ctx.dim, ctx.start, ctx.size).to(own.dtype), None, None


class _Sum(torch.autograd.Function):
    """Forward adds the numbers of all ranks; backward multiplies the gradient by a constant."""

    @staticmethod
    def forward(ctx: Any, number: Tensor, scale: int) -> Tensor:
        ctx.scale = scale
        total = number.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0] * ctx.scale, None
