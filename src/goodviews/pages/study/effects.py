"""What each operation does: a row with its interval, from the screening of a study."""

from dataclasses import dataclass

from markupsafe import Markup

from goodviews.core.interval import Interval
from goodviews.core.records.screening import Screening
from goodviews.pages import words

_EDGE = 3.0
"""Per cent of the width that is kept free on both sides."""
_ENTRIES = 6


@dataclass(frozen=True)
class Bar:
    """One operation; places are per cent of the width.

    Attributes:
        name: What it is called.
        text: The effect in one sentence.
        spec: Its steps.
        way: ``up``, ``down``, or empty where it is not significantly different from none.
        x0: Left end of the interval.
        x: The effect.
        x1: Right end of the interval.
    """

    name: str
    text: str
    spec: Markup
    way: str
    x0: float
    x: float
    x1: float


@dataclass(frozen=True)
class Effects:
    """The section of one task.

    Attributes:
        found: What was found.
        zero: Place of no effect.
        bars: One per operation, the largest gain first.
        raced: Views of the race that went furthest: spec, where it comes from, images shown,
            accuracy.
    """

    found: Screening
    zero: float
    bars: tuple[Bar, ...]
    raced: tuple[tuple[Markup, str, str, str], ...]


def effects(found: Screening) -> Effects:
    """The section of a task.

    Args:
        found: What the screening found.
    """
    ends = [end for one in found.operations for end in (one.points.low, one.points.high)]
    low, high = min(*ends, 0.0), max(*ends, 0.0)
    wide = (high - low) or 1.0

    def place(value: float) -> float:
        return round(_EDGE + (100 - 2 * _EDGE) * (value - low) / wide, 2)

    return Effects(
        found=found,
        zero=place(0.0),
        bars=tuple(
            Bar(
                name=one.name,
                text=one.text,
                spec=words.spec(one.spec),
                way=_way(one.points),
                x0=place(one.points.low),
                x=place(one.points.value),
                x1=place(one.points.high),
            )
            for one in found.operations
        ),
        raced=tuple(
            (
                words.spec(one.view),
                one.source,
                f"{one.shown:,}",
                words.accuracy(Interval(one.accuracy, one.accuracy, one.accuracy)),
            )
            for one in found.entries[:_ENTRIES]
        ),
    )


def _way(points: Interval) -> str:
    return "up" if points.above else "down" if points.below else ""
