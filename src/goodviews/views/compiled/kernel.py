"""Kernel that applies all steps of a chain to one image in the cache, then to the next image."""

from collections.abc import Callable

import numpy as np
from numba import njit

from goodviews.views.compiled.codes import BLUR, CROP, FLIP, GREY, JITTER
from goodviews.views.compiled.jit import ONE, ZERO, stamp
from goodviews.views.compiled.resize import copy, crop
from goodviews.views.compiled.values import blur, flip, grey, jitter

_SHARE = np.float32(1 / 255)


def _cached(version: int) -> Callable[..., None]:
    """Make the entry, the only function cached on disk, with the hash of all kernels."""

    @njit(nogil=True, cache=True, error_model="numpy")
    def entry(
        data, values, layouts, channels, codes, reach,
        ints, boxes, flags, floats, size, out, first, last,
    ):  # fmt: skip
        if version == 0:  # never true; it makes the hash a part of the cache key
            return
        n = size[0] * size[1]
        level = np.empty(n, np.float32)
        cut = codes[0] == CROP
        folded = cut and len(codes) > 1 and codes[1] == FLIP  # a crop can flip without extra cost
        for b in range(first, last):
            image = out[b * channels * n : (b + 1) * channels * n]
            strides, at = layouts[b, :3], layouts[b, 3]
            if cut:
                flipped = folded and flags[0, b]
                if len(data):
                    crop(
                        *(data, at, strides, channels, ints, boxes, b, size, reach[0], flipped),
                        *(_SHARE, reach[0] > 1, image),
                    )
                else:
                    crop(
                        *(values, at, strides, channels, ints, boxes, b, size, reach[0], flipped),
                        *(ONE, True, image),
                    )
            elif len(data):
                copy(data, at, strides, channels, size, _SHARE, image)
            else:
                copy(values, at, strides, channels, size, ONE, image)
            whole, yes, real = 4 if cut else 0, 1 if folded else 0, 0
            for step in range(cut + folded, len(codes)):
                code = codes[step]
                if code == FLIP:
                    if flags[yes, b]:
                        flip(image, size[1])
                    yes += 1
                elif code == GREY:
                    if flags[yes, b]:
                        grey(image, channels, n, level)
                    yes += 1
                elif code == JITTER:
                    if flags[yes, b]:
                        jitter(image, channels, n, ints[whole:], floats[real:], b, level)
                    whole, yes, real = whole + 4, yes + 1, real + 4
                elif code == BLUR:
                    if floats[real, b] > ZERO:
                        blur(image, channels, size, floats[real, b], reach[step])
                    real += 1

    return entry


render = _cached(stamp())
"""Make views ``first`` to ``last`` of a batch.

Args:
    data: Concatenated uint8 images, or empty.
    values: Concatenated float32 images, if ``data`` is empty.
    layouts: (B, 4), offsets from one channel, row and column to the next, and of the image.
    channels: Number of channels C.
    codes: (steps,), codes of the steps in order; a crop can only be first.
    reach: (steps,), taps on each side of a blur; 1 for a bilinear crop, 2 for a bicubic one.
    ints: (rows, B) int64 parameters, in the order of the steps.
    boxes: (4, B) float32, first row and column of a crop less those in ``ints``, and its exact
        height and width.
    flags: (rows, B) Boolean parameters.
    floats: (rows, B) float32 parameters.
    size: (2,), height and width of the views.
    out: Concatenated views, float32.
    first: Index of the first image.
    last: Index after the last image.
"""
