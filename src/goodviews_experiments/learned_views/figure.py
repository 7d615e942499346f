"""The figure of learned views: readout against what new encoders find shared."""

import csv
from pathlib import Path
from typing import Any

from goodviews.core.tokens import TOKENS
from goodviews_experiments.shared.figures import write_figure

_MODES = {
    "raw": "fixed channels",
    "unsupervised": "unsupervised",
    "supervised": "labels alone",
    "semi": "semi-supervised",
}
_TITLE = "Readout against what learned and fixed views share"


def learned_figure(folder: Path, title: str = _TITLE) -> Path:
    """Draw accuracy against shared nats, one dot per run.

    Args:
        folder: Where ``rows.csv`` is, and ``figure.svg`` and ``figure.png`` go.
        title: Over it.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    shown = []
    for row in rows:
        if row["group"] == "ablation":
            continue
        shown.append({
            "nats": max(float(row["shared_nats"]), 0.0), "top1": 100 * float(row["linear_top1"]),
            "kind": _MODES[row["mode"]], "space": row["space"],
        })  # fmt: skip
    data = alt.Data(values=shown)
    x = alt.X(
        "nats:Q", title="shared by the two views, by new encoders, nats (lower bound, at least 0)"
    )
    y = alt.Y("top1:Q", title="linear readout, % of test images", scale=alt.Scale(zero=False))
    colours = ("muted", "missing", "excess", "sweet")
    dots = (
        alt.Chart(data)
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            x=x,
            y=y,
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(
                    domain=list(_MODES.values()), range=[TOKENS[one].light for one in colours]
                ),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape("space:N", title="space g is given", legend=alt.Legend(orient="top")),
        )
    )
    chart = dots.properties(
        width=560,
        height=340,
        title=alt.Title(
            title,
            subtitle="One dot per generator and seed; each judged by encoders that never met it",
            anchor="start",
        ),
    )
    return write_figure(chart, folder)
