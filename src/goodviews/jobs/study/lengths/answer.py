"""Is pretraining worth it at the length it would be used at: three answers, and what decides."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from goodviews.core.command import changed_command
from goodviews.core.interval import Interval
from goodviews.core.records.lengths import Choice, LengthCurve, LengthPoint
from goodviews.core.text import counted, duration, points

_80_OF_95 = 1.2816 / 1.96
"""Half of an 80 % interval as a share of half of the 95 % interval."""
_LONGER = (2, 4, 8, 16)
"""Lengths of the studies that are proposed, as multiples of this one."""


@dataclass(frozen=True)
class Question:
    """What is known about the gain of the best view.

    Attributes:
        view: Spec of the best view.
        gains: By use (``frozen``, ``fine-tuned``) its accuracy less that of training from
            scratch, at the study's length.
        epochs: Length of the study.
        target: Length at which the view would be used.
        seconds: Time of one run of the study.
        runs: Number of runs of a study of this view alone.
        command: Command of the study.
    """

    view: str
    gains: Mapping[str, Interval]
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
    """Answer from the gains at the study's length and the forecast of the best view.

    It is worth it where one use gains, and not where all lose. The change of the linear probe is
    forecast; that of fine-tuning is taken to be no larger.

    Args:
        asked: What is known.
        curve: The best view at all lengths, forecasts included where there are any.
    """
    now = f"{_words(asked.gains)} compared with training from scratch"
    length = counted(asked.epochs, "epoch")
    if any(gain.above for gain in asked.gains.values()):
        return Decision("worth_it", f"Already with {length}, the length of this study: {now}.")
    if asked.target <= asked.epochs:
        if all(gain.below for gain in asked.gains.values()):
            return Decision("not_worth_it", f"With {length}, the length of this study: {now}.")
        return _undecided(asked, now, "", asked.epochs)
    times = f"{asked.target / asked.epochs:.0f} times the length of this study"
    later = forecast_gains(asked, curve)
    if later is None:
        why = (
            "No forecast of longer training is calibrated yet, and the answer may be another "
            f"after {times}."
        )
        return _undecided(asked, now, why, asked.target)
    said = (
        f"Forecast after {counted(asked.target, 'epoch')}, {times}: {_words(later)} compared with "
        "training from scratch (80 % intervals)."
    )
    if any(gain.above for gain in later.values()):
        return Decision("worth_it", said)
    if all(gain.below for gain in later.values()):
        return Decision("not_worth_it", said)
    return _undecided(asked, now, said, deciding_length(asked, curve))


def forecast_gains(
    asked: Question, curve: LengthCurve | None, target: int | None = None
) -> dict[str, Interval] | None:
    """Gains over training from scratch at a longer length, with 80 % intervals.

    The gain at the study's length and the change after it are added; their errors count as
    independent.

    Args:
        asked: What is known.
        curve: The best view at all lengths.
        target: The length in epochs (default: that of use).

    Returns:
        By use; nothing without a forecast for that length.
    """
    now = _at(curve, asked.epochs)
    then = _at(curve, asked.target if target is None else target)
    if now is None or then is None or now.accuracy is None or then.accuracy is None:
        return None
    if not all(gain.known for gain in asked.gains.values()):
        return None
    change = then.accuracy.value - now.accuracy.value
    scale = _80_OF_95 if then.measured else 1.0
    below = scale * (then.accuracy.value - then.accuracy.low)
    above = scale * (then.accuracy.high - then.accuracy.value)
    found = {}
    for use, gain in asked.gains.items():
        value, own = gain.value + change, _80_OF_95 * gain.half
        found[use] = Interval(
            value, value - math.hypot(below, own), value + math.hypot(above, own)
        )
    return found


def deciding_length(asked: Question, curve: LengthCurve | None) -> int:
    """Shortest length at which a gain as forecast would be significant; that of use if none is."""
    for factor in _LONGER:
        epochs = factor * asked.epochs
        found = forecast_gains(asked, curve, epochs)
        if epochs < asked.target and found:
            ahead = [found[use].value > gain.half for use, gain in asked.gains.items()]
            behind = [found[use].value < -gain.half for use, gain in asked.gains.items()]
            if any(ahead) or all(behind):
                return epochs
    return asked.target


def _undecided(asked: Question, now: str, why: str, epochs: int) -> Decision:
    command, what = "", "more seeds or more labels"
    if epochs > asked.epochs:
        command = changed_command(asked.command, "--views", asked.view)
        command = changed_command(command, "--epochs", epochs, fresh=True)
        seconds = asked.seconds * asked.runs * epochs / asked.epochs
        what = (
            f"a study of this view with {counted(epochs, 'epoch')}, about "
            f"{duration(max(seconds, 60))} of processor time"
        )
    words = [
        f"With {counted(asked.epochs, 'epoch')}, the length of this study: {now}.",
        why,
        f"What would decide: {what}.",
    ]
    return Decision("undecided", " ".join(filter(None, words)), command)


def _words(gains: Mapping[str, Interval]) -> str:
    """Every gain with its interval."""
    return ", ".join(f"{points(gain, signed=True)} {use}" for use, gain in gains.items())


def _at(curve: LengthCurve | None, epochs: int) -> LengthPoint | None:
    found = [point for point in curve.points if point.epochs == epochs] if curve else []
    return found[0] if found else None
