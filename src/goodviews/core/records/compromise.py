"""One view for several tasks: what it gives up in each."""

from dataclasses import dataclass

from goodviews.core.records.comparison import Gap


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What one view for all tasks gives up in one of them.

    Attributes:
        task: Name of the label.
        best: Label of the best view of the task.
        regret: Points of accuracy below the best view, at least 0; the interval holds whichever
            view is best.
        over_scratch: Against training from scratch.
        second: Label of the view that the task would have with two pretrainings.
        gain: What that adds, in points of accuracy.
    """

    task: str
    best: str
    regret: Gap
    over_scratch: Gap
    second: str
    gain: Gap


@dataclass(frozen=True, kw_only=True)
class Compromise:
    """One view for several tasks: that whose largest regret over the tasks is least.

    Attributes:
        view: Its spec.
        id: Its id among the views of each task.
        recommended: Whether it is better than training from scratch in at least one task.
        lead: What it gives up, in words.
        more: What one more pretraining would cost and buy, in words.
        tasks: The same for each task, in numbers.
    """

    view: str
    id: str
    recommended: bool
    lead: str
    more: str
    tasks: tuple[Shared, ...]
