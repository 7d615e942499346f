"""Kernel that draws the parameters of a chain, bit for bit equal to the steps' own draws.

It uses SplitMix64 like :mod:`goodviews.core.rng`, and the formulas of the ``sample`` method of
each step in the same order of operations and without fast-math.

Letters: B examples, S steps.
"""

import math
from collections.abc import Callable

import numpy as np
from numba import njit

from goodviews.views.compiled.codes import BLUR, CROP, FLIP, GREY, JITTER
from goodviews.views.compiled.jit import ONE, TWO, ZERO, exact, stamp

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_UNIT = np.float32(2.0**-24)
_TRIES = 10


@exact
def _mix(word):
    word = (word ^ (word >> np.uint64(30))) * _FIRST
    word = (word ^ (word >> np.uint64(27))) * _SECOND
    return word ^ (word >> np.uint64(31))


@exact
def _fold(word, number):
    return _mix((word ^ _FIRST) + np.uint64(number + 1) * _GOLDEN)


@exact
def _uniform(word, number):
    """Draw with a given number of a key, on [0, 1)."""
    bits = _mix(word + np.uint64(number + 1) * _GOLDEN)
    return np.float32(bits >> np.uint64(40)) * _UNIT


@exact
def _crop(word, constants, ints, b):
    high, wide = np.int64(constants[0]), np.int64(constants[1])
    h, w = np.int64(constants[6]), np.int64(constants[7])
    top, left = (high - h) // 2, (wide - w) // 2
    for k in range(_TRIES):
        area = np.float64(high * wide) * (
            constants[2] + np.float64(_uniform(word, k)) * constants[3]
        )
        ratio = math.exp(constants[4] + np.float64(_uniform(word, _TRIES + k)) * constants[5])
        try_w = np.int64(np.rint(math.sqrt(area * ratio)))
        try_h = np.int64(np.rint(math.sqrt(area / ratio)))
        if 0 < try_w <= wide and 0 < try_h <= high:
            h, w = try_h, try_w
            top = np.int64(np.float64(_uniform(word, 2 * _TRIES)) * np.float64(high - h + 1))
            left = np.int64(np.float64(_uniform(word, 2 * _TRIES + 1)) * np.float64(wide - w + 1))
            break
    ints[0, b], ints[1, b], ints[2, b], ints[3, b] = top, left, h, w


@exact
def _jitter(word, constants, ints, floats, b):
    centre, half, turn = constants[1:4].astype(np.float32)
    for k in range(3):
        floats[k, b] = centre + half * (TWO * _uniform(word, k) - ONE)
    floats[3, b] = turn * (TWO * _uniform(word, 3) - ONE)
    other = _fold(word, 1)
    for k in range(4):  # stable insertion: equal draws keep their order
        value, place = _uniform(other, k), k
        while place > 0 and _uniform(other, ints[place - 1, b]) > value:
            ints[place, b] = ints[place - 1, b]
            place -= 1
        ints[place, b] = k


def _cached(version: int) -> Callable[..., None]:
    """Make the entry, the only function cached on disk, with the hash of all kernels."""

    @njit(nogil=True, cache=True, error_model="numpy")
    def entry(words, codes, constants, which, ints, flags, floats):
        if version == 0:  # never true; it makes the hash a part of the cache key
            return
        for b in range(len(words)):
            whole, yes, real = 0, 0, 0
            for step in range(len(codes)):
                word, given = _fold(words[b], step), constants[which[b], step]
                code, p = codes[step], np.float32(given[0])
                if code == CROP:
                    _crop(word, given, ints[whole:], b)
                    whole += 4
                elif code in (FLIP, GREY):
                    flags[yes, b] = _uniform(word, 0) < p
                    yes += 1
                elif code == JITTER:
                    _jitter(word, given, ints[whole:], floats[real:], b)
                    flags[yes, b] = _uniform(_fold(word, 2), 0) < p
                    whole, yes, real = whole + 4, yes + 1, real + 4
                elif code == BLUR:
                    sigma = np.float32(given[1]) + _uniform(word, 0) * np.float32(given[2])
                    floats[real, b] = sigma if _uniform(word, 1) < p else ZERO
                    real += 1

    return entry


draw = _cached(stamp())
"""Draw the parameters of a chain.

Args:
    words: (B,) uint64, key of each image.
    codes: (S,), codes of the steps.
    constants: (shapes, S, 8), arguments of the steps for images of each shape.
    which: (B,) int64, shape of each image.
    ints: (rows, B) int64, output.
    flags: (rows, B) bool, output.
    floats: (rows, B) float32, output.
"""


def _cached_words(version: int) -> Callable[..., None]:
    @njit(nogil=True, cache=True, error_model="numpy")
    def entry(samples, steps, words):
        if version == 0:
            return
        for b in range(len(samples)):
            word = _mix(samples[b] * _GOLDEN + _GOLDEN)
            for step in steps:
                word = _mix(word + step)
            words[b] = word

    return entry


hash_words = _cached_words(stamp())
"""Compute the words of :meth:`goodviews.core.rng.Key.of`.

Args:
    samples: (B,) uint64, indices of the images.
    steps: (3,) uint64: golden steps of seed, epoch and view, each one more than its number.
    words: (B,) uint64, output.
"""
