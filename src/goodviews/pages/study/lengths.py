"""How results change with the length of training: two charts and what they mean."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from goodviews.core.interval import Interval
from goodviews.core.records.lengths import LengthCurve, LengthPoint, Lengths
from goodviews.pages import words
from goodviews.pages.chart.layout import ticks
from goodviews.pages.chart.lines import SHAPES, Dot, Line, Tick, chart, mark

ANSWERS = {
    "worth_it": "Pretraining is worth it",
    "not_worth_it": "Pretraining is not worth it",
    "undecided": "Undecided whether pretraining is worth it",
}
_APART = 0.016
"""Distance of the marks of two views at the same length, as a share of the chart."""
_EDGE = 0.35
"""Room left and right of the first and last length, in doublings."""


@dataclass(frozen=True)
class Graph:
    """One chart, its title and the title of its x axis."""

    title: str
    svg: Markup
    axis: str


@dataclass(frozen=True)
class Entry:
    """A view in the legend."""

    kind: str
    mark: Markup
    spec: Markup


@dataclass(frozen=True)
class LengthsCard:
    """What the page shows of the lengths of one task."""

    found: Lengths
    title: str
    texts: list[str]
    graphs: list[Graph]
    legend: list[Entry]
    caption: str


def lengths_card(found: Lengths, measure: str = "accuracy") -> LengthsCard:
    """Lay out the lengths of one task.

    Args:
        found: What the study measured; at most as many views as there are shapes are drawn.
        measure: What decides in the task.
    """
    curves = dict(zip(SHAPES, found.curves, strict=False))
    graphs = [
        _graph(
            curves,
            found.epochs,
            "accuracy",
            f"{measure[0].upper()}{measure[1:]} of a linear probe",
        ),
        _graph(curves, found.epochs, "nats", "Shared information, nats"),
    ]
    return LengthsCard(
        found=found,
        title=_title(found),
        texts=[text for text in (found.answer, found.finding, found.forecast) if text],
        graphs=[graph for graph in graphs if graph],
        legend=[Entry(kind, mark(kind), words.spec(one.view)) for kind, one in curves.items()],
        caption=_caption(found),
    )


def _title(found: Lengths) -> str:
    if found.choice is None:
        return "How results change with the length of training"
    return f"{ANSWERS[found.choice]} with {found.target:,} epochs"


def _caption(found: Lengths) -> str:
    seeds = min(curve.seeds for curve in found.curves)
    source = "of test items and label draws; one run of each view" if seeds == 1 else "over runs"
    out = [f"Filled: measured, with 95\u00a0% intervals {source}."]
    out.append("The learning rate falls to 0 at the end of each length.")
    if any(not point.measured for curve in found.curves for point in curve.points):
        out.append("Hollow and dashed: forecast, with 80\u00a0% intervals.")
    lost = len(found.curves) - len(SHAPES)
    if lost > 0:
        out.append(f"{lost} more of the views are in lengths.csv.")
    return " ".join(out)


def _value(point: LengthPoint, what: str) -> Interval | None:
    found: Interval | None = getattr(point, what)
    return found


def _graph(curves: dict[str, LengthCurve], own: int, what: str, title: str) -> Graph | None:
    """Chart of one quantity; nothing where it was not measured."""
    shown = {
        kind: [(point, value) for point in curve.points if (value := _value(point, what))]
        for kind, curve in curves.items()
    }
    every = [pair for pairs in shown.values() for pair in pairs]
    if not every:
        return None
    ends = [end for _, value in every for end in _ends(value)]
    room = 0.06 * (max(ends) - min(ends)) or 0.05
    y = (min(ends) - room, max(ends) + room)
    if what == "accuracy":
        y = (max(y[0], 0.0) if min(ends) >= 0 else y[0], min(y[1], 1.0))
    lengths = sorted({point.epochs for point, _ in every})
    x = (math.log2(lengths[0]) - _EDGE, math.log2(lengths[-1]) + _EDGE)
    lines, dots = [], []
    for place, (kind, pairs) in enumerate(shown.items()):
        shift = _APART * (x[1] - x[0]) * (place - (len(shown) - 1) / 2)
        at = [(math.log2(point.epochs) + shift, value.value) for point, value in pairs]
        measured = sum(point.measured for point, _ in pairs)
        lines += [Line(at[:measured], kind), Line(at[max(measured - 1, 0) :], f"{kind} l-later")]
        for (across, up), (point, value) in zip(at, pairs, strict=True):
            low, high = _ends(value)
            dots.append(Dot(across, up, low, high, kind, hollow=not point.measured))
    return Graph(
        title=title,
        svg=chart(
            [line for line in lines if len(line.points) > 1],
            x=x,
            y=y,
            x_ticks=[(math.log2(epochs), f"{epochs:,}") for epochs in lengths],
            y_ticks=_y_ticks(y, what),
            label=_label(curves, title, what),
            dots=dots,
            zero=math.log2(own),
        ),
        axis="epochs of training; dashes: this study",
    )


def _ends(value: Interval) -> tuple[float, float]:
    return (value.low, value.high) if value.known else (value.value, value.value)


def _y_ticks(y: tuple[float, float], what: str) -> list[Tick]:
    values = ticks(*y, 5)
    step = values[1] - values[0] if len(values) > 1 else 0.01
    places = max(1 if what == "nats" else 2, -math.floor(math.log10(step) + 1e-9))
    texts = [f"{value:.{places}f}" for value in values]
    if what == "accuracy":
        texts = [text.removeprefix("0") for text in texts]
    return list(zip(values, texts, strict=True))


def _label(curves: dict[str, LengthCurve], title: str, what: str) -> str:
    """The chart in words."""
    said = []
    for curve in curves.values():
        pairs: Sequence[tuple[LengthPoint, Interval]] = [
            (point, value) for point in curve.points if (value := _value(point, what))
        ]
        texts = [
            f"{value.value:.{3 if what == 'accuracy' else 1}f} after {point.epochs:,} epochs"
            + ("" if point.measured else " (forecast)")
            for point, value in pairs
        ]
        said.append(f"{curve.view}: {', '.join(texts)}")
    return f"{title}. {'; '.join(said)}."
