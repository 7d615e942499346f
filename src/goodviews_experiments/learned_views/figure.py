"""The figure of learned views: readout against what new encoders find shared."""

from pathlib import Path
from typing import Any

from goodviews_experiments.shared.figures import INK, read_table, write_figure

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

    shown: list[dict[str, Any]] = []
    for row in read_table(folder / "rows.csv"):
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
                scale=alt.Scale(domain=list(_MODES.values()), range=[INK[one] for one in colours]),
                legend=alt.Legend(orient="top"),
            ),
            shape=alt.Shape("space:N", title="space g is given", legend=alt.Legend(orient="top")),
        )
    )
    return write_figure(
        dots.properties(width=560, height=340),
        folder,
        title,
        "One dot per generator and seed, measured by new encoders",
    )
