"""Fast path of coupling on a CPU: all blocks in one compiled pass, gradients in another.

Only the pixels are stored between the passes; the backward pass recomputes the rest tile by tile.
On a device, in double precision, with few pixels, under ``torch.compile`` or without numba, the
blocks run as torch operations; both agree up to float32 rounding.
"""

import os
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from goodviews.views.compiled.threads import shared_out

_FEWEST = 8192
"""Number of pixels from which a pass is faster than torch operations."""
_ONCE = """
import torch
from goodviews.views.generators import build_generator
images = torch.rand(2, 3, 64, 64, requires_grad=True)
build_generator("nvp(blocks=1, width=2)", 3)(images).sum().backward()
"""
"""Script that calls both kernels, so that they are compiled."""
_PART = 64
"""Number of tiles per task of a thread; the gradients of tasks are added in their order."""


def worth_it(pixels: Tensor, weight: Tensor) -> bool:
    """Whether to use the fast path for pixels (C, P), given one of the weights, such as (U,)."""
    return (
        not torch.compiler.is_compiling()
        and type(pixels) is Tensor
        and pixels.dtype == torch.float32
        and pixels.device.type == "cpu"
        and (weight.dtype, weight.device) == (pixels.dtype, pixels.device)
        and pixels.shape[1] >= _FEWEST
        and os.environ.get("GOODVIEWS_COMPILED", "1") != "0"
        and _kernels() is not None
    )


def fused(pixels: Tensor, plan: np.ndarray, weights: Tensor) -> Tensor:
    """Map pixels through every half block; see :func:`goodviews.views.generators.kernel.forward`.

    Args:
        pixels: (C, P) float32 on the CPU.
        plan: (H, 5) int64, plan of the halves.
        weights: Concatenated weights of all halves, float32.

    Returns:
        (C, P), differentiable once with respect to pixels and weights.
    """
    made: Tensor = _Fused.apply(pixels, plan, weights)
    return made


class _Fused(torch.autograd.Function):
    """Both passes; gradients of the weights do not depend on the number of threads."""

    @staticmethod
    def forward(ctx, pixels, plan, weights):  # type: ignore[no-untyped-def]
        kernels = _kernels()
        assert kernels is not None
        pixels, weights = pixels.detach().contiguous(), weights.detach().contiguous()
        ctx.save_for_backward(pixels, weights)
        ctx.plan = plan
        out = torch.empty_like(pixels)
        arrays = pixels.numpy(), plan, weights.numpy(), out.numpy()
        tiles = -(-pixels.shape[1] // kernels[2])

        def work(first: int, last: int) -> None:
            kernels[0](*arrays, first * _PART, min(last * _PART, tiles))

        shared_out(work, -(-tiles // _PART), _PART * pixels.numel())
        return out

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, given):  # type: ignore[no-untyped-def]
        kernels = _kernels()
        assert kernels is not None
        pixels, weights = ctx.saved_tensors
        given = given.contiguous()
        out = torch.empty_like(pixels)
        arrays = pixels.numpy(), ctx.plan, weights.numpy(), given.numpy(), out.numpy()
        tiles = -(-pixels.shape[1] // kernels[2])
        parts = -(-tiles // _PART)
        totals = np.zeros((parts, len(weights)))

        def work(first: int, last: int) -> None:
            for part in range(first, last):
                ends = part * _PART, min((part + 1) * _PART, tiles)
                kernels[1](*arrays, totals[part], *ends)

        shared_out(work, parts, _PART * pixels.numel())
        return out, None, torch.from_numpy(totals.sum(axis=0)).to(weights.dtype)


@lru_cache(maxsize=1)
def _kernels() -> tuple[Callable[..., None], Callable[..., None], int] | None:
    """Both passes and the number of pixels of a tile; None if numba is not installed."""
    try:
        from goodviews.views.compiled.jit import compiled_apart

        source = Path(__file__).with_name("kernel.py").read_bytes()
        compiled_apart(_ONCE, zlib.crc32(source))
        from goodviews.views.generators.kernel import TILE, backward, forward
    except ImportError:
        return None
    return forward, backward, TILE
