"""Mapping of stored values to [0, 1]: the range follows from the type and from the data."""

import numpy as np


def value_range(dtype: np.dtype, lowest: float, highest: float) -> tuple[tuple[float, float], str]:
    """Values of black and white.

    * 8 bits: 0 to 255; but 0 to the largest value when that is below 64 (masks, counts).
    * 16 bits: 0 to the largest value of the fewest of 8, 10, 12, 14 and 16 bits that hold the
      data, since cameras and scanners often use 10, 12 or 14 of 16.
    * Floats: unchanged when they lie in [0, 1], otherwise from the smallest to the largest.

    Args:
        dtype: uint8, uint16 or float32.
        lowest: Smallest value of the dataset.
        highest: Largest value of the dataset.

    Returns:
        ``(low, high)`` and one sentence about them.

    Example:
        >>> value_range(np.dtype(np.uint16), 3, 4000)
        ((0.0, 4095.0), 'Values of 12 bits (largest 4000) were divided by 4095.')
    """
    if dtype == np.uint8:
        if 0 < highest < 64:
            note = f"8-bit values reach only {highest:.0f} and were divided by that."
            return (0.0, float(highest)), note
        return (0.0, 255.0), "8-bit values were divided by 255."
    if dtype == np.uint16:
        bits = next(bits for bits in (8, 10, 12, 14, 16) if highest < 2**bits)
        top = 2**bits - 1
        note = f"Values of {bits} bits (largest {highest:.0f}) were divided by {top}."
        return (0.0, float(top)), note
    if lowest >= 0 and 0 < highest <= 1:
        return (0.0, 1.0), "Floating-point values lie in [0, 1] and were not changed."
    if lowest == highest:
        note = f"All values are {lowest:g}, so the images are empty."
        return (float(lowest), float(lowest) + 1.0), note
    note = f"Floating-point values from {lowest:g} to {highest:g} were mapped to [0, 1]."
    return (float(lowest), float(highest)), note
