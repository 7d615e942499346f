"""Tables of the study of graphs: views, what dropping edges costs, and the planted graphs."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from goodviews.core import Interval, Verdict, intervals
from goodviews.core import Row as StudyRow

Row = dict[str, Any]


def views_of(graph: str, verdict: Verdict) -> list[Row]:
    """One row for each view and baseline of a study.

    Args:
        graph: Name of the graph.
        verdict: What the study found.
    """
    (task,) = verdict.tasks
    made: list[Row] = [
        {"graph": graph, "view": one.view, "regime": one.regime, "best": one.id == task.winner}
        | _interval("nats", one.nats)
        | _interval("accuracy", one.accuracy)
        | _interval("about_label", one.about_label)
        for one in task.views
    ]
    none = _interval("nats", None) | _interval("about_label", None)
    made += [
        {"graph": graph, "view": one.name, "regime": "baseline", "best": False}
        | none
        | _interval("accuracy", one.accuracy)
        for one in task.baselines
    ]
    return made


def _interval(name: str, value: Interval | None) -> Row:
    known = value is not None and value.known
    return {
        name: None if value is None else value.value,
        f"{name}_low": value.low if value is not None and known else None,
        f"{name}_high": value.high if value is not None and known else None,
    }


def cost_of_dropping(graph: str, rows: Sequence[StudyRow]) -> list[Row]:
    """Accuracy of views that drop edges less that of the view that keeps them, over the seeds.

    Args:
        graph: Name of the graph.
        rows: Rows of its study.
    """
    by: dict[str, dict[int, float]] = {}
    for row in rows:
        if row.role == "candidate" and row.readout_top1 is not None:
            by.setdefault(row.view, {})[row.seed] = row.readout_top1
    made = []
    for view, found in by.items():
        step, _, rest = view.partition("|")
        keeps = f"drop_edges(0.0)|{rest}"
        if view == keeps or keeps not in by:
            continue
        seeds = sorted(set(found) & set(by[keeps]))
        gaps = np.array([100 * (found[seed] - by[keeps][seed]) for seed in seeds])
        mean = intervals.student_interval(gaps).within(-100, 100)
        made.append(
            {
                "graph": graph,
                "dropped": step,
                "with": rest,
                "seeds": len(seeds),
                "points": mean.value,
                "points_low": mean.low if mean.known else None,
                "points_high": mean.high if mean.known else None,
            }
        )
    return made


def planted_row(kind: str, number: int, verdict: Verdict, views: Sequence[str]) -> Row:
    """Whether the view that drops the informative half is missing, and the other half is not.

    Args:
        kind: ``edges`` or ``features``.
        number: Number of the world.
        verdict: What its study found.
        views: Weak views, edges gone, features gone, both gone.
    """
    (task,) = verdict.tasks
    regimes = {view.view: view.regime for view in task.views}
    levels = {view.view: view.accuracy.value for view in task.views if view.accuracy}
    weak, edges, features, _ = views
    gone, kept = (edges, features) if kind == "edges" else (features, edges)
    return {
        "kind": kind,
        "world": number,
        "informative_gone": regimes.get(gone),
        "other_gone": regimes.get(kept),
        "sign_right": levels.get(gone, 0.0) < levels.get(kept, 0.0),
        "regimes_right": regimes.get(gone) == "missing" and regimes.get(kept) != "missing",
        "accuracy_weak": levels.get(weak),
        "accuracy_informative_gone": levels.get(gone),
        "accuracy_other_gone": levels.get(kept),
    }


def study_rows(graph: str, rows: Sequence[StudyRow]) -> list[Row]:
    """The rows of a study with the name of its graph.

    Args:
        graph: Name of the graph.
        rows: Rows of its study.
    """
    return [{"graph": graph, **asdict(row)} for row in rows]
