"""In-place changes of the values of one image: flip, jitter, grey, blur.

An image is C concatenated planes of n pixels; ``level`` is a buffer for one plane.
"""

import math

import numpy as np

from goodviews.views.compiled.jit import (
    FOUR,
    HALF,
    ONE,
    SIX,
    SIXTH,
    THREE,
    TWO,
    ZERO,
    exact,
    quick,
)
from goodviews.views.compiled.vectors import LANES, weighted_sums

_RED, _GREEN, _BLUE = (np.float32(share) for share in (0.2989, 0.587, 0.114))


@quick
def flip(image, wide):
    """Flip the image horizontally."""
    for row in range(len(image) // wide):
        line = image[row * wide : (row + 1) * wide]
        for x in range(wide // 2):
            line[x], line[wide - 1 - x] = line[wide - 1 - x], line[x]


@quick
def _level(image, channels, n, out):
    """Grey value of each pixel: luma of three channels, else the mean of the channels."""
    if channels == 3:
        red, green, blue = image[:n], image[n : 2 * n], image[2 * n : 3 * n]
        for i in range(n):
            out[i] = _RED * red[i] + _GREEN * green[i] + _BLUE * blue[i]
        return
    share = ONE / np.float32(channels)
    for i in range(n):
        out[i] = ZERO
    for c in range(channels):
        plane = image[c * n : (c + 1) * n]
        for i in range(n):
            out[i] += plane[i] * share


@quick
def grey(image, channels, n, level):
    """Set every channel to the grey value."""
    _level(image, channels, n, level)
    for c in range(channels):
        plane = image[c * n : (c + 1) * n]
        for i in range(n):
            plane[i] = level[i]


@quick
def _brightness(image, factor):
    for i in range(len(image)):
        image[i] = min(max(image[i] * factor, ZERO), ONE)


@quick
def _contrast(image, channels, n, factor, level):
    """Multiply differences from the current mean grey value of the image."""
    _level(image, channels, n, level)
    total = ZERO
    for i in range(n):
        total += level[i]
    rest = (ONE - factor) * (total / np.float32(n))
    for i in range(len(image)):
        image[i] = min(max(factor * image[i] + rest, ZERO), ONE)


@quick
def _saturation(image, n, factor):
    red, green, blue = image[:n], image[n : 2 * n], image[2 * n : 3 * n]
    for i in range(n):
        r, g, b = red[i], green[i], blue[i]
        rest = (ONE - factor) * (_RED * r + _GREEN * g + _BLUE * b)
        red[i] = min(max(factor * r + rest, ZERO), ONE)
        green[i] = min(max(factor * g + rest, ZERO), ONE)
        blue[i] = min(max(factor * b + rest, ZERO), ONE)


@quick
def _hue(image, n, shift):
    """Shift the hue of HSV, in sixths of the circle; value and chroma do not change."""
    red, green, blue = image[:n], image[n : 2 * n], image[2 * n : 3 * n]
    turn = shift * SIX
    for i in range(n):
        r, g, b = red[i], green[i], blue[i]
        high = max(r, max(g, b))
        low = min(r, min(g, b))
        chroma = high - low
        inverse = ONE / (chroma if chroma > ZERO else ONE)
        of_green = (b - r) * inverse + TWO
        of_blue = (r - g) * inverse + FOUR
        hue = (g - b) * inverse if r == high else (of_green if g == high else of_blue)
        hue += turn
        hue -= SIX * np.floor(hue * SIXTH)
        red[i] = low + chroma * min(max(abs(hue - THREE) - ONE, ZERO), ONE)
        green[i] = low + chroma * min(max(TWO - abs(hue - TWO), ZERO), ONE)
        blue[i] = low + chroma * min(max(TWO - abs(hue - FOUR), ZERO), ONE)


@quick
def jitter(image, channels, n, order, factors, b, level):
    """Apply the four changes in the order of the image, column ``b`` of ``order``."""
    for turn in range(4):
        change = order[turn, b]
        if change == 0:
            _brightness(image, factors[0, b])
        elif change == 1:
            _contrast(image, channels, n, factors[1, b], level)
        elif change == 2 and channels == 3:
            _saturation(image, n, factors[2, b])
        elif change == 3 and channels == 3:
            _hue(image, n, factors[3, b])


@exact
def _reflect(place, size):
    if size == 1:
        return 0
    place %= 2 * (size - 1)
    return 2 * (size - 1) - place if place >= size else place


@quick
def blur(image, channels, size, sigma, reach):
    """Gaussian blur of ``reach`` taps on each side, reflected without repeating the edge."""
    high, wide = size[0], size[1]
    half = np.empty(reach + 1, np.float32)
    total = ZERO
    for k in range(reach + 1):
        away = np.float32(k) / sigma
        half[k] = math.exp(-HALF * away * away)
        total += half[k] if k == 0 else TWO * half[k]
    while reach > 0 and half[reach] < np.float32(1e-9):
        reach -= 1
    if reach == 0:
        return
    taps = np.empty(2 * reach + 1, np.float32)
    for k in range(2 * reach + 1):
        taps[k] = half[abs(k - reach)] / total
    pitch = (wide + LANES - 1) // LANES * LANES
    line = np.zeros(pitch + 2 * reach, np.float32)
    rows = np.empty((high + 2 * reach) * pitch, np.float32)
    tail = np.empty(LANES, np.float32)
    for c in range(channels):
        for y in range(high):
            at = (c * high + y) * wide
            for x in range(wide):
                line[reach + x] = image[at + x]
            for k in range(reach):
                line[k] = image[at + _reflect(k - reach, wide)]
                line[reach + wide + k] = image[at + _reflect(wide + k, wide)]
            for x in range(0, pitch, LANES):
                weighted_sums(taps, 0, 1, line, x, 1, len(taps), rows, (reach + y) * pitch + x)
        for k in range(reach):
            for into, y in ((k, k - reach), (reach + high + k, high + k)):
                at = (reach + _reflect(y, high)) * pitch
                for x in range(pitch):
                    rows[into * pitch + x] = rows[at + x]
        for y in range(high):
            at = (c * high + y) * wide
            for x in range(0, wide, LANES):
                if x + LANES <= wide:
                    weighted_sums(taps, 0, 1, rows, y * pitch + x, pitch, len(taps), image, at + x)
                else:
                    weighted_sums(taps, 0, 1, rows, y * pitch + x, pitch, len(taps), tail, 0)
                    for lane in range(wide - x):
                        image[at + x + lane] = tail[lane]
