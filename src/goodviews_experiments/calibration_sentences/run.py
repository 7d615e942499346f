"""How often does a sentence of a study's page flatter a view?

A sentence with an interval flatters where the whole interval lies on the good side of the truth:
the best view over a baseline, a view over another one, an accuracy. Each is asked of the functions
that make the page, on studies whose truth is known. A sentence about any of the views counts as
wrong where it is wrong for one of them.

Three tables: ``rows.csv`` (the sentences), ``coverage/`` (the rule of intervals, 2 to 10 seeds)
and ``bound/`` (the standard error of the bound, sources of known information, optimal critic).
"""

import math
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core import intervals, run_origin, write_table
from goodviews.information import infonce_bound
from goodviews.jobs.study.statistics import (
    TaskTable,
    cross_fitted_level,
    over_scratch,
    read,
    regret,
)
from goodviews.worlds import CorrelatedGaussian
from goodviews_experiments.calibration_sentences.simulated import (
    LEVEL,
    RANDOM,
    RAW,
    SCRATCH,
    World,
    simulate,
    truths,
)


@dataclass(frozen=True)
class Settings:
    """Settings; see the module's words."""

    studies: int = 2000
    worlds: tuple[World, ...] = ("equal", "unequal", "heavy", "ladder")
    views: tuple[int, ...] = (3, 7, 15)
    seeds: tuple[int, ...] = (2, 3, 5)
    cross_fitted: int = 100
    means: int = 20_000
    runs: tuple[int, ...] = (2, 3, 4, 5, 7, 10)
    samples: tuple[tuple[int, int], ...] = ((64, 2000), (256, 600), (1024, 60))
    jobs: int = 1


SCALE = {
    "test": Settings(
        studies=5,
        worlds=("unequal",),
        views=(3,),
        seeds=(2,),
        cross_fitted=2,
        means=50,
        runs=(2,),
        samples=((16, 10),),
        jobs=0,
    ),
    "cpu": Settings(),
    "gpu": Settings(studies=10_000, jobs=8),
}


def calibration_sentences(*, scale: str, out: Path) -> Path:
    """Simulate, read, count, and write the three tables and ``run.json``.

    Args:
        scale: ``test``, ``cpu`` or ``gpu`` (which needs processors, not a device).
        out: The folder to write to.

    Returns:
        That folder.
    """
    s = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce calibration_sentences --scale {scale}", seeds=[0], settings=asdict(s)
    )
    cells = list(product(s.worlds, s.views, s.seeds))
    sizes = [
        (candidates, samples, nats, dim)
        for candidates, samples in s.samples
        for nats in (2.0, (2.0 + math.log(candidates) - 0.5) / 2, math.log(candidates) - 0.5)
        for dim in (1, 4, 16)
    ]
    if s.jobs:
        spawned = get_context("spawn")
        with ProcessPoolExecutor(s.jobs, mp_context=spawned, max_tasks_per_child=1) as pool:
            found = list(pool.map(partial(sentences, s), cells))
            bounds = list(pool.map(bound, sizes, chunksize=3))
    else:
        found, bounds = [sentences(s, cell) for cell in cells], [bound(size) for size in sizes]
    write_table(out, [row for rows in found for row in rows], run)
    write_table(out / "coverage", list(coverage(s)), run)
    write_table(out / "bound", bounds, run)
    return out


def sentences(s: Settings, cell: tuple[World, int, int]) -> list[dict[str, Any]]:
    """How often each sentence flatters in the studies of one cell."""
    world, views, seeds = cell
    rng = np.random.default_rng([s.worlds.index(world), views, seeds])
    truth = truths(world, views)
    wrong: dict[str, list[bool]] = {}
    bias = []
    for number in range(s.studies):
        table = simulate(world, views, seeds, rng)
        for sentence, flatters in asked(table, truth).items():
            wrong.setdefault(sentence, []).append(flatters)
        if number < s.cross_fitted:
            winner = read(table, family=False).winner
            bias.append(cross_fitted_level(table, winner).value - truth[winner])
    made = []
    for sentence, hits in wrong.items():
        low, high = intervals.clopper_pearson(sum(hits), len(hits))
        made.append(
            {"world": world, "views": views, "seeds": seeds, "sentence": sentence}
            | {"studies": len(hits), "flatters": float(np.mean(hits)), "low": low, "high": high}
            | {"winner_bias": float(np.mean(bias))}
        )
    return made


def asked(table: TaskTable, truth: np.ndarray) -> dict[str, bool]:
    """Whether each sentence about a table flatters, given the (C,) true accuracies."""
    names, count = table.views, len(table.views)
    reading = read(table, family=False)
    winner = reading.winner
    best, own = names[winner], truth[winner]
    others = [other for other in range(count) if other != winner]
    gaps = [table.over(best, names[other], among=count) for other in others]
    lost = regret(table, best)
    return {
        f"best view over {name}": table.over(best, name).low > own - LEVEL
        for name in (RANDOM, SCRATCH, RAW)
    } | {
        "accuracy of the best view": table.level(best).low > own,
        "any view over from scratch": any(
            table.over(name, SCRATCH).low > level - LEVEL
            for name, level in zip(names, truth, strict=True)
        ),
        "accuracy of any view": any(
            table.level(name).low > level for name, level in zip(names, truth, strict=True)
        ),
        "best view over any other view": any(
            gap.low > own - truth[other] for gap, other in zip(gaps, others, strict=True)
        ),
        "a view that is the best is below the best": any(
            below and level == truth.max()
            for below, level in zip(reading.below, truth, strict=True)
        ),
        "a sweet spot that is not above random weights": any(
            regime == "sweet_spot" and level <= LEVEL
            for regime, level in zip(reading.regimes, truth, strict=True)
        ),
        "pretraining is worth it": table.over(best, SCRATCH).above and own <= LEVEL,
        "pretraining is not worth it": table.over(best, SCRATCH).below and truth.max() >= LEVEL,
        "what the best view gives up": lost.high < truth.max() - own,
        "one view for all tasks over from scratch": over_scratch(table, best).low > own - LEVEL,
        "nats of the best view": table.nats[winner].low > 4.0,
        "a view over its twin": table.over(names[0], "twin").above,
    }


def coverage(s: Settings) -> Iterator[dict[str, Any]]:
    """How often the interval of a mean over runs and items holds the truth."""
    rng = np.random.default_rng(2)
    for runs, share in product(s.runs, (0.0, 0.25, 0.5, 0.75, 1.0)):
        values = share**0.5 * rng.standard_normal((s.means, runs)) * runs**0.5
        items = (1 - share) ** 0.5 * rng.standard_normal(s.means)
        spread = values.var(axis=1, ddof=1) / runs
        run, item = intervals.critical(runs - 1), intervals.critical(400)
        half = np.sqrt(run**2 * spread + item**2 * (1 - share))
        hits = np.abs(values.mean(axis=1) + items) <= half
        low, high = intervals.clopper_pearson(int(hits.sum()), len(hits))
        yield {
            "seeds": runs,
            "variance_of_runs": share,
            "means": len(hits),
            "covers": float(hits.mean()),
            "low": low,
            "high": high,
        }


def bound(size: tuple[int, int, float, int]) -> dict[str, Any]:
    """Stated and true standard error of the bound, and what its 95 % interval holds."""
    candidates, samples, nats, dim = size
    world = CorrelatedGaussian(dim=dim, rho=math.sqrt(1 - math.exp(-2 * nats / dim)))
    draw = torch.Generator().manual_seed(candidates * dim)
    found = [
        infonce_bound(world.log_ratio(*world.sample(candidates, draw))) for _ in range(samples)
    ]
    value = np.array([one.nats for one in found])
    stated = np.array([one.stderr_nats for one in found])
    mean, half = float(value.mean()), intervals.Z * stated
    inside = int((np.abs(value - mean) <= half).sum())
    low, high = intervals.clopper_pearson(inside, samples)
    return {
        "candidates": candidates,
        "nats": nats,
        "dim": dim,
        "samples": samples,
        "bound_nats": mean,
        "spread": float(value.std(ddof=1)),
        "stated": float((stated**2).mean() ** 0.5),
        "stated_over_true": float((stated**2).mean() ** 0.5 / value.std(ddof=1)),
        "covers": inside / samples,
        "low": low,
        "high": high,
        "above_the_truth": float((value - half > nats).mean()),
    }
