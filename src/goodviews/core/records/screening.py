"""What short runs before a study found: the worth of each operation, and who was still running."""

from dataclasses import dataclass

from goodviews.core.interval import Interval


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What one operation is worth: the mean of runs with it less that of runs without it.

    Attributes:
        name: What it is called.
        spec: Its steps.
        points: Effect on the readout, in points of accuracy.
        nats: Effect on what the two views share.
        text: The effect in one sentence.
    """

    name: str
    spec: str
    points: Interval
    nats: Interval
    text: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A view that raced.

    Attributes:
        view: Its spec.
        source: Where it comes from.
        shown: Images shown when it stopped.
        accuracy: Its readout then, on labels used for selection.
    """

    view: str
    source: str
    shown: int
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class Screening:
    """What was found for one task.

    Attributes:
        task: Name of the label.
        kind: Kind of the images.
        why: What that rests on.
        runs: Number of runs of the design.
        shown: Images shown in each.
        operations: Effects, the largest gain first; intervals hold simultaneously.
        together: Whether crops and colour are worth more together, in one sentence.
        entries: Views that raced, the longest run first.
    """

    task: str
    kind: str
    why: str
    runs: int
    shown: int
    operations: tuple[Operation, ...]
    together: str
    entries: tuple[Entry, ...]
