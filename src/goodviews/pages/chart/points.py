"""The points of the curve: bars, arrows, marks, names, and the rings that are links."""

from typing import Any

from goodviews.core.interval import Interval
from goodviews.core.records.verdict import TaskVerdict, View
from goodviews.core.tokens import REGIMES
from goodviews.pages import words
from goodviews.pages.chart.canvas import SHAPES, Curve, shade
from goodviews.pages.chart.labels import Box, Label, place, text_width
from goodviews.pages.chart.layout import Frame, marks_boxes


def points(curve: Curve, task: TaskVerdict, taken: list[Box]) -> None:
    """Draw every view, lowest layer first; the ring on top is the link."""
    import altair as alt

    view = curve.view
    data = [_datum(v, i, task, view) for i, v in enumerate(view.points)]
    stroke = alt.Color("color:N", scale=None, legend=None)
    across = [{**d, "x": d["low"], "x2": d["high"], "y2": d["y"]} for d in data]
    curve.add("rule", across, strokeWidth=1.5, encode={"color": stroke})
    if not view.rows:
        up = [{**d, "y": d["bottom"], "y2": d["top"], "x2": d["x"]} for d in data]
        curve.add("rule", up, strokeWidth=1.5, encode={"color": stroke})
    _arrows(curve, [d for d, v in zip(data, view.points, strict=True) if v.at_ceiling], stroke)
    fill = alt.Fill("fill:N", scale=None, legend=None)
    shape = alt.Shape("shape:N", scale=None, legend=None)
    edge = alt.Stroke("color:N", scale=None, legend=None)
    encode = {"fill": fill, "shape": shape, "stroke": edge}
    curve.add("point", data, size=92, strokeWidth=1.75, opacity=1, encode=encode)
    if not view.rows:
        _names(curve, data, taken)
    ring = {
        "stroke": alt.Stroke("ring:N", scale=None, legend=None),
        "href": alt.Href("href:N"),
        "description": alt.Description("name:N"),
    }
    curve.add(
        "point", data, aria=True, shape="circle", size=576, strokeWidth=2, opacity=1,
        fill="transparent", encode=ring,
    )  # fmt: skip


def _datum(v: View, row: int, task: TaskVerdict, view: Frame) -> dict[str, Any]:
    """What the marks of a view need; without labels its height is its row."""
    regime = v.regime or "undecided"
    nats, accuracy = v.nats or Interval(0, 0, 0), v.accuracy
    y = float(row) if view.rows or accuracy is None else accuracy.value
    up = accuracy if accuracy and accuracy.known and not view.rows else Interval(y, y, y)
    across = nats if nats.known else Interval(nats.value, nats.value, nats.value)
    token = shade(REGIMES[regime].token)
    return {
        "x": nats.value, "y": y, "id": v.id,
        "low": across.low, "high": nats.value if v.at_ceiling else across.high,
        "color": token, "fill": shade("card") if regime == "undecided" else token,
        "shape": SHAPES[regime], "ceiling": v.at_ceiling,
        "bottom": up.low, "top": up.high,
        "href": f"#{v.id}", "name": _name(v, task.measure),
        "ring": shade("ink") if v.id == task.winner else "transparent",
    }  # fmt: skip


def _arrows(curve: Curve, data: list[dict[str, Any]], stroke: Any) -> None:
    import altair as alt

    view = curve.view
    length = 20 if view.size.narrow else 34
    tips = [min(view.px(d["x"]) + length, view.size.plot[0] - 6) for d in data]
    lines = [{**d, "x2": view.at_x(tip), "y2": d["y"]} for d, tip in zip(data, tips, strict=True)]
    heads = [{**d, "x": view.at_x(tip)} for d, tip in zip(data, tips, strict=True)]
    curve.add("rule", lines, strokeWidth=1.5, encode={"color": stroke})
    fill = alt.Fill("color:N", scale=None, legend=None)
    curve.add(
        "point", heads, shape="triangle-right", size=34, strokeWidth=0, opacity=1,
        encode={"fill": fill},
    )  # fmt: skip


def _name(v: View, measure: str) -> str:
    """What a screen reader says at a point."""
    value, spread = words.nats(v.nats, at_ceiling=v.at_ceiling)
    parts = [v.view]
    if v.regime:
        parts.append(REGIMES[v.regime].word)
    parts.append(f"{value.replace('≥', 'at least')} nats {spread.replace('±', 'plus or minus')}")
    if v.accuracy:
        parts.append(f"{measure} {words.accuracy(v.accuracy)} {words.interval(v.accuracy)}")
    return ", ".join(p.strip() for p in parts)


def _names(curve: Curve, data: list[dict[str, Any]], taken: list[Box]) -> None:
    view = curve.view
    width, height = view.size.plot
    marks = [(view.px(d["x"]), view.py(d["y"])) for d in data]
    taken = taken + marks_boxes(view)
    gaps = [12.0 if d["ring"] == "transparent" else 17.0 for d in data]
    within = Box(2, 2, width - 2, height - 4)
    names = [v.label for v in view.points]
    spots = place(marks, names, obstacles=taken, within=within, gaps=gaps)
    if any(s.clash > 60 for s in spots) and max(map(len, names)) > 5:
        letters = [_letter(i) for i in range(len(names))]
        curve.key = [(a, v.view) for a, v in zip(letters, view.points, strict=True)]
        names, spots = letters, place(marks, letters, obstacles=taken, within=within, gaps=gaps)
    elif all(len(n) <= 2 and n.isupper() for n in names):
        curve.key = [(n, v.view) for n, v in zip(names, view.points, strict=True)]
    if len(names) <= 24:
        _leaders(curve, marks, spots)
    many = len(names) > 24
    strong = [d["ring"] != "transparent" for d in data]
    kept: list[Box] = []
    for i in sorted(range(len(names)), key=lambda i: not strong[i]):
        name, spot, half = names[i], spots[i], text_width(names[i]) / 2
        box = Box(spot.x - half - 2, spot.y - 6, spot.x + half + 2, spot.y + 6)
        tight = sum(box.overlap(k) for k in kept) > (0 if many else 6 * half)
        if not strong[i] and (tight or (many and spot.clash > 40)):
            curve.missing += 1
            continue
        kept.append(box)
        side = (spot.x > marks[i][0] + half) - (spot.x < marks[i][0] - half)
        x = view.at_x(spot.x - side * half)
        text = [{"x": x, "y": view.at_y(spot.y), "text": name}]
        align = ("center", "left", "right")[side]
        curve.add(
            "text", text, align=align, color=shade("ink"), fontWeight=600 if strong[i] else 400
        )


def _leaders(curve: Curve, marks: list[tuple[float, float]], spots: list[Label]) -> None:
    view = curve.view
    lines = []
    for (x, y), spot in zip(marks, spots, strict=True):
        if spot.reach >= 20:
            dx, dy = spot.x - x, spot.y - y
            far = max((dx * dx + dy * dy) ** 0.5, 1)
            lines.append(
                {"x": view.at_x(x + 8 * dx / far), "y": view.at_y(y + 8 * dy / far),
                 "x2": view.at_x(spot.x - 9 * dx / far), "y2": view.at_y(spot.y - 9 * dy / far)}
            )  # fmt: skip
    curve.add("rule", lines, color=shade("muted"), strokeWidth=0.75)


def _letter(i: int) -> str:
    return chr(65 + i) if i < 26 else _letter(i // 26 - 1) + chr(65 + i % 26)
