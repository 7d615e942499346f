"""The finalists of a study at several lengths: rows, curves, and what they mean for the advice."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from goodviews.core.cells import Cells, hashed
from goodviews.core.progress import Reporter
from goodviews.core.records.lengths import LengthCurve, Lengths
from goodviews.core.records.rows import write_rows
from goodviews.core.records.verdict import TaskVerdict, Verdict, View
from goodviews.core.text import number, percent
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.comparison.outcome import USES
from goodviews.jobs.study.lengths.advice import with_lengths
from goodviews.jobs.study.lengths.answer import Decision, Question, decide
from goodviews.jobs.study.lengths.forecast import Forecast, read_forecast
from goodviews.jobs.study.lengths.measure import (
    LengthRun,
    Measured,
    chosen_runs,
    measure_chain,
    restored,
    stored,
)
from goodviews.jobs.study.lengths.points import length_curve, of_cell
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.run import Workers, spread
from goodviews.jobs.study.store import Store

MEASURED = 0.125
"""Time for other lengths, as a share of that of a study of so many minutes."""
SHARE = 0.4
"""The same as a share of the time of the candidates, where no minutes were given."""
USE = 16
"""Length at which a view is used, as a multiple of the study's, where none was asked for."""
FILE = "lengths.csv"
UNIT = "lengths measured"

Runs = dict[str, dict[int, list[Measured]]]
"""Runs by view and epochs."""


def add_lengths(
    plan: Plan,
    store: Store,
    results: Mapping[Cell, CellResult],
    verdict: Verdict,
    *,
    command: str,
    report: Reporter,
    jobs: Workers = 0,
    asked: bool = False,
    seconds: float | None = None,
) -> Verdict:
    """Measure the finalists at other lengths and add what was found to the verdict.

    Rows are written to ``lengths.csv``, in the form of ``rows.csv``. Finished runs are kept, so
    that a stopped study resumes.

    Args:
        plan: The study.
        store: Its folder.
        results: Finished cells.
        verdict: What the study found.
        command: Command of the study.
        report: Receives what is being done.
        jobs: Where the work is done.
        asked: Whether the user chose the length of the study, which is then that of use.
        seconds: CPU time for this; by default a fixed share of what the candidates took.
    """
    views = finalists(verdict)
    done = {cell: one for cell, one in results.items() if cell.role == "candidate"}
    taken = sum(one.rows[0].seconds or 0.0 for one in done.values())
    budget = SHARE * len(done)
    if seconds is not None:
        budget = len(done) * seconds / max(taken, 1e-9)
    epochs = plan.settings.epochs
    cells = Cells(store.folder / "cells" / "lengths", {"plan": plan.fingerprint})
    todo = _chosen(plan, cells, views, budget)
    runs = _measured(plan, cells, todo, jobs, report)
    for view, seed in dict.fromkeys((run.view, run.seed) for run in todo):
        cell = Cell("candidate", view, seed)
        if cell in done and view in runs:
            runs[view].setdefault(epochs, []).append(of_cell(done[cell]))
    runs = {view: _complete(lengths) for view, lengths in runs.items()}
    runs = {view: lengths for view, lengths in runs.items() if len(lengths) > 1}
    path = store.folder / FILE
    if not runs:
        path.unlink(missing_ok=True)
        return verdict
    write_rows(
        path,
        [row for view in views for length in sorted(runs.get(view, {}))
         for one in runs[view][length] for row in one.rows],
    )  # fmt: skip
    forecast = read_forecast()
    target = epochs if asked else USE * epochs
    mean = taken / max(len(done), 1)
    tasks = [
        with_lengths(task, _lengths(plan, task, runs, forecast, target, mean, command))
        for task in verdict.tasks
    ]
    return replace(verdict, tasks=tuple(tasks))


def finalists(verdict: Verdict) -> list[str]:
    """The best view of each task, the runner-up, and the one that shares most unlike the best."""
    found: list[str] = []
    for task in verdict.tasks:
        ranked = sorted(task.views, key=_accuracy, reverse=True)
        best = next((view for view in ranked if view.id == task.winner), ranked[0])
        rest = [view for view in ranked if view is not best]
        found += [best.view, *(view.view for view in rest[:1])]
        other = [view for view in rest[1:] if view.nats and best.nats]
        other.sort(key=lambda view: abs(_nats(view) - _nats(best)))
        found += [view.view for view in other[-1:]]
    return list(dict.fromkeys(found))


def _accuracy(view: View) -> float:
    return view.accuracy.value if view.accuracy else 0.0


def _nats(view: View) -> float:
    return view.nats.value if view.nats else 0.0


def _chosen(plan: Plan, cells: Cells, views: Sequence[str], budget: float) -> list[LengthRun]:
    """Which runs are measured; those of the first time, where a study is resumed."""

    def choose() -> list[list[Any]]:
        runs = chosen_runs(views, plan.seeds, epochs=plan.settings.epochs, budget=budget)
        return [[run.view, run.seed, run.epochs] for run in runs]

    name = f"chosen-{hashed(list(views), list(plan.seeds))}"
    return [LengthRun(*one) for one in cells(name, choose)]


def _measured(
    plan: Plan, cells: Cells, todo: Sequence[LengthRun], jobs: Workers, report: Reporter
) -> Runs:
    """Every run, the stored ones as they are."""
    names = {run: f"run-{hashed(run.view, run.seed, run.epochs)}" for run in todo}
    tasks = len(plan.tasks)
    done = {
        run: restored(found, tasks=tasks)
        for run in todo
        if (found := cells.load(names[run])) is not None
    }
    chains: dict[tuple[str, int], list[LengthRun]] = {}
    for run in todo:
        if run not in done:
            chains.setdefault((run.view, run.seed), []).append(run)
    items = [(chain,) for chain in chains.values()]
    report(UNIT, len(done), len(todo))
    for place, (found, why) in spread(plan, items, measure_chain, jobs=jobs):
        chain = items[place][0]
        for run, made in zip(chain, found, strict=False):
            cells.save(names[run], stored(made))
            done[run] = made
        if why:
            report.note(f"{chain[0].view} could not be trained at another length: {why}")
        report(UNIT, len(done), len(todo))
    runs: Runs = {}
    for run in todo:
        if run in done:
            runs.setdefault(run.view, {}).setdefault(run.epochs, []).append(done[run])
    return runs


def _complete(lengths: dict[int, list[Measured]]) -> dict[int, list[Measured]]:
    """The same number of seeds at every length."""
    least = min(len(found) for found in lengths.values())
    return {epochs: found[:least] for epochs, found in sorted(lengths.items())}


def _lengths(
    plan: Plan,
    task: TaskVerdict,
    runs: Runs,
    forecast: Forecast | None,
    target: int,
    seconds: float,
    command: str,
) -> Lengths:
    place = {one.name: number for number, one in enumerate(plan.tasks)}.get(task.task, 0)
    labels = {view.view: view.label for view in task.views}
    curves = tuple(
        length_curve(plan, place, view=view, label=labels[view], runs=found, forecast=forecast)
        for view, found in runs.items()
        if view in labels
    )
    decision = _decision(plan, task, curves, target, seconds, command)
    return Lengths(
        epochs=plan.settings.epochs,
        target=target,
        curves=curves,
        finding=_finding(task, curves),
        forecast=_about(forecast),
        choice=decision.choice if decision else None,
        answer=decision.words if decision else "",
        command=decision.command if decision else "",
    )


def _decision(
    plan: Plan,
    task: TaskVerdict,
    curves: Sequence[LengthCurve],
    target: int,
    seconds: float,
    command: str,
) -> Decision | None:
    best = next((view for view in task.views if view.id == task.winner), None)
    if best is None or best.over_scratch is None:
        return None
    gains = {"frozen": best.over_scratch.points.times(0.01)}
    if task.comparison is not None and task.comparison.counts:
        arms = task.comparison.counts[-1].arms
        found = [arm.over_scratch for arm in arms if arm.over_scratch is not None]
        gains = {
            use: one.points.times(0.01) for use, one in zip(USES.values(), found, strict=True)
        }
    own = next((curve for curve in curves if curve.view == best.view), None)
    asked = Question(
        view=best.view,
        gains=gains,
        epochs=plan.settings.epochs,
        target=target,
        seconds=seconds,
        runs=2 * len(plan.seeds),
        command=command,
    )
    return decide(asked, own)


def _finding(task: TaskVerdict, curves: Sequence[LengthCurve]) -> str:
    """What was measured of the first view, and whether the order of the views holds."""
    first = curves[0]
    points = [point for point in first.points if point.measured]
    early, late = points[0], points[-1]
    span = f"From {early.epochs:,} to {late.epochs:,} epochs"
    said = []
    if early.accuracy and late.accuracy:
        start, end = (percent(one, -math.inf) for one in (early.accuracy, late.accuracy))
        said.append(f"accuracy changes from {start} to {end}")
    if early.nats and late.nats:
        said.append(
            f"shared information from {number(early.nats.value, 1)} to "
            f"{number(late.nats.value, 1)} nats"
        )
    named = f"`{first.label}`" if len(task.views) > 1 else "the view"
    text = f"{span}, {' and '.join(said)} with {named}."
    orders = [order for order in (_orders(curves, "accuracy"), _orders(curves, "nats")) if order]
    return " ".join([text, *orders])


def _orders(curves: Sequence[LengthCurve], what: str) -> str:
    """Whether the views keep their order at every length that was measured of all."""
    if len(curves) < 2:
        return ""
    tables = [{p.epochs: getattr(p, what) for p in c.points if p.measured} for c in curves]
    common = sorted(set.intersection(*(set(table) for table in tables)))
    if len(common) < 2 or any(table[epochs] is None for table in tables for epochs in common):
        return ""
    ranked = {
        tuple(sorted(range(len(tables)), key=lambda n: -tables[n][epochs].value))
        for epochs in common
    }
    name = {"accuracy": "accuracy", "nats": "shared information"}[what]
    lengths = f"the {len(common)} lengths measured of all {len(curves)} views"
    if len(ranked) == 1:
        return f"The order of the views by {name} is the same at {lengths}."
    return f"The order of the views by {name} changes between {lengths}."


def _about(forecast: Forecast | None) -> str:
    if forecast is None:
        return "No forecast of longer training is calibrated yet; only measured lengths are shown."
    shares = [round(100 * forecast.coverage[name]) for name in ("accuracy", "nats")]
    return (
        f"Forecasts have 80 % intervals. On runs that were really made that long, "
        f"{len(forecast.sets)} sets of images with {forecast.views} views, each set left out in "
        f"turn, they held {shares[0]} % of the accuracies and {shares[1]} % of the nats."
    )
