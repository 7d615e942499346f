"""A number with its 95 % interval, as statistics make it and as records and pages hold it."""

import math
from dataclasses import dataclass
from typing import final


@final
@dataclass(frozen=True)
class Interval:
    """A number with its 95 % interval; the ends are infinite where one seed leaves it unknown.

    Example:
        >>> gap = Interval(0.042, 0.028, 0.056)
        >>> gap.above, gap.below, round(gap.half, 3)
        (True, False, 0.014)
    """

    value: float
    low: float
    high: float

    @property
    def above(self) -> bool:
        """Whether the whole interval is above zero."""
        return self.low > 0

    @property
    def below(self) -> bool:
        """Whether the whole interval is below zero."""
        return self.high < 0

    @property
    def known(self) -> bool:
        """Whether the ends are known."""
        return math.isfinite(self.low)

    @property
    def half(self) -> float:
        """Half its width; infinite where the ends are unknown."""
        return (self.high - self.low) / 2

    def shifted(self, value: float) -> "Interval":
        """The same width about another value."""
        return Interval(value, value + self.low - self.value, value + self.high - self.value)

    def within(self, low: float, high: float) -> "Interval":
        """The same value, its known ends cut to a range: an accuracy lies in [0, 1]."""
        if not self.known:
            return self
        return Interval(self.value, max(self.low, low), min(self.high, high))

    def plus(self, amount: float) -> "Interval":
        """The interval moved by an amount that is known."""
        return Interval(self.value + amount, self.low + amount, self.high + amount)

    def turned(self) -> "Interval":
        """The difference the other way round: its sign changes, and its ends change places."""
        return Interval(-self.value, -self.high, -self.low)

    def times(self, factor: float) -> "Interval":
        """The interval in another unit, such as points of accuracy (``factor`` = 100)."""
        return Interval(factor * self.value, factor * self.low, factor * self.high)
