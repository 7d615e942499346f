"""The table of the comparison: from scratch, frozen and fine-tuned, by the number of labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from goodviews.core.records.comparison import Comparison, LabelCount
from goodviews.pages import words

_COLUMNS = 3
"""Label counts that are shown; ``comparison.csv`` holds all."""


@dataclass(frozen=True)
class Cell:
    """One arm at one label count, as text; ``over`` is empty for arms that are not compared."""

    count: str
    accuracy: str
    interval: str
    over: str


@dataclass(frozen=True)
class Compared:
    """The section of one task.

    Attributes:
        found: What was found.
        columns: Label counts, fewest first.
        rows: Name of each arm and its cells.
    """

    found: Comparison
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def compared_section(found: Comparison | None) -> Compared | None:
    """The section of a task; nothing without labels.

    Args:
        found: The comparison of the task.
    """
    if found is None:
        return None
    counts = _shown(found.counts)
    names = [arm.name for arm in counts[0].arms] if counts else []
    return Compared(
        found=found,
        columns=tuple(one.text for one in counts),
        rows=tuple(
            (name, tuple(_cell(one, place) for one in counts)) for place, name in enumerate(names)
        ),
    )


def _shown(counts: Sequence[LabelCount]) -> list[LabelCount]:
    """The smallest and the largest count, and one between."""
    if len(counts) <= _COLUMNS:
        return list(counts)
    return [counts[0], counts[len(counts) // 2], counts[-1]]


def _cell(count: LabelCount, place: int) -> Cell:
    arm = count.arms[place]
    over = arm.over_scratch
    return Cell(
        count=count.text,
        accuracy=words.accuracy(arm.accuracy),
        interval=words.interval(arm.accuracy),
        over=words.points(over.points, interval=True) if over else "",
    )
