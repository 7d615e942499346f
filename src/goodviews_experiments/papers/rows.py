"""Committed rows of one run, and numbers with intervals from them.

Letters: S seeds.
"""

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import InputError, Interval, intervals, read_json

Line = dict[str, str]


@dataclass(frozen=True)
class Rows:
    """A folder of results.

    Attributes:
        folder: ``results``, the name of the experiment, and the date and hardware.
    """

    folder: Path

    @cached_property
    def run(self) -> dict[str, Any]:
        """What ``run.json`` holds."""
        found: dict[str, Any] = read_json(self.folder / "run.json")
        return found

    def table(self, name: str = "rows") -> list[Line]:
        """Lines of a table, as texts."""
        with (self.folder / f"{name}.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def line(self, table: str, **match: str) -> Line:
        """The only line of a table with these values.

        Raises:
            InputError: No line has them, or several have.
        """
        found = [line for line in self.table(table) if all(line[k] == v for k, v in match.items())]
        if len(found) != 1:
            raise InputError(
                f"{self.folder.name}/{table}.csv has {len(found)} rows with {match}, but one is "
                "expected: adapt goodviews_experiments/papers to the new rows."
            )
        return found[0]

    def number(
        self, table: str, value: str, low: str = "low", high: str = "high", **match: str
    ) -> Interval:
        """A number of a line with its interval, by the names of three columns."""
        line = self.line(table, **match)
        return Interval(float(line[value]), float(line[low]), float(line[high]))

    def seeds(self, column: str, table: str = "rows", **match: str) -> np.ndarray:
        """(S,) values of a column in order of the seeds, where a line has one."""
        found = {
            int(line["seed"]): float(line[column])
            for line in self.table(table)
            if line[column] and all(line[k] == v for k, v in match.items())
        }
        if not found:
            raise InputError(f"{self.folder.name}/{table}.csv has no {column} of {match}.")
        return np.array([found[seed] for seed in sorted(found)])


def newest(results: Path, name: str) -> Rows:
    """The newest run of an experiment.

    Args:
        results: Folder of all results.
        name: The experiment, or the experiment and a part: ``short_and_long:cifar10``.
    """
    experiment, _, part = name.partition(":")
    found = sorted(
        path.parent
        for path in (results / experiment).glob("*/run.json")
        if path.parent.name.endswith(part or "cpu")
    )
    if not found:
        raise InputError(f"No rows of {name} are in {results}: run goodviews reproduce {name}.")
    return Rows(found[-1])


def exact(value: float) -> Interval:
    """A number without an error."""
    return Interval(value, value, value)


def between(one: Interval, other: Interval) -> Interval:
    """Difference of two levels whose intervals cover runs and items.

    Half widths add in squares. The levels share the tested items, which makes the true interval
    narrower.

    Example:
        >>> between(Interval(5.0, 2.0, 8.0), Interval(1.0, -3.0, 5.0))
        Interval(value=4.0, low=-1.0, high=9.0)
    """
    half = math.hypot(one.half, other.half)
    apart = one.value - other.value
    return Interval(apart, apart - half, apart + half)


def contrast(
    arms: Mapping[str, np.ndarray], weights: Mapping[str, float], *, items: int
) -> Interval:
    """Weighted sum of accuracies in points, paired by seed, over seeds and tested items.

    Items of two arms count as if they were independent, which makes the interval wider where
    the arms are right on the same items.

    Args:
        arms: (S,) accuracies in [0, 1] of each arm.
        weights: Weight of each arm, such as 1 and -1.
        items: Number of tested items.

    Example:
        >>> arms = {"a": np.array([0.6, 0.6, 0.6]), "b": np.array([0.5, 0.5, 0.5])}
        >>> found = contrast(arms, {"a": 1, "b": -1}, items=10_000)
        >>> round(found.value, 1), round(found.half, 1)
        (10.0, 1.4)
    """
    each = np.sum([weight * arms[arm] for arm, weight in weights.items()], axis=0)
    spread = math.inf if len(each) < 2 else float(each.var(ddof=1)) / len(each)
    levels = {arm: float(arms[arm].mean()) for arm in weights}
    drawn = sum(weights[arm] ** 2 * p * (1 - p) / items for arm, p in levels.items())
    half = intervals.half_width((spread, max(len(each) - 1, 1)), (drawn, items - 1))
    mean = float(each.mean())
    return Interval(mean, mean - half, mean + half).times(100)


def spread_ratio(one: Sequence[float], other: Sequence[float]) -> Interval:
    """Ratio of two standard deviations over runs, with its interval by the F distribution."""
    from scipy.stats import f

    ratio = float(np.var(one, ddof=1) / np.var(other, ddof=1))
    ends = [ratio / float(f.ppf(share, len(one) - 1, len(other) - 1)) for share in (0.975, 0.025)]
    return Interval(ratio**0.5, ends[0] ** 0.5, ends[1] ** 0.5)
