"""One view for all tasks of a study, as the record that its page shows."""

from collections.abc import Sequence

from goodviews.core.records.compromise import Compromise, Shared
from goodviews.core.text import counted, duration, points
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.statistics.compromise import OneForAll, compromise
from goodviews.jobs.study.statistics.regimes import Reading
from goodviews.jobs.study.statistics.table import TaskTable
from goodviews.jobs.study.statistics.winner import cross_fitted_gain
from goodviews.jobs.study.verdict.entries import gap, mean
from goodviews.jobs.study.verdict.words import spec_labels
from goodviews.spec.grammar import Family


def one_for_all(
    plan: StudyPlan, readings: Sequence[tuple[TaskTable, Reading]], family: Family | None
) -> Compromise | None:
    """The view of least worst regret, what it gives up, and what a second one would add.

    Args:
        plan: The study.
        readings: One for each task.
        family: The candidates as one family, if they are one.

    Returns:
        Nothing with fewer than two tasks, or where no view has results for all.
    """
    tables = [table for table, _ in readings]
    found = compromise(tables) if len(tables) > 1 else None
    if found is None:
        return None
    rows = []
    for number, (table, reading) in enumerate(readings):
        over = found.over_scratch[number]
        if found.view == table.views[reading.winner]:  # the number that the task's advice says
            over = cross_fitted_gain(table, reading.winner, table.baselines.scratch)
        label = dict(zip(table.views, spec_labels(table.views, family), strict=True))
        rows.append(
            Shared(
                task=table.task.name,
                best=label[table.views[reading.winner]],
                regret=gap(found.regrets[number]),
                over_scratch=gap(over),
                second=label[found.pair[number]],
                gain=gap(found.gains[number]),
            )
        )
    return Compromise(
        view=found.view,
        id=f"v-{plan.views.index(found.view) + 1}",
        recommended=any(row.over_scratch.points.above for row in rows),
        lead=_lead(rows),
        more=_more(tables, found),
        tasks=tuple(rows),
    )


def _lead(rows: Sequence[Shared]) -> str:
    given = ", ".join(f"{row.task} {points(row.regret.points, scale=1)}" for row in rows)
    over = ", ".join(
        f"{row.task} {points(row.over_scratch.points, scale=1, signed=True)}" for row in rows
    )
    return (
        f"Its largest loss over the {counted(len(rows), 'task')} is the smallest of all views. It "
        f"loses against the best view of each: {given}. Compared with training from scratch: "
        f"{over}."
    )


def _more(tables: Sequence[TaskTable], found: OneForAll) -> str:
    """What one more pretraining would cost and buy."""
    if set(found.pair) == {found.view}:
        return "One more pretraining would buy nothing: this view is the best of every task."
    others = [view for view in dict.fromkeys(found.pair) if view != found.view]
    rows = [row.seconds for view in others for row in tables[0].records[view]]
    seconds = mean(rows)
    cost = f"about {duration(max(seconds, 1))} at this length" if seconds else "one more run"
    said = [
        f"{table.task.name} " + ("this view" if view == found.view else f"`{view}`")
        for table, view in zip(tables, found.pair, strict=True)
    ]
    bought = [
        f"{table.task.name} {points(one, signed=True)}"
        for table, view, one in zip(tables, found.pair, found.gains, strict=True)
        if view != found.view
    ]
    text = (
        f"One more pretraining would cost {cost} and serve two views: {', '.join(said)}. It "
        f"would buy {', '.join(bought)}"
    )
    return text + (
        "." if any(one.above for one in found.gains) else ", which may be chance: nothing sure."
    )
