"""The figure of the papers' augmentations on one axis, made from its tables."""

from pathlib import Path
from typing import Any

from goodviews_experiments.shared.figures import INK, read_numbers, write_figure


def presets_figure(folder: Path) -> Path:
    """Draw readout against shared nats, a point per augmentation.

    Args:
        folder: Where ``views.csv``, ``curve.csv`` and ``axis.csv`` are, and ``figure.svg``
            and ``figure.png`` go.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    views, curve, axis = (
        read_numbers(folder / f"{name}.csv") for name in ("views", "curve", "axis")
    )
    for row in views:
        row["kind"] = (
            "one encoder" if row["encoders"] == 1 else "luma against chroma, two encoders"
        )
    scale = alt.Scale(
        domain=["one encoder", "luma against chroma, two encoders"],
        range=[INK["missing"], INK["excess"]],
    )
    colour = alt.Color(
        "kind:N", title=None, scale=scale, legend=alt.Legend(orient="top", labelLimit=400)
    )
    rising = alt.Scale(zero=False, nice=True)
    x = alt.X("nats:Q", title="shared information of the two views, nats (lower bound)")
    y = alt.Y("accuracy:Q", title="readout accuracy", scale=rising)
    data = alt.Data(values=views)
    layers: list[Any] = []
    if curve:
        band = alt.Chart(alt.Data(values=curve))
        layers += [
            band.mark_area(opacity=0.1, color=INK["muted"]).encode(
                x=x, y=alt.Y("low:Q", scale=rising), y2="high:Q"
            ),
            band.mark_line(strokeWidth=1.5, color=INK["muted"]).encode(
                x=x, y=alt.Y("median:Q", scale=rising)
            ),
        ]
    layers += [
        alt.Chart(data)
        .mark_rule(strokeWidth=1.5)
        .encode(x=x, y=alt.Y("low:Q", scale=rising), y2="high:Q", color=colour),
        alt.Chart(data)
        .mark_rule(strokeWidth=1.5)
        .encode(x=alt.X("nats_low:Q"), x2="nats_high:Q", y=y, color=colour),
        alt.Chart(data).mark_point(filled=True, size=60, opacity=1).encode(x=x, y=y, color=colour),
        alt.Chart(data)
        .mark_text(dy=-10, dx=6, align="left", fontSize=11, color=INK["ink"])
        .encode(x=x, y=y, text="name:N"),
    ]
    rho, p = axis[0]["rank_correlation"], axis[0]["p"]
    return write_figure(
        alt.layer(*layers).properties(width=560, height=340),
        folder,
        "The papers' augmentations on one axis",
        f"Rank correlation of nats and accuracy {rho:.2f} (exact p = {p:.2g}). Bars, band: 95 %.",
    )
