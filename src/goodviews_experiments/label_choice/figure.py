"""The figure of choosing a view with few labels, made from its rows."""

from pathlib import Path
from typing import Any

from goodviews_experiments.shared.figures import INK, read_table, write_figure


def label_figure(folder: Path) -> Path:
    """Draw the chance of choosing a good view against the number of labels.

    Args:
        folder: Where ``rows.csv`` is, and ``figure.svg`` and ``figure.png`` go.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    rows = [row for row in read_table(folder / "rows.csv") if row["judged_by"] == "all labels"]
    most = max(int(row["runs"]) for row in rows)
    with_labels: list[dict[str, Any]] = [
        {
            "family": row["family"],
            "labels": int(row["labels"]),
            "good": float(row["good"]),
            "low": float(row["good_low"] or 0),
            "high": float(row["good_high"] or 1),
            "line": f"by {row['chooser'].removeprefix('labels, ')}, "
            f"{row['runs']} run{'s' * (row['runs'] != '1')} of each view",
        }
        for row in rows
        if row["labels"] != "0"
    ]
    without = _without(rows, most)
    names = list(dict.fromkeys(row["line"] for row in with_labels))
    ink = [INK[name] for name in ("excess", "sweet", "fit", "missing")][: len(names)]
    colour = alt.Color(
        "line:N",
        title="Cross-validated on the labels",
        scale=alt.Scale(domain=names, range=ink),
        legend=alt.Legend(orient="bottom", columns=2, labelLimit=400),
    )
    ticks: list[Any] = sorted({row["labels"] for row in with_labels})
    x = alt.X(
        "labels:Q",
        title="labels",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(values=ticks),
    )
    y_scale = alt.Scale(domain=[0, 1])
    title = "chance that the chosen view is within one point"
    base = alt.Chart(alt.Data(values=with_labels))
    marks: list[Any] = [
        base.mark_line(point=True).encode(
            x=x, y=alt.Y("good:Q", title=title, scale=y_scale), color=colour
        ),
        base.mark_rule(opacity=0.6).encode(
            x=x, y=alt.Y("low:Q", scale=y_scale), y2="high:Q", color=colour
        ),
    ]
    panels = []
    for family in dict.fromkeys(row["family"] for row in with_labels):
        left = alt.layer(*marks).transform_filter(alt.datum.family == family)
        right = (
            alt.Chart(alt.Data(values=[row for row in without if row["family"] == family]))
            .mark_bar(height=12, color=INK["fit"])
            .encode(
                y=alt.Y("chooser:N", title=None, sort=None, axis=alt.Axis(labelLimit=200)),
                x=alt.X("good:Q", title="the same, without labels", scale=y_scale),
            )
        )
        panels.append(
            alt.hconcat(
                left.properties(width=300, height=220, title=f"Views of the family {family}"),
                right.properties(width=200, height=220),
            )
        )
    return write_figure(
        alt.vconcat(*panels),
        folder,
        "How many labels select the view?",
        "Bars of the lines: 95 % over draws of labels. The best view is that of all test labels.",
    )


def _without(rows: list[dict[str, str]], most: int) -> list[dict[str, Any]]:
    """Choosers without labels, and taking any view."""
    found = [
        {"family": row["family"], "chooser": row["chooser"], "good": float(row["good"])}
        for row in rows
        if row["labels"] == "0" and int(row["runs"]) == most
    ]
    for family in dict.fromkeys(row["family"] for row in rows):
        one = next(row for row in rows if row["family"] == family)
        share = int(one["good_views"]) / int(one["views"])
        found.append({"family": family, "chooser": "any view", "good": share})
    return found
