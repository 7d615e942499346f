"""Small line charts as SVG that stretch with the page while words and marks keep their size."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

Tick = tuple[float, str]
"""A value on an axis and its label."""

FOOT = 26
"""Pixels below the plot for the labels of the x axis."""

HEAD = 10
"""Pixels above it, so that the topmost label is whole."""


@dataclass(frozen=True)
class Line:
    """One line of a chart.

    Attributes:
        points: (x, y) in the units of the axes, in order of x.
        kind: Name of its style: ``a``, ``b`` or ``ref``.
        filled: Whether the area down to the x axis is tinted.
    """

    points: Sequence[tuple[float, float]]
    kind: str = "a"
    filled: bool = False


SHAPES = {
    "a": "M0-4.6A4.6 4.6 0 1 1 0 4.6 4.6 4.6 0 1 1 0-4.6z",
    "b": "M-4.1-4.1h8.2v8.2h-8.2z",
    "c": "M0-5.4 5.2 3.8H-5.2z",
}
"""Mark of each kind of line, about its centre, so that colour is not the only difference."""


@dataclass(frozen=True)
class Dot:
    """One mark with an upright bar.

    Attributes:
        x: Place on the x axis.
        y: Place on the y axis.
        low: Lower end of the bar.
        high: Upper end of the bar.
        kind: Kind of its line, one of ``SHAPES``.
        hollow: Whether it is filled with the ground, as a forecast is.
    """

    x: float
    y: float
    low: float
    high: float
    kind: str = "a"
    hollow: bool = False


def steps(edges: Sequence[float], heights: Sequence[float]) -> list[tuple[float, float]]:
    """Corners of a histogram drawn as one line.

    Example:
        >>> steps([0, 1, 2], [3, 5])
        [(0, 3), (1, 3), (1, 5), (2, 5)]
    """
    out: list[tuple[float, float]] = []
    for left, right, height in zip(edges, edges[1:], heights, strict=False):
        out += [(left, height), (right, height)]
    return out


def chart(
    lines: Sequence[Line],
    *,
    x: tuple[float, float],
    y: tuple[float, float],
    x_ticks: Sequence[Tick],
    y_ticks: Sequence[Tick],
    label: str,
    height: int = 210,
    zero: float | None = None,
    dots: Sequence[Dot] = (),
) -> Markup:
    """Draw lines over one pair of axes.

    Args:
        lines: What to draw, first at the bottom.
        x: Ends of the x axis.
        y: Ends of the y axis.
        x_ticks: Labels below the plot.
        y_ticks: Labels left of it, at their rules; at most six letters.
        label: What the chart shows, in words, for those who do not see it.
        height: Pixels of the plot itself.
        zero: Value of x to mark with an upright rule.
        dots: Marks with bars, above the lines.
    """

    def across(value: float) -> float:
        return 100 * (value - x[0]) / (x[1] - x[0])

    def down(value: float) -> float:
        return 100 - 100 * (value - y[0]) / (y[1] - y[0])

    parts = []
    for value, text in y_ticks:
        at = HEAD + down(value) * height / 100
        parts.append(f'<line class="l-grid" x1="0" x2="100%" y1="{at:.1f}" y2="{at:.1f}"/>')
        if text:
            parts.append(
                f'<text class="l-y" x="-8" y="{at + 4:.1f}" text-anchor="end">'
                f"{escape(text)}</text>"
            )
    if zero is not None:
        at = across(zero)
        parts.append(
            f'<line class="l-zero" x1="{at:.2f}%" x2="{at:.2f}%" '
            f'y1="{HEAD}" y2="{HEAD + height}"/>'
        )
    parts.append(
        f'<svg x="0" y="{HEAD}" width="100%" height="{height}" viewBox="0 0 100 100" '
        f'preserveAspectRatio="none">'
    )
    for line in lines:
        path = " ".join(f"{across(a):.2f},{down(b):.2f}" for a, b in line.points)
        if line.filled:
            first, last = across(line.points[0][0]), across(line.points[-1][0])
            parts.append(
                f'<polygon class="l-area l-{line.kind}" '
                f'points="{first:.2f},100 {path} {last:.2f},100"/>'
            )
        parts.append(f'<polyline class="l-line l-{line.kind}" points="{path}"/>')
    parts.append("</svg>")
    for dot in dots:
        at, ends = across(dot.x), [HEAD + down(end) * height / 100 for end in (dot.low, dot.high)]
        parts.append(
            f'<line class="l-bar l-{dot.kind}" x1="{at:.2f}%" x2="{at:.2f}%" y1="{ends[0]:.1f}" '
            f'y2="{ends[1]:.1f}"/>'
        )
        parts.append(
            f'<svg class="l-{dot.kind}" x="{at:.2f}%" y="{HEAD + down(dot.y) * height / 100:.1f}" '
            f'overflow="visible">{mark(dot.kind, hollow=dot.hollow)}</svg>'
        )
    for value, text in x_ticks:
        at = across(value)
        anchor = "start" if at < 4 else "end" if at > 96 else "middle"
        parts.append(
            f'<text class="l-x" x="{at:.2f}%" y="{HEAD + height + 19}" '
            f'text-anchor="{anchor}">{escape(text)}</text>'
        )
    whole = HEAD + height + FOOT
    return Markup(
        f'<svg class="l-chart" height="{whole}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def mark(kind: str, *, hollow: bool = False) -> Markup:
    """The mark of a kind of line, as a path about the origin.

    Example:
        >>> mark("b")
        Markup('<path class="l-dot" d="M-4.1-4.1h8.2v8.2h-8.2z"/>')
    """
    style = "l-dot l-hollow" if hollow else "l-dot"
    return Markup(f'<path class="{style}" d="{SHAPES[kind]}"/>')
