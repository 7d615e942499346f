"""The curve, drawn by Altair once and turned into SVG for the page, an SVG file and a PNG."""

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from goodviews.core.tokens import REGIMES, TOKENS
from goodviews.report import words
from goodviews.report.labels import Box, Label, place, text_width
from goodviews.report.layout import Frame, Region, Size, frame, marks_boxes, regions, ticks
from goodviews.report.svg import inline

__all__ = ["Curve", "draw", "figure", "inline_svg"]

FONT = "Liberation Sans, Arial, Helvetica, DejaVu Sans, sans-serif"
SHAPES = {
    "missing": "triangle-left",
    "sweet_spot": "circle",
    "excess": "triangle-right",
    "undecided": "diamond",
}


def _hex(token: str) -> str:
    return TOKENS[token].light


@dataclass
class Curve:
    """A drawing before it is rendered: Vega-Lite layers, and the key of its letters.

    Attributes:
        view: Geometry.
        layers: One Altair chart per kind of mark, lowest first.
        key: Letter and name of each view, where names did not fit.
        missing: Number of names left off because they would have run into others.
    """

    view: Frame
    layers: list[Any] = field(default_factory=list)
    key: list[tuple[str, str]] = field(default_factory=list)
    missing: int = 0

    def add(self, mark: str, data: list[dict[str, Any]], **options: Any) -> None:
        """Add a layer; data with ``x``, ``y`` (and ``x2``, ``y2``), options fix the mark."""
        if not data:
            return
        import altair as alt

        encode = options.pop("encode", {})
        text = {"font": FONT, "fontSize": 12} if mark == "text" else {}
        chart = getattr(alt.Chart(alt.Data(values=data)), f"mark_{mark}")(
            **{"clip": False, "aria": False, **text, **options}
        )
        ends: dict[str, Any] = {}
        for name in ("x2", "y2"):
            if name in data[0]:
                ends[name] = getattr(alt, name.upper())(f"{name}:Q")
        if "text" in data[0]:
            ends["text"] = alt.Text("text:N")
        self.layers.append(chart.encode(x=_x(self.view), y=_y(self.view), **ends, **encode))


def _x(view: Frame) -> Any:
    import altair as alt

    width = view.size.plot[0]
    end = view.x[1] if view.ceiling is None else view.ceiling
    values = ticks(view.x[0], end, max(3, width // 95 if not view.size.narrow else 5))
    values = [v for v in values if 8 <= view.px(v) <= width - 8]
    step = values[1] - values[0] if len(values) > 1 else 1.0
    title = "information the two views share, nats (held-out InfoNCE bound)"
    if view.size.narrow:
        title = "shared information, nats (lower bound)"
    axis = alt.Axis(
        values=values, format=f".{_places(step)}f", grid=False, title=title, titlePadding=8,
        **_axis(),
    )  # fmt: skip
    return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=list(view.x), nice=False, zero=False))


def _y(view: Frame) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(view.y), nice=False, zero=False)
    if view.rows:
        return alt.Y("y:Q", axis=None, scale=scale)
    values = _levels(view)
    step = values[1] - values[0] if len(values) > 1 else 0.01
    axis = alt.Axis(
        values=values, title=None, grid=False,
        labelExpr=f"replace(format(datum.value, '.{max(2, _places(step))}f'), '0.', '.')",
        **{**_axis(), "domain": False, "ticks": False},
    )  # fmt: skip
    return alt.Y("y:Q", axis=axis, scale=scale)


def _levels(view: Frame) -> list[float]:
    bottom = view.size.plot[1] - 5
    return [v for v in ticks(*view.y, 6) if 0 <= v <= 1 and 4 < view.py(v) < bottom]


def _axis() -> dict[str, Any]:
    return {
        "labelFont": FONT, "labelFontSize": 12, "labelColor": _hex("muted"),
        "titleFont": FONT, "titleFontSize": 12, "titleFontWeight": 600,
        "titleColor": _hex("ink"), "domainColor": _hex("muted"), "tickColor": _hex("muted"),
        "tickSize": 4, "labelPadding": 4, "aria": False, "labelOverlap": False,
        "labelFlush": False, "labelBound": False,
    }  # fmt: skip


def _places(step: float) -> int:
    return next((n for n in range(1, 5) if abs(step * 10**n - round(step * 10**n)) < 1e-6), 4)


def draw(task: dict[str, Any], ceiling: dict[str, Any], size: Size) -> Curve:
    """Lay out and draw the curve of one task.

    Args:
        task: One entry of ``tasks`` in ``verdict.json``.
        ceiling: ``ceiling`` of ``verdict.json``.
        size: ``WIDE`` or ``NARROW``.
    """
    view = frame(task, ceiling["nats"], size)
    curve = Curve(view)
    stretches = regions(task, view)
    _ground(curve, stretches)
    taken = _ceiling(curve, ceiling)
    if view.rows:
        _rows(curve)
    else:
        taken += _fit(curve, task)
        taken += _regimes(curve, stretches)
        taken += _foot(curve, task, stretches)
        taken += _baselines(curve, taken + marks_boxes(view))
    _points(curve, task, taken)
    return curve


def _rect(curve: Curve, x0: float, x1: float, color: str) -> None:
    y0, y1 = curve.view.y
    curve.add("rect", [{"x": x0, "x2": x1, "y": y0, "y2": y1}], color=color)


def _ground(curve: Curve, stretches: list[Region]) -> None:
    view = curve.view
    for region in stretches:
        tint = REGIMES[region.regime].tint
        if tint is None:
            continue
        x0, x1 = region.x0, region.x1
        tooth = view.at_x(7) - view.at_x(0)
        if not (region.open_left or region.open_right):
            _rect(curve, x0, x1, _hex(tint))
            continue
        near, far = (x0, x1) if region.open_left else (x1, x0)
        height = view.size.plot[1]
        count = max(4, round(height / 14)) // 2 * 2
        edge = [
            {"x": near + tooth * (i % 2 - 0.5), "x2": far, "y": view.at_y(height * i / count)}
            for i in range(count + 1)
        ]
        curve.add("area", edge, color=_hex(tint), orient="horizontal")
    if not view.rows:
        lines = [{"x": view.x[0], "x2": view.x[1], "y": y, "y2": y} for y in _levels(view)]
        curve.add("rule", lines, color=_hex("grid"))


def _ceiling(curve: Curve, ceiling: dict[str, Any]) -> list[Box]:
    view = curve.view
    width, height = view.size.plot
    k, nats = f"{ceiling['candidates']:,}", f"{ceiling['nats']:.2f}"
    if view.ceiling is None:
        text = f"ceiling, log {k}: {nats} nats →"
        y = view.at_y(-14)
        spot = [{"x": view.x[1], "y": y, "text": text}]
        curve.add("text", spot, align="right", color=_hex("muted"))
        return []
    y0, y1 = view.y
    _rect(curve, view.ceiling, view.x[1], _hex("beyond"))
    line = [{"x": view.ceiling, "x2": view.ceiling, "y": y0, "y2": y1}]
    curve.add("rule", line, color=_hex("ink"), strokeDash=[1.5, 3], strokeWidth=1.5)
    left = view.px(view.ceiling)
    if not view.size.narrow:
        lines = ["ceiling", f"log {k}", f"{nats} nats", "", "cannot be", "measured", f"with {k}"]
        data = [
            {"x": view.at_x(left + 7), "y": view.at_y(14 + 14 * i), "text": t}
            for i, t in enumerate(lines)
            if t
        ]
        curve.add("text", data[:3], align="left", color=_hex("ink"))
        curve.add("text", data[3:], align="left", color=_hex("muted"))
        return [Box(left, 0, width, 14 * len(lines) + 8, 6)]
    texts = [(f"ceiling, log {k} = {nats} nats", "ink"), (f"cannot be measured with {k}", "muted")]
    long = text_width(texts[0][0])
    arrows = [view.py(v["accuracy"]) for v in view.points if v["at_ceiling"] and not view.rows]
    top = sum(y < long + 20 for y in arrows) <= sum(y > height - long - 20 for y in arrows)
    for i, (text, token) in enumerate(texts):
        data = [{"x": view.at_x(left + 13 + 17 * i), "y": view.at_y(10 if top else height - 10)}]
        data[0]["text"] = text
        align = "right" if top else "left"
        curve.add("text", data, align=align, angle=270, color=_hex(token), baseline="middle")
    box = Box(left, 0, width, long + 14, 6)
    return [box if top else Box(left, height - long - 14, width, height, 6)]


def _fit(curve: Curve, task: dict[str, Any]) -> list[Box]:
    fit, view = task["curve"], curve.view
    if not fit:
        return []

    def inside(y: float) -> float:
        return min(max(y, view.y[0]), view.y[1])

    ends = zip(fit["nats"], fit["low"], fit["high"], strict=True)
    band = [{"x": x, "y": inside(low), "y2": inside(high)} for x, low, high in ends]
    middle = [{"x": x, "y": inside(y)} for x, y in zip(fit["nats"], fit["median"], strict=True)]
    curve.add("area", band, color=_hex("fit"), opacity=0.55)
    curve.add("line", middle, color=_hex("muted"), strokeWidth=1.25)
    boxes = []
    for a, b in pairwise(middle):
        xs, ys = sorted((view.px(a["x"]), view.px(b["x"]))), sorted(map(view.py, (a["y"], b["y"])))
        boxes.append(Box(xs[0], ys[0] - 2, xs[1], ys[1] + 2, 0.8))
    return boxes


def _regimes(curve: Curve, stretches: list[Region]) -> list[Box]:
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
            fill=_hex(regime.token),
        )  # fmt: skip
        token = "sweet-word" if sweet else regime.token
        spots = [
            {"x": view.at_x(at - 9 * side), "y": view.at_y(14 + 15 * i), "text": text}
            for i, text in enumerate(lines)
            if text
        ]
        align = "right" if after else "left"
        curve.add("text", spots, align=align, color=_hex(token), fontWeight=600)
        boxes.append(Box(middle - wide / 2 - 10, 4, middle + wide / 2 + 10, 22 + 15 * row, 6))
    return boxes


def _foot(curve: Curve, task: dict[str, Any], stretches: list[Region]) -> list[Box]:
    """The bracket of the peak on the axis, and the baselines below the scale."""
    view, peak = curve.view, task["peak"]
    width, height = view.size.plot
    end = width if view.ceiling is None else view.px(view.ceiling)
    boxes: list[Box] = []
    sweet = next((r for r in stretches if r.regime == "sweet_spot"), None)
    if peak is not None:
        lines, middle, token = [peak["text"]], end / 2, "muted"
        if sweet is not None:
            x0, x1 = view.px(sweet.x0), view.px(sweet.x1)
            bar = [{"x": sweet.x0, "x2": sweet.x1, "y": view.at_y(height - 2.5)}]
            bar[0]["y2"] = bar[0]["y"]
            curve.add("rule", bar, color=_hex("sweet"), strokeWidth=3)
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
        curve.add("text", spots, color=_hex(token), fontWeight=600 if sweet else 400)
        boxes.append(Box(middle - half, top - 8, middle + half, height, 6))
    if view.below:
        texts = ["below this scale:" if not view.size.narrow else "off scale ▼"]
        texts += [f"{b['name']} {words.accuracy(b)}" for b in view.below]
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
        curve.add("text", data, align="left", color=_hex("muted"))
        boxes.append(Box(x, foot - 8, x + wide, height - lift, 6))
    return boxes


def _baselines(curve: Curve, taken: list[Box]) -> list[Box]:
    view = curve.view
    width, height = view.size.plot
    end = width if view.ceiling is None else view.px(view.ceiling)
    lines = [{"x": view.x[0], "x2": view.at_x(end), "y": b["accuracy"]} for b in view.baselines]
    for line in lines:
        line["y2"] = line["y"]
    curve.add("rule", lines, color=_hex("ink"), strokeDash=[5, 4], strokeWidth=1.25)
    boxes = [Box(0, view.py(r["y"]) - 2, width, view.py(r["y"]) + 2, 1) for r in lines]
    for baseline in view.baselines:
        name = baseline["name"]
        text = f"{name} {words.accuracy(baseline)}"
        half, y = text_width(text) / 2, view.py(baseline["accuracy"])
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
        curve.add("text", spot, color=_hex("ink"))
        boxes.append(box)
    return boxes


def _rows(curve: Curve) -> None:
    """Without labels: a line per view, its name before the line, on a phone above it."""
    view = curve.view
    rules, names = [], []
    for i, v in enumerate(view.points):
        rules.append({"x": view.x[0], "x2": view.x[1], "y": float(i), "y2": float(i)})
        x, lift = (view.at_x(2), -0.47) if view.size.narrow else (view.at_x(-10), 0.0)
        names.append({"x": x, "y": i + lift, "text": v["label"]})
    curve.add("rule", rules, color=_hex("grid"))
    align = "left" if view.size.narrow else "right"
    curve.add("text", names, align=align, color=_hex("ink"))


def _points(curve: Curve, task: dict[str, Any], taken: list[Box]) -> None:
    import altair as alt

    view = curve.view
    data = []
    for i, v in enumerate(view.points):
        regime = v["regime"] or "undecided"
        y = float(i) if view.rows else v["accuracy"]
        data.append(
            {
                "x": v["nats"], "y": y, "id": v["id"],
                "low": v["nats_low"] if v["nats_low"] is not None else v["nats"],
                "high": v["nats"] if v["at_ceiling"] else v["nats_high"] or v["nats"],
                "color": _hex(REGIMES[regime].token),
                "fill": _hex("card") if regime == "undecided" else _hex(REGIMES[regime].token),
                "shape": SHAPES[regime], "ceiling": bool(v["at_ceiling"]),
                "bottom": y if view.rows or v["low"] is None else v["low"],
                "top": y if view.rows or v["high"] is None else v["high"],
                "href": f"#{v['id']}", "name": _name(v),
                "ring": _hex("ink") if v["id"] == task["winner"] else "transparent",
            }
        )  # fmt: skip
    stroke = alt.Color("color:N", scale=None, legend=None)
    across = [{**d, "x": d["low"], "x2": d["high"], "y2": d["y"]} for d in data]
    curve.add("rule", across, strokeWidth=1.5, encode={"color": stroke})
    if not view.rows:
        up = [{**d, "y": d["bottom"], "y2": d["top"], "x2": d["x"]} for d in data]
        curve.add("rule", up, strokeWidth=1.5, encode={"color": stroke})
    _arrows(curve, [d for d in data if d["ceiling"]], stroke)
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


def _name(v: dict[str, Any]) -> str:
    """What a screen reader says at a point."""
    value, spread = words.nats(v)
    parts = [v["view"]]
    if v["regime"]:
        parts.append(REGIMES[v["regime"]].word)
    parts.append(f"{value.replace('≥', 'at least')} nats {spread.replace('±', 'plus or minus')}")
    if v["accuracy"] is not None:
        parts.append(f"accuracy {words.accuracy(v)} {words.interval(v)}")
    return ", ".join(p.strip() for p in parts)


def _names(curve: Curve, data: list[dict[str, Any]], taken: list[Box]) -> None:
    view = curve.view
    width, height = view.size.plot
    marks = [(view.px(d["x"]), view.py(d["y"])) for d in data]
    taken = taken + marks_boxes(view)
    gaps = [12.0 if d["ring"] == "transparent" else 17.0 for d in data]
    within = Box(2, 2, width - 2, height - 4)
    names = [str(v["label"]) for v in view.points]
    spots = place(marks, names, obstacles=taken, within=within, gaps=gaps)
    if any(s.clash > 60 for s in spots) and max(map(len, names)) > 5:
        letters = [_letter(i) for i in range(len(names))]
        curve.key = [(a, v["view"]) for a, v in zip(letters, view.points, strict=True)]
        names, spots = letters, place(marks, letters, obstacles=taken, within=within, gaps=gaps)
    elif all(len(n) <= 2 and n.isupper() for n in names):
        curve.key = [(n, v["view"]) for n, v in zip(names, view.points, strict=True)]
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
            "text", text, align=align, color=_hex("ink"), fontWeight=600 if strong[i] else 400
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
    curve.add("rule", lines, color=_hex("muted"), strokeWidth=0.75)


def _letter(i: int) -> str:
    return chr(65 + i) if i < 26 else _letter(i // 26 - 1) + chr(65 + i % 26)


def _spec(curve: Curve, *, title: list[str] | None = None) -> str:
    import altair as alt

    size = curve.view.size
    top = size.top + (22 if title else 0)
    heading = {"x": curve.view.x[0], "y": curve.view.at_y(-14), "text": "readout accuracy"}
    if not curve.view.rows:
        curve.add("text", [heading], align="left", dx=-size.left, color=_hex("ink"))
    chart = alt.layer(*curve.layers).properties(
        width=size.plot[0], height=size.plot[1], background="white" if title else "transparent",
        padding={"left": size.left, "right": size.right, "top": top, "bottom": size.bottom},
        autosize=alt.AutoSizeParams(type="none"),
    ).configure_view(stroke=None)  # fmt: skip
    if title:
        chart = chart.properties(
            title=alt.TitleParams(
                title[0], anchor="start", font=FONT, fontSize=15, color=_hex("ink"),
                offset=22, frame="group",
            )
        )  # fmt: skip
    return json.dumps(chart.to_dict(validate=False))


def inline_svg(curve: Curve, *, prefix: str, title: str, alt_text: str, chosen: str) -> str:
    """The drawing as SVG for the page: colours by token, points as links, ids prefixed."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(_spec(curve))
    return inline(svg, prefix=prefix, title=title, alt=alt_text, chosen=chosen)


def figure(curve: Curve, title: str) -> tuple[str, bytes]:
    """The drawing as an SVG file with hex colours and as a PNG at twice the size."""
    import vl_convert

    spec = _spec(curve, title=[title])
    svg = vl_convert.vegalite_to_svg(spec)
    return svg, vl_convert.svg_to_png(svg, scale=2)
