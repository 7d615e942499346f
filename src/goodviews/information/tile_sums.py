"""Row sums tile by tile and their gradients, for :mod:`goodviews.information.tiles`.

``free`` means that no maximum is subtracted from the logits, and totals are sums; otherwise
each row keeps a running log-sum-exp. Letters as in :mod:`goodviews.information.tiles`.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx

from goodviews.core.errors import InputError


@dataclass(frozen=True)
class Plan:
    """Terms to mask and to subtract, rows per tile, and whether tiles are stored."""

    mask: bool
    less_positive: bool
    bounded: bool
    bf16: bool
    tile: int
    stored: bool


def _room(scale: float, dtype: torch.dtype) -> bool:
    """Whether exp(logit) and its inverse are representable without subtracting a maximum."""
    return 2 * scale < (87.0 if dtype == torch.float32 else 700.0)


def _spans(rows: int, tile: int) -> list[slice]:
    return [slice(start, min(start + tile, rows)) for start in range(0, rows, tile)]


class _Products:
    """Tiles of scaled products, in a buffer that is reused unless they are stored."""

    def __init__(self, a: Tensor, c: Tensor, scale: float, plan: Plan, keep: bool) -> None:
        low = torch.bfloat16 if plan.bf16 else a.dtype
        self.a, self.c = (a * scale).to(low), c.to(low)
        self.like, self.low, self.keep = a, low, keep
        self.buffer: Tensor | None = None

    def __call__(self, rows: slice, columns: slice) -> Tensor:
        a, c = self.a[rows], self.c[columns]
        if self.low != self.like.dtype:
            return (a @ c.T).to(self.like.dtype)
        size = len(a) * len(c)
        if self.keep:
            return a @ c.T
        if self.buffer is None or self.buffer.numel() < size:
            self.buffer = a.new_empty(size)
        return torch.mm(a, c.T, out=self.buffer[:size].view(len(a), len(c)))


def _band(tile: Tensor, offset: int) -> Tensor:
    """Entries whose column index exceeds the row index by ``offset`` (empty outside)."""
    if -len(tile) < offset < tile.shape[1]:
        return tile.diagonal(offset)
    return tile.new_empty(0)


class PoolSums(torch.autograd.Function):
    """Row sums of a pool against itself: each tile with i <= j is used for both sides."""

    @staticmethod
    def forward(ctx: Any, z: Tensor, scale: Tensor, plan: Plan) -> Tensor:
        """Log row sums, (N,); ``scale`` is 1/tau."""
        n, s = len(z), float(scale)
        half, spans = n // 2, _spans(n, plan.tile)
        free = plan.bounded and _room(s, z.dtype)
        keep = plan.stored and free and any(ctx.needs_input_grad)
        product = _Products(z, z, s, plan, keep)
        empty = 0.0 if free else -math.inf
        total, kept = z.new_full((n,), empty), []
        for k, rows in enumerate(spans):
            for columns in spans[k:]:
                tile = product(rows, columns)
                tile = tile.exp_() if free else tile
                _mask(tile, rows, columns, half, plan.mask, empty)
                for side, dim in ((rows, 1), (columns, 0))[: 1 if rows == columns else 2]:
                    if free:
                        total[side] += tile.sum(dim=dim)
                    else:
                        total[side] = torch.logaddexp(total[side], tile.logsumexp(dim=dim))
                if keep:
                    kept.append(tile)
        ctx.plan, ctx.free, ctx.scale = plan, free, s
        ctx.save_for_backward(z, scale, total, *kept)
        lse = total.log() if free else total
        if plan.less_positive:
            own = (z[:half] * z[half:]).sum(dim=1) * s
            return lse - torch.cat([own, own])
        return lse

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the embeddings and of ``scale``."""
        z, scale, total, *kept = ctx.saved_tensors
        with torch.no_grad():
            grad = _pool_gradient(ctx, grads[0], z, total, kept)
            about = None
            if ctx.needs_input_grad[1]:
                about = ((z * grad).sum() / (2 * ctx.scale)).reshape(scale.shape)
        return (*_final((grad, about), (grads[0], z, scale)), None)


def _pool_gradient(ctx: Any, g: Tensor, z: Tensor, total: Tensor, kept: list[Tensor]) -> Tensor:
    plan, half, spans = ctx.plan, len(z) // 2, _spans(len(z), ctx.plan.tile)
    product = _Products(z, z, ctx.scale, plan, keep=False)
    share = g / total if ctx.free else g
    low = z.to(product.low)
    out = torch.zeros_like(z)
    weight, stored = z.new_empty(0), iter(kept)
    for k, rows in enumerate(spans):
        for columns in spans[k:]:
            if ctx.free:
                tile = next(stored) if kept else product(rows, columns).exp_()
                if weight.shape != tile.shape:
                    weight = torch.empty_like(tile)
                torch.add(share[rows, None], share[None, columns], out=weight)
                tile = weight.mul_(tile)
                if not kept:
                    _mask(tile, rows, columns, half, plan.mask, 0.0)
            else:
                logits = product(rows, columns)
                _mask(logits, rows, columns, half, plan.mask, -math.inf)
                tile = (logits - total[rows, None]).exp_().mul_(share[rows, None])
                tile += logits.sub_(total[None, columns]).exp_().mul_(share[None, columns])
            if plan.less_positive:
                for shift in (half, -half):
                    band = _band(tile, rows.start + shift - columns.start)
                    if len(band):
                        first = max(rows.start, columns.start - shift)
                        both = g[first : first + len(band)]
                        band -= both + g[first + shift : first + shift + len(band)]
            tile = tile.to(low.dtype)
            out[rows] += tile @ low[columns]
            if rows != columns:
                out[columns] += tile.T @ low[rows]
    return out.mul_(ctx.scale)


def _mask(tile: Tensor, rows: slice, columns: slice, half: int, pair: bool, empty: float) -> None:
    """Mask self, and with ``pair`` also the positive, inside a tile of the pool."""
    shifts = (0, half, -half) if pair else (0,)
    for shift in shifts:
        _band(tile, rows.start + shift - columns.start).fill_(empty)


class RowSums(torch.autograd.Function):
    """Row sums of anchors against candidates."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, c: Tensor, scale: Tensor, plan: Plan) -> Tensor:
        """Log row sums, (B,); ``scale`` is 1/tau."""
        s = float(scale)
        free = plan.bounded and _room(s, a.dtype)
        keep = plan.stored and free and any(ctx.needs_input_grad)
        product = _Products(a, c, s, plan, keep)
        empty = 0.0 if free else -math.inf
        total, kept = a.new_full((len(a),), empty), []
        for rows in _spans(len(a), plan.tile):
            for columns in _spans(len(c), 4 * plan.tile):
                tile = product(rows, columns)
                if free:
                    tile.exp_()
                if plan.mask:
                    _band(tile, rows.start - columns.start).fill_(empty)
                if free:
                    total[rows] += tile.sum(dim=1)
                else:
                    total[rows] = torch.logaddexp(total[rows], tile.logsumexp(dim=1))
                if keep:
                    kept.append(tile)
        ctx.plan, ctx.free, ctx.scale = plan, free, s
        ctx.save_for_backward(a, c, scale, total, *kept)
        lse = total.log() if free else total
        if plan.less_positive:
            return lse - (a * c[: len(a)]).sum(dim=1) * s
        return lse

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of the embeddings and of ``scale``."""
        a, c, scale, total, *kept = ctx.saved_tensors
        with torch.no_grad():
            to_a, to_c = _row_gradients(ctx, grads[0], a, c, total, kept)
            about = None
            if ctx.needs_input_grad[2]:
                about = ((a * to_a).sum() / ctx.scale).reshape(scale.shape)
        return (*_final((to_a, to_c, about), (grads[0], a, c, scale)), None)


def _row_gradients(
    ctx: Any, g: Tensor, a: Tensor, c: Tensor, total: Tensor, kept: list[Tensor]
) -> tuple[Tensor, Tensor | None]:
    plan, stored = ctx.plan, iter(kept)
    product = _Products(a, c, ctx.scale, plan, keep=False)
    share = g / total if ctx.free else g
    to_a = torch.zeros_like(a)
    to_c = torch.zeros_like(c) if ctx.needs_input_grad[1] else None
    low_a, low_c = a.to(product.low), c.to(product.low)
    for rows in _spans(len(a), plan.tile):
        for columns in _spans(len(c), 4 * plan.tile):
            if kept:
                tile = next(stored) * share[rows, None]
            else:
                tile = product(rows, columns)
                tile = tile if ctx.free else tile.sub_(total[rows, None])
                tile.exp_().mul_(share[rows, None])
            band = _band(tile, rows.start - columns.start)
            if len(band) and (plan.mask or plan.less_positive):
                if plan.mask:
                    band.fill_(0.0)
                if plan.less_positive:
                    first = max(rows.start, columns.start)
                    band -= g[first : first + len(band)]
            tile = tile.to(low_a.dtype)
            to_a[rows] += tile @ low_c[columns]
            if to_c is not None:
                to_c[columns] += tile.T @ low_a[rows]
    return to_a.mul_(ctx.scale), None if to_c is None else to_c.mul_(ctx.scale)


def _final(
    grads: tuple[Tensor | None, ...], sources: tuple[Tensor, ...]
) -> tuple[Tensor | None, ...]:
    """Return the gradients, attached to a graph that raises when it is differentiated."""
    if not torch.is_grad_enabled():
        return grads
    return tuple(None if grad is None else _Last.apply(grad, *sources) for grad in grads)


class _Last(torch.autograd.Function):
    """Identity of a gradient; its own derivative raises."""

    @staticmethod
    def forward(ctx: FunctionCtx, grad: Tensor, *sources: Tensor) -> Tensor:  # noqa: ARG004
        return grad.clone()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:  # noqa: ARG004
        raise InputError(
            "The row-sum engine has no second derivative. Pass float64 embeddings, which use "
            "the plain formula."
        )
