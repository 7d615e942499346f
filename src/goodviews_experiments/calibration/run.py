"""Are the intervals of a study right, and its claims? Simulated studies, read as real ones.

Every set of rows comes from :func:`simulated.simulate` with components measured on a real study,
and goes through ``Layout``, ``read`` and ``advise``, as the rows of any study do. Three tables:

* ``rows.csv``: coverage of every interval. One candidate of each set counts, selected by the
  number of the set, so that sets are independent; the worst candidate has a column of its own.
* ``claims/rows.csv``: how often something is claimed where nothing is true, and how often a true
  peak is found and is in its interval.
* ``power/rows.csv``: how often a difference is found.

Proportions have Clopper and Pearson's 95 % interval.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Interval, intervals, run_origin, write_table
from goodviews.jobs.study import advise
from goodviews.jobs.study.statistics import Peak, TaskTable, cross_fitted_level, read
from goodviews_experiments.calibration.simulated import (
    RANDOM,
    RAW,
    SCRATCH,
    STUDIES,
    Components,
    simulate,
)


@dataclass(frozen=True)
class Calibration:
    """Settings; see the module's words."""

    sets: int = 1000
    null_sets: int = 1000
    peak_sets: int = 60
    power_sets: int = 200
    seeds: tuple[int, ...] = (2, 3, 5, 10)
    claim_seeds: tuple[int, ...] = (3, 5)
    items: tuple[int, ...] = (200, 800)
    power_items: tuple[int, ...] = (200, 800, 2000)
    draws: tuple[int, ...] = (2, 10)
    points: tuple[int, ...] = (1, 2, 3, 5, 10)
    heights: tuple[int, ...] = (2, 5, 10)
    studies: tuple[str, ...] = tuple(STUDIES)
    jobs: int = 4


SCALE = {
    "test": Calibration(
        sets=10,
        null_sets=6,
        peak_sets=2,
        power_sets=4,
        seeds=(2, 3),
        claim_seeds=(3,),
        items=(100,),
        power_items=(100,),
        draws=(2, 4),
        points=(10,),
        heights=(10,),
        studies=("digits",),
        jobs=1,
    ),
    "cpu": Calibration(),
    "gpu": Calibration(sets=5000, null_sets=5000, peak_sets=500, power_sets=1000, jobs=16),
}

Hits = dict[tuple[str, ...], np.ndarray]
"""By statistic (and sizes): one number per set."""
Each = Callable[[Callable[[int], Any], Iterable[int]], Iterable[Any]]
"""``map``, or that of a pool of processes."""


def calibration(*, scale: str, out: Path) -> Path:
    """Simulate, read, count, and write the three tables and ``run.json``.

    Args:
        scale: ``test``, ``cpu`` or ``gpu`` (which needs processors, not a device).
        out: The folder to write to.

    Returns:
        That folder.
    """
    s = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce calibration --scale {scale}",
        seeds=[0],
        settings=asdict(s),
        components={name: asdict(parts) for name, parts in STUDIES.items()},
    )
    with ExitStack() as stack:
        each: Each = map
        if s.jobs > 1:
            made = ProcessPoolExecutor(s.jobs, mp_context=get_context("spawn"))
            each = partial(stack.enter_context(made).map, chunksize=5)
        write_table(out, [row for name in s.studies for row in _coverage(s, name, each)], run)
        write_table(out / "power", list(_power(s, each)), run)
        write_table(out / "claims", list(_claims(s, each)), run)
    return out


def _coverage(s: Calibration, study: str, each: Each) -> Iterator[dict[str, Any]]:
    found = _sets(partial(_covered, s, STUDIES[study]), s.sets, each)
    for (name, seeds, items, draws), hits in found.items():
        yield {
            "study": study,
            "statistic": name,
            "seeds": seeds,
            "items": items,
            "draws": draws,
            **_share(hits[np.arange(len(hits)), np.arange(len(hits)) % hits.shape[1]], "covers"),
            "worst": float(hits.mean(axis=0).min()),
        }


def _covered(s: Calibration, parts: Components, number: int) -> dict[tuple[str, ...], Any]:
    """Which intervals of one set hold the truth; several where there are several candidates."""
    rng = np.random.default_rng((1, number))
    scores = simulate(parts, rng, seeds=max(s.seeds), items=max(s.items), draws=max(s.draws))
    sizes = [(seeds, items, max(s.draws)) for seeds in s.seeds for items in s.items]
    sizes += [(3, s.items[-1], draws) for draws in s.draws[:-1]]
    found: dict[tuple[str, ...], Any] = {}
    for seeds, items, draws in sizes:
        table = scores.table(seeds, items, draws)
        made = _intervals(table, parts)
        if seeds == 3 and items == sizes[-1][1]:
            winner = read(table, family=False).winner
            own = cross_fitted_level(table, winner)
            made["accuracy of the winner"] = _holds(own, parts.accuracy[winner])
        for name, hit in made.items():
            found[name, str(seeds), str(items), str(draws)] = np.atleast_1d(hit)
    return found


def _intervals(table: TaskTable, parts: Components) -> dict[str, Any]:
    count = len(table.views)
    level = np.array(parts.accuracy)
    raw, random, scratch = parts.baselines
    layout = table.layout
    pairs = [(a, b) for a in range(count) for b in range(a)]
    together = [
        _holds(layout.difference(a, b, among=count), level[a] - level[b]) for a, b in pairs
    ]
    neighbours = [(view, (view + 1) % count) for view in range(count)]
    return {
        "accuracy": [_holds(table.level(v), p) for v, p in zip(table.views, level, strict=True)],
        "accuracy of raw pixels": _holds(table.raw_level(), raw),
        "accuracy of random weights": _holds(table.level(RANDOM), random),
        "accuracy from scratch": _holds(table.level(SCRATCH), scratch),
        "view minus view": [
            _holds(layout.difference(a, b), level[a] - level[b]) for a, b in neighbours
        ],
        "all views at once": all(together),
        "view minus its twin": _holds(table.over(table.views[0], "twin"), 0.0),
        "view minus scratch": [
            _holds(table.over(v, SCRATCH), p - scratch)
            for v, p in zip(table.views, level, strict=True)
        ],
        "view minus random weights": [
            _holds(table.over(v, RANDOM), p - random)
            for v, p in zip(table.views, level, strict=True)
        ],
        "view minus raw pixels": [
            _holds(table.over(v, RAW), p - raw) for v, p in zip(table.views, level, strict=True)
        ],
        "usable nats": [
            _holds(table.usable.level(v), p) for v, p in enumerate(parts.usable.level)
        ],
        "bound": [_holds(i, p) for i, p in zip(table.nats, parts.nats, strict=True)],
    }


def _claims(s: Calibration, each: Each) -> Iterator[dict[str, Any]]:
    for study in s.studies:
        parts = STUDIES[study]
        for world, (made, peak) in _worlds(parts, s).items():
            if peak is not None and study != s.studies[0]:
                continue  # the bounds, not the components, decide where a peak is
            count = s.null_sets if peak is None else s.peak_sets
            job = partial(_claimed, (made, peak), s.claim_seeds, s.items[-1], s.draws[-1])
            for (claim, seeds), hits in _sets(job, count, each).items():
                yield {
                    "study": study,
                    "world": world,
                    "claim": claim,
                    "seeds": seeds,
                    "items": s.items[-1],
                    "draws": s.draws[-1],
                    **_share(hits[:, 0], "rate"),
                }


def _worlds(parts: Components, s: Calibration) -> dict[str, tuple[Components, float | None]]:
    """Components with a truth put in, and where the peak is (in nats) if there is one."""
    count = len(parts.accuracy)
    level = max(parts.accuracy)
    nats = np.linspace(2.5, 6.5, count)
    even = replace(parts, nats=tuple(nats), baselines=(level, level, level))
    equal = replace(even, accuracy=(level,) * count)
    place = (nats - nats[0]) / (nats[-1] - nats[0])
    made: dict[str, tuple[Components, float | None]] = {"all equal": (equal, None)}
    steps = level - 0.1 * np.abs(np.linspace(-1, 1, count))
    made["same nats"] = (replace(even, nats=(4.0,) * count, accuracy=tuple(steps)), None)
    for height in s.heights:
        worlds = {
            "peak inside": (4 * (place - 0.5) ** 2, nats[count // 2]),
            "lopsided peak": (np.where(place < 2 / 3, 1 - 1.5 * place, 3 * place - 2), None),
            "rising": (1 - place, nats[-1]),
            "falling": (place, nats[0]),
        }
        for name, (drop, peak) in worlds.items():
            accuracy = tuple(level - height / 100 * drop)
            at = nats[0] + 2 / 3 * (nats[-1] - nats[0]) if peak is None else peak
            made[f"{name}, {height} points"] = (replace(even, accuracy=accuracy), float(at))
    return made


def _claimed(
    made: tuple[Components, float | None],
    sizes: tuple[int, ...],
    items: int,
    draws: int,
    number: int,
) -> dict[tuple[str, ...], Any]:
    """What is claimed of one set."""
    parts, peak = made
    rng = np.random.default_rng((2, number))
    scores = simulate(parts, rng, seeds=max(sizes), items=items, draws=draws)
    found: dict[tuple[str, ...], Any] = {}
    for seeds in sizes:
        table = scores.table(seeds, items, draws)
        for claim, hit in _claims_of(table, parts, peak).items():
            found[claim, str(seeds)] = np.atleast_1d(hit)
    return found


def _claims_of(table: TaskTable, parts: Components, peak: float | None) -> dict[str, bool]:
    reading = read(table, family=False)
    equal = len(set(parts.accuracy)) == 1
    if any(reading.below) and (equal or peak is not None):  # else no curve is needed
        reading = read(table)
    said = set(reading.regimes) - {"undecided"}
    told = reading.peak is not None and reading.peak.kind != "none"
    if peak is None:  # nothing is true, but perhaps that some are lower
        wanted = {"missing or excess": bool(said & {"missing", "excess"})}
        if not equal:
            return wanted
        null = read(table, table.null, family=False)
        advice = advise(table, reading, data="", command="goodviews study")
        return wanted | {
            "any regime": bool(said),
            "a peak": told,
            "worth pretraining, or not": advice.wording
            not in ("undecided_gain", "undecided_seeds"),
            "a view apart from its twin": _apart(table.over(table.views[0], "twin")),
            "a sweet spot of shuffled labels": "sweet_spot" in null.regimes,
            "any regime of shuffled labels": set(null.regimes) != {"undecided"},
        }
    kind = reading.peak.kind if reading.peak else "none"
    held = reading.peak is not None and _inside(reading.peak, peak)
    right = {parts.nats[0]: "left", parts.nats[-1]: "right"}.get(peak, "inside")
    nats = np.array(parts.nats)
    missing = np.array([regime == "missing" for regime in reading.regimes])
    excess = np.array([regime == "excess" for regime in reading.regimes])
    return {
        "peak told": told,
        "peak told and on the wrong side": told and kind != right,
        "peak told and not in its interval": told and not held,
        "inside though it is at an end": told and kind == "inside" and right != "inside",
        "missing above the peak": bool(missing[nats > peak].any()),
        "excess below the peak": bool(excess[nats < peak].any()),
        "a regime other than undecided": bool(said),
    }


def _power(s: Calibration, each: Each) -> Iterator[dict[str, Any]]:
    for study in s.studies:
        parts = STUDIES[study]
        count = len(parts.accuracy)
        level = float(np.mean(parts.accuracy))
        for points in s.points:
            first = min(level + points / 100, 0.999)
            accuracy = (first, *(level,) * (count - 1))
            equal = replace(parts, accuracy=accuracy, baselines=(level, level, level))
            job = partial(_differences, equal, s)
            for (claim, *sizes), hits in _sets(job, s.power_sets, each).items():
                yield {
                    "study": study,
                    "level": level,
                    "points": points,
                    "claim": claim,
                    **dict(zip(("seeds", "items", "draws"), sizes, strict=True)),
                    **_share(hits[:, 0], "told"),
                }


def _differences(parts: Components, s: Calibration, number: int) -> dict[tuple[str, ...], Any]:
    rng = np.random.default_rng((3, number))
    scores = simulate(parts, rng, seeds=max(s.seeds), items=max(s.power_items), draws=max(s.draws))
    sizes = [(seeds, items, max(s.draws)) for seeds in s.seeds for items in s.power_items]
    sizes += [(3, s.power_items[-1], draws) for draws in s.draws[:-1]]
    found: dict[tuple[str, ...], Any] = {}
    for seeds, items, draws in sizes:
        table = scores.table(seeds, items, draws)
        last = len(table.views) - 1
        layout = table.layout
        told = {
            "view above one other": layout.difference(0, last).above,
            "view above all others": layout.difference(0, last, among=last + 1).above,
            "view above scratch": table.over(table.views[0], SCRATCH).above,
        }
        for claim, hit in told.items():
            found[claim, str(seeds), str(items), str(draws)] = np.atleast_1d(hit)
    return found


def _sets(job: Callable[[int], dict[tuple[str, ...], Any]], count: int, each: Each) -> Hits:
    """Run a job for every set; the same sets whatever the number of processes."""
    return _stack(each(job, range(count)))


def _stack(found: Iterable[dict[tuple[str, ...], Any]]) -> Hits:
    whole = list(found)
    return {key: np.array([one[key] for one in whole]) for key in whole[0]}


def _holds(interval: Interval, truth: float) -> bool:
    return bool(interval.low <= truth <= interval.high)


def _apart(interval: Interval) -> bool:
    return interval.above or interval.below


def _share(hits: np.ndarray, name: str) -> dict[str, Any]:
    """A share of sets with its interval."""
    low, high = intervals.clopper_pearson(int(hits.sum()), len(hits))
    return {"sets": len(hits), name: float(hits.mean()), "low": low, "high": high}


def _inside(told: Peak, truth: float) -> bool:
    """Whether a peak's interval holds the truth; at an end of the range it is open there."""
    low = -math.inf if told.kind == "left" else told.low
    high = math.inf if told.kind == "right" else told.high
    return low <= truth <= high
