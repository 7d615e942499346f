"""Crop and resize of one image, with the taps of :func:`resample_weights`.

Letters: C channels, H and W pixels of the source, O and P rows and columns of the view.
"""

import math

import numpy as np

from goodviews.views.compiled.jit import FOUR, HALF, ONE, TWO, ZERO, exact, quick
from goodviews.views.compiled.vectors import LANES, three_weighted_sums, weighted_sums

_3_2, _5_2 = np.float32(1.5), np.float32(2.5)


@exact
def _count(extent, out, reach):
    """Number of taps of each output of a line; ``reach`` is 1 for bilinear, 2 for bicubic."""
    step = extent / np.float32(out)
    return 2 * reach if step <= ONE else math.ceil(np.float32(2 * reach) * step) + 1


@exact
def _weight(distance, reach):
    if reach == 1:
        return max(ONE - distance, ZERO)
    if distance < ONE:  # Keys, 1981, with a = -0.5
        return (_3_2 * distance - _5_2) * (distance * distance) + ONE
    return (
        ((_5_2 - HALF * distance) * distance - FOUR) * distance + TWO if distance < TWO else ZERO
    )


@exact
def _taps(start, extent, length, out, reach, first, weights):
    """First source pixel and weights of each output of a line.

    The ``length`` source pixels cover ``extent`` pixels from ``start`` on, 0 <= start < 1.
    """
    step = extent / np.float32(out)
    wide = max(step, ONE)
    count = _count(extent, out, reach)
    for place in range(out):
        centre = start + (np.float32(place) + HALF) * step
        begin = max(math.floor(centre - HALF - np.float32(reach) * wide) + 1, 0)
        total = ZERO
        for k in range(count):
            inside = begin + k
            distance = abs((np.float32(inside) + HALF - centre) / wide)
            weight = _weight(distance, reach) if inside < length else ZERO
            weights[place * count + k] = weight
            total += weight
        first[place] = begin
        for k in range(count):
            weights[place * count + k] /= total


@exact
def _bands(length, mirrored, first, weights, lows, counts, deep, matrix):
    """Resize matrix in bands of 16 outputs, each starting at its first source pixel."""
    out = len(first)
    count = len(weights) // out
    for band in range(len(lows)):
        start, stop = LANES * band, min(LANES * band + LANES, out)
        low, high = length, 0
        for lane in range(start, stop):
            place = out - 1 - lane if mirrored else lane
            low = min(low, first[place])
            high = max(high, min(first[place] + count, length))
        lows[band], counts[band] = low, high - low
        for lane in range(start, stop):
            place = out - 1 - lane if mirrored else lane
            for k in range(min(count, length - first[place])):
                row = band * deep + first[place] + k - low
                matrix[LANES * row + lane - start] = weights[place * count + k]


@quick
def crop(
    source, origin, strides, channels, ints, boxes, b, size, reach, mirrored, scale, cut, out
):
    """Resize rows and then columns, one line of the view at a time, and flip if needed."""
    top, left, height, width = ints[0, b], ints[1, b], ints[2, b], ints[3, b]
    high, wide = size[0], size[1]
    tall, broad = _count(boxes[2, b], high, reach), _count(boxes[3, b], wide, reach)
    row_first, row_taps = np.empty(high, np.int64), np.empty(tall * high, np.float32)
    col_first, col_taps = np.empty(wide, np.int64), np.empty(broad * wide, np.float32)
    _taps(boxes[0, b], boxes[2, b], height, high, reach, row_first, row_taps)
    _taps(boxes[1, b], boxes[3, b], width, wide, reach, col_first, col_taps)
    for k in range(len(row_taps)):
        row_taps[k] *= scale
    bands = (wide + LANES - 1) // LANES
    deep = (LANES - 1) * width // wide + broad + 2
    lows, counts = np.empty(bands, np.int64), np.empty(bands, np.int64)
    matrix = np.zeros(bands * deep * LANES, np.float32)
    _bands(width, mirrored, col_first, col_taps, lows, counts, deep, matrix)
    # With channels last, the source is one line of interleaved values, else one per channel.
    jump = strides[2]
    lines, long = (channels, width) if jump == 1 else (1, width * channels)
    pitch = (long + LANES - 1) // LANES * LANES
    apart = pitch if jump == 1 else 1
    line, tail = np.empty(lines * pitch, np.float32), np.empty(LANES, np.float32)
    # Reads of 16 values can pass the end of a crop, but must not pass that of the last image.
    last = origin + (lines - 1) * strides[0] + (top + height - 1) * strides[1] + left * jump
    inside = last + pitch <= len(source)
    for y in range(high):
        rows = min(tall, height - row_first[y])
        start = origin + (top + row_first[y]) * strides[1] + left * jump
        for part in range(lines):
            at, to = start + part * strides[0], part * pitch
            if not inside:
                _rows(row_taps, y * tall, source, at, strides[1], rows, long, line, to)
            elif rows == 2:  # explicit, so that the compiler unrolls it
                for x in range(0, pitch, LANES):
                    weighted_sums(
                        row_taps, y * tall, 1, source, at + x, strides[1], 2, line, to + x
                    )
            else:
                for x in range(0, pitch, LANES):
                    weighted_sums(
                        row_taps, y * tall, 1, source, at + x, strides[1], rows, line, to + x
                    )
        if channels == 3 and wide % LANES == 0:
            for band in range(bands):
                three_weighted_sums(
                    *(line, lows[band] * jump, apart, jump),
                    *(matrix, band * deep * LANES, LANES, counts[band]),
                    *(out, y * wide + LANES * band, high * wide),
                )
            continue
        for c in range(channels):
            at = (c * high + y) * wide
            for band in range(bands):
                begin, full = c * apart + lows[band] * jump, LANES * (band + 1) <= wide
                into = out if full else tail
                to = at + LANES * band if full else 0
                first = band * deep * LANES
                weighted_sums(line, begin, jump, matrix, first, LANES, counts[band], into, to)
                for x in range(LANES * band, 0 if full else wide):
                    out[at + x] = tail[x - LANES * band]
    if cut:
        for x in range(len(out)):
            out[x] = min(max(out[x], ZERO), ONE)


@quick
def _rows(taps, first, source, at, jump, count, long, line, to):
    """Weighted sum of some rows of the source, with ``long`` values each, one by one."""
    for x in range(long):
        total = ZERO
        for k in range(count):
            total += taps[first + k] * np.float32(source[at + k * jump + x])
        line[to + x] = total


@quick
def copy(source, origin, strides, channels, size, scale, out):
    """Copy the image as float32 planes."""
    high, wide = size[0], size[1]
    for c in range(channels):
        for y in range(high):
            at = origin + c * strides[0] + y * strides[1]
            into = out[(c * high + y) * wide : (c * high + y + 1) * wide]
            if strides[2] == 1:
                line = source[at : at + wide]
                for x in range(wide):
                    into[x] = np.float32(line[x]) * scale
            else:
                for x in range(wide):
                    into[x] = np.float32(source[at + x * strides[2]]) * scale
