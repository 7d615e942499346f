"""The rule from numbers to verdicts: where an interval is, compared with the paper's side."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from goodviews.core import Interval

REPRODUCED, CONTRADICTED, UNDECIDED = "reproduced", "contradicted", "undecided"
OTHER_SCALE, NOT_RUN = "not at this scale", "not run"
VERDICTS = (REPRODUCED, CONTRADICTED, UNDECIDED, OTHER_SCALE, NOT_RUN)


@dataclass(frozen=True)
class Part:
    """A measured number with its interval, and the paper's side of it.

    Attributes:
        name: What it is.
        found: The number; both ends equal it where it is exact.
        low: Smallest value with which the paper is right.
        high: Largest value with which the paper is right.
        unit: Unit, such as ``points``.
        decimals: Digits behind the point; below 0, a power of ten.
        signed: Whether a positive number is printed with its sign.
    """

    name: str
    found: Interval
    low: float = 0.0
    high: float = math.inf
    unit: str = "points"
    decimals: int = 1
    signed: bool = True

    @property
    def side(self) -> str:
        """``reproduced``, ``contradicted`` or ``undecided``, of this number alone.

        Example:
            >>> Part("gain", Interval(2.0, 1.0, 3.0)).side
            'reproduced'
            >>> Part("gain", Interval(2.0, -1.0, 5.0)).side
            'undecided'
            >>> Part("gain", Interval(-2.0, -3.0, -1.0)).side
            'contradicted'
        """
        if self.low <= self.found.low and self.found.high <= self.high:
            return REPRODUCED
        if self.found.high < self.low or self.high < self.found.low:
            return CONTRADICTED
        return UNDECIDED


def verdict(parts: Sequence[Part], premises: Sequence[Part] = (), *, level: bool = False) -> str:
    """Verdict of a claim.

    Args:
        parts: Its numbers, at least one.
        premises: What must be true before they can say anything, such as that a method learns.
        level: Whether the claim is a number on the paper's own data, while the measured one is
            of others.

    Returns:
        One of :data:`VERDICTS`, except ``not run``.

    Example:
        >>> gain, loss = (Part("", Interval(v, v - 1, v + 1)) for v in (2.0, -2.0))
        >>> verdict([gain]), verdict([gain, loss]), verdict([loss], [loss])
        ('reproduced', 'contradicted', 'not at this scale')
    """
    if level or any(part.side != REPRODUCED for part in premises):
        return OTHER_SCALE
    sides = {part.side for part in parts}
    for worst in (CONTRADICTED, UNDECIDED):
        if worst in sides:
            return worst
    return REPRODUCED
