"""What makes for good views, sections 1 to 3: the proposition, the bound, three regimes."""

import numpy as np

from goodviews.core import Interval, intervals
from goodviews_experiments.papers.claim import Claim
from goodviews_experiments.papers.rows import Rows, exact
from goodviews_experiments.papers.verdict import Part

CURVE = "Three regimes (schematic figure)"


def proposition(rows: Rows) -> list[Part]:
    """Shares of the enumerated pairs of views in which the statement holds."""
    best: dict[str, list[bool]] = {"sweet_spot": [], "other": []}
    for line in rows.table():
        kind = "sweet_spot" if line["regime"] == "sweet_spot" else "other"
        best[kind].append(line["minimal_is_optimal"] == "True")
    pairs = {kind: len(found) for kind, found in best.items()}
    return [
        Part(
            f"minimal sufficient encoder is optimal, of {pairs['sweet_spot']} pairs that share "
            "exactly the task",
            exact(100 * float(np.mean(best["sweet_spot"]))), 100, 100, "%", 0, signed=False,
        ),
        Part(
            f"the same, of the {pairs['other']} other pairs",
            exact(100 * float(np.mean(best["other"]))), 0, 0, "%", 0, signed=False,
        ),
    ]  # fmt: skip


def ceiling(rows: Rows) -> list[Part]:
    """Room between log K and the largest estimate of InfoNCE in the bench."""
    room = min(
        float(line["ceiling_nats"]) - float(line["estimate_nats"])
        for line in rows.table()
        if line["estimator"] == "InfoNCE"
    )
    return [Part("log K minus the largest estimate", exact(room), unit="nats", decimals=2)]


def peak_inside(rows: Rows) -> list[Part]:
    """Best view of a study less the views that share least and most, seeds paired.

    Variances over seeds are moderated towards that of all views, as in studies.
    """
    names = sorted({row["view"] for row in rows.table() if row["role"] == "candidate"})
    seen = {name: rows.seeds("readout_top1", view=name, role="candidate") for name in names}
    nats = {
        name: rows.seeds("estimate_nats", view=name, role="candidate").mean() for name in names
    }
    table = np.stack([seen[name] for name in names])
    views, seeds = table.shape
    rest = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    dof = (views - 1) * (seeds - 1)
    common = 2 * float((rest**2).sum()) / dof
    best = max(names, key=lambda name: seen[name].mean())
    ends = {"least": min(names, key=nats.__getitem__), "most": max(names, key=nats.__getitem__)}
    parts = []
    for what, end in ends.items():
        gap = seen[best] - seen[end]
        own = np.array([gap.var(ddof=1)])
        spread, known = intervals.moderated(own, seeds - 1, common=common, common_dof=dof)
        half = intervals.half_width((float(spread[0]) / seeds, float(known[0])), among=views)
        mean = float(gap.mean())
        found = Interval(mean, mean - half, mean + half).times(100)
        parts.append(Part(f"best view over the one that shares {what}", found))
    return parts


def two_spots(rows: Rows) -> list[Part]:
    """What the view that wins a task gains over the view that wins the other."""
    return [
        Part(task, rows.number("tasks", "gain_points", "gain_low", "gain_high", task=task))
        for task in ("digit", "quarter turns")
    ]


def published_peak(rows: Rows) -> list[Part]:
    """Best of the published augmentations over the weakest and the strongest view."""
    return [
        Part(f"best view over {name}", over_best(rows, name).turned())
        for name in ("mild crop", "D, InfoMin")
    ]


def over_best(rows: Rows, name: str) -> Interval:
    """A published augmentation less the best one; all such differences hold together."""
    columns = ("over_best_points", "over_best_low", "over_best_high")
    return rows.number("views", *columns, name=name)


CLAIMS = (
    Claim(
        "InfoMin proposition", "Minimal sufficient encoders are optimal exactly where views share "
        "the task and nothing else", "proved", "proposition", proposition,
    ),
    Claim("InfoNCE bound", "The estimate is at most log K", "log K", "mi_bench", ceiling),
    Claim(
        CURVE, "Accuracy against shared information is an inverted U (one family of views)",
        "inside peak", "study_mnist", peak_inside,
        older="the baselines with random weights, which are not used here",
    ),
    Claim(
        CURVE, "The same for published augmentations", "inside peak", "presets_axis",
        published_peak, older="E took both channels from one crop",
    ),
    Claim(
        "Task dependence", "Another task has another sweet spot", "two peaks", "two_tasks",
        two_spots, older="the names of regimes, which are not used here",
    ),
)  # fmt: skip
