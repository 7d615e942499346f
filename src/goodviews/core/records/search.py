"""What a search found: its trials, and how much each parameter matters."""

from dataclasses import dataclass

from goodviews.core.interval import Interval


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One value that was searched.

    Attributes:
        name: Step and argument.
        ends: What the ends of its axis stand for; of a set all its values.
        importance: Share of the variance of the trials' readouts that cannot be predicted without
            it; nothing with too few trials.
        text: That in one sentence.
    """

    name: str
    ends: tuple[str, ...]
    importance: Interval | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial.

    Attributes:
        number: From 0.
        view: Its spec.
        places: Where each parameter is on its axis, 0 to 1.
        state: ``finished``, ``pruned`` or ``failed``.
        nats: Bound on what the two views share, after its last epoch.
        accuracy: Its readout on labels used for selection, mean over tasks.
        score: Nats that the readout gets of the label, which is what is maximised.
        finalist: Whether the study compares it.
    """

    number: int
    view: str
    places: tuple[float, ...]
    state: str
    nats: float | None
    accuracy: float | None
    score: float | None
    finalist: bool


@dataclass(frozen=True, kw_only=True)
class Search:
    """What was searched.

    Attributes:
        space: The spec with its ranges.
        sampler: What proposed the trials.
        shown: Images shown in a trial that was not pruned.
        parameters: One per range or set, in the order written.
        trials: In the order in which they were proposed.
    """

    space: str
    sampler: str
    shown: int
    parameters: tuple[Parameter, ...]
    trials: tuple[Trial, ...]
