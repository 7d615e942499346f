"""Geometry of the curve: ranges of the axes, regimes, and where the words go.

Numbers in, pixels out; nothing is drawn here. Pixels count from the upper left
corner of the plot, inside the axes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from goodviews.core.interval import Interval
from goodviews.core.records.verdict import Baseline, TaskVerdict, View
from goodviews.pages.chart.labels import Box, text_width


@dataclass(frozen=True)
class Size:
    """Outer width, and the room around the plot, in pixels."""

    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    narrow: bool

    @property
    def plot(self) -> tuple[int, int]:
        """Width and height of the plot."""
        return self.width - self.left - self.right, self.height - self.top - self.bottom


WIDE = Size(700, 500, 40, 2, 26, 46, False)
NARROW = Size(318, 420, 34, 2, 26, 46, True)


@dataclass(frozen=True)
class Frame:
    """Ranges of both axes, what is left off, and the points that are drawn.

    Attributes:
        size: Pixels.
        x: Range of nats.
        y: Range of accuracy; of row numbers without labels.
        points: Candidates with a bound (and an accuracy, with labels).
        baselines: Those inside the range of y.
        below: Those below it, to be listed.
        ceiling: Nats of the ceiling, None when it lies too far right to be drawn.
        rows: Whether each view has a row of its own (no labels).
    """

    size: Size
    x: tuple[float, float]
    y: tuple[float, float]
    points: list[View]
    baselines: list[Baseline]
    below: list[Baseline]
    ceiling: float | None
    rows: bool

    def px(self, x: float) -> float:
        """Pixels from the left of the plot."""
        return (x - self.x[0]) / (self.x[1] - self.x[0]) * self.size.plot[0]

    def py(self, y: float) -> float:
        """Pixels from the top of the plot."""
        return (self.y[1] - y) / (self.y[1] - self.y[0]) * self.size.plot[1]

    def at_x(self, px: float) -> float:
        """Nats at a pixel."""
        return self.x[0] + px / self.size.plot[0] * (self.x[1] - self.x[0])

    def at_y(self, py: float) -> float:
        """Accuracy at a pixel."""
        return self.y[1] - py / self.size.plot[1] * (self.y[1] - self.y[0])


@dataclass(frozen=True)
class Region:
    """A stretch of the axis that has a verdict: ``missing``, ``sweet_spot`` or ``excess``."""

    regime: str
    x0: float
    x1: float
    open_left: bool = False
    open_right: bool = False


def frame(task: TaskVerdict, ceiling: float, size: Size) -> Frame:
    """Choose the ranges of the axes.

    The accuracy axis follows the candidates' intervals and the best baseline, unless that
    baseline would squeeze the candidates into less than a quarter of the height.
    """
    rows = task.classes == 0
    points = [v for v in task.views if v.nats and (rows or v.accuracy)]
    if rows:
        widest = max((text_width(v.label) for v in points), default=0)
        step = 40 if size.narrow else 28
        height = max(220, step * len(points) + size.top + size.bottom + 12)
        size = replace(size, height=height, left=8 if size.narrow else int(widest) + 22)
    x, drawn = _x_range(points, ceiling, size)
    if rows:
        return Frame(size, x, (len(points) - 0.4, -0.9), points, [], [], drawn, True)
    y, shown, below = _y_range(points, task.baselines, size)
    return Frame(size, x, y, points, shown, below, drawn, False)


def _x_range(
    points: Sequence[View], ceiling: float, size: Size
) -> tuple[tuple[float, float], float | None]:
    ends = _ends(v.nats for v in points)
    lo, hi = min(ends, default=0.0), max(ends, default=ceiling)
    if hi - lo < 0.5:
        lo, hi = (lo + hi) / 2 - 0.4, (lo + hi) / 2 + 0.4
    width, pad = size.plot[0], 26 if size.narrow else 40
    if ceiling - hi > 0.8 * max(hi - lo, 1.0):
        scale = (width - 2 * pad) / (hi - lo)
        return (lo - pad / scale, hi + pad / scale), None
    room = 44 if size.narrow else 92
    end = max(ceiling, hi - 10 * (hi - lo) / width)
    scale = (width - pad - room) / (end - lo)
    return (lo - pad / scale, end + room / scale), ceiling


def _y_range(
    points: Sequence[View], baselines: Sequence[Baseline], size: Size
) -> tuple[tuple[float, float], list[Baseline], list[Baseline]]:
    ends = _ends(v.accuracy for v in points)
    lo, hi = min(ends, default=0.4), max(ends, default=0.6)
    known = [(b, b.accuracy.value) for b in baselines if b.accuracy]
    if known:
        best = max(accuracy for _, accuracy in known)
        span = max(hi, best) - min(lo, best)
        if best > lo or hi - lo >= 0.25 * span:
            lo, hi = min(lo, best), max(hi, best)
    if hi - lo < 0.02:
        lo, hi = (lo + hi) / 2 - 0.01, (lo + hi) / 2 + 0.01
    below = [b for b, accuracy in known if accuracy < lo]
    foot = (44 if size.narrow else 30) + (15 * (len(below) + 1) if below else 0)
    head = 62 if size.narrow else 46
    scale = (size.plot[1] - head - foot) / (hi - lo)
    y = (lo - foot / scale, hi + head / scale)
    return y, [b for b, accuracy in known if accuracy >= lo], below


def _ends(intervals: Iterable[Interval | None]) -> list[float]:
    """Values and ends of intervals, as far as they are known."""
    known = [one for one in intervals if one]
    ends = [end for one in known for end in (one.value, one.low, one.high)]
    return [end for end in ends if math.isfinite(end)]


def regions(task: TaskVerdict, view: Frame) -> list[Region]:
    """Stretches of the axis by verdict; none without a peak."""
    peak = task.peak
    if view.rows or peak is None or peak.kind == "none" or not view.points:
        return []
    end = min(view.x[1], view.ceiling if view.ceiling is not None else view.x[1])
    bounds = [v.nats for v in view.points if v.nats]
    curve = [b.value for b in bounds] + [b.low for b in bounds if b.known]
    curve += task.curve.nats if task.curve else ()
    left, right = max(min(curve), view.x[0]), min(max(curve), end)
    low = left if peak.kind == "left" or not peak.nats.known else peak.nats.low
    high = right if peak.kind == "right" or not peak.nats.known else peak.nats.high
    low, high = (min(max(value, view.x[0]), end) for value in (low, high))
    found = [
        Region("missing", view.x[0], low),
        Region("sweet_spot", low, high, peak.kind == "left", peak.kind == "right"),
        Region("excess", high, end),
    ]
    skipped = {"left": "missing", "right": "excess"}.get(peak.kind)
    return [r for r in found if r.regime != skipped and r.x1 > r.x0]


def ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers inside a range, about as many as asked for.

    Example:
        >>> ticks(1.6, 6.9, 6)
        [2.0, 3.0, 4.0, 5.0, 6.0]
    """
    raw = (high - low) / max(count, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1, 2, 2.5, 5) if m * power >= 0.8 * raw), 10 * power)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def marks_boxes(view: Frame) -> list[Box]:
    """Where marks and their bars lie, for names to keep away from."""
    boxes = []
    for v in view.points:
        if v.nats is None or v.accuracy is None:
            continue
        x, y = view.px(v.nats.value), view.py(v.accuracy.value)
        boxes.append(Box(x - 7, y - 7, x + 7, y + 7, 3))
        if v.accuracy.known:
            boxes.append(Box(x - 2, view.py(v.accuracy.high), x + 2, view.py(v.accuracy.low), 5))
        if v.nats.known:
            x0, x1 = view.px(v.nats.low), view.px(v.nats.high)
            x1 = max(x1, x + 34) if v.at_ceiling else x1
            boxes.append(Box(x0 - 5, y - 2, x1 + 5, y + 2, 8))
    return boxes
