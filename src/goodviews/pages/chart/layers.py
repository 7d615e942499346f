"""What is drawn under the points: regimes, ceiling, fit, baselines, and their words.

Each function draws onto a curve and returns the boxes that names should keep away from.
"""

from itertools import pairwise

from goodviews.core.records.verdict import Ceiling, TaskVerdict
from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.chart.canvas import SHAPES, Curve, levels, shade
from goodviews.pages.chart.labels import Box, text_width
from goodviews.pages.chart.layout import Region


def _rect(curve: Curve, x0: float, x1: float, color: str) -> None:
    y0, y1 = curve.view.y
    curve.add("rect", [{"x": x0, "x2": x1, "y": y0, "y2": y1}], color=color)


def ground(curve: Curve, stretches: list[Region]) -> None:
    """Tints of the regimes with a torn edge where the data end, and the lines of the scale."""
    view = curve.view
    for region in stretches:
        tint = REGIMES[region.regime].tint
        if tint is None:
            continue
        x0, x1 = region.x0, region.x1
        tooth = view.at_x(7) - view.at_x(0)
        if not (region.open_left or region.open_right):
            _rect(curve, x0, x1, shade(tint))
            continue
        near, far = (x0, x1) if region.open_left else (x1, x0)
        height = view.size.plot[1]
        count = max(4, round(height / 14)) // 2 * 2
        edge = [
            {"x": near + tooth * (i % 2 - 0.5), "x2": far, "y": view.at_y(height * i / count)}
            for i in range(count + 1)
        ]
        curve.add("area", edge, color=shade(tint), orient="horizontal")
    if not view.rows:
        lines = [{"x": view.x[0], "x2": view.x[1], "y": y, "y2": y} for y in levels(view)]
        curve.add("rule", lines, color=shade("grid"))


def ceiling_line(curve: Curve, ceiling: Ceiling) -> list[Box]:
    """The dotted line at log K and the grey beyond it, or a note when it lies far off."""
    view = curve.view
    width, height = view.size.plot
    k, nats = f"{ceiling.candidates:,}", f"{ceiling.nats:.2f}"
    if view.ceiling is None:
        text = f"ceiling, log {k}: {nats} nats →"
        y = view.at_y(-14)
        spot = [{"x": view.x[1], "y": y, "text": text}]
        curve.add("text", spot, align="right", color=shade("muted"))
        return []
    y0, y1 = view.y
    _rect(curve, view.ceiling, view.x[1], shade("beyond"))
    line = [{"x": view.ceiling, "x2": view.ceiling, "y": y0, "y2": y1}]
    curve.add("rule", line, color=shade("ink"), strokeDash=[1.5, 3], strokeWidth=1.5)
    left = view.px(view.ceiling)
    if not view.size.narrow:
        lines = ["ceiling", f"log {k}", f"{nats} nats", "", "cannot be", "measured", f"with {k}"]
        data = [
            {"x": view.at_x(left + 7), "y": view.at_y(14 + 14 * i), "text": t}
            for i, t in enumerate(lines)
            if t
        ]
        curve.add("text", data[:3], align="left", color=shade("ink"))
        curve.add("text", data[3:], align="left", color=shade("muted"))
        return [Box(left, 0, width, 14 * len(lines) + 8, 6)]
    texts = [(f"ceiling, log {k} = {nats} nats", "ink"), (f"cannot be measured with {k}", "muted")]
    long = text_width(texts[0][0])
    arrows = [view.py(v.accuracy.value) for v in view.points if v.at_ceiling and v.accuracy]
    top = sum(y < long + 20 for y in arrows) <= sum(y > height - long - 20 for y in arrows)
    for i, (text, token) in enumerate(texts):
        data = [{"x": view.at_x(left + 13 + 17 * i), "y": view.at_y(10 if top else height - 10)}]
        data[0]["text"] = text
        align = "right" if top else "left"
        curve.add("text", data, align=align, angle=270, color=shade(token), baseline="middle")
    box = Box(left, 0, width, long + 14, 6)
    return [box if top else Box(left, height - long - 14, width, height, 6)]


def fit_band(curve: Curve, task: TaskVerdict) -> list[Box]:
    """Median of the fit and its bootstrap band."""
    fit, view = task.curve, curve.view
    if not fit:
        return []

    def inside(y: float) -> float:
        return min(max(y, view.y[0]), view.y[1])

    ends = zip(fit.nats, fit.low, fit.high, strict=True)
    band = [{"x": x, "y": inside(low), "y2": inside(high)} for x, low, high in ends]
    middle = [{"x": x, "y": inside(y)} for x, y in zip(fit.nats, fit.median, strict=True)]
    curve.add("area", band, color=shade("fit"), opacity=0.55)
    curve.add("line", middle, color=shade("muted"), strokeWidth=1.25)
    boxes = []
    for a, b in pairwise(middle):
        xs, ys = sorted((view.px(a["x"]), view.px(b["x"]))), sorted(map(view.py, (a["y"], b["y"])))
        boxes.append(Box(xs[0], ys[0] - 2, xs[1], ys[1] + 2, 0.8))
    return boxes


def regime_words(curve: Curve, stretches: list[Region]) -> list[Box]:
    """The word of each regime over its stretch, its mark on the side where the view lies."""
    view, boxes = curve.view, []
    for region in stretches:
        regime = REGIMES[region.regime]
        sweet = region.regime == "sweet_spot"
        x0, x1 = view.px(region.x0), view.px(region.x1)
        options = ([regime.word], regime.word.split(" "), [""])
        fits = [t for t in options if max(map(text_width, t)) + 20 <= x1 - x0]
        lines = fits[0] if fits else []
        if sweet and lines in ([], [""]):
            lines = options[1]
        if not lines:
            continue
        after = region.regime == "excess"
        wide = max(map(text_width, lines))
        room = view.size.plot[0] - wide / 2 - 10
        middle = min(max((x0 + x1) / 2, wide / 2 + 10), room)
        side, row = (1, len(lines) - 1) if after else (-1, 0)
        at = middle + side * wide / 2 if wide else middle
        mark = [{"x": view.at_x(at), "y": view.at_y(14 + 15 * row)}]
        curve.add(
            "point", mark, shape=SHAPES[region.regime], size=58, strokeWidth=0, opacity=1,
            fill=shade(regime.token),
        )  # fmt: skip
        token = "sweet-word" if sweet else regime.token
        spots = [
            {"x": view.at_x(at - 9 * side), "y": view.at_y(14 + 15 * i), "text": text}
            for i, text in enumerate(lines)
            if text
        ]
        align = "right" if after else "left"
        curve.add("text", spots, align=align, color=shade(token), fontWeight=600)
        boxes.append(Box(middle - wide / 2 - 10, 4, middle + wide / 2 + 10, 22 + 15 * row, 6))
    return boxes


def foot(curve: Curve, task: TaskVerdict, stretches: list[Region]) -> list[Box]:
    """The bracket of the peak on the axis, and the baselines below the scale."""
    view, peak = curve.view, task.peak
    width, height = view.size.plot
    end = width if view.ceiling is None else view.px(view.ceiling)
    boxes: list[Box] = []
    sweet = next((r for r in stretches if r.regime == "sweet_spot"), None)
    if peak is not None:
        lines, middle, token = [peak.text], end / 2, "muted"
        if sweet is not None:
            x0, x1 = view.px(sweet.x0), view.px(sweet.x1)
            bar = [{"x": sweet.x0, "x2": sweet.x1, "y": view.at_y(height - 2.5)}]
            bar[0]["y2"] = bar[0]["y"]
            curve.add("rule", bar, color=shade("sweet"), strokeWidth=3)
            middle, token = (x0 + x1) / 2, "sweet-word"
            if text_width(lines[0]) > x1 - x0 and view.size.narrow:
                lines = lines[0].replace(" [", "\0[").split("\0")
        half = max(map(text_width, lines)) / 2
        middle = min(max(middle, half + 4), max(end - half - 4, half + 4))
        top = height - 14 - 15 * (len(lines) - 1)
        spots = [
            {"x": view.at_x(middle), "y": view.at_y(top + 15 * i), "text": text}
            for i, text in enumerate(lines)
        ]
        curve.add("text", spots, color=shade(token), fontWeight=600 if sweet else 400)
        boxes.append(Box(middle - half, top - 8, middle + half, height, 6))
    if view.below:
        texts = ["below this scale:" if not view.size.narrow else "off scale ▼"]
        texts += [f"{b.name} {words.accuracy(b.accuracy)}" for b in view.below]
        wide = max(map(text_width, texts))
        free = [
            x
            for x in (6.0, end - wide - 6)
            if not any(b.x0 < x + wide and b.x1 > x for b in boxes)
        ]
        x, lift = (free[0], 0) if free else (6.0, height - boxes[0].y0 - 4)
        foot = height - 10 - lift - 15 * (len(texts) - 1)
        data = [
            {"x": view.at_x(x), "y": view.at_y(foot + 15 * i), "text": t}
            for i, t in enumerate(texts)
        ]
        curve.add("text", data, align="left", color=shade("muted"))
        boxes.append(Box(x, foot - 8, x + wide, height - lift, 6))
    return boxes


def baseline_lines(curve: Curve, taken: list[Box]) -> list[Box]:
    """Dashed lines of the baselines, each named where there is most room."""
    view = curve.view
    width, height = view.size.plot
    end = width if view.ceiling is None else view.px(view.ceiling)
    lines = [
        {"x": view.x[0], "x2": view.at_x(end), "y": b.accuracy.value}
        for b in view.baselines
        if b.accuracy
    ]
    for line in lines:
        line["y2"] = line["y"]
    curve.add("rule", lines, color=shade("ink"), strokeDash=[5, 4], strokeWidth=1.25)
    boxes = [Box(0, view.py(r["y"]) - 2, width, view.py(r["y"]) + 2, 1) for r in lines]
    for baseline, line in zip(view.baselines, lines, strict=True):
        text = f"{baseline.name} {words.accuracy(baseline.accuracy)}"
        half, y = text_width(text) / 2, view.py(line["y"])
        options = []
        for i in range(13):
            x = half + 6 + (end - 2 * half - 12) * i / 12
            for row in (y + 10, y - 10):
                box = Box(x - half, row - 7, x + half, row + 7, 4)
                clash = sum(b.weight * box.overlap(b) for b in taken + boxes)
                out = 0 if 0 < row < height else 1e6
                options.append((clash + out + i, x, row, box))
        _, x, row, box = min(options, key=lambda o: o[:3])
        spot = [{"x": view.at_x(x), "y": view.at_y(row), "text": text}]
        curve.add("text", spot, color=shade("ink"))
        boxes.append(box)
    return boxes


def row_names(curve: Curve) -> None:
    """Without labels: a line per view, its name before the line, on a phone above it."""
    view = curve.view
    rules, names = [], []
    for i, v in enumerate(view.points):
        rules.append({"x": view.x[0], "x2": view.x[1], "y": float(i), "y2": float(i)})
        x, lift = (view.at_x(2), -0.47) if view.size.narrow else (view.at_x(-10), 0.0)
        names.append({"x": x, "y": i + lift, "text": v.label})
    curve.add("rule", rules, color=shade("grid"))
    align = "left" if view.size.narrow else "right"
    curve.add("text", names, align=align, color=shade("ink"))
