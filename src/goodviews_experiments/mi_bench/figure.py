"""The figure of the information bench, made from its rows."""

import math
from pathlib import Path
from typing import Any

from goodviews_experiments.shared.figures import read_table, write_figure

_LOW, _HIGH = -2.0, 16.0
"""The frame, in nats; what lies outside is drawn on its edge."""


def mi_figure(folder: Path) -> Path:
    """Draw estimate against truth, one panel per estimator, from ``rows.csv``.

    Args:
        folder: Where ``rows.csv`` is, and ``figure.svg`` and ``figure.png`` go.

    Returns:
        The figure's path.
    """
    import altair as alt

    points: list[dict[str, Any]] = []
    for row in read_table(folder / "rows.csv"):
        estimate, spread = float(row["estimate_nats"]), float(row["spread_nats"] or 0)
        if not math.isfinite(estimate + spread):
            continue  # the fit diverged, as stated in the caption
        points.append(
            {
                "estimator": row["estimator"],
                "world": {"identity": "Gaussian"}.get(row["world"], row["world"]),
                "truth": float(row["truth_nats"]),
                "estimate": min(max(estimate, _LOW), _HIGH),
                "low": min(max(estimate - spread, _LOW), _HIGH),
                "high": max(min(estimate + spread, _HIGH), _LOW),
                "ceiling": float(row["ceiling_nats"]) if row["ceiling_nats"] else None,
            }
        )
    scale = alt.Scale(domain=[_LOW, _HIGH])
    base = alt.Chart().encode(x=alt.X("truth:Q", title="true information, nats"))
    colour = alt.Color("world:N", title=None, scale=alt.Scale(range=["#1f6f8b", "#c2571a"]))
    line = base.mark_line(point=True).encode(
        y=alt.Y("mean(estimate):Q", title="estimate, nats", scale=scale), color=colour
    )
    spread_bars = base.mark_rule(opacity=0.35).encode(
        y=alt.Y("low:Q", scale=scale), y2="high:Q", color=colour
    )
    truth = base.mark_line(color="#888", strokeDash=[4, 3]).encode(y=alt.Y("truth:Q", scale=scale))
    ceiling = base.mark_line(color="#b00", strokeWidth=1).encode(y=alt.Y("ceiling:Q", scale=scale))
    panels = alt.layer(truth, ceiling, spread_bars, line, data=alt.Data(values=points)).properties(
        width=130, height=130
    )
    chart = panels.facet(facet=alt.Facet("estimator:N", title=None), columns=5)
    return write_figure(
        chart,
        folder,
        "Estimate against truth",
        [
            "Mean over seeds of the mean over batches; bars: one standard deviation over "
            "batches. Dashed: truth. Red: ceiling.",
            "Outside the frame: drawn on its edge. No point: the fit diverged.",
        ],
    )
