"""Randomness keyed by (seed, sample, epoch, view): no state, no order, no worker.

A key is one 64-bit word per example. Numbers are hashes of the word and a
counter (SplitMix64; Steele et al., 2014, OOPSLA), so that the same key gives
the same numbers in any batch, worker, process or device.

Letters: B examples, n numbers per example.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_FIRST = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND = 0x94D049BB133111EB - (1 << 64)


def _shift(words: Tensor, by: int) -> Tensor:
    """Logical right shift; torch's operator keeps the sign."""
    return (words >> by) & ((1 << (64 - by)) - 1)


def _add(words: Tensor, number: int | Tensor) -> Tensor:
    """Move each word by a multiple of the golden step, wrapped to 64 bits."""
    if isinstance(number, Tensor):
        return words + (number.long() + 1) * _GOLDEN
    step = (number + 1) * _GOLDEN % (1 << 64)
    return words + (step - (1 << 64) if step >> 63 else step)


def _mix(words: Tensor) -> Tensor:
    words = (words ^ _shift(words, 30)) * _FIRST
    words = (words ^ _shift(words, 27)) * _SECOND
    return words ^ _shift(words, 31)


@dataclass(frozen=True)
class Key:
    """Source of randomness for a batch.

    Attributes:
        words: (B,) int64, one hash state per example.

    Example:
        >>> key = Key.of(seed=0, samples=torch.arange(4), epoch=3, view=1)
        >>> alone = Key.of(seed=0, samples=torch.tensor([2]), epoch=3, view=1)
        >>> bool((key.uniform(5)[2] == alone.uniform(5)[0]).all())
        True
    """

    words: Tensor

    @classmethod
    def of(cls, *, seed: int | Tensor, samples: Tensor, epoch: int = 0, view: int = 0) -> "Key":
        """Key of each example in a batch.

        Args:
            seed: Number of the run, or (B,) integers, that of each example.
            samples: (B,) integers, the place of each example in its data set.
            epoch: Number of the pass over the data.
            view: 0 for v1, 1 for v2, and so on.

        Returns:
            One word per example, on the device of ``samples``.
        """
        words = _mix(samples.long() * _GOLDEN + _GOLDEN)
        for number in (seed, epoch, view):
            words = _mix(_add(words, number))
        return cls(words)

    def some(self, rows: Tensor) -> "Key":
        """Key of some examples of the batch, (n,) places in it."""
        return Key(self.words[rows])

    def fold(self, number: int) -> "Key":
        """An independent key for part ``number`` of a larger draw, such as a step of a chain."""
        return Key(_mix(_add(self.words ^ _FIRST, number)))

    def uniform(self, count: int) -> Tensor:
        """(B, count) float32, uniform on [0, 1), multiples of 2**-24."""
        # Xor with 0: inductor would fold the product into an index and overflow.
        steps = (torch.arange(1, count + 1, device=self.words.device) ^ 0) * _GOLDEN
        bits = _mix(self.words[:, None] + steps)
        return _shift(bits, 40).to(torch.float32) * 2.0**-24

    def normal(self, count: int) -> Tensor:
        """(B, count) float32, standard normal (Box and Muller, 1958)."""
        pairs = (count + 1) // 2
        first, second = self.uniform(2 * pairs).chunk(2, dim=1)
        radius = (-2 * (1 - first).log()).sqrt()
        angle = 2 * math.pi * second
        return torch.cat([radius * angle.cos(), radius * angle.sin()], dim=1)[:, :count]

    def permutation(self, count: int) -> Tensor:
        """(B, count) int64, a random order of 0..count-1 for each example."""
        return self.uniform(count).argsort(dim=1, stable=True)
