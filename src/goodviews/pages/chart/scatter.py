"""Views as points, accuracy over shared nats, as SVG: for pages other than that of a study."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

from goodviews.pages.chart.labels import Box, place
from goodviews.pages.chart.layout import ticks

_WIDE, _NARROW = (1050, 430), (318, 380)
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 30, 44
_STAR = "M0-11 2.7-3.7 10.5-3.4 4.4 1.4 6.5 8.9 0 4.6-6.5 8.9-4.4 1.4-10.5-3.4-2.7-3.7z"


@dataclass(frozen=True)
class Point:
    """A view in the chart, its bars being 95 % intervals.

    Attributes:
        name: Written beside it.
        nats: Where on the x axis, and half of its interval.
        accuracy: Where on the y axis, and the ends of its interval.
        star: Whether it is the one that the page is about.
    """

    name: str
    nats: tuple[float, float]
    accuracy: tuple[float, float, float]
    star: bool = False


def scatter(
    points: Sequence[Point], *, ceiling: float, label: str, narrow: bool = False
) -> Markup:
    """Draw the points with bars both ways and their names.

    Args:
        points: At least one.
        ceiling: Most nats that can be measured; a dotted rule where it lies inside.
        label: What the chart shows, in words, for those who do not see it.
        narrow: Whether it is for a phone.
    """
    wide, high = _NARROW if narrow else _WIDE
    plot = wide - _LEFT - _RIGHT, high - _TOP - _BOTTOM
    x = _range([p.nats[0] + k * p.nats[1] for p in points for k in (-1, 1)], 0.4, 0.14)
    y = _range([end for p in points for end in p.accuracy], 0.02, 0.12)

    def px(value: float) -> float:
        return _LEFT + plot[0] * (value - x[0]) / (x[1] - x[0])

    def py(value: float) -> float:
        return _TOP + plot[1] * (y[1] - value) / (y[1] - y[0])

    out = []
    for value in ticks(*y, 5):
        at = py(value)
        out.append(f'<line class="l-grid" x1="{_LEFT}" x2="{wide}" y1="{at:.1f}" y2="{at:.1f}"/>')
        text = f"{value:.3f}".rstrip("0").ljust(len("0.00"), "0").removeprefix("0")
        out.append(f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{text}</text>')
    across = ticks(*x, 4 if narrow else 8)
    places = max((len(f"{value:g}".partition(".")[2]) for value in across), default=0)
    for value in across:
        out.append(
            f'<text x="{px(value):.1f}" y="{_TOP + plot[1] + 18}" text-anchor="middle">'
            f"{value:.{places}f}</text>"
        )
    out.append(f'<text class="s-axis" x="0" y="14">{_Y}</text>')
    out.append(
        f'<text class="s-axis" x="{_LEFT + plot[0] / 2:.0f}" y="{high - 6}" '
        f'text-anchor="middle">{_X_NARROW if narrow else _X}</text>'
    )
    if x[0] < ceiling < x[1]:
        at = px(ceiling)
        out.append(
            f'<line class="s-ceiling" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" '
            f'y2="{_TOP + plot[1]}"/>'
            f'<text x="{at - 6:.1f}" y="{_TOP + 12}" text-anchor="end">ceiling</text>'
        )
    marks = [(px(p.nats[0]), py(p.accuracy[0])) for p in points]
    bars = [
        bar
        for p, (a, b) in zip(points, marks, strict=True)
        for bar in (
            Box(px(p.nats[0] - p.nats[1]) - 3, b - 3, px(p.nats[0] + p.nats[1]) + 3, b + 3, 8),
            Box(a - 3, py(p.accuracy[2]), a + 3, py(p.accuracy[1]), 5),
            Box(a - 9, b - 9, a + 9, b + 9, 6),
        )
    ]
    within = Box(_LEFT, _TOP, wide - 2, _TOP + plot[1] - 2)
    names = [p.name for p in points]
    gaps = [16.0 if p.star else 12.0 for p in points]
    spots = place(marks, names, obstacles=bars, within=within, gaps=gaps, size=13)
    for p, (a, b), spot in zip(points, marks, spots, strict=True):
        left, right = px(p.nats[0] - p.nats[1]), px(p.nats[0] + p.nats[1])
        low, top = py(p.accuracy[1]), py(p.accuracy[2])
        shape = f'<path d="{_STAR}"/>' if p.star else '<circle r="6"/>'
        out.append(
            f'<g class="s-{"star" if p.star else "point"}">'
            f'<path class="s-bar" d="M{left:.1f} {b:.1f}H{right:.1f}'
            f'M{a:.1f} {low:.1f}V{top:.1f}"/>'
            f'<g transform="translate({a:.1f} {b:.1f})">{shape}</g>'
            f'<text x="{spot.x:.1f}" y="{spot.y + 4.5:.1f}" text-anchor="middle">'
            f"{escape(p.name)}</text></g>"
        )
    return Markup(
        f'<svg class="s-chart" viewBox="0 0 {wide} {high}" role="img" '
        f'aria-label="{escape(label)}">{"".join(out)}</svg>'
    )


_Y = "readout accuracy"
_X = "information the two views share, nats (held-out bound of new encoders)"
_X_NARROW = "shared information, nats (lower bound)"


def _range(values: Sequence[float], least: float, room: float) -> tuple[float, float]:
    low, high = min(values), max(values)
    spare = max(least - (high - low), 0) / 2 + room * max(high - low, least)
    return low - spare, high + spare
