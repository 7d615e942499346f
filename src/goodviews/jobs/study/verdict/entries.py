"""Small pieces of ``verdict.json``: intervals, means and the question."""

import math

import numpy as np

from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.statistics.layout import Interval


def question(plan: Plan, task: str) -> str:
    """What a task's page asks."""
    name = plan.images.name
    named = f", to tell {task}" if task and len(plan.tasks) > 1 else ""
    return f"Which views should {name} be pretrained with{named}?"


def in_points(gap: Interval) -> dict[str, float | None]:
    """A difference of accuracies in points of accuracy."""
    return {
        "points": 100 * gap.value,
        "low": finite(100 * gap.low),
        "high": finite(100 * gap.high),
    }


def limits(level: Interval) -> dict[str, float | None]:
    """Ends of an accuracy's interval, inside [0, 1]; null where unknown."""
    return {
        "low": finite(max(level.low, 0.0)) if math.isfinite(level.low) else None,
        "high": finite(min(level.high, 1.0)) if math.isfinite(level.high) else None,
    }


def ends(name: str, interval: Interval) -> dict[str, float | None]:
    """An interval under a name: value, low and high; null where unknown."""
    return {
        name: finite(interval.value),
        f"{name}_low": finite(interval.low),
        f"{name}_high": finite(interval.high),
    }


def finite(value: float) -> float | None:
    """The number, or nothing where it is not finite."""
    return float(value) if math.isfinite(value) else None


def mean(values: list[float | None]) -> float | None:
    """Mean of the values that are known."""
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def rounded(values: np.ndarray) -> list[float]:
    """A curve as numbers of five digits, from (G,) values."""
    return [round(float(value), 5) for value in values]
