"""The verdict where there are no labels: an order of views where one can be trusted, or none."""

import math

import numpy as np

from goodviews.core.command import changed_command
from goodviews.core.intervals import seeds_interval
from goodviews.core.records.rows import Row
from goodviews.core.records.verdict import Advice, TaskVerdict, View
from goodviews.evaluation.label_free import RANKERS, rank_views
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.verdict import ranking
from goodviews.jobs.study.verdict.entries import bounded, mean, question
from goodviews.jobs.study.verdict.words import spec_labels
from goodviews.spec.grammar import Family

_LABELS = "A CSV with about 200 labels is enough for advice."


def unlabelled(
    plan: StudyPlan, results: dict[Cell, CellResult], family: Family | None, command: str
) -> TaskVerdict:
    """Views by what they share and, where a score without labels may order them, in its order.

    Args:
        plan: The study.
        results: Finished cells.
        family: The candidates as one family, if they are one.
        command: Command of the study.
    """
    labels = dict(zip(plan.views, spec_labels(plan.views, family), strict=True))
    found = {name: _rows(plan, results, name) for name in plan.views}
    found = {name: rows for name, rows in found.items() if rows}
    ranked = ranking.trusted(ranking.MEASURED)
    order = _order(found, ranked.ranker) if ranked else {}
    views = [
        _view(plan, name, rows, labels[name], family, _place(order, name, ranked))
        for name, rows in found.items()
    ]
    views.sort(key=lambda view: view.nats.value if view.nats else math.inf)
    said = ", ".join(f"{view.label} {view.nats.value:.1f} nats" for view in views if view.nats)
    return TaskVerdict(
        task="",
        classes=0,
        class_entropy_nats=None,
        wording="ordered_without_labels" if order else "no_labels",
        regime="undecided",
        question=question(plan, ""),
        advice=_advice(ranked if order else None, order, command),
        worth=None,
        finding="How much the two views share, by view",
        alt=f"Shared nats by view, fewest first: {said}.",
        winner=None,
        views=tuple(views),
        baselines=(),
        curve=None,
        peak=None,
    )


def _advice(ranked: ranking.Ranked | None, order: dict[str, int], command: str) -> Advice:
    labelled = changed_command(command, "--labels", "labels.csv", fresh=True)
    if ranked is None:
        return Advice(
            head="No advice without labels",
            spec=None,
            lead="Views are ranked only by how much information they share, not by whether a task "
            "needs it.",
            reason=f"{ranking.refusal_words(ranking.MEASURED)} {_LABELS}",
            open="",
            command=labelled,
        )
    return Advice(
        head="Without labels, try first:",
        spec=min(order, key=lambda name: order[name]),
        lead=f"It is first of {len(order)} views by {ranked.ranker}, which needs no labels. "
        f"{ranking.trust_words(ranked)}",
        reason="Whether pretraining is worth it cannot be measured without labels.",
        open=_LABELS,
        command=labelled,
        recommended=False,
    )


def _order(found: dict[str, list[Row]], ranker: str) -> dict[str, int]:
    """Place of each view, 1 for the first; empty where a score is not defined for all views."""
    scores = {
        score: np.array(
            [np.mean([_number(row, score) for row in rows]) for rows in found.values()]
        )
        for score in RANKERS[ranker]
    }
    if len(found) < 2 or not all(np.isfinite(values).all() for values in scores.values()):
        return {}
    best = np.argsort(-rank_views(ranker, scores), kind="stable")
    names = list(found)
    return {names[view]: place for place, view in enumerate(best, start=1)}


def _number(row: Row, score: str) -> float:
    value = getattr(row, score)
    return math.nan if value is None else float(value)


def _place(order: dict[str, int], name: str, ranked: ranking.Ranked | None) -> str:
    if ranked is None or not order:
        return ""
    return f"Number {order[name]} of {len(order)} by {ranked.ranker}. "


def _rows(plan: StudyPlan, results: dict[Cell, CellResult], name: str) -> list[Row]:
    return [
        results[cell].rows[0]
        for cell in plan.cells
        if cell.role == "candidate" and cell.view == name and cell in results
    ]


def _view(
    plan: StudyPlan, name: str, rows: list[Row], label: str, family: Family | None, place: str
) -> View:
    values = np.array([row.estimate_nats for row in rows], dtype=float)
    errors = np.array([row.stderr_nats for row in rows], dtype=float)
    rank = mean([row.effective_rank for row in rows])
    return View(
        id=f"v-{plan.views.index(name) + 1}",
        view=name,
        role="candidate",
        label=label,
        value=label,
        in_family=family is not None,
        nats=bounded(seeds_interval(values, errors)),
        at_ceiling=bool(rows[0].at_ceiling),
        accuracy=None,
        regime=None,
        words=place + (f"Effective rank {rank:.1f}." if rank else ""),
        over_scratch=None,
        against=None,
        usable=None,
        about_label=None,
        knn=None,
        seconds=mean([row.seconds for row in rows]),
        undertrained=sum(bool(row.undertrained) for row in rows),
        collapsed=sum(bool(row.collapsed) for row in rows),
        notes=(),
        pairs=6,
    )
