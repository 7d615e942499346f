"""Variance components, read off a finished study by moments.

Seeds: the two-way layout of probit accuracies, each row's own part by Shukla's unbiased
estimator (Heredity 29, 1972, 237-245), drawn together as far as chance spread them. Items:
the share of items that two runs both read right gives the correlation of their scores; from
two draws of one run, two seeds of one row, two rows with one seed, two rows with two. Draws:
the two-way layout of accuracies by row and draw, less what items add.

Letters: C candidates, S seeds, N test items, R label draws.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtri, polygamma
from scipy.stats import multivariate_normal, norm

from goodviews.core import Row, read_rows, read_values
from goodviews_experiments.calibration.simulated import RANDOM, RAW, SCRATCH, Components, Nats

_QUANTILES = 41


def from_cells(folder: Path, *, usable_draw: float) -> Components:
    """Measure on a study folder that still has its cells.

    Args:
        folder: A study folder; its first task is read.
        usable_draw: Standard deviation of ``nats_draws`` over label draws.

    Returns:
        The components.
    """
    base = from_rows(folder / "rows.csv", items=None)
    rows = read_rows(folder / "rows.csv")
    views = _views(rows)
    cells: dict[tuple[str, int], dict[str, np.ndarray]] = {}
    for path in sorted((folder / "cells").glob("*.npz")):
        cell = read_values(path) or {"rows": [{"role": "damaged"}]}
        about = cell["rows"][0]
        if about["role"] == "candidate":
            arrays = {k[2:]: v for k, v in cell.items() if k.startswith("0.")}
            cells[about["view"], about["seed"]] = arrays
    seeds = sorted({seed for _, seed in cells})

    def stack(name: str) -> np.ndarray:
        return np.array([[cells[view, seed][name] for seed in seeds] for view in views])

    right, draws = stack("right"), stack("draws")
    count = draws.shape[2]
    item, item_own, item_seed = _items(right, count)
    slope = norm.pdf(ndtri(right.mean()))
    within = (right * (1 - right)).mean() * count / (count - 1) / right.shape[2]
    by_draw = draws.mean(axis=1)  # (C, R), over seeds
    shared, own = _two_way(by_draw)
    noise = within / len(seeds)
    return replace(
        base,
        draw=_root(shared / slope**2),
        draw_own=_root((own - noise) / slope**2),
        item=item,
        item_own=item_own,
        item_seed=item_seed,
        usable=_nats(stack("nats"), usable_draw),
    )


def from_rows(path: Path, *, items: Components | None) -> Components:
    """Measure levels, seeds, draws and bounds on ``rows.csv`` alone.

    Args:
        path: The rows; its first task is read.
        items: Where the parts of items and of usable nats come from.

    Returns:
        The components.
    """
    rows = read_rows(path)
    views = _views(rows)

    def column(name: str, view: str) -> list[float]:
        wanted = [row for row in rows if row.view == view and row.role != "twin"]
        return [float(getattr(row, name) or 0.0) for row in wanted]

    level = np.array([column("readout_top1", view) for view in views])
    score = ndtri(level)
    shared, _ = _two_way(score)
    others = [ndtri(column("readout_top1", name)) for name in (RANDOM, SCRATCH)]
    bounds = np.array([column("estimate_nats", view) for view in views])
    slope = norm.pdf(score.mean(axis=1))
    spread = np.array([column("readout_spread", view) for view in views]).mean(axis=1)
    own = moderated(own_squares(score), level.shape[1] - 1)
    blank = Components(
        study=path.parent.name,
        accuracy=_tuple(level.mean(axis=1)),
        baselines=_tuple(
            [np.mean(column("readout_top1", name)) for name in (RAW, RANDOM, SCRATCH)]
        ),
        nats=_tuple(bounds.mean(axis=1)),
        seed=_root(shared),
        own=_tuple([*np.sqrt(own), *(one.std(ddof=1) for one in others)]),
        draw=0.0,
        draw_own=0.0,
        item=0.0,
        item_own=0.0,
        item_seed=0.0,
        nats_seed=_tuple(bounds.std(axis=1, ddof=1)),
        nats_error=_tuple([np.mean(column("stderr_nats", view)) for view in views]),
        usable=Nats((0.0,) * len(views), 0.0, 0.0, 0.0, (0.0, 0.0), 0.0, 0.0),
    )
    if items is None:
        return blank
    total = float(((spread / slope) ** 2).mean())
    share = items.draw_own**2 / (items.draw**2 + items.draw_own**2)

    def as_many(nats: Nats) -> Nats:
        old, new = (np.linspace(0, 1, n) for n in (len(nats.level), len(views)))
        return replace(nats, level=_tuple(np.interp(new, old, nats.level)))

    return replace(
        items,
        study=blank.study,
        accuracy=blank.accuracy,
        baselines=blank.baselines,
        nats=blank.nats,
        seed=blank.seed,
        own=blank.own,
        draw=_root((1 - share) * total),
        draw_own=_root(share * total),
        nats_seed=blank.nats_seed,
        nats_error=blank.nats_error,
        usable=as_many(items.usable),
    )


def own_squares(table: np.ndarray) -> np.ndarray:
    """Each row's own variance in a two-way table, unbiased and perhaps negative (Shukla).

    Args:
        table: (C, S) with at least three rows.

    Returns:
        (C,) variances.
    """
    rows, columns = table.shape
    left = table - table.mean(axis=1, keepdims=True)
    left = left - left.mean(axis=0)
    squares = (left**2).sum(axis=1)
    return (rows * (rows - 1) * squares - squares.sum()) / (
        (columns - 1) * (rows - 1) * (rows - 2)
    )


def moderated(squares: np.ndarray, dof: int) -> np.ndarray:
    """Variances drawn to their mean as far as chance alone would have spread them.

    With few seeds, estimates differ though the variances may not: their logarithms spread by
    trigamma(dof / 2) anyway, and only what is more than that counts (Smyth, 2004).

    Args:
        squares: (C,) unbiased estimates, perhaps negative.
        dof: Degrees of freedom of each.

    Returns:
        (C,) positive variances.
    """
    mean = squares.mean()
    logs = np.log(np.maximum(squares, 0.05 * mean))
    more = float(logs.var(ddof=1) - polygamma(1, dof / 2))
    if more <= 0.01:
        return np.full_like(squares, mean)
    prior = 2 * brentq(lambda half: float(polygamma(1, half)) - more, 1e-3, 1e3)
    return (prior * mean + dof * np.maximum(squares, 0)) / (prior + dof)


def _views(rows: list[Row]) -> list[str]:
    nats: dict[str, list[float]] = {}
    for row in rows:
        if row.role == "candidate":
            nats.setdefault(row.view, []).append(row.estimate_nats or 0.0)
    return sorted(nats, key=lambda view: float(np.mean(nats[view])))


def _nats(each: np.ndarray, draw: float) -> Nats:
    """Parts of (C, S, N) nats per item."""
    level = each.mean(axis=2)
    noise = (each - each.mean(axis=1, keepdims=True)).var(axis=1, ddof=1).mean()
    departs = each.mean(axis=1) - level.mean(axis=1)[:, None]
    alike = np.corrcoef(departs)[np.triu_indices(len(each), 1)].mean()
    shared, own = _two_way(level)
    return Nats(
        level=_tuple(level.mean(axis=1)),
        seed=_root(shared),
        own=_root(own - noise / each.shape[2]),
        draw=draw,
        items=_tuple(np.quantile(departs, np.linspace(0, 1, _QUANTILES))),
        alike=round(float(np.clip(alike, 0, 0.95)), 4),
        noise=_root(noise),
    )


def _two_way(table: np.ndarray) -> tuple[float, float]:
    """Variance of what a column does to all rows of a (C, S) table, and to one."""
    rows, columns = table.shape
    left = table - table.mean(axis=1, keepdims=True)
    common = left.mean(axis=0)
    own = ((left - common) ** 2).sum() / ((rows - 1) * (columns - 1))
    return float((common**2).sum() / (columns - 1) - own / rows), float(own)


def _items(right: np.ndarray, draws: int) -> tuple[float, float, float]:
    """Item, item by row, and item by run, from how often two readings are both right."""
    rows, seeds, _ = right.shape
    mean = float(ndtri(right.mean()))
    twice = ((draws * right**2 - right) / (draws - 1)).mean()
    total = right.sum(axis=1)
    over_seeds = ((total**2 - (right**2).sum(axis=1)) / (seeds * (seeds - 1))).mean()
    sums = right.sum(axis=(0, 1))
    same = ((right.sum(axis=0)) ** 2).sum(axis=0)
    pairs = (sums**2 - same) - (total**2 - (right**2).sum(axis=1)).sum(axis=0)
    over_rows = (pairs / (rows * (rows - 1) * seeds * (seeds - 1))).mean()
    shared = [_correlation(mean, float(both)) for both in (over_rows, over_seeds, twice)]
    parts = np.diff([0.0, *shared])
    return _root(parts[0]), _root(parts[1]), _root(parts[2])


def _correlation(mean: float, both: float) -> float:
    """Correlation of two scores above zero together with a given probability."""

    def off(rho: float) -> float:
        law = multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]])
        return float(law.cdf([mean, mean])) - both

    return float(brentq(off, 0.0, 0.99))


def _root(square: float) -> float:
    return float(f"{np.sqrt(max(square, 0.0)):.4g}")


def _tuple(values: object) -> tuple[float, ...]:
    return tuple(float(f"{value:.4g}") for value in np.asarray(values, dtype=float))
