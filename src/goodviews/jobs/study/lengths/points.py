"""From runs at several lengths to curves with intervals and their forecast."""

from collections.abc import Mapping, Sequence

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.intervals import normal_interval, seeds_interval
from goodviews.core.records.lengths import LengthCurve, LengthPoint
from goodviews.core.records.rows import Row
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.lengths.forecast import Forecast
from goodviews.jobs.study.lengths.measure import Measured
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.statistics.layout import Layout

FORECASTS = (4, 16)
"""Lengths that are forecast, as multiples of the study's."""


def of_cell(result: CellResult) -> Measured:
    """A run of the study, as a run at one length."""
    count = len({name.partition(".")[0] for name in result.arrays})
    right, draws = (
        tuple(result.arrays[f"{number}.{name}"] for number in range(count))
        for name in ("right", "draws")
    )
    return Measured(tuple(result.rows), right, draws)


def length_curve(
    plan: Plan,
    number: int,
    *,
    view: str,
    label: str,
    runs: Mapping[int, Sequence[Measured]],
    forecast: Forecast | None,
) -> LengthCurve:
    """One view at all lengths.

    Args:
        plan: The study.
        number: Place of the task in the plan; ignored without labels.
        view: Spec of the view.
        label: Its label in the study.
        runs: For each number of epochs, its runs; the same seeds at every length.
        forecast: The fitted forecast, if there is one.
    """
    lengths = sorted(runs)
    points = [_point(plan, number, epochs, runs[epochs]) for epochs in lengths]
    seeds = min(len(found) for found in runs.values())
    if forecast is not None and len(points) > 1:
        points += _forecasts(plan, points, runs, forecast)
    return LengthCurve(view=view, label=label, seeds=seeds, points=tuple(points))


def _point(plan: Plan, number: int, epochs: int, runs: Sequence[Measured]) -> LengthPoint:
    rows = [run.rows[number if plan.tasks else 0] for run in runs]
    return LengthPoint(
        epochs=epochs,
        factor=epochs / plan.settings.epochs,
        measured=True,
        nats=_nats(rows),
        accuracy=_accuracy(plan, number, runs) if plan.tasks else None,
    )


def _nats(rows: Sequence[Row]) -> Interval | None:
    if any(row.estimate_nats is None for row in rows):
        return None
    values = np.array([row.estimate_nats for row in rows], dtype=float)
    errors = np.array([row.stderr_nats for row in rows], dtype=float)
    if len(rows) == 1:
        return normal_interval(float(values[0]), float(errors[0]))
    return seeds_interval(values, errors)


def _accuracy(plan: Plan, number: int, runs: Sequence[Measured]) -> Interval:
    """Accuracy with its interval over items, label draws and, where there are several, seeds."""
    task = plan.tasks[number]
    report, groups = ~task.choose, task.tested_groups
    items = np.array([[run.right[number][report] for run in runs]])
    draws = None if task.crossed else np.array([[run.draws[number] for run in runs]])
    kept = None if groups is None else groups[report]
    layout = Layout(items, draws, shares=True, groups=kept)
    if len(runs) > 1:
        return layout.level(0).within(task.least, 1)
    alone = None if draws is None else draws[0, 0]
    return layout.fixed(items[0, 0], alone).within(task.least, 1)


def _forecasts(
    plan: Plan,
    points: Sequence[LengthPoint],
    runs: Mapping[int, Sequence[Measured]],
    forecast: Forecast,
) -> list[LengthPoint]:
    factors = [point.factor for point in points]
    levels = [point.accuracy.value for point in points if point.accuracy]
    if min(levels, default=0.0) <= 0:  # an R2 that has no logit
        levels = []
    bounds = [point.nats.value for point in points if point.nats]
    first = next(iter(runs.values()))[0].rows[0]
    found = []
    for target in FORECASTS:
        if target <= factors[-1]:
            continue
        nats = accuracy = None
        if len(bounds) == len(points) and first.ceiling_nats:
            nats = forecast.predict("nats", factors, bounds, target, most=first.ceiling_nats)
        if len(levels) == len(points):
            accuracy = forecast.predict("accuracy", factors, levels, target)
        epochs = round(target * plan.settings.epochs)
        found.append(
            LengthPoint(
                epochs=epochs, factor=float(target), measured=False, nats=nats, accuracy=accuracy
            )
        )
    return found
