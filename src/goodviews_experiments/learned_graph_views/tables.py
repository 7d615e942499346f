"""Tables of the learned views of graphs: means, paired differences, and a verdict for each graph.

Letters: R runs, N tested nodes.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodviews.core import intervals, number

Row = dict[str, Any]
Right = dict[tuple[str, str, int], np.ndarray]
"""Graph, arm and seed: (N,) 1 where the readout was right, else 0."""


def levels(rows: Sequence[Row], right: Right) -> list[Row]:
    """Mean accuracy and shared nats of each arm with 95 % intervals.

    Args:
        rows: One for each graph, arm and seed.
        right: Who was right, (N,) of each.
    """
    made = []
    for graph, arm in dict.fromkeys((row["graph"], row["arm"]) for row in rows):
        own = [row for row in rows if (row["graph"], row["arm"]) == (graph, arm)]
        runs = np.stack([right[graph, arm, row["seed"]] for row in own]).astype(float)
        low, high = intervals.runs_interval(runs)
        row: Row = {"graph": graph, "arm": arm, "runs": len(own), "top1": 100 * runs.mean(),
                    "low": 100 * low, "high": 100 * high}  # fmt: skip
        for name in ("nats", "kept_edges", "kept_features"):
            known = [one[name] for one in own if one[name] is not None]
            row[name] = float(np.mean(known)) if known else None
        made.append(row)
    return made


def gaps(rows: Sequence[Row], right: Right) -> list[Row]:
    """Differences of the learned view and others of the same graph, paired by seed.

    Args:
        rows: One for each graph, arm and seed.
        right: Who was right, (N,) of each.

    Returns:
        Points of accuracy with an interval over runs and nodes, and nats with one over runs.
    """
    made = []
    for graph in dict.fromkeys(row["graph"] for row in rows):
        for one, other in _PAIRS:
            mine, theirs = (
                {row["seed"]: row for row in rows if (row["graph"], row["arm"]) == (graph, arm)}
                for arm in (one, other)
            )
            seeds = sorted(mine.keys() & theirs.keys())
            if not seeds:
                continue
            apart = np.stack(
                [right[graph, one, k].astype(float) - right[graph, other, k] for k in seeds]
            )
            low, high = intervals.runs_interval(apart)
            row: Row = {"graph": graph, "arm": one, "over": other, "runs": len(seeds)}
            row |= {"points": 100 * apart.mean(), "low": 100 * low, "high": 100 * high}
            for name in ("nats", "nats_low", "nats_high"):
                row[name] = None
            if mine[seeds[0]]["nats"] is not None and theirs[seeds[0]]["nats"] is not None:
                nats = np.array([mine[k]["nats"] - theirs[k]["nats"] for k in seeds])
                found = intervals.student_interval(nats)
                row |= {"nats": found.value}
                if found.known:
                    row |= {"nats_low": found.low, "nats_high": found.high}
            made.append(row)
    return made


_PAIRS = (
    *(
        (f"{mode}: learned", other)
        for mode in ("unsupervised", "semi")
        for other in (f"{mode}: fixed rates", f"{mode}: rates by degree", "GRACE", "raw features")
    ),
    ("semi: learned", "unsupervised: learned"),
)


def verdicts(table: Sequence[Row]) -> list[Row]:
    """For each graph and mode one sentence: whether learning the rates pays over fixed ones.

    Args:
        table: What :func:`gaps` made.
    """
    made = []
    for row in table:
        if not row["over"].endswith("fixed rates"):
            continue
        worse, better = row["high"] < 0, row["low"] > 0
        word = (
            "pays" if better else "costs accuracy" if worse else "makes no significant difference"
        )
        points = f"{number(row['points'], 1, signed=True)} points"
        if row["nats_low"] is None:
            shared = "no interval for what the views share"
        else:
            side = (
                "less"
                if row["nats_high"] < 0
                else "more"
                if row["nats_low"] > 0
                else "as much, within error"
            )
            shared = f"the views share {side} ({number(row['nats'], 2, signed=True)} nats)"
        made.append({
            "graph": row["graph"], "mode": row["arm"].partition(":")[0],
            "verdict": "better" if better else "worse" if worse else "undecided",
            "sentence": f"Learning the rates {word} on {row['graph']}: {points} "
            f"[{number(row['low'], 1)}, {number(row['high'], 1)}]; {shared}.",
        })  # fmt: skip
    return made
