"""Is pretraining worth it at the length it would be used at: three answers, and what decides."""

import math
from dataclasses import dataclass

from goodviews.core.command import changed_command
from goodviews.core.interval import Interval
from goodviews.core.records.lengths import Choice, LengthCurve, LengthPoint
from goodviews.core.text import duration, points

_80_OF_95 = 1.2816 / 1.96
"""Half of an 80 % interval as a share of half of the 95 % interval."""
_LONGER = (2, 4, 8, 16)
"""Lengths of the studies that are proposed, as multiples of this one."""


@dataclass(frozen=True)
class Question:
    """What is known about the gain of the best view.

    Attributes:
        view: Spec of the best view.
        gain: Its accuracy less that of training from scratch, at the study's length.
        epochs: Length of the study.
        target: Length at which the view would be used.
        seconds: Wall time of one run of the study.
        runs: Number of runs of a study of this view alone.
        command: Command of the study.
    """

    view: str
    gain: Interval
    epochs: int
    target: int
    seconds: float
    runs: int
    command: str


@dataclass(frozen=True)
class Decision:
    """The answer, its words, and the command that would decide what is open."""

    choice: Choice
    words: str
    command: str = ""


def decide(asked: Question, curve: LengthCurve | None) -> Decision:
    """Answer from the gain at the study's length and the forecast of the best view.

    Args:
        asked: What is known.
        curve: The best view at all lengths, forecasts included where there are any.
    """
    times = asked.target / asked.epochs
    if asked.gain.above:
        return Decision(
            "worth_it",
            f"Pretraining is worth it with {_epochs(asked.epochs)}, the length of this study, "
            f"already: {points(asked.gain)} more than training from scratch.",
        )
    if asked.target <= asked.epochs:
        if asked.gain.below:
            return Decision(
                "not_worth_it",
                f"Pretraining is not worth it with {_epochs(asked.epochs)}, the length that was "
                f"asked for: {points(asked.gain.turned())} less than training from scratch.",
            )
        return _undecided(asked, "", asked.epochs)
    later = forecast_gain(asked, curve)
    if later is None:
        return _undecided(
            asked,
            f"No forecast of longer training is calibrated yet, so that {times:.0f} times the "
            "length may give another answer.",
            asked.target,
        )
    said = (
        f"After {_epochs(asked.target)}, {times:.0f} times the length of this study, the forecast "
        f"compared with training from scratch is {points(later, signed=True)} (80 % interval)"
    )
    if later.above:
        return Decision("worth_it", f"Pretraining is worth it at the length of use. {said}.")
    if later.below:
        return Decision(
            "not_worth_it", f"Pretraining is not worth it at the length of use. {said}."
        )
    return _undecided(asked, f"{said}.", deciding_length(asked, curve))


def forecast_gain(
    asked: Question, curve: LengthCurve | None, target: int | None = None
) -> Interval | None:
    """Gain over training from scratch at a longer length, with its 80 % interval.

    The gain at the study's length and the change after it are added; their errors count as
    independent.

    Args:
        asked: What is known.
        curve: The best view at all lengths.
        target: The length in epochs (default: that of use).

    Returns:
        Nothing without a forecast for that length.
    """
    now = _at(curve, asked.epochs)
    then = _at(curve, asked.target if target is None else target)
    if now is None or then is None or not asked.gain.known:
        return None
    if now.accuracy is None or then.accuracy is None:
        return None
    change = then.accuracy.value - now.accuracy.value
    scale = _80_OF_95 if then.measured else 1.0
    below = scale * (then.accuracy.value - then.accuracy.low)
    above = scale * (then.accuracy.high - then.accuracy.value)
    own = _80_OF_95 * asked.gain.half
    value = asked.gain.value + change
    return Interval(value, value - math.hypot(below, own), value + math.hypot(above, own))


def deciding_length(asked: Question, curve: LengthCurve | None) -> int:
    """Shortest length at which a gain as forecast would be significant; that of use if none is."""
    for factor in _LONGER:
        epochs = factor * asked.epochs
        found = forecast_gain(asked, curve, epochs)
        if epochs < asked.target and found and abs(found.value) > asked.gain.half:
            return epochs
    return asked.target


def _undecided(asked: Question, why: str, epochs: int) -> Decision:
    if epochs > asked.epochs:
        command = changed_command(asked.command, "--views", asked.view)
        command = changed_command(command, "--epochs", epochs, fresh=True)
        seconds = asked.seconds * asked.runs * epochs / asked.epochs
        what = f"a study of this view with {_epochs(epochs)}"
    else:
        command, seconds, what = "", 0.0, "more seeds or more labels"
    takes = f", about {duration(max(seconds, 60))} of CPU time" if seconds else ""
    words = [
        f"Undecided: {points(asked.gain, signed=True)} compared with training from scratch at the "
        f"length of this study, {_epochs(asked.epochs)}.",
        why,
        f"What would decide: {what}{takes}.",
    ]
    return Decision("undecided", " ".join(filter(None, words)), command)


def _at(curve: LengthCurve | None, epochs: int) -> LengthPoint | None:
    found = [point for point in curve.points if point.epochs == epochs] if curve else []
    return found[0] if found else None


def _epochs(count: int) -> str:
    return f"{count:,} epoch{'' if count == 1 else 's'}"
