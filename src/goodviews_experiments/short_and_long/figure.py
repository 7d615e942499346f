"""The figure of short runs against long ones, made from its tables."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

from goodviews_experiments.shared.figures import INK, read_table, title, write_figure

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def short_figure(folder: Path) -> Path:
    """Draw how the readout of each view moves from each budget to the next.

    Args:
        folder: Where ``views.csv``, ``agreement.csv`` and ``choices.csv`` are, and
            ``figure.svg`` and ``figure.png`` go.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    views, found, choices = (
        read_table(folder / f"{n}.csv") for n in ("views", "agreement", "choices")
    )
    panels = []
    for name in dict.fromkeys(row["data"] for row in views):
        own = [row for row in views if row["data"] == name]
        pairs = [row for row in found if row["data"] == name and row["what"] == "readout"]
        lost = [row for row in choices if row["data"] == name and row["runs"] == "mean"]
        panels.append(_panel(alt, name, own, pairs, lost))
    return write_figure(
        alt.hconcat(*panels, spacing=40),
        folder,
        "Does a short study order the views as a long one does?",
        "Mean readout over seeds; bars: 95 % intervals of the order. Green: selected by the "
        "shorter run.",
    )


def _panel(
    alt: Any,
    name: str,
    rows: list[dict[str, str]],
    pairs: list[dict[str, str]],
    lost: list[dict[str, str]],
) -> Any:
    specs = list(dict.fromkeys(row["view"] for row in rows))
    letters = dict(zip(specs, _LETTERS, strict=False))
    order = sorted({int(row["epochs"]) for row in rows})
    middle = (len(specs) - 1) / 2  # bars of views next to each other
    ends: list[dict[str, Any]] = [
        {
            "view": letters[row["view"]],
            "at": row["epochs"],
            "place": order.index(int(row["epochs"])),
            "x": order.index(int(row["epochs"])) + 0.03 * (specs.index(row["view"]) - middle),
            **{key: float(row[key]) for key in ("accuracy", "order_low", "order_high")},
        }
        for row in rows
    ]
    chosen = {row["short"]: letters[row["chosen"]] for row in lost}
    lines: list[dict[str, Any]] = [
        {
            **point,
            "line": f"{point['view']} {early}",
            "first": "chosen" if chosen[str(early)] == point["view"] else "other",
        }
        for early, late in pairwise(order)
        for point in ends
        if point["at"] in (str(early), str(late))
    ]
    x = alt.X(
        "x:Q",
        title="passes over the images",
        axis=alt.Axis(
            values=list(range(len(order))), labelExpr=f"{order}[datum.value]", grid=False
        ),
        scale=alt.Scale(domain=[-0.4, len(order) - 0.6], nice=False),
    )
    means = [end["accuracy"] for end in ends]
    room = 0.15 * (max(means) - min(means)) + 0.01
    for epochs in order:
        _spread([end for end in ends if end["at"] == str(epochs)], room / 3)
    scale = alt.Scale(domain=[min(means) - room, max(means) + room], nice=True)
    y = alt.Y("accuracy:Q", title="readout accuracy", scale=scale)
    colour = alt.Color(
        "first:N",
        legend=None,
        scale=alt.Scale(domain=["chosen", "other"], range=[INK["sweet"], INK["muted"]]),
    )
    layers = [
        alt.Chart(alt.Data(values=ends))
        .mark_rule(color=INK["hairline"], strokeWidth=2.5, clip=True)
        .encode(x=x, y=alt.Y("order_low:Q", scale=scale), y2="order_high:Q"),
        alt.Chart(alt.Data(values=lines))
        .mark_line(strokeWidth=2)
        .encode(x=x, y=y, detail="line:N", color=colour),
        alt.Chart(alt.Data(values=ends))
        .mark_point(filled=True, size=40, opacity=1, color=INK["ink"])
        .encode(x=x, y=y),
        *(
            alt.Chart(alt.Data(values=[end for end in ends if end["at"] == str(epochs)]))
            .mark_text(dx=dx, align=align, fontSize=11, color=INK["ink"])
            .encode(x=alt.X("place:Q"), y=alt.Y("label:Q", scale=scale), text="view:N")
            for epochs, dx, align in ((order[0], -26, "right"), (order[-1], 26, "left"))
        ),
    ]
    said = [
        f"{row['short']} to {row['long']}: Spearman {_ends(row)}"
        for row in pairs
        if row["kind"] == "spearman"
    ]
    said += [
        f"{row['short']} to {row['long']}: points lost {_ends(row, 'lost_points', 1)}"
        for row in lost
    ]
    return alt.layer(*layers).properties(
        width=330,
        height=320,
        title=title(name, said + [f"{letters[spec]}  {spec}" for spec in specs]),
    )


def _spread(ends: list[dict[str, Any]], gap: float) -> None:
    """Give each point a height for its letter, at least a gap above the one below."""
    below = -math.inf
    for end in sorted(ends, key=lambda end: float(end["accuracy"])):
        below = end["label"] = max(float(end["accuracy"]), below + gap)


def _ends(row: dict[str, str], name: str = "value", digits: int = 2) -> str:
    value, low, high = (f"{float(row[key]):.{digits}f}" for key in (name, "low", "high"))
    return f"{value} [{low}, {high}]"
