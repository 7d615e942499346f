"""The cells of the table of moving digits: a set of shared factors and a seed each."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core import Cells, run_origin
from goodviews.data import MovingWorlds
from goodviews_experiments.moving_digits.readout import MovingItems
from goodviews_experiments.moving_digits.settings import MovingTable
from goodviews_experiments.moving_digits.table import FACTORS, MEASURES
from goodviews_experiments.moving_digits.training import (
    FourConvs,
    MovingRun,
    train_shared,
    train_task,
)

LOOKS = (0.15, 0.3, 0.6)
"""Shares of a run after which the encoder is evaluated."""


def moving_cells(
    settings: MovingTable,
    folder: Path,
    *,
    worlds: MovingWorlds | None = None,
    items: MovingItems | None = None,
) -> list[dict[str, Any]]:
    """Train and evaluate each row with each seed, where that is not done yet.

    Args:
        settings: Settings of the run.
        folder: Where each cell is stored.
        worlds: Where they are made already.
        items: Where they are made already.

    Returns:
        Per row and seed the numbers of its readouts, ``features`` (N, F) float16, and
        ``commit`` of the code that made it.

    Raises:
        InputError: The folder holds cells of other settings.
    """
    cells, found = Cells(folder, asdict(settings)), []
    for seed in settings.seeds:
        for row in settings.rows:
            name = f"{row}-{seed}"
            cell = cells.load(name)
            if cell is None:
                worlds = worlds or settings.worlds()
                items = items or items_of(settings, worlds)
                cell, features = _cell(settings, worlds, items, row, seed)
                cell |= {
                    "features": features.astype(np.float16),
                    "commit": run_origin("")["commit"],
                }
                cells.save(name, cell)
                errors = {k: round(v, 1) for k, v in cell.items() if k in MEASURES.values()}
                print(f"{row}, seed {seed}: {errors}", flush=True)
            found.append(cell)
    order = {row: place for place, row in enumerate(settings.rows)}
    return sorted(found, key=lambda cell: order[cell["shared"]])


def plain_rows(cells: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Cells without curves and arrays."""
    gone = ("curve", "losses", "features", "commit")
    return [{k: v for k, v in cell.items() if k not in gone} for cell in cells]


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def items_of(settings: MovingTable, worlds: MovingWorlds) -> MovingItems:
    """The images on which every cell is evaluated."""
    return MovingItems(worlds, fit=settings.fit, test=settings.test, device=_device())


def _cell(
    settings: MovingTable, worlds: MovingWorlds, items: MovingItems, row: str, seed: int
) -> tuple[dict[str, Any], np.ndarray]:
    device = _device()
    if row == "nothing":
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            encoder = FourConvs(3, stride=settings.training.stride).to(device).eval()
        features = items.represent(encoder)
        return {"shared": row, "seed": seed, **items.read(features)}, features
    if row == "supervised":
        return _supervised(settings, worlds, items, seed)
    steps = settings.training.steps
    made = train_shared(
        worlds[:2],
        row.split("+"),
        settings.training,
        seed=seed,
        device=device,
        keep=[round(part * steps) for part in LOOKS],
    )
    features = items.represent(made.encoder)
    cell = {"shared": row, "seed": seed, **items.read(features), **_about(made)}
    on_the_way = [
        {"step": step, **items.read(items.represent(one))} for step, one in made.snapshots.items()
    ]
    tens = np.array(made.history.losses)[: steps // 10 * 10].reshape(-1, 10)
    return {**cell, "curve": on_the_way, "losses": tens.mean(axis=1).tolist()}, features


def _supervised(
    settings: MovingTable, worlds: MovingWorlds, items: MovingItems, seed: int
) -> tuple[dict[str, Any], np.ndarray]:
    """Each task by an encoder of its own; the features kept are all three beside each other."""
    found: dict[str, Any] = {"shared": "supervised", "seed": seed}
    kept, runs = [], []
    for task in FACTORS:
        made = train_task(worlds[:2], task, settings.training, seed=seed, device=_device())
        features = items.represent(made.encoder)
        found |= {k: v for k, v in items.read(features).items() if k.startswith(task)}
        kept.append(features)
        runs.append(made)
    about = [_about(one) for one in runs]
    found |= {
        "undertrained": any(one["undertrained"] for one in about),
        "steps": about[0]["steps"],
        "seconds": sum(one["seconds"] for one in about),
    }
    return found, np.concatenate(kept, axis=1)


def _about(made: MovingRun) -> dict[str, Any]:
    losses = np.array(made.history.losses)
    part = max(len(losses) // 20, 1)
    return {
        "loss_first": float(losses[:part].mean()),
        "loss_last": float(losses[-part:].mean()),
        "bound_nats": made.history.bounds[-1][1],
        "ceiling_nats": made.ceiling,
        "left_step": made.left,
        "undertrained": made.undertrained,
        "steps": made.history.steps,
        "seconds": made.seconds,
    }
