"""A drawing before it is rendered: Vega-Lite layers over two axes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from goodviews.core.tokens import TOKENS
from goodviews.pages.chart.layout import Frame, ticks

FONT = "Liberation Sans, Arial, Helvetica, DejaVu Sans, sans-serif"
SHAPES = {
    "missing": "triangle-left",
    "sweet_spot": "circle",
    "excess": "triangle-right",
    "undecided": "diamond",
}


Datum = Mapping[str, object]
"""One mark of a layer: ``x``, ``y``, perhaps ``x2``, ``y2``, ``text``, and fields to encode."""


def shade(token: str) -> str:
    """The light colour of a token as hex; the page swaps it for a variable."""
    return TOKENS[token].light


@dataclass
class Curve:
    """A drawing before it is rendered: Vega-Lite layers, and the key of its letters.

    Attributes:
        view: Geometry.
        layers: One Altair chart per kind of mark, lowest first.
        key: Letter and name of each view, where names did not fit.
        missing: Number of names left off because they would have run into others.
        measure: What the y axis shows.
        estimate: Whether shared information is an estimate and no bound.
    """

    view: Frame
    layers: list[Any] = field(default_factory=list)
    key: list[tuple[str, str]] = field(default_factory=list)
    missing: int = 0
    measure: str = "accuracy"
    estimate: bool = False

    def add(self, mark: str, data: Sequence[Datum], **options: Any) -> None:
        """Add a layer; data with ``x``, ``y`` (and ``x2``, ``y2``), options fix the mark."""
        if not data:
            return
        import altair as alt

        encode = options.pop("encode", {})
        text = {"font": FONT, "fontSize": 12} if mark == "text" else {}
        chart = getattr(alt.Chart(alt.Data(values=data)), f"mark_{mark}")(
            **{"clip": False, "aria": False, **text, **options}
        )
        ends = {}
        for name in ("x2", "y2"):
            if name in data[0]:
                ends[name] = getattr(alt, name.upper())(f"{name}:Q")
        if "text" in data[0]:
            ends["text"] = alt.Text("text:N")
        self.layers.append(
            chart.encode(
                x=_x(self.view, estimate=self.estimate), y=_y(self.view), **ends, **encode
            )
        )


def _x(view: Frame, *, estimate: bool) -> Any:
    import altair as alt

    width = view.size.plot[0]
    end = view.x[1] if view.ceiling is None else view.ceiling
    values = ticks(view.x[0], end, max(3, width // 95 if not view.size.narrow else 5))
    values = [v for v in values if 8 <= view.px(v) <= width - 8]
    step = values[1] - values[0] if len(values) > 1 else 1.0
    kind = "estimate" if estimate else "bound"
    title = f"information the two views share, nats (held-out InfoNCE {kind})"
    if view.size.narrow:
        title = f"shared information, nats ({'estimate' if estimate else 'lower bound'})"
    axis = alt.Axis(
        values=values, format=f".{_places(step)}f", grid=False, title=title, titlePadding=8,
        **axis_style(),
    )  # fmt: skip
    return alt.X("x:Q", axis=axis, scale=alt.Scale(domain=list(view.x), nice=False, zero=False))


def _y(view: Frame) -> Any:
    import altair as alt

    scale = alt.Scale(domain=list(view.y), nice=False, zero=False)
    if view.rows:
        return alt.Y("y:Q", axis=None, scale=scale)
    values = levels(view)
    step = values[1] - values[0] if len(values) > 1 else 0.01
    axis = alt.Axis(
        values=values, title=None, grid=False,
        labelExpr=f"replace(format(datum.value, '.{max(2, _places(step))}f'), '0.', '.')",
        **{**axis_style(), "domain": False, "ticks": False},
    )  # fmt: skip
    return alt.Y("y:Q", axis=axis, scale=scale)


def levels(view: Frame) -> list[float]:
    """Values at which the accuracy axis is labelled."""
    bottom = view.size.plot[1] - 5
    return [v for v in ticks(*view.y, 6) if 0 <= v <= 1 and 4 < view.py(v) < bottom]


def axis_style() -> dict[str, Any]:
    """Fonts, colours and ticks that both axes share."""
    return {
        "labelFont": FONT, "labelFontSize": 12, "labelColor": shade("muted"),
        "titleFont": FONT, "titleFontSize": 12, "titleFontWeight": 600,
        "titleColor": shade("ink"), "domainColor": shade("muted"), "tickColor": shade("muted"),
        "tickSize": 4, "labelPadding": 4, "aria": False, "labelOverlap": False,
        "labelFlush": False, "labelBound": False,
    }  # fmt: skip


def _places(step: float) -> int:
    return next((n for n in range(1, 5) if abs(step * 10**n - round(step * 10**n)) < 1e-6), 4)
