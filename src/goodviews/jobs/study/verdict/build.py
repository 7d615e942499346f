"""``verdict.json``: everything the page shows that is not a picture.

Its form stands in ``docs/study_folder.md``.
"""

import math
from typing import Any

import numpy as np

from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.statistics.layout import Interval
from goodviews.jobs.study.statistics.regimes import Reading, read
from goodviews.jobs.study.statistics.table import RANDOM, RAW, SCRATCH, TaskTable, tabulate
from goodviews.jobs.study.verdict.advice import Advice, advise
from goodviews.jobs.study.verdict.entries import (
    ends,
    finite,
    in_points,
    limits,
    mean,
    question,
    rounded,
)
from goodviews.jobs.study.verdict.trust import trust
from goodviews.jobs.study.verdict.unlabelled import unlabelled
from goodviews.jobs.study.verdict.words import share, spec_labels
from goodviews.spec.grammar import Family

_WORDS = {
    "missing": "Loses what the task needs.",
    "sweet_spot": "Keeps what the task needs and reads out as well as the best; it may still "
    "share more than that.",
    "excess": "Keeps what the task needs, and shares more besides.",
    "undecided": "These runs cannot tell on which side of the peak it lies.",
}


def make_verdict(
    plan: Plan,
    results: dict[Cell, CellResult],
    *,
    family: Family | None,
    data: str,
    command: str,
    failed: dict[Cell, str],
) -> dict[str, Any]:
    """Read the finished cells.

    Args:
        plan: The study.
        results: Finished cells.
        family: Of the candidates, if they are one.
        data: What to type for the data.
        command: What was typed for this study.
        failed: Cells that could not be run, and why.

    Returns:
        The content of ``verdict.json``.
    """
    tasks, readings = [], []
    for number in range(len(plan.tasks)):
        table = tabulate(plan, number, results)
        if table is not None:
            reading = read(table, family=family is not None)
            readings.append((table, reading))
            tasks.append(_task(plan, table, reading, family, data, command))
    if not tasks:
        tasks = [unlabelled(plan, results, family, command)]
    return {
        "schema": 1,
        "ceiling": {"nats": math.log(plan.candidates), "candidates": plan.candidates},
        "tasks": tasks,
        "trust": trust(plan, results, readings, failed, command),
    }


def _task(
    plan: Plan,
    table: TaskTable,
    reading: Reading,
    family: Family | None,
    data: str,
    command: str,
) -> dict[str, Any]:
    advice = advise(table, reading, data=data, command=command)
    labels = spec_labels(table.views, family)
    order = sorted(range(len(table.views)), key=lambda view: table.nats[view].value)
    by_accuracy = np.argsort([-table.level(view).value for view in table.views])
    views = [_view(plan, table, reading, view, labels, list(by_accuracy)) for view in order]
    best = int(by_accuracy[0])
    count = table.task.labels[table.task.items]
    sizes = np.bincount(count[count >= 0]) / len(count)
    entropy = float(-(sizes[sizes > 0] * np.log(sizes[sizes > 0])).sum())
    made: dict[str, Any] = {
        "task": table.task.name,
        "classes": len(table.task.classes),
        "class_entropy_nats": entropy,
        "wording": advice.wording,
        "regime": reading.regimes[reading.winner] if advice.spec else "undecided",
        "question": question(plan, table.task.name),
        "advice": {
            "head": advice.head,
            "spec": advice.spec,
            "lead": advice.lead,
            "reason": advice.reason,
            "open": advice.open,
            "command": advice.command,
        },
        "worth": _worth(table, advice),
        "finding": _finding(table, reading, best),
        "alt": _alt(table, order),
        "winner": f"v-{plan.views.index(table.views[reading.winner]) + 1}",
        "views": views,
        "baselines": [_baseline(table, name) for name in (SCRATCH, RANDOM, RAW)],
        "curve": None,
        "peak": None,
    }
    if reading.curve is not None:
        curve = reading.curve
        made["curve"] = {
            "nats": rounded(curve.nats),
            "median": rounded(curve.median),
            "low": rounded(curve.low),
            "high": rounded(curve.high),
        }
    if reading.peak is not None and made["curve"] is not None:
        peak = reading.peak
        texts = {
            "inside": f"peak {peak.nats:.1f} nats [{peak.low:.1f}, {peak.high:.1f}]",
            "left": f"peak at or below {peak.high:.1f} nats",
            "right": f"peak at or above {peak.low:.1f} nats",
            "none": "no peak can be told from these runs",
        }
        made["peak"] = {
            "kind": peak.kind,
            "nats": peak.nats,
            "low": peak.low,
            "high": peak.high,
            "text": texts[peak.kind],
        }
    return made


def _view(
    plan: Plan,
    table: TaskTable,
    reading: Reading,
    view: int,
    labels: list[str],
    by_accuracy: list[int],
) -> dict[str, Any]:
    name = table.views[view]
    level, nats, kept = table.level(name), table.nats[view], table.kept.level(view)
    records = table.records[name]
    usable = table.usable.level(view)
    entropy = float(np.mean([row.usable_nats or 0 for row in records])) - usable.value
    other = by_accuracy[1] if view == by_accuracy[0] and len(by_accuracy) > 1 else by_accuracy[0]
    against = None
    if other != view:
        gap = table.layout.difference(view, other, among=len(table.views))
        against = {"label": labels[other], **in_points(gap)}
    notes = []
    if reading.regimes[view] == "missing" and nats.value > table.nats[reading.winner].value:
        more = nats.value - table.nats[reading.winner].value
        notes.append(f"Shares {more:.1f} nats more than the best view, and not the task.")
    if kept.below and not reading.below[view]:
        notes.append(
            f"One view says {-kept.value:.2f} nats less about the label than the image does; "
            f"the readout does not suffer."
        )
    clipped = float(np.mean([row.clipped_share or 0 for row in records]))
    if clipped > 0.05:
        notes.append(f"Cuts {100 * clipped:.0f} % of the values off at black or white.")
    return {
        "id": f"v-{plan.views.index(name) + 1}",
        "view": name,
        "role": "candidate",
        "label": labels[view],
        "value": labels[view],
        "in_family": reading.curve is not None,
        **ends("nats", nats),
        "at_ceiling": bool(records[0].at_ceiling),
        "accuracy": level.value,
        **limits(level),
        "regime": reading.regimes[view],
        "words": _WORDS[reading.regimes[view]],
        "over_scratch": in_points(table.over(name, SCRATCH)),
        "against": against,
        "usable": usable.value + entropy,
        "usable_low": finite(usable.low + entropy),
        "usable_high": finite(usable.high + entropy),
        "kept": kept.value,
        "kept_low": finite(kept.low),
        "kept_high": finite(kept.high),
        "knn": mean([row.knn_top1 for row in records]),
        "seconds": mean([row.seconds for row in records]),
        "undertrained": sum(bool(row.undertrained) for row in records),
        "collapsed": sum(bool(row.collapsed) for row in records),
        "notes": notes,
        "pairs": 6,
    }


def _baseline(table: TaskTable, name: str) -> dict[str, Any]:
    records = table.records[name]
    budget = f"same {table.task.budget:,} labels"
    detail = {
        SCRATCH: f"same encoder, {budget}",
        RANDOM: f"same encoder, untrained; {budget}",
        RAW: f"logistic regression, {budget}",
    }[name]
    if name == RAW:
        level = table.raw_level()
        over = table.over(SCRATCH, RAW)
        over = Interval(-over.value, -over.high, -over.low)
    else:
        level = table.level(name)
        over = table.over(name, SCRATCH) if name != SCRATCH else Interval(0, 0, 0)
    return {
        "name": name,
        "detail": detail,
        "scratch": name == SCRATCH,
        "accuracy": level.value,
        **limits(level),
        "over_scratch": None if name == SCRATCH else in_points(over),
        "usable": mean([row.usable_nats for row in records]),
        "knn": mean([row.knn_top1 for row in records]),
        "seconds": mean([row.seconds for row in records]),
    }


def _worth(table: TaskTable, advice: Advice) -> dict[str, Any]:
    rows = [_baseline(table, name) for name in (RAW, RANDOM, SCRATCH)]
    shown = [
        {key: row[key] for key in ("name", "accuracy", "low", "high")} | {"best": False}
        for row in rows
    ]
    best = {"name": "best view, then readout", "accuracy": advice.level.value, "best": True}
    shown.append(best | limits(advice.level))
    report = int((~table.task.choose).sum())
    seeds = table.layout.seeds
    return {
        "answer": advice.answer,
        "good": advice.good,
        "note": f"Accuracy on {report:,} test images, {seeds} seed{'s' * (seeds > 1)}, 95 % "
        f"intervals. The best view is chosen on other labels than it is measured on.",
        "rows": shown,
    }


def _finding(table: TaskTable, reading: Reading, best: int) -> str:
    peak = reading.peak
    if peak is None or peak.kind == "none":
        if any(reading.below):
            where = table.nats[best].value
            return f"The best view shares {where:.1f} nats; the curve has no clear peak"
        return "No view can be told from the best in these runs"
    if peak.kind == "inside":
        return f"Accuracy peaks where the views share about {peak.nats:.1f} nats"
    if peak.kind == "left":
        return f"Accuracy is highest where the views share least, at {peak.high:.1f} nats or below"
    return f"Accuracy rises with what the views share, to {peak.low:.1f} nats or more"


def _alt(table: TaskTable, order: list[int]) -> str:
    said = [
        f"{share(table.level(table.views[view]).value)} at {table.nats[view].value:.1f} nats"
        for view in order
    ]
    return (
        f"Readout accuracy by shared nats, fewest first: {', '.join(said)}; "
        f"from scratch {share(table.level(SCRATCH).value)}."
    )
