"""Values far outside the others: fill values such as -9999, and hot pixels.

Letters: C channels, H W pixels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FAR = 3.0
"""A value is far outside when the gap before it is this many times the range of the others."""

FEW = 8
"""With fewer different values, the gap must be ``FEW_FAR`` times the range of the others."""

FEW_FAR = 10.0

VALUES = 2_000_000
"""Maximum number of values of a channel that are sorted; they come from evenly spaced images."""


def inner_range(values: np.ndarray) -> tuple[float, float]:
    """Smallest and largest of the values that are not far outside the others.

    The range starts with the middle half of the different values and grows outwards, value by
    value, until the gap to the next one is more than three times the range so far.

    Args:
        values: (n,) finite numbers, in any order.

    Returns:
        Both ends; the smallest and largest value when none is far outside.

    Example:
        >>> inner_range(np.array([*range(20), -9999.0, 65535.0]))
        (0.0, 19.0)
        >>> inner_range(np.arange(20.0) ** 2)
        (0.0, 361.0)
    """
    found = np.unique(values).astype(np.float64)
    if len(found) < 3:
        return float(found[0]), float(found[-1])
    gaps = np.diff(found)
    if len(found) < FEW:
        return _few(found, gaps)
    low, high = len(found) // 4, len(found) - 1 - len(found) // 4
    grown = True
    while grown:
        grown = False
        width = FAR * (found[high] - found[low])
        above = np.flatnonzero(gaps[high:] > width)
        below = np.flatnonzero(gaps[:low] > width)
        new_high = high + int(above[0]) if len(above) else len(found) - 1
        new_low = int(below[-1]) + 1 if len(below) else 0
        grown = (new_low, new_high) != (low, high)
        low, high = new_low, new_high
    return float(found[low]), float(found[high])


def _few(found: np.ndarray, gaps: np.ndarray) -> tuple[float, float]:
    """The range of three to seven different values, of which one may be far outside."""
    if gaps[0] > gaps[-1] and gaps[0] > FEW_FAR * (found[-1] - found[1]):
        return float(found[1]), float(found[-1])
    if gaps[-1] > gaps[0] and gaps[-1] > FEW_FAR * (found[-2] - found[0]):
        return float(found[0]), float(found[-2])
    return float(found[0]), float(found[-1])


@dataclass(frozen=True)
class Fence:
    """Range of the values of each channel, for images that have values far outside it.

    Attributes:
        low: (C,), what values below ``below``, and values declared as no data, become.
        high: (C,), what values above ``above`` become.
        below: (C,), minus infinity where no smaller value is far outside.
        above: (C,), infinity where no larger value is far outside.
    """

    low: np.ndarray
    high: np.ndarray
    below: np.ndarray
    above: np.ndarray

    @classmethod
    def around(cls, images: Sequence[tuple[np.ndarray, float | None]]) -> "Fence | None":
        """Find the range of some images of a dataset.

        Args:
            images: (C, H, W) each, with the value that means that there is no data, if any.

        Returns:
            The fence; ``None`` when nothing is far outside and no value is declared.
        """
        planes: list[list[np.ndarray]] = []
        each = max(64, VALUES // max(1, len(images)))
        for image, nodata in images:
            if not planes:
                planes = [[] for _ in image]
            if len(image) != len(planes):
                return None
            known = np.isfinite(image) & ~blank(image, nodata)
            for plane, one, keep in zip(planes, image, known, strict=True):
                values = one[keep]
                plane.append(np.unique(values[:: max(1, len(values) // each)]))
                if len(values):
                    plane.append(np.array([values.min(), values.max()]))
        if not planes or not all(sum(map(len, plane)) for plane in planes):
            return None
        joined = [np.concatenate(plane) for plane in planes]
        low, high = np.array([inner_range(values) for values in joined]).T
        least = np.array([values.min() for values in joined], np.float64)
        most = np.array([values.max() for values in joined], np.float64)
        declared = any(nodata is not None for _, nodata in images)
        if not declared and (least >= low).all() and (most <= high).all():
            return None
        below, above = np.full(len(low), -np.inf), np.full(len(low), np.inf)
        for c, values in enumerate(joined):  # half way to the nearest value far outside
            outside = values.astype(np.float64)
            if least[c] < low[c]:
                below[c] = (outside[outside < low[c]].max() + low[c]) / 2
            if most[c] > high[c]:
                above[c] = (outside[outside > high[c]].min() + high[c]) / 2
        return cls(low, high, below, above)

    def inside(self, image: np.ndarray, nodata: float | None = None) -> np.ndarray:
        """The same image (C, H, W); values far outside become the nearest end of the range."""
        if image.dtype == np.uint8 or len(image) != len(self.low):
            return image
        low, high, below, above = (
            end[:, None, None] for end in (self.low, self.high, self.below, self.above)
        )
        made = np.where((image < below) | blank(image, nodata), low, image)
        return np.where(made > above, high, made).astype(image.dtype)


def blank(image: np.ndarray, nodata: float | None) -> np.ndarray:
    """Which values of an image (C, H, W) are declared to mean that there is no data."""
    if nodata is None:
        return np.zeros(image.shape, bool)
    if np.isnan(nodata):
        return np.isnan(image)
    most = float(np.finfo(np.float32).max)
    return np.isclose(image, np.clip(nodata, -most, most), rtol=1e-6, atol=0)
