"""What the ways to use labels reach in one task, and how far they are apart."""

from dataclasses import dataclass
from typing import Annotated, Literal, final

from goodviews.core.interval import Interval
from goodviews.core.records.codec import SHORT


@final
@dataclass(frozen=True, kw_only=True)
class Gap:
    """A difference of two accuracies, in points of accuracy (1 point = 0.01)."""

    points: Annotated[Interval, SHORT]


@dataclass(frozen=True, kw_only=True)
class Arm:
    """What one way to use the labels reached with some of them.

    Attributes:
        name: What was done, such as ``best view, fine-tuned``.
        accuracy: Mean over label draws and seeds.
        over_scratch: Against the better training from scratch with the same labels; nothing for
            rows that are not compared.
    """

    name: str
    accuracy: Annotated[Interval | None, SHORT]
    over_scratch: Gap | None


@dataclass(frozen=True, kw_only=True)
class LabelCount:
    """All arms at one number of labels.

    Attributes:
        labels: How many.
        text: The same in words, such as ``40 labels (4 per class)``.
        draws: How often they were drawn.
        arms: In the order of the table.
    """

    labels: int
    text: str
    draws: int
    arms: tuple[Arm, ...]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Training from scratch against the best view, frozen and fine-tuned, on the same labels.

    Attributes:
        decision: ``worth``, ``not_worth`` or ``open``: whether to pretrain, at the length that
            was trained; ``none`` where nothing was compared.
        frozen: The answer for frozen use, a sentence.
        tuned: The answer for fine-tuning, a sentence.
        open: What would settle an open answer; may be empty.
        note: How it was compared, or why it was not.
        counts: Fewest labels first.
        given: What the best of the given weights adds, a sentence; empty without any.
    """

    decision: Literal["worth", "not_worth", "open", "none"]
    frozen: str
    tuned: str
    open: str
    note: str
    counts: tuple[LabelCount, ...]
    given: str = ""
