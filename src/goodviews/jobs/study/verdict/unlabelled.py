"""The verdict where there are no labels: views by what they share, and no advice."""

import math

import numpy as np

from goodviews.core.command import changed_command
from goodviews.core.intervals import seeds_interval
from goodviews.core.records.verdict import Advice, TaskVerdict, View
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.verdict.entries import bounded, mean, question
from goodviews.jobs.study.verdict.words import spec_labels
from goodviews.spec.grammar import Family


def unlabelled(
    plan: Plan, results: dict[Cell, CellResult], family: Family | None, command: str
) -> TaskVerdict:
    """Views in the order of what they share, where there is no label to judge them by."""
    views: list[View] = []
    labels = spec_labels(plan.views, family)
    for number, name in enumerate(plan.views):
        rows = [
            results[cell].rows[0]
            for cell in plan.cells
            if cell.role == "candidate" and cell.view == name and cell in results
        ]
        if not rows:
            continue
        values = np.array([row.estimate_nats for row in rows], dtype=float)
        errors = np.array([row.stderr_nats for row in rows], dtype=float)
        rank = mean([row.effective_rank for row in rows])
        views.append(
            View(
                id=f"v-{number + 1}",
                view=name,
                role="candidate",
                label=labels[number],
                value=labels[number],
                in_family=family is not None,
                nats=bounded(seeds_interval(values, errors)),
                at_ceiling=bool(rows[0].at_ceiling),
                accuracy=None,
                regime=None,
                words=f"Effective rank {rank:.1f}." if rank else "",
                over_scratch=None,
                against=None,
                usable=None,
                kept=None,
                knn=None,
                seconds=mean([row.seconds for row in rows]),
                undertrained=sum(bool(row.undertrained) for row in rows),
                collapsed=sum(bool(row.collapsed) for row in rows),
                notes=(),
                pairs=6,
            )
        )
    views.sort(key=lambda view: view.nats.value if view.nats else math.inf)
    said = ", ".join(f"{view.label} {view.nats.value:.1f} nats" for view in views if view.nats)
    return TaskVerdict(
        task="",
        classes=0,
        class_entropy_nats=None,
        wording="no_labels",
        regime="undecided",
        question=question(plan, ""),
        advice=Advice(
            head="No advice without labels",
            spec=None,
            lead="Views are ranked only by how much information they share, not by whether a task "
            "needs it.",
            reason="A CSV with about 200 labels is enough for advice.",
            open="",
            command=changed_command(command, "--labels", "labels.csv", fresh=True),
        ),
        worth=None,
        finding="How much the two views share, by view",
        alt=f"Shared nats by view, fewest first: {said}.",
        winner=None,
        views=tuple(views),
        baselines=(),
        curve=None,
        peak=None,
    )
