"""Mapping of stored values to [0, 1]: the range follows from the type and from the data.

Letters: N images, C channels, H W pixels.
"""

from typing import NamedTuple, TypeAlias

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.outliers import VALUES, inner_range

Scale: TypeAlias = tuple[float, float] | tuple[tuple[float, ...], tuple[float, ...]]
"""Values of black and white: two numbers, or two tuples of one number per channel."""

TAIL = 0.001
"""Share of the values of a channel below the lower, and above the upper, quantile."""

LONG = 4.0
"""A tail is cut at its quantile when it is this many times as long as the range between both."""

APART = 4.0
"""Each channel has its own range when the common one is more than this many times wider."""

CHOOSE = "choose another range with --range LOW HIGH (in Python, value_range=(low, high))"


class Range(NamedTuple):
    """How values become [0, 1].

    Attributes:
        scale: Values of black and white.
        note: One sentence about them.
        warnings: Sentences about values that lie outside.
    """

    scale: Scale
    note: str
    warnings: tuple[str, ...] = ()


def check_range(given: object) -> tuple[float, float] | None:
    """The range that a user gives, as two numbers.

    Raises:
        InputError: It is not two finite numbers in increasing order.
    """
    if given is None:
        return None
    try:
        low, high = (float(value) for value in given)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        low = high = np.nan
    if not (np.isfinite([low, high]).all() and low < high):
        raise InputError(
            f"The range of values must be two numbers, the lower one first, such as --range 0 "
            f"4095 (value_range=(0, 4095)); but got {given!r}."
        )
    return low, high


def value_range(
    pixels: np.ndarray,
    lowest: np.ndarray,
    highest: np.ndarray,
    given: tuple[float, float] | None = None,
) -> Range:
    """Find the values of black and white; values outside become the nearer of them.

    * 8 bits: 0 to 255; but 0 to the largest value when that is below 64 (masks, counts).
    * 16 bits: 0 to the largest value of the fewest of 8, 10, 12, 14 and 16 bits that hold the
      data, since cameras and scanners often use 10, 12 or 14 of 16.
    * Floats: unchanged when they lie in [0, 1], otherwise from the smallest to the largest value;
      for each channel alone when a common range is more than four times as wide as one of them.

    Of 16 bits and floats, values far outside the others (:func:`inner_range`) do not count. A tail
    of floats, the 0.1 % below or above, is cut when it is more than four times as long as the
    range of all other values.

    Args:
        pixels: (N, C, H, W) uint8, uint16 or float32, without NaN.
        lowest: (C,), smallest value of each channel.
        highest: (C,), largest value of each channel.
        given: The range that the user gives, instead of all this.

    Example:
        >>> values = np.array([3, 700, 4000] * 50, np.uint16).reshape(150, 1, 1, 1)
        >>> value_range(values, values.min((0, 2, 3)), values.max((0, 2, 3)))[:2]
        ((0.0, 4095.0), 'Values of 12 bits (largest 4000) were divided by 4095.')
    """
    high = float(highest.max())
    if given is not None:
        return given_range(pixels, given)
    if pixels.dtype == np.uint8:
        if 0 < high < 64:
            note = f"8-bit values reach only {high:.0f} and were divided by that."
            return Range((0.0, high), note)
        return Range((0.0, 255.0), "8-bit values were divided by 255.")
    some = _sample(pixels)
    inner = [_inner(pixels, c, some[c], lowest[c], highest[c]) for c in range(len(some))]
    warnings = [text for _, text in inner if text]
    if pixels.dtype == np.uint16:
        most = max(end for (_, end), _ in inner)
        bits = next(bits for bits in (8, 10, 12, 14, 16) if most < 2**bits)
        note = f"Values of {bits} bits (largest {most:.0f}) were divided by {2**bits - 1}."
        return Range((0.0, 2.0**bits - 1), note, tuple(warnings) if high >= 2**bits else ())
    ends = []
    for values, (bounds, _) in zip(some, inner, strict=True):
        cut, text = _cut_tails(values, *bounds)
        ends.append(cut)
        warnings += [text] if text else []
    return Range(*_floats(np.array(ends)), tuple(dict.fromkeys(warnings)))


def given_range(pixels: np.ndarray, given: tuple[float, float]) -> Range:
    """The range that the user gives for (N, C, H, W); a warning when most values lie outside."""
    low, high = given
    some = _sample(pixels)
    outside = float(np.mean((some < low) | (some > high)))
    note = f"Values from {low:g} to {high:g}, as given, were mapped to [0, 1]."
    if not outside:
        return Range((low, high), note)
    text = f"{_percent(outside)} of the values lie outside the given range {low:g} to {high:g}."
    return Range((low, high), f"{note} {text}", (text,) if outside > 0.5 else ())


def _floats(ends: np.ndarray) -> tuple[Scale, str]:
    """Scale and note of floats whose channels have these ends, (C, 2)."""
    low, high = float(ends[:, 0].min()), float(ends[:, 1].max())
    if low >= 0 and 0 < high <= 1:
        return (0.0, 1.0), "Floating-point values lie in [0, 1] and were not changed."
    if low == high:
        return (low, low + 1.0), f"All values are {low:g}, so the images are empty."
    widths = ends[:, 1] - ends[:, 0]
    if high - low <= APART * widths[widths > 0].min():
        note = f"Floating-point values from {low:g} to {high:g} were mapped to [0, 1]."
        return (low, high), note
    ends[widths == 0, 1] += 1.0
    listed = [f"{a:g} to {b:g}" for a, b in ends[:4]] + ["..."] * (len(ends) > 4)
    note = f"Floating-point values of each channel ({', '.join(listed)}) were mapped to [0, 1]."
    return (tuple(ends[:, 0].tolist()), tuple(ends[:, 1].tolist())), note


def _sample(pixels: np.ndarray) -> np.ndarray:
    """(C, n) values of evenly spaced images."""
    count = max(1, VALUES // max(1, int(np.prod(pixels.shape[1:]))))
    rows = np.unique(np.linspace(0, len(pixels) - 1, min(count, len(pixels))).astype(int))
    return np.asarray(pixels[rows]).transpose(1, 0, 2, 3).reshape(pixels.shape[1], -1)


def _inner(
    pixels: np.ndarray, channel: int, some: np.ndarray, lowest: float, highest: float
) -> tuple[tuple[float, float], str]:
    """Range of a channel without values far outside, and a sentence about those."""
    ends = inner_range(np.append(some, np.array([lowest, highest], some.dtype)))
    if pixels.dtype == np.uint16:
        ends = float(lowest), ends[1]  # their range starts at 0
    if ends == (lowest, highest):
        return ends, ""
    outside = []
    for start in range(0, len(pixels), 1024):
        block = pixels[start : start + 1024, channel]
        outside.append(block[(block < ends[0]) | (block > ends[1])])
    far = np.concatenate(outside)
    low, high = inner_range(np.concatenate([some, np.unique(far)]))
    if pixels.dtype == np.uint16:
        low = float(lowest)
    far = far[(far < low) | (far > high)]
    if not len(far):
        return (low, high), ""
    few = [f"{value:g}" for value in np.unique(far)[[0, -1]]]
    share = len(far) / (len(pixels) * pixels[0, 0].size)
    named = few[0] if few[0] == few[1] else " to ".join(few)
    where = f" of channel {channel + 1}" if pixels.shape[1] > 1 else ""
    return (low, high), (
        f"{len(far):,} values{where} ({_percent(share)}; {named}) lie far outside the others, "
        f"{low:g} to {high:g}, and become the nearest end of the range; if they are not fill "
        f"values or hot pixels, {CHOOSE}."
    )


def _cut_tails(values: np.ndarray, low: float, high: float) -> tuple[tuple[float, float], str]:
    """The range of a channel without long tails, and a sentence about what was cut."""
    kept = values[(values >= low) & (values <= high)]
    if not len(kept):
        return (low, high), ""
    start, end = (float(q) for q in np.quantile(kept, (TAIL, 1 - TAIL)))
    middle = LONG * (end - start)
    cut_low = start if 0 < middle < start - low else low
    cut_high = end if 0 < middle < high - end else high
    if (cut_low, cut_high) == (low, high):
        return (low, high), ""
    return (cut_low, cut_high), (
        f"99.8 % of the values lie from {start:g} to {end:g}, but they reach from {low:g} to "
        f"{high:g}; the tails were cut. If they matter, {CHOOSE}."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share >= 1e-4 else "less than 0.01 %"
