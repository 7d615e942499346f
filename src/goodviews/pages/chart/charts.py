"""The curve, drawn by Altair once and turned into SVG for the page, an SVG file and a PNG."""

import json
import re

from goodviews.core.records.verdict import Ceiling, TaskVerdict
from goodviews.pages.chart.canvas import Curve, shade
from goodviews.pages.chart.layers import (
    baseline_lines,
    ceiling_line,
    fit_band,
    foot,
    ground,
    regime_words,
    row_names,
)
from goodviews.pages.chart.layout import Size, frame, marks_boxes, regions
from goodviews.pages.chart.points import points
from goodviews.pages.chart.svg import inline


def draw(task: TaskVerdict, ceiling: Ceiling, size: Size) -> Curve:
    """Lay out and draw the curve of one task.

    Args:
        task: What the study found for it.
        ceiling: Most that its bounds can report.
        size: ``WIDE`` or ``NARROW``.
    """
    view = frame(task, ceiling.nats, size)
    curve = Curve(view, measure=task.measure, estimate=ceiling.estimate)
    stretches = regions(task, view)
    ground(curve, stretches)
    taken = ceiling_line(curve, ceiling)
    if view.rows:
        row_names(curve)
    else:
        taken += fit_band(curve, task)
        taken += regime_words(curve, stretches)
        taken += foot(curve, task, stretches)
        taken += baseline_lines(curve, taken + marks_boxes(view))
    points(curve, task, taken)
    return curve


def _spec(curve: Curve, *, title: str = "") -> str:
    import altair as alt

    size = curve.view.size
    edge = 14 if title else 0
    top = size.top + edge + (24 if title else 0)
    heading = {
        "x": curve.view.x[0],
        "y": curve.view.at_y(-14),
        "text": f"readout {curve.measure}",
    }
    if not curve.view.rows:
        curve.add("text", [heading], align="left", dx=-size.left, color=shade("ink"))
    if title:
        name = [{"x": curve.view.x[0], "y": curve.view.at_y(-40), "text": title}]
        curve.add(
            "text", name, align="left", dx=-size.left, color=shade("ink"), fontSize=15,
            fontWeight=600,
        )  # fmt: skip
    bottom = size.bottom + edge
    if title and curve.key:
        texts = [
            {"x": curve.view.x[0], "y": curve.view.at_y(size.plot[1] + bottom + 18 * i + 10),
             "text": f"{letter}   {spec}"}
            for i, (letter, spec) in enumerate(curve.key)
        ]  # fmt: skip
        curve.add("text", texts, align="left", color=shade("ink"))
        bottom += 18 * len(curve.key) + 10
    chart = alt.layer(*curve.layers).properties(
        width=size.plot[0], height=size.plot[1], background="white" if title else "transparent",
        padding={
            "left": size.left + edge, "right": size.right + edge, "top": top, "bottom": bottom,
        },
        autosize=alt.AutoSizeParams(type="none"),
    ).configure_view(stroke=None)  # fmt: skip
    return json.dumps(chart.to_dict(validate=False))


def inline_svg(curve: Curve, *, prefix: str, title: str, alt_text: str, chosen: str) -> str:
    """The drawing as SVG for the page: colours by token, points as links, ids prefixed."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(_spec(curve))
    return inline(svg, prefix=prefix, title=title, alt=alt_text, chosen=chosen)


def figure(curve: Curve, title: str) -> tuple[str, bytes]:
    """The drawing as an SVG file with hex colours and as a PNG at twice the size."""
    import vl_convert

    svg = figure_svg(curve, title)
    return svg, vl_convert.svg_to_png(svg, scale=2)


def figure_svg(curve: Curve, title: str) -> str:
    """The drawing as an SVG file with hex colours."""
    import vl_convert

    # vl-convert resolves links against an address of its own; ours lead into the page.
    svg = vl_convert.vegalite_to_svg(_spec(curve, title=title))
    return re.sub(r'href="[^"#]*#', 'href="index.html#', svg)
