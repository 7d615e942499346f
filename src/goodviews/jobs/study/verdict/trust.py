"""The checks that every study carries: two nulls, ceilings, collapse, clipping, skipped files."""

import numpy as np

from goodviews.core.command import changed_command
from goodviews.core.records.rows import Row
from goodviews.core.records.verdict import Check
from goodviews.core.text import points
from goodviews.jobs.study.budget import length_check
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.statistics.regimes import Reading, read
from goodviews.jobs.study.statistics.table import TaskTable


def trust(
    plan: StudyPlan,
    results: dict[Cell, CellResult],
    readings: list[tuple[TaskTable, Reading]],
    failed: dict[Cell, str],
    command: str,
) -> list[Check]:
    """Check the study itself."""
    found = [check for table, _ in readings for check in _nulls(plan, table)]
    rows = [
        result.rows[0] for cell, result in results.items() if cell.role in ("candidate", "twin")
    ]
    views = [row for row in rows if row.role == "candidate"]
    full = len({row.view for row in views if row.at_ceiling})
    total = len({row.view for row in views})
    noun = "images" if isinstance(plan, Plan) else "examples"
    held = plan.held
    found.append(
        _check(
            "Bounds below their ceiling",
            full <= total / 2,
            f"{total - full} of {total} views",
            f"log {plan.candidates:,} is the most that can be measured.",
            changed_command(command, "--candidates", min(4 * plan.candidates, held), fresh=True)
            if plan.candidates < held
            else f"More held-out {noun} would raise the ceiling.",
        )
    )
    moving = sum(bool(row.undertrained) for row in rows)
    found.append(
        _check(
            "Training levelled off",
            moving == 0,
            f"{len(rows) - moving} of {len(rows)} runs",
            "Doubling the time at the full learning rate changed loss and held-out bound by at "
            "most 0.25 nats."
            if not moving
            else "In the other runs, doubling the time at the full learning rate still changed "
            "the loss or the held-out bound by more than 0.25 nats: longer training would raise "
            "their bounds.",
            changed_command(command, "--epochs", 2 * plan.settings.epochs, fresh=True),
        )
    )
    if isinstance(plan, Plan):
        found.append(length_check(plan, command))
    fallen = sum(bool(row.collapsed) for row in rows)
    found.append(
        _check(
            "No collapse",
            fallen == 0,
            f"{fallen} of {len(rows)} runs collapsed",
            "Embeddings spread over the sphere.",
            "Lower the learning rate, or leave the view out.",
        )
    )
    if isinstance(plan, Plan):
        found += _of_images(plan, rows)
    if failed:
        first, why = next(iter(failed.items()))
        found.append(
            _check(
                "Runs finished",
                False,
                f"{len(failed)} of {len(plan.cells)} failed",
                f"{first.view}, seed {first.seed}: {why}",
                "Views that lack a seed are left out.",
            )
        )
    return found


def _of_images(plan: Plan, rows: list[Row]) -> list[Check]:
    clipped = max((row.clipped_share or 0.0 for row in rows), default=0.0)
    skipped = len(plan.images.skipped)
    return [
        _check(
            "Values clipped",
            clipped < 0.05,
            f"{100 * clipped:.1f} % at most",
            "Share of values that a view pushed beyond black or white.",
            "Lower the strength of noise or jitter.",
        ),
        _check(
            "Files read",
            skipped == 0,
            f"{skipped} skipped",
            "They are listed under Details." if skipped else "Every image could be read.",
            "Repair or remove these files.",
        ),
    ]


def _nulls(plan: StudyPlan, table: TaskTable) -> list[Check]:
    named = f" ({table.task.name})" if len(plan.tasks) > 1 else ""
    found = []
    if "twin" in table.rows and plan.views[0] in table.views:
        gap = table.over(plan.views[0], "twin")
        apart = gap.above or gap.below
        found.append(
            _check(
                f"One view under two names{named}",
                not apart,
                points(gap, signed=True),
                f"Two copies of `{plan.views[0]}` with different initialisation and draws "
                + (
                    "differ significantly, although they should not."
                    if apart
                    else "are statistically indistinguishable, as they should be."
                ),
                "Treat smaller differences than this as chance; more seeds help.",
            )
        )
    shuffled = read(table, table.null, family=len(table.views) >= 4)
    sweet = shuffled.regimes.count("sweet_spot")
    level = float(np.mean(table.null.items_VN[: len(table.views)]))
    measure = table.task.measure
    found.append(
        _check(
            f"Shuffled labels{named}",
            sweet == 0,
            f"{sweet} sweet spots",
            f"With shuffled labels the views reach {100 * level:.1f} % {measure} on average; "
            f"{_guess(table.task)}.",
            "The same images may be among those that the readout is fitted to and tested on.",
        )
    )
    return found


def _guess(task: Task) -> str:
    """What is reached without knowledge."""
    labels = task.labels[task.items]
    if task.measure in ("macro AUROC", "link AUC"):
        return "a readout without knowledge reaches 50 %"
    if task.measure == "mIoU":
        return "a readout without knowledge answers with the most common class everywhere"
    if task.measure == "R2":
        return "always answering the mean reaches 0 %"
    if task.measure == "balanced accuracy":
        return f"always guessing one class reaches {100 / len(np.unique(labels)):.1f} %"
    share = np.bincount(labels).max() / len(labels)
    return f"always guessing the largest class reaches {100 * share:.1f} %"


def _check(name: str, ok: bool, value: str, text: str, do: str) -> Check:
    return Check(name=name, ok=bool(ok), value=value, text=text, do="" if ok else do)
