"""Tables of the missing links: levels, paired differences, reliability, and what they answer."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from goodviews.core import Interval, intervals, number
from goodviews.evaluation.links import sharpness
from goodviews_experiments.missing_links.arms import FROZEN, START

Row = dict[str, Any]

METRICS = {
    "auc@1": "auc",
    "ap@1": "ap",
    "brier@1": "brier",
    "nll_nats@1": "nll_nats",
    "calibration_error@1": "calibration_error",
    "matched_auc@1": "matched_auc",
    "isolated_share": "isolated_share",
    "node_accuracy": "node_accuracy",
}
"""Start of a column's name: the name in the tables."""

PAIRS = (
    (START, "GAE"),
    (FROZEN, "GAE"),
    (FROZEN, "features only"),
    (START, "features only"),
    ("GAE", "features only"),
    (FROZEN, "random encoder"),
    (FROZEN, "supervised GCN"),
)
"""Arms that are compared, the first minus the second."""

_KEY = ("graph", "axis", "level")


def _values(rows: Iterable[Row], metric: str) -> dict[int, float]:
    """Split to value, of the rows that have the metric."""
    found = {}
    for row in rows:
        for name, value in row.items():
            if (name == metric or name.startswith(f"{metric}:")) and value is not None:
                found[row["split"]] = float(value)
    return found


def _groups(rows: Sequence[Row]) -> dict[tuple[Any, ...], dict[str, list[Row]]]:
    """Graph, axis and level to the rows of each arm."""
    found: dict[tuple[Any, ...], dict[str, list[Row]]] = {}
    for row in rows:
        key = tuple(row[name] for name in _KEY)
        found.setdefault(key, {}).setdefault(row["arm"], []).append(row)
    return found


def levels(rows: Sequence[Row]) -> list[Row]:
    """Mean of each metric over splits with its 95 % interval.

    Args:
        rows: One for each graph, condition, split and arm.
    """
    made = []
    for key, arms in _groups(rows).items():
        for arm, own in arms.items():
            row: Row = {**dict(zip(_KEY, key, strict=True)), "arm": arm, "splits": len(own)}
            views = [one["views"] for one in own if one["views"]]
            row["views"] = max(set(views), key=views.count) if views else ""
            for start, name in METRICS.items():
                values = _values(own, start)
                if values:
                    mean = intervals.student_interval(np.array(list(values.values())))
                    mean = mean if name == "nll_nats" else mean.within(0, 1)
                    row |= {name: mean.value, **_ends(name, mean)}
            made.append(row)
    return made


def gaps(rows: Sequence[Row]) -> list[Row]:
    """Paired differences over the same splits, simultaneous over the levels of an axis.

    Args:
        rows: One for each graph, condition, split and arm.

    Returns:
        Points of 100 for areas and accuracies; the Brier score as it is, where less is better.
    """
    groups = _groups(rows)
    made = []
    for key, arms in groups.items():
        among = len([other for other in groups if other[:2] == key[:2]])
        for one, other in PAIRS:
            if one not in arms or other not in arms:
                continue
            row: Row = {**dict(zip(_KEY, key, strict=True)), "arm": one, "over": other}
            for start, name in METRICS.items():
                first, second = _values(arms[one], start), _values(arms[other], start)
                both = sorted(set(first) & set(second))
                if both and name != "isolated_share":
                    scale = 1.0 if name in ("brier", "nll_nats", "calibration_error") else 100.0
                    apart = scale * np.array([first[k] - second[k] for k in both])
                    gap = _simultaneous(apart, among)
                    gap = gap if name == "nll_nats" else gap.within(-scale, scale)
                    row |= {"splits": len(both), name: gap.value, **_ends(name, gap)}
            made.append(row)
    return made


def _simultaneous(values: np.ndarray, among: int) -> Interval:
    mean = float(values.mean())
    if len(values) < 2:
        return Interval(mean, -math.inf, math.inf)
    spread = float(values.var(ddof=1)) / len(values)
    half = intervals.half_width((spread, len(values) - 1), best_of=among)
    return Interval(mean, mean - half, mean + half)


def _ends(name: str, interval: Interval) -> Row:
    if not interval.known:
        return {f"{name}_low": None, f"{name}_high": None}
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}


def curves(cells: Sequence[Row]) -> list[Row]:
    """Reliability of the calibrated probabilities, all splits of a condition together.

    Args:
        cells: What each split found, with the probabilities of its arms.
    """
    pooled: dict[tuple[Any, ...], list[tuple[np.ndarray, np.ndarray]]] = {}
    for cell in cells:
        key = tuple(cell["key"][name] for name in _KEY)
        for name in cell:
            if name.startswith("links "):
                arm = name.removeprefix("links ")
                pooled.setdefault((*key, arm), []).append((cell[name], cell[f"others {arm}"]))
    made = []
    for (graph, axis, level, arm), parts in pooled.items():
        links, others = (np.concatenate([part[side] for part in parts]) for side in (0, 1))
        for one in sharpness(links, others).bins:
            made.append({"graph": graph, "axis": axis, "level": level, "arm": arm, **vars(one)})
    return made


def answers(
    table: Sequence[Row], differences: Sequence[Row], rows: Sequence[Row] = ()
) -> list[Row]:
    """For each graph: at which missing shares pretraining pays, in sentences.

    It pays where a contrastive arm is above both the autoencoder and features alone.

    Args:
        table: What :func:`levels` made.
        differences: What :func:`gaps` made.
        rows: The rows themselves, for whether the best views move with the task.
    """
    return [
        {
            "graph": graph,
            "pays": _both(differences, graph),
            "links": _pays(differences, graph, START, "GAE", "auc", "AUC"),
            "features": _pays(differences, graph, FROZEN, "features only", "auc", "AUC"),
            "nodes": _pays(
                differences, graph, FROZEN, "supervised GCN", "node_accuracy", "node accuracy"
            ),
            "sure": _sure(table, graph),
            "views": _views(table, graph),
            "moves": _moves([row for row in rows if row["graph"] == graph]),
        }
        for graph in dict.fromkeys(row["graph"] for row in table)
    ]


def _both(rows: Sequence[Row], graph: str) -> list[float]:
    """Missing shares at which a contrastive arm has a higher AUC than both its rivals."""
    up = {
        (row["level"], row["arm"], row["over"])
        for row in rows
        if (row["graph"], row["axis"]) == (graph, "missing") and (row.get("auc_low") or 0) > 0
    }
    shares = {
        level
        for level, arm, _ in up
        if arm in (START, FROZEN) and {(level, arm, "GAE"), (level, arm, "features only")} <= up
    }
    return sorted(float(level) for level in shares)


def _pays(rows: Sequence[Row], graph: str, one: str, other: str, metric: str, unit: str) -> str:
    mine = [
        row
        for row in rows
        if (row["graph"], row["axis"], row["arm"], row["over"]) == (graph, "missing", one, other)
        and row.get(f"{metric}_low") is not None
    ]
    if not mine:
        return ""
    up = [row for row in mine if row[f"{metric}_low"] > 0]
    down = [row for row in mine if row[f"{metric}_high"] < 0]
    parts = []
    for found, word in ((up, "higher"), (down, "lower")):
        if found:
            at = max(found, key=lambda row: abs(row[metric]))
            where = _shares(found)
            parts.append(
                f"{word} with {where} of the training links missing (at {_share(at)}: "
                f"{number(at[metric], 1, signed=True)} points "
                f"[{number(at[f'{metric}_low'], 1)}, {number(at[f'{metric}_high'], 1)}])"
            )
    name = f"the {unit} of {one} over {other}"
    if not parts:
        return f"No significant difference in {name.removeprefix('the ')} at any missing share."
    rest = [row for row in mine if row not in up and row not in down]
    tail = f"; no significant difference with {_shares(rest)} missing" if rest else ""
    return f"Compared with {other}, the {unit} of {one} is {' and '.join(parts)}{tail}."


def _share(row: Row) -> str:
    return f"{100 * row['level']:.0f} %"


def _shares(rows: Sequence[Row]) -> str:
    return ", ".join(_share(row) for row in sorted(rows, key=lambda row: float(row["level"])))


def _sure(table: Sequence[Row], graph: str) -> str:
    """Brier score and calibration error of the start, with all links and with the fewest."""
    mine = [
        row for row in table
        if (row["graph"], row["axis"], row["arm"]) == (graph, "missing", START)
    ]  # fmt: skip
    first, last = (pick(mine, key=lambda row: row["level"]) for pick in (min, max))
    return (
        f"Probabilities of {START}: Brier score {first['brier']:.3f} with {_share(first)} of the "
        f"training links missing and {last['brier']:.3f} with {_share(last)} (0.25 is a coin); "
        f"they are {100 * first['calibration_error']:.1f} and "
        f"{100 * last['calibration_error']:.1f} points off on average."
    )


def _views(table: Sequence[Row], graph: str) -> str:
    """Views that validation links chose most often at each missing share."""
    mine = [
        row for row in table
        if (row["graph"], row["axis"], row["arm"]) == (graph, "missing", FROZEN)
    ]  # fmt: skip
    by: dict[str, list[Row]] = {}
    for row in mine:
        by.setdefault(row["views"], []).append(row)
    parts = [f"{views} ({_shares(rows)} missing)" for views, rows in by.items()]
    return f"Views that validation links chose most often: {'; '.join(parts)}."


def _moves(rows: Sequence[Row]) -> str:
    """Whether the best views for links are those for nodes, with all training links."""
    whole = [row for row in rows if (row["axis"], row["level"]) == ("missing", 0.0)]
    tried = [row for row in whole if row["arm"].startswith(f"{FROZEN}: ")]
    tasks = {
        metric: {
            view: _values([row for row in tried if row["views"] == view], metric)
            for view in dict.fromkeys(row["views"] for row in tried)
        }
        for metric in ("auc@1", "node_accuracy")
    }
    if len(tasks["auc@1"]) < 2 or not all(tasks["node_accuracy"].values()):
        return ""
    best = {
        metric: max(views, key=lambda view: sum(views[view].values()))
        for metric, views in tasks.items()
    }
    links, nodes = best["auc@1"], best["node_accuracy"]
    if links == nodes:
        return f"The best views for links are the best ones for nodes too: {links}."
    among = len(tasks["auc@1"]) * (len(tasks["auc@1"]) - 1)
    apart = {}
    for metric, views in tasks.items():
        other = nodes if metric == "auc@1" else links
        first, second = views[best[metric]], views[other]
        values = 100 * np.array([first[split] - second[split] for split in sorted(first)])
        apart[metric] = _simultaneous(values, among)
    verdict = "move" if all(gap.above for gap in apart.values()) else "do not move significantly"
    parts = [
        f"{number(gap.value, 1, signed=True)} points [{number(gap.low, 1)}, {number(gap.high, 1)}]"
        if gap.known
        else f"{number(gap.value, 1, signed=True)} points (one split, no interval)"
        for gap in apart.values()
    ]
    return (
        f"The best views {verdict} with the task: {links} for links ({parts[0]} of AUC over "
        f"{nodes}), {nodes} for nodes ({parts[1]} of accuracy over {links})."
    )
