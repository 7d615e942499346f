"""The figure of two tasks over the same shared nats, made from its tables."""

from pathlib import Path
from typing import Any

from goodviews_experiments.shared.figures import INK, read_numbers, write_figure

_TEXTS = ("task", "view", "value", "regime", "winner", "wording", "peak")
_COLOURS = (INK["missing"], INK["excess"])


def two_figure(folder: Path) -> Path:
    """Draw readout of both tasks against shared nats.

    Args:
        folder: Where ``views.csv``, ``curves.csv`` and ``tasks.csv`` are, and
            ``figure.svg`` and ``figure.png`` go.

    Returns:
        Path of the SVG.
    """
    import altair as alt

    views, curves, tasks = (
        read_numbers(folder / f"{n}.csv", *_TEXTS) for n in ("views", "curves", "tasks")
    )
    names = [task["task"] for task in tasks]
    ends = {
        task["task"]: {
            "inside": f"peak {task['peak_nats']:.1f} nats",
            "left": f"peak at {task['peak_high']:.1f} nats or below",
            "right": f"peak at {task['peak_low']:.1f} nats or above",
        }.get(task["peak"], "no significant peak")
        for task in tasks
        if task["peak"]
    }
    legend = {name: f"{name}: {ends.get(name, 'no curve')}" for name in names}
    for row in [*views, *curves, *tasks]:
        row["line"] = legend[row["task"]]
    colour = alt.Color(
        "line:N",
        title=None,
        scale=alt.Scale(domain=list(legend.values()), range=list(_COLOURS)),
        legend=alt.Legend(orient="top", labelLimit=500),
    )
    floor = min(row["low"] for row in [*views, *curves])
    y_scale = alt.Scale(zero=False, nice=True)
    x = alt.X("nats:Q", title="shared information of the two views, nats (lower bound)")
    y = alt.Y("accuracy:Q", title="readout accuracy", scale=y_scale)
    data = {name: alt.Data(values=rows) for name, rows in (("v", views), ("c", curves))}
    for row in tasks:
        row["y"] = floor - 0.015 * (1 + names.index(row["task"]))
    shown = [row for row in tasks if row["peak"] not in ("none", "")]
    layers: list[Any] = [
        alt.Chart(data["c"])
        .mark_area(opacity=0.13)
        .encode(x=x, y=alt.Y("low:Q", scale=y_scale), y2="high:Q", color=colour),
        alt.Chart(data["c"])
        .mark_line(strokeWidth=2)
        .encode(x=x, y=alt.Y("median:Q", scale=y_scale), color=colour),
        alt.Chart(data["v"])
        .mark_rule(strokeWidth=1.5)
        .encode(x=x, y=alt.Y("low:Q", scale=y_scale), y2="high:Q", color=colour),
        alt.Chart(data["v"])
        .mark_point(filled=True, size=55, opacity=1)
        .encode(x=x, y=y, color=colour),
        alt.Chart(data["v"])
        .mark_text(dy=-16, dx=4, fontSize=10, align="left", color=INK["muted"])
        .encode(x=x, y=y, text="value:N"),
        alt.Chart(alt.Data(values=shown))
        .mark_rule(strokeWidth=4, strokeCap="round")
        .encode(
            x=alt.X("peak_low:Q"), x2="peak_high:Q", y=alt.Y("y:Q", scale=y_scale), color=colour
        ),
    ]
    return write_figure(
        alt.layer(*layers).properties(width=560, height=340),
        folder,
        "The same views, two tasks, two sweet spots"
        if _apart(tasks)
        else "The same views, two tasks: their peaks do not differ significantly",
        "At each point the largest angle in degrees. Bars and bands: 95 %; below: the interval "
        "of each peak.",
    )


def _apart(tasks: list[dict[str, Any]]) -> bool:
    """Whether each task's winner beats the other's on its own task, intervals and all."""
    return all(task["gain_low"] > 0 for task in tasks)
