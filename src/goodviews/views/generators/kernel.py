"""Compiled coupling blocks, which map a few hundred pixels at a time through every block.

Letters: C channels, P pixels, N pixels of a tile, K inputs and M outputs of a conditioner, U its
hidden units, R rows of its last layer (M, or 2 M with log-scales), H half blocks.
"""

import numpy as np
from numba import njit

TILE = 1024
_SAFE = {"contract", "reassoc", "nsz", "arcp", "nnan"}
_quick = njit(nogil=True, error_model="numpy", fastmath=_SAFE)

_ZERO, _ONE, _TWO, _MOST = (np.float32(number) for number in (0, 1, 2, 87))
_LOG2E, _HIGH, _LOW = (np.float32(v) for v in (1.4426950408889634, 0.693359375, -2.12194440e-4))
_E2, _E3, _E4, _E5, _E6 = (np.float32(1 / v) for v in (2, 6, 24, 120, 720))


@_quick
def _exponential(x, out, bits):
    """Compute ``out = exp(x)`` to a relative error of 2e-7; ``bits`` is ``out`` as int32."""
    for n in range(TILE):
        whole = np.floor(min(max(x[n], -_MOST), _MOST) * _LOG2E + _E2)
        bits[n] = (np.int32(whole) + np.int32(127)) << np.int32(23)
    for n in range(TILE):
        v = min(max(x[n], -_MOST), _MOST)
        whole = np.floor(v * _LOG2E + _E2)
        r = v - whole * _HIGH - whole * _LOW
        series = _E2 + r * (_E3 + r * (_E4 + r * (_E5 + r * _E6)))
        out[n] *= _ONE + r * (_ONE + r * series)


@_quick
def _unit(x, weights, place, second, inner, offset, inputs, hidden):
    """Compute one hidden unit of a tile, including the ReLU."""
    c, w = weights[offset], weights[inner]
    first = x[place] if second else x[0 if place else 1]
    if inputs == 1:
        for n in range(TILE):
            hidden[n] = max(c + w * first[n], _ZERO)
        return
    w2, other = weights[inner + 1], x[1 + (place <= 1)]
    if inputs == 2:
        for n in range(TILE):
            hidden[n] = max(c + w * first[n] + w2 * other[n], _ZERO)
        return
    for n in range(TILE):
        hidden[n] = c + w * first[n] + w2 * other[n]
    for k in range(2, inputs):
        w, given = weights[inner + k], x[k + (k >= place)]
        for n in range(TILE):
            hidden[n] += w * given[n]
    for n in range(TILE):
        hidden[n] = max(hidden[n], _ZERO)


@_quick
def _half(before, row, weights, hidden, after, said, grown, bits):
    """Map a tile through half a block.

    Afterwards ``said`` (R, N) holds the tanh of the log-scales and the shifts, ``grown`` (M, N)
    holds e^s.
    """
    channels = len(before)
    place, second, units, scaled, at = row
    inputs, outputs = (1, channels - 1) if second else (channels - 1, 1)
    rows = outputs * (1 + scaled)
    offset = at + units * inputs
    outer = offset + units
    shift = outer + rows * units
    for r in range(rows):
        c = weights[shift + r]
        for n in range(TILE):
            said[r, n] = c
    h0, h1, h2, h3 = hidden[0], hidden[1], hidden[2], hidden[3]
    for u in range(0, units - 3, 4):  # four at once, so that each row is read and written once
        for j in range(u, u + 4):
            _unit(
                before, weights, place, second, at + j * inputs, offset + j, inputs, hidden[j - u]
            )
        for r in range(rows):
            w, to = weights[outer + r * units + u :], said[r]
            w0, w1, w2, w3 = w[0], w[1], w[2], w[3]
            for n in range(TILE):
                to[n] += w0 * h0[n] + w1 * h1[n] + w2 * h2[n] + w3 * h3[n]
    for u in range(units - units % 4, units):
        _unit(before, weights, place, second, at + u * inputs, offset + u, inputs, h0)
        for r in range(rows):
            w0, to = weights[outer + r * units + u], said[r]
            for n in range(TILE):
                to[n] += w0 * h0[n]
    for c in range(channels):
        old, new = before[c], after[c]
        for n in range(TILE):
            new[n] = old[n]
    for m in range(outputs):
        moved = after[m + (m >= place) if second else place]
        t = said[outputs * scaled + m]
        if scaled:
            stretch, squeezed, e = weights[shift + rows + m], said[m], grown[m]
            for n in range(TILE):
                h0[n] = _TWO * squeezed[n]
            _exponential(h0, e, bits[m])
            for n in range(TILE):
                squeezed[n] = _ONE - _TWO / (e[n] + _ONE)
                h0[n] = stretch * squeezed[n]
            _exponential(h0, e, bits[m])
            for n in range(TILE):
                moved[n] = moved[n] * e[n] + t[n]
        else:
            for n in range(TILE):
                moved[n] += t[n]


@_quick
def _half_back(before, row, weights, hidden, said, grown, slope, felt, back, totals):
    """Gradients of a half: ``back`` (C, N) changes from those after it to those before it.

    ``slope`` (R, N) and ``felt`` (N,) are buffers; gradients of weights are added to ``totals``.
    """
    channels = len(before)
    place, second, units, scaled, at = row
    inputs, outputs = (1, channels - 1) if second else (channels - 1, 1)
    rows = outputs * (1 + scaled)
    offset = at + units * inputs
    outer = offset + units
    shift = outer + rows * units
    for m in range(outputs):
        which = m + (m >= place) if second else place
        x, g, t = before[which], back[which], slope[outputs * scaled + m]
        for n in range(TILE):
            t[n] = g[n]
        if scaled:
            stretch, squeezed, e, s = weights[shift + rows + m], said[m], grown[m], slope[m]
            total = _ZERO
            for n in range(TILE):
                g[n] *= e[n]
                direct = g[n] * x[n]
                total += direct * squeezed[n]
                s[n] = direct * stretch * (_ONE - squeezed[n] * squeezed[n])
            totals[shift + rows + m] += total
    for r in range(rows):
        total, d = _ZERO, slope[r]
        for n in range(TILE):
            total += d[n]
        totals[shift + r] += total
    for u in range(units):
        _unit(before, weights, place, second, at + u * inputs, offset + u, inputs, hidden)
        for r in range(rows):
            w, d, total = weights[outer + r * units + u], slope[r], _ZERO
            if r == 0:
                for n in range(TILE):
                    total += d[n] * hidden[n]
                    felt[n] = w * d[n]
            else:
                for n in range(TILE):
                    total += d[n] * hidden[n]
                    felt[n] += w * d[n]
            totals[outer + r * units + u] += total
        which = place if second else 0 if place else 1
        w, x, g, total, total2 = weights[at + u * inputs], before[which], back[which], _ZERO, _ZERO
        for n in range(TILE):
            f = felt[n] if hidden[n] > _ZERO else _ZERO
            felt[n] = f
            total2 += f
            total += f * x[n]
            g[n] += w * f
        totals[at + u * inputs] += total
        totals[offset + u] += total2
        for k in range(1, inputs):
            which = place if second else k + (k >= place)
            w, x, g, total = weights[at + u * inputs + k], before[which], back[which], _ZERO
            for n in range(TILE):
                total += felt[n] * x[n]
                g[n] += w * felt[n]
            totals[at + u * inputs + k] += total


@njit(nogil=True, cache=True, error_model="numpy")
def forward(pixels, plan, weights, out, first, last):
    """Map the pixels of tiles ``first`` to ``last``.

    Args:
        pixels: (C, P) float32.
        plan: (H, 5), for each half: index of channel a, whether it is the second half (a is the
            input and the others change), U, whether it scales, and the offset of its weights.
        weights: Concatenated weights of each half: inner (U, K), offset (U), outer (R, U),
            shift (R) and, if it scales, stretch (M).
        out: (C, P), output.
        first: Index of the first tile.
        last: Index after the last tile.
    """
    channels, count = pixels.shape
    wide = 2 * (channels - 1)
    x = np.zeros((2, channels, TILE), np.float32)
    said = np.empty((wide, TILE), np.float32)
    bits = np.empty((channels - 1, TILE), np.int32)
    grown, hidden = bits.view(np.float32), np.empty((4, TILE), np.float32)
    for tile in range(first, last):
        begin = tile * TILE
        size = min(TILE, count - begin)
        x[0, :, :size] = pixels[:, begin : begin + size]
        for h in range(len(plan)):
            row = (plan[h, 0], plan[h, 1], plan[h, 2], plan[h, 3], plan[h, 4])
            _half(x[h % 2], row, weights, hidden, x[1 - h % 2], said, grown, bits)
        out[:, begin : begin + size] = x[len(plan) % 2, :, :size]


@njit(nogil=True, cache=True, error_model="numpy")
def backward(pixels, plan, weights, given, out, totals, first, last):
    """Gradients of :func:`forward` for the pixels of some tiles, which are mapped again.

    Args:
        pixels: (C, P) float32, inputs of the map.
        plan: See :func:`forward`.
        weights: See :func:`forward`.
        given: (C, P), gradients with respect to the outputs.
        out: (C, P), output for gradients with respect to the pixels.
        totals: Gradients with respect to the weights, float64, which are added to.
        first: Index of the first tile.
        last: Index after the last tile.
    """
    channels, count = pixels.shape
    halves, wide = len(plan), 2 * (channels - 1)
    x = np.zeros((halves + 1, channels, TILE), np.float32)
    said = np.empty((halves, wide, TILE), np.float32)
    bits = np.empty((halves, channels - 1, TILE), np.int32)
    grown = bits.view(np.float32)
    back, slope = np.zeros((channels, TILE), np.float32), np.empty((wide, TILE), np.float32)
    hidden, felt = np.empty((4, TILE), np.float32), np.empty(TILE, np.float32)
    for tile in range(first, last):
        begin = tile * TILE
        size = min(TILE, count - begin)
        x[0, :, :size] = pixels[:, begin : begin + size]
        back[:, :size] = given[:, begin : begin + size]
        back[:, size:] = 0
        for h in range(halves):
            row = (plan[h, 0], plan[h, 1], plan[h, 2], plan[h, 3], plan[h, 4])
            _half(x[h], row, weights, hidden, x[h + 1], said[h], grown[h], bits[h])
        for h in range(halves - 1, -1, -1):
            row = (plan[h, 0], plan[h, 1], plan[h, 2], plan[h, 3], plan[h, 4])
            _half_back(
                *(x[h], row, weights, hidden[0], said[h], grown[h], slope, felt, back, totals),
            )
        out[:, begin : begin + size] = back[:, :size]
