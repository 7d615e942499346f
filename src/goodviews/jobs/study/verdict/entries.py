"""Small pieces of the verdict: intervals as records hold them, means and the question."""

import math

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.records.comparison import Gap
from goodviews.jobs.study.protocol import StudyPlan


def question(plan: StudyPlan, task: str) -> str:
    """What a task's page asks."""
    name = plan.name
    named = f" to classify {task}" if task and len(plan.tasks) > 1 else ""
    return f"Which views should {name} be pretrained with{named}?"


def gap(found: Interval) -> Gap:
    """A difference of accuracies in points of accuracy."""
    return Gap(points=found.times(100))


def bounded(nats: Interval) -> Interval | None:
    """A bound on nats, or nothing where it could not be computed."""
    return nats if math.isfinite(nats.value) else None


def mean(values: list[float | None]) -> float | None:
    """Mean of the values that are known."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def rounded(values: np.ndarray) -> tuple[float, ...]:
    """A curve as numbers of five digits, from (G,) values."""
    return tuple(round(float(value), 5) for value in values)
