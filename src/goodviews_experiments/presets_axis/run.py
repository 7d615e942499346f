"""The papers' augmentations on one axis: what do their views share, and how good are they?

PyContrast's augmentations A to E (D is that of InfoMin), SimCLR's and two mild crops are the
candidates of one study: the same encoder, loss, steps and seeds, only the views differ. C and
E pair luma with chroma, so that two encoders are trained, and both are evaluated.
"""

import math
from dataclasses import asdict, dataclass, replace
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from goodviews.core import run_origin, write_table
from goodviews.data import Images, content_hash, load
from goodviews.jobs.study import Store, make_plan, run_cells
from goodviews.jobs.study.statistics import RANDOM, Reading, TaskTable, read, tabulate
from goodviews.training import Settings

LADDER = ("mild crop", "crop", "B, MoCo v2", "SimCLR", "D, InfoMin")
"""From weak to strong, each a crop and more of the same kinds of change than the one before."""


@dataclass(frozen=True)
class PresetsAxis:
    """Settings of the run; see the module's words.

    Attributes:
        data: A known name or a path; its own test images report and give the bound.
        size: Side of the images in pixels.
        train: Images to keep, at random; all of them by default.
        views: Name and spec of each candidate.
        epochs: Passes over the pretraining images.
        seeds: Numbers of the runs.
        per_class: Labels per class of each readout.
        draws: Label draws.
    """

    data: str = "cifar10_exact"
    size: int = 32
    train: int | None = None
    views: tuple[tuple[str, str], ...] = (
        ("mild crop", "crop(scale=(0.8, 1), size=24)|flip()"),
        ("crop", "crop(scale=(0.2, 1), size=24)|flip()"),
        ("A, MoCo v1", "pycontrast_a(size=24, area=0.2)"),
        ("B, MoCo v2", "pycontrast_b(size=24)"),
        ("SimCLR", "simclr(size=24)"),
        ("D, InfoMin", "pycontrast_d(size=24)"),
        ("C, CMC", "pycontrast_c(size=24, area=0.2)"),
        ("E, CMC v2", "pycontrast_e(size=24)"),
    )
    epochs: int = 8
    seeds: tuple[int, ...] = (0, 1, 2)
    per_class: int = 100
    draws: int = 5


SCALE = {
    "test": PresetsAxis(
        data="digits",
        size=8,
        train=300,
        views=(
            ("mild crop", "translate(0.05)"),
            ("crop", "translate(0.1)"),
            ("B, MoCo v2", "translate(0.1)|noise(0.1)"),
            ("SimCLR", "translate(0.1)|noise(0.3)"),
            ("D, InfoMin", "translate(0.1)|noise(1.0)"),
        ),
        epochs=1,
        seeds=(0, 1),
        per_class=4,
        draws=1,
    ),
    "cpu": PresetsAxis(),
    "gpu": PresetsAxis(
        data="imagenette96",
        size=96,
        views=tuple(
            (name, spec.replace("size=24", "size=64")) for name, spec in PresetsAxis.views
        ),
        epochs=200,
        seeds=tuple(range(5)),
    ),
}


def presets_axis(*, scale: str, out: Path) -> Path:
    """Run the study and write ``rows.csv``, ``views.csv``, ``axis.csv``, ``ladder.csv``.

    Args:
        scale: ``test``, ``cpu`` (about 35 minutes on a shared core) or ``gpu``.
        out: The folder to write to, with a figure; the study's cells are in its ``study``,
            and a stopped run resumes from there.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    command = f"goodviews reproduce presets_axis --scale {scale}"
    run = run_origin(command, seeds=settings.seeds, settings=asdict(settings))
    images = load(settings.data, size=settings.size)
    if settings.train:
        images = _some(images, settings.train)
    names = {spec: name for name, spec in settings.views}
    training = Settings(epochs=settings.epochs)
    plan = make_plan(
        images,
        images,
        views=tuple(names),
        seeds=settings.seeds,
        settings=training,
        candidates=None,
        per_class=settings.per_class,
        draws=settings.draws,
    )
    store = Store(out / "study", plan)
    done = run_cells(plan, store, jobs=0)
    store.write(done.results)
    table = tabulate(plan, 0, done.results)
    if table is None:
        raise RuntimeError(f"No view has all its seeds: {done.failed}.")
    run["data"] = {"name": images.name, "source": images.source, "hash": images.hash}
    run["protocol"] = plan.splits.protocol
    run["failed"] = {cell.view: said for cell, said in done.failed.items()}
    cells = [cell for cell in plan.cells if cell in done.results]
    write_table(out, [asdict(row) for cell in cells for row in done.results[cell].rows], run)
    reading = read(table, family=True)
    views = _views(table, reading, names)
    write_table(out, views, run, name="views")
    write_table(out, _curve(reading), run, name="curve")
    write_table(out, _axis(views, reading), run, name="axis")
    write_table(out, _ladder(table, names), run, name="ladder")
    from goodviews_experiments.presets_axis.figure import presets_figure

    presets_figure(out)
    return out


def _some(images: Images, count: int) -> Images:
    """So many images at random, with their labels."""
    rows = np.sort(np.random.default_rng(0).choice(len(images), count, replace=False))
    pixels, part = images.pixels[rows], images.part[rows]
    labels = {task: column[rows] for task, column in images.labels.items()}
    made = content_hash(pixels, labels, part)
    return replace(images, pixels=pixels, labels=labels, part=part, hash=made, cache=None)


def rank_agreement(nats: np.ndarray, accuracy: np.ndarray) -> tuple[float, float]:
    """Spearman's correlation, and its exact two-sided p over all orders of the views.

    Args:
        nats: (V,), V at most 9.
        accuracy: (V,).

    Example:
        >>> rho, p = rank_agreement(np.array([1.0, 2.0, 3.0, 4.0]), np.array([4.0, 3.0, 2.0, 1.0]))
        >>> round(rho, 3), round(p, 4)
        (-1.0, 0.0833)
    """
    ranks = np.stack([rankdata(nats), rankdata(accuracy)])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    x, y = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    found = float(x @ y)
    every = x[np.array(list(permutations(range(len(x)))))] @ y
    tails = ((every <= found + 1e-9).mean(), (every >= found - 1e-9).mean())
    return found, float(min(2 * min(tails), 1.0))


def _views(table: TaskTable, reading: Reading, names: dict[str, str]) -> list[dict[str, Any]]:
    best = max(table.views, key=lambda view: table.level(view).value)
    count = len(table.views)
    rows = []
    for place, view in enumerate(table.views):
        level, nats, records = table.level(view), table.nats[place], table.records[view]
        over = table.over(view, RANDOM)
        less = table.over(view, best, among=count) if view != best else None
        rows.append(
            {
                "name": names[view],
                "view": view,
                "encoders": 2 if view.startswith(("pycontrast_c", "pycontrast_e")) else 1,
                "nats": nats.value,
                "nats_low": nats.low,
                "nats_high": nats.high,
                "accuracy": level.value,
                "low": level.low,
                "high": level.high,
                "over_random_points": 100 * over.value,
                "over_random_low": 100 * over.low,
                "over_random_high": 100 * over.high,
                "over_best_points": 100 * less.value if less else 0.0,
                "over_best_low": 100 * less.low if less else 0.0,
                "over_best_high": 100 * less.high if less else 0.0,
                "knn": float(np.mean([row.knn_top1 or 0.0 for row in records])),
                "regime": reading.regimes[place],
                "undertrained": sum(bool(row.undertrained) for row in records),
                "ceiling_nats": records[0].ceiling_nats,
            }
        )
    return rows


def _curve(reading: Reading) -> list[dict[str, float]]:
    if reading.curve is None:
        return []
    curve = reading.curve
    columns = ("nats", "median", "low", "high")
    return [
        dict(zip(columns, map(float, point), strict=True))
        for point in zip(curve.nats, curve.median, curve.low, curve.high, strict=True)
    ]


def _axis(views: list[dict[str, Any]], reading: Reading) -> list[dict[str, Any]]:
    """Rank agreement of all views and of those with one encoder, and where readout peaks."""
    rows = []
    for which, kept in (
        ("all views", views),
        ("one encoder", [view for view in views if view["encoders"] == 1]),
    ):
        rho, p = rank_agreement(*(np.array([v[k] for v in kept]) for k in ("nats", "accuracy")))
        rows.append({"which": which, "views": len(kept), "rank_correlation": rho, "p": p})
    peak = reading.peak
    if peak is not None:
        rows[0] |= {"peak": peak.kind, "peak_nats": peak.nats}
        rows[0] |= {"peak_low": peak.low, "peak_high": peak.high}
    return rows


def _ladder(table: TaskTable, names: dict[str, str]) -> list[dict[str, Any]]:
    """Each rung less the one below it, in nats and in points; intervals hold together."""
    specs = {name: spec for spec, name in names.items()}
    steps = [specs[name] for name in LADDER if specs.get(name) in table.views]
    rows = []
    for lower, upper in pairwise(steps):
        gap = table.over(upper, lower, among=len(steps))
        nats = [table.nats[table.views.index(view)] for view in (lower, upper)]
        error = math.hypot(*((one.high - one.low) / 2 for one in nats))
        less = nats[1].value - nats[0].value
        rows.append(
            {
                "from": names[lower],
                "to": names[upper],
                "nats": less,
                "nats_low": less - error,
                "nats_high": less + error,
                "points": 100 * gap.value,
                "low": 100 * gap.low,
                "high": 100 * gap.high,
            }
        )
    return rows
