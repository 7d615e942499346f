"""Coupling: a channel is transformed by a function of the others, and they by one of it.

Letters: C channels, P pixels, K inputs and M outputs of a conditioner, U its hidden units.
"""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.views.generators.base import Generator
from goodviews.views.generators.fast_path import fused, worth_it

_STRETCH = 0.5
"""Initial limit of the log-scale of a half block: six blocks reach e³."""


class Conditioner(nn.Module):
    """Log-scale s and shift t of some channels of a pixel, computed from its other channels.

    There is one hidden layer of ReLUs, whose kinks pass through random points around the unit
    cube, and one output layer for s and t. The log-scale s is ``stretch · tanh``, with a learned
    stretch for each channel. The output layer is initialised to zero.

    Args:
        inputs: Number of inputs K.
        outputs: Number of outputs M.
        width: Number of hidden units U.
        affine: Whether it scales; otherwise s is 0 and has no weights.
        draw: Random generator of the initialisation.
    """

    def __init__(
        self, inputs: int, outputs: int, *, width: int, affine: bool, draw: torch.Generator
    ) -> None:
        super().__init__()
        inner = torch.empty(width, inputs).uniform_(-1, 1, generator=draw) * (3 / inputs) ** 0.5
        kinks = torch.empty(width, inputs).uniform_(-0.5, 1.5, generator=draw)
        self.outputs = outputs
        self.affine = affine
        self.inner = nn.Parameter(inner)
        self.offset = nn.Parameter(-(inner * kinks).sum(dim=1))
        self.outer = nn.Parameter(torch.zeros(outputs * (1 + affine), width))
        self.shift = nn.Parameter(torch.zeros(outputs * (1 + affine)))
        if affine:
            self.stretch = nn.Parameter(torch.full((outputs,), _STRETCH))

    def forward(self, given: Tensor) -> tuple[Tensor | None, Tensor]:
        """Map inputs (K, P) to s (M, P), or None, and t (M, P)."""
        hidden = torch.addmm(self.offset[:, None], self.inner, given).relu_()
        out = torch.addmm(self.shift[:, None], self.outer, hidden)
        if not self.affine:
            return None, out
        return self.stretch[:, None] * out[: self.outputs].tanh(), out[self.outputs :]


class Coupling(nn.Module):
    r"""Block that transforms a channel a given the others b, then b given the new a.

    .. math:: a' = a\,e^{s(b)} + t(b), \qquad b' = b\,e^{s'(a')} + t'(a')

    Without ``affine``, s and s' are 0: the block is additive and preserves volume.

    Args:
        channels: Number of channels C.
        place: Index of channel a.
        width: Number of hidden units of each conditioner.
        affine: Whether both halves scale.
        draw: Random generator of the initialisation.

    References:
        Dinh et al., 2015, arXiv:1410.8516 (additive); 2017, eq. 7, arXiv:1605.08803 (affine).

    Example:
        >>> draw = torch.Generator().manual_seed(0)
        >>> block = Coupling(3, place=1, width=4, affine=True, draw=draw)
        >>> pixels = torch.rand(3, 5)
        >>> bool((block(pixels)[0] == pixels).all())
        True
    """

    def __init__(
        self, channels: int, *, place: int, width: int, affine: bool, draw: torch.Generator
    ) -> None:
        super().__init__()
        self.place = place
        others = channels - 1
        self.one = Conditioner(others, 1, width=width, affine=affine, draw=draw)
        self.rest = Conditioner(1, others, width=width, affine=affine, draw=draw)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Map pixels (C, P).

        Returns:
            Mapped pixels (C, P) and the log-determinant (P,) in nats.
        """
        a, b = self._parted(pixels)
        s, t = self.one(b)
        a = a + t if s is None else torch.addcmul(t, a, s.exp())
        r, u = self.rest(a)
        b = b + u if r is None else torch.addcmul(u, b, r.exp())
        if s is None or r is None:
            return self._joined(a, b), pixels.new_zeros(pixels.shape[1])
        return self._joined(a, b), s[0] + r.sum(dim=0)

    def inverse(self, pixels: Tensor) -> Tensor:
        """Invert the map of pixels (C, P)."""
        a, b = self._parted(pixels)
        r, u = self.rest(a)
        b = b - u if r is None else (b - u) * (-r).exp()
        s, t = self.one(b)
        a = a - t if s is None else (a - t) * (-s).exp()
        return self._joined(a, b)

    def _parted(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Split pixels into a (1, P) and b (C - 1, P)."""
        at = self.place
        return pixels[at : at + 1], torch.cat([pixels[:at], pixels[at + 1 :]])

    def _joined(self, a: Tensor, b: Tensor) -> Tensor:
        return torch.cat([b[: self.place], a, b[self.place :]])


class CouplingGenerator(Generator):
    """Coupling blocks in sequence; block i first transforms channel i mod C.

    Args:
        channels: Number of channels C.
        blocks: Number of blocks; with fewer than C, some channels are never channel a.
        width: Number of hidden units of each conditioner.
        affine: Whether blocks scale (NVP) or not (VP).
        seed: Random seed of the initialisation of the hidden layers.

    Raises:
        InputError: ``blocks`` or ``width`` is not a positive integer.

    References:
        Tian et al., 2020, section 4.2 and appendix, arXiv:2005.10243, which does not report the
        number of blocks, the width and the bound of s; they are chosen here.

    Example:
        >>> generator = CouplingGenerator(3, blocks=2, width=8)
        >>> images = torch.rand(2, 3, 4, 4)
        >>> bool((generator(images) == images).all()), generator.text
        (True, 'nvp(blocks=2, width=8)')
    """

    def __init__(
        self,
        channels: int,
        *,
        blocks: int = 6,
        width: int = 32,
        affine: bool = True,
        seed: int = 0,
    ) -> None:
        name = "nvp" if affine else "vp"
        super().__init__(channels, f"{name}(blocks={blocks!r}, width={width!r})")
        for what, size in (("blocks", blocks), ("width", width)):
            if not (type(size) is int and size > 0):
                raise InputError(f"{name} has {what}={size!r}, but it must be at least 1.")
        draw = torch.Generator().manual_seed(seed)
        self.blocks = nn.ModuleList(
            Coupling(channels, place=i % channels, width=width, affine=affine, draw=draw)
            for i in range(blocks)
        )

    def map_pixels(self, pixels: Tensor) -> Tensor:
        """Map pixels (C, P) through every block, in one compiled pass for many on a CPU."""
        weights = [one.flatten() for one in self.parameters()]
        if worth_it(pixels, weights[0]):
            return fused(pixels, self._plan, torch.cat(weights))
        for block in self.blocks:
            pixels, _ = block(pixels)
        return pixels

    def unmap_pixels(self, pixels: Tensor) -> Tensor:
        """Invert the map of pixels (C, P) through every block."""
        for block in reversed(self.blocks):
            pixels = block.inverse(pixels)  # type: ignore[operator]
        return pixels

    def log_det_pixels(self, pixels: Tensor) -> Tensor:
        """Sum of the log-scales of all halves, (P,), in nats."""
        total = pixels.new_zeros(pixels.shape[1])
        for block in self.blocks:
            pixels, logs = block(pixels)
            total = total + logs
        return total

    @cached_property
    def _plan(self) -> np.ndarray:
        """Plan of the halves for the kernel; see :mod:`goodviews.views.generators.kernel`."""
        rows, begin = [], 0
        for block in self.blocks:
            assert isinstance(block, Coupling)
            for second, part in enumerate((block.one, block.rest)):
                rows.append((block.place, second, len(part.offset), part.affine, begin))
                begin += sum(one.numel() for one in part.parameters())
        return np.array(rows, np.int64)
