"""What was searched: trials across the parameters, and what each parameter is worth."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from goodviews.core.records.search import Search, Trial
from goodviews.core.text import counted
from goodviews.pages import words
from goodviews.pages.chart.layout import ticks
from goodviews.pages.chart.lines import Dot, Line, Tick, chart

_EDGE = 3.0
"""Per cent of the width that is kept free on both sides."""
_BEST = 6


@dataclass(frozen=True)
class Bar:
    """Importance of one parameter; places are per cent of the width, nothing where unknown.

    Attributes:
        text: It in one sentence.
        sure: Whether it is measurably more than none.
        x0: Left end of the interval.
        x: The importance.
        x1: Right end of the interval.
    """

    text: str
    sure: bool
    x0: float | None = None
    x: float | None = None
    x1: float | None = None


@dataclass(frozen=True)
class Searched:
    """The section of a search.

    Attributes:
        found: What was found.
        space: The spec with its ranges.
        counts: How many trials finished, were pruned and failed, in words.
        across: Parallel coordinates: one line for each trial.
        axes: What the ends of each axis stand for.
        over: Accuracy over shared nats: one dot for each trial.
        bars: One per parameter, the most important first.
        zero: Place of no importance.
        best: The best trials: spec, accuracy, shared nats, and whether the study compares it.
    """

    found: Search
    space: Markup
    counts: str
    across: Markup
    axes: str
    over: Markup | None
    bars: tuple[Bar, ...]
    zero: float
    best: tuple[tuple[Markup, str, str, str], ...]


def searched(found: Search) -> Searched:
    """The section.

    Args:
        found: What was searched.
    """
    whole = sorted(
        (one for one in found.trials if one.state == "finished"), key=lambda one: -_score(one)
    )
    states = [one.state for one in found.trials]
    parts = [f"{states.count('finished')} trained to the end"]
    parts += [
        f"{states.count(name)} {said}"
        for name, said in (("pruned", "pruned early"), ("failed", "failed"))
        if name in states
    ]
    known = [one.importance for one in found.parameters if one.importance is not None]
    low = min([0.0, *(one.low for one in known)])
    high = max([0.05, *(one.high for one in known)])

    def place(value: float) -> float:
        return round(_EDGE + (100 - 2 * _EDGE) * (value - low) / (high - low), 2)

    ordered = sorted(
        found.parameters, key=lambda one: -(one.importance.value if one.importance else 0.0)
    )
    return Searched(
        found=found,
        space=words.spec(found.space),
        counts=f"{counted(len(states), 'trial')}: {', '.join(parts)}",
        across=_across(found),
        axes="; ".join(
            f"{one.name} from {one.ends[0]} at the bottom to {one.ends[-1]} at the top"
            for one in found.parameters
        ),
        over=_over(found),
        bars=tuple(
            Bar(
                text=one.text,
                sure=one.importance.above,
                x0=place(one.importance.low),
                x=place(one.importance.value),
                x1=place(one.importance.high),
            )
            if one.importance
            else Bar(text=one.text, sure=False)
            for one in ordered
        ),
        zero=place(0.0),
        best=tuple(
            (
                words.spec(one.view),
                "" if one.accuracy is None else f"{one.accuracy:.3f}",
                "" if one.nats is None else f"{one.nats:.1f}",
                "yes" if one.finalist else "",
            )
            for one in whole[:_BEST]
        ),
    )


def _across(found: Search) -> Markup:
    """Parallel coordinates; the last axis is the readout."""
    scored = [one for one in found.trials if one.score is not None]
    scores = [_score(one) for one in scored]
    low, wide = (
        min(scores, default=0.0),
        (max(scores, default=1.0) - min(scores, default=0.0)) or 1,
    )

    def line(one: Trial) -> Line:
        places = [*one.places, (_score(one) - low) / wide]
        return Line(list(enumerate(places)), kind="c" if one.finalist else "raw")

    last = len(found.parameters)
    axes = [Line([(at, 0), (at, 1)], kind="ref") for at in range(last + 1)]
    names: list[Tick] = [(at, one.name) for at, one in enumerate(found.parameters)]
    finalists = counted(sum(one.finalist for one in scored), "finalist")
    return chart(
        [*axes, *map(line, sorted(scored, key=lambda one: one.finalist))],
        x=(0, last),
        y=(0, 1),
        x_ticks=[*names, (last, "readout")],
        y_ticks=[(0, "low"), (1, "high")],
        label=f"{len(scored)} trials as lines across {last} parameters and the readout; "
        f"{finalists} in colour.",
    )


def _over(found: Search) -> Markup | None:
    """Accuracy over shared nats; pruned trials are hollow."""
    shown = [one for one in found.trials if one.nats is not None and one.accuracy is not None]
    if not shown:
        return None
    x = _room([one.nats or 0.0 for one in shown])
    y = _room([one.accuracy or 0.0 for one in shown])
    dots = [
        Dot(
            one.nats or 0.0,
            one.accuracy or 0.0,
            one.accuracy or 0.0,
            one.accuracy or 0.0,
            kind="c" if one.finalist else "a",
            hollow=one.state == "pruned",
        )
        for one in sorted(shown, key=lambda one: one.finalist)
    ]
    said = ", ".join(f"{one.accuracy:.3f} at {one.nats:.1f} nats" for one in shown)
    return chart(
        [],
        x=x,
        y=y,
        x_ticks=[(at, f"{at:g}") for at in ticks(*x, 6)],
        y_ticks=[(at, f"{at:g}") for at in ticks(*y, 5)],
        label=f"Accuracy of each trial on labels used for selection, by shared nats: {said}.",
        dots=dots,
    )


def _room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    spare = 0.06 * (high - low) or 0.05
    return low - spare, high + spare


def _score(one: Trial) -> float:
    return one.score if one.score is not None else 0.0
