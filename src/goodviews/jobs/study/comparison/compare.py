"""The comparison that the user faces, task by task, in cells that a stopped study resumes from."""

from collections.abc import Sequence

import numpy as np

from goodviews.core.cells import Cells, hashed
from goodviews.core.files import write_text
from goodviews.core.origin import table_text
from goodviews.core.progress import Reporter
from goodviews.core.text import duration
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.comparison.arms import VERSION, Setup, cells_folder
from goodviews.jobs.study.comparison.choice import Choice, choose_views
from goodviews.jobs.study.comparison.draws import make_draws
from goodviews.jobs.study.comparison.given import offer
from goodviews.jobs.study.comparison.networks import fit_networks
from goodviews.jobs.study.comparison.outcome import USES, Outcome, count_of
from goodviews.jobs.study.comparison.plans import (
    SECONDS,
    Extent,
    extent,
    least_seconds,
    measured_pace,
)
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.processes import one_thread
from goodviews.jobs.study.readings import of_pixels
from goodviews.jobs.study.run import Workers
from goodviews.jobs.study.store import Store

TABLE = "comparison.csv"
COMPARED = 0.29
"""Share of the time of a timed study."""
_SEEDS = 3
_LABELLED = 0.9
_BY_TRANSFER = (
    "Fine-tuning with a class for each pixel was not measured here. The encoders of the best view "
    "are in the folder encoders: goodviews transfer ENCODER DATA --freeze all,none --against "
    "random,supervised."
)


def compare_with_scratch(
    plan: Plan,
    store: Store,
    results: dict[Cell, CellResult],
    *,
    seconds: float | None = None,
    jobs: Workers,
    report: Reporter,
    against: Sequence[str] = (),
) -> dict[int, Outcome]:
    """Compare every task in at most a third of the study's time, and write ``comparison.csv``.

    Args:
        plan: The study.
        store: Its folder, with the encoders of all candidates.
        results: Its finished cells.
        seconds: CPU seconds for all tasks; by default half of what the study took until now, at
            most 350 with three seeds, and in proportion with more; never more than the runs took.
        jobs: Where the work is done.
        report: Receives how many networks are done, and notes.
        against: Given weights, which are compared whatever the time, once checked.

    Returns:
        By place of the task; without labels nothing.
    """
    path = store.folder / TABLE
    path.unlink(missing_ok=True)
    if not plan.tasks:
        return {}
    taken = sum(one.rows[0].seconds or 0.0 for one in results.values())
    if seconds is None:
        seconds = min(taken / 2, SECONDS * max(1.0, len(plan.seeds) / _SEEDS))
    seconds = min(seconds, taken)
    if not against and (words := offer()):
        report.note(words)
    found = compare(
        plan, store, results, seconds=seconds, jobs=jobs, report=report, against=against
    )
    rows = [row for one in found.values() for count in one.counts for row in count.rows]
    if rows:
        write_text(path, table_text(rows))
    return found


def compare(
    plan: Plan,
    store: Store,
    results: dict[Cell, CellResult],
    *,
    seconds: float,
    jobs: Workers,
    report: Reporter,
    against: Sequence[str] = (),
) -> dict[int, Outcome]:
    """Train from scratch, and use the best view frozen and fine-tuned, on the same label draws.

    Args:
        plan: The study.
        store: Its folder, with the encoders of all candidates.
        results: Its finished cells.
        seconds: CPU seconds that all tasks may take; what is finished already counts.
        jobs: Where the work is done.
        report: Receives how many networks are done, and notes.
        against: Given weights; with them the smallest comparison is made whatever it takes.

    Returns:
        By place of the task; without labels nothing.
    """
    cells = Cells(cells_folder(store))
    setups, outcomes, left = [], {}, seconds
    for number, task in enumerate(plan.tasks):
        if of_pixels(task):
            outcomes[number] = Outcome(skipped=_BY_TRANSFER)
            continue
        choice = choose_views(plan, number, results)
        if choice is None:
            continue
        share = len(plan.tasks) - number
        found, least = _extent(plan, task, choice, cells, left, share)
        if found is None and against:
            found, _ = _extent(plan, task, choice, cells, least, 1)
        if found is None:
            outcomes[number] = Outcome(
                skipped="The comparison with training from scratch and fine-tuning on the same "
                f"labels needs about {duration(max(least, 1))} of processor time, more than a "
                "third of this study: give it more --minutes."
            )
            continue
        left = max(left - found.seconds, 0.0)
        counts = [
            (each, make_draws(task, each, found.draws, most=found.most))
            for each in sorted(found.counts, key=lambda one: np.inf if one is None else one)
        ]
        setups.append(Setup(number, task, choice, found, counts, tuple(against)))
    scores = fit_networks(plan, store, cells, setups, jobs, report)
    took = [
        one.rows[0].seconds or 0.0 for cell, one in results.items() if cell.role == "candidate"
    ]
    pretraining = sum(took) / len(plan.seeds)
    for setup in setups:
        few = _nearly_all(setup.task)
        tests = len(USES) * (2 if few and len(setup.counts) > 1 else 1)
        compared = [
            count_of(setup.task, each, one, setup.choice, plan.seeds, tests=tests)
            for (each, _), one in zip(setup.counts, scores[setup.number], strict=True)
        ]
        outcomes[setup.number] = Outcome(
            counts=tuple(compared),
            most=setup.extent.most,
            seconds=setup.extent.seconds,
            run_seconds=setup.extent.seconds / setup.extent.draws + pretraining,
            few=few,
            shares=setup.extent.shares,
        )
    return outcomes


def _nearly_all(task: Task) -> bool:
    """Whether few labels are a question of the study, and not the user's own case."""
    return not task.crossed and bool((task.labels >= 0).mean() > _LABELLED)


def _extent(
    plan: Plan, task: Task, choice: Choice, cells: Cells, left: float, tasks: int
) -> tuple[Extent | None, float]:
    """What fits, as before in a study that is resumed; where nothing does, the least seconds."""
    views = sorted((place, part, view) for (place, part), view in choice.views.items())
    name = f"extent-{hashed(plan.fingerprint, task.name, views, VERSION)}"
    old = cells.load(name)
    if old is not None and old["given"] >= left / tasks / 1.2:
        return Extent.from_json(old["extent"]), 0.0
    with one_thread():
        pace = measured_pace(plan, task)
    for seconds in (left / tasks, left):
        found = extent(task, choice, pace, seconds)
        if found is not None:
            cells.save(name, {"extent": found.to_json(), "given": seconds})
            return found, 0.0
    return None, least_seconds(task, choice, pace)
