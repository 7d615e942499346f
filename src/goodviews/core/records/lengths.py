"""How results change with the length of training, as a part of ``verdict.json``."""

from dataclasses import dataclass
from typing import Annotated, Literal

from goodviews.core.interval import Interval
from goodviews.core.records.codec import SHORT

Choice = Literal["worth_it", "not_worth_it", "undecided"]


@dataclass(frozen=True, kw_only=True)
class LengthPoint:
    """One view after one length of training.

    Attributes:
        epochs: Passes over the pretraining images.
        factor: The same as a multiple of the study's length.
        measured: Whether it was measured; otherwise it is a forecast.
        nats: Bound on the shared information with its 95 % interval, or a forecast with its 80 %
            interval.
        accuracy: Accuracy of the linear probe, in the same form; nothing without labels.
    """

    epochs: int
    factor: float
    measured: bool
    nats: Interval | None
    accuracy: Annotated[Interval | None, SHORT]


@dataclass(frozen=True, kw_only=True)
class LengthCurve:
    """One view at all lengths, shortest first.

    Attributes:
        view: Its spec.
        label: Its label in the study.
        seeds: How many runs were measured at each length.
        points: Measured lengths, then forecasts.
    """

    view: str
    label: str
    seeds: int
    points: tuple[LengthPoint, ...]


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """What longer training changes.

    Attributes:
        epochs: Length of the study.
        target: Length at which the view would be used, in epochs.
        curves: The views that were measured at several lengths.
        finding: What was measured, in words.
        forecast: What the forecast says and how it was validated, or that there is none.
        choice: Whether pretraining is worth it at ``target``; nothing without labels.
        answer: The same in words, with what would decide it.
        command: The command that would decide it; empty where nothing is open.
    """

    epochs: int
    target: int
    curves: tuple[LengthCurve, ...]
    finding: str
    forecast: str
    choice: Choice | None
    answer: str
    command: str
