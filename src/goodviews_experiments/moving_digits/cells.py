"""The cells of the table of moving digits: a set of shared factors and a seed each."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.core.files import write_json
from goodviews.core.origin import origin
from goodviews.data.moving_digits import MovingWorlds
from goodviews.worlds.moving_digits import FACTORS
from goodviews_experiments.moving_digits.readout import MovingItems
from goodviews_experiments.moving_digits.settings import MovingTable
from goodviews_experiments.moving_digits.table import MEASURES
from goodviews_experiments.moving_digits.training import (
    FourConvs,
    MovingRun,
    train_shared,
    train_task,
)

LOOKS = (0.15, 0.3, 0.6)
"""Shares of a run after which the encoder is read out on the way."""


def moving_cells(
    settings: MovingTable,
    folder: Path,
    *,
    seeds: Sequence[int] | None = None,
    worlds: MovingWorlds | None = None,
    items: MovingItems | None = None,
) -> None:
    """Train and read out what is not there yet: a row and seed each.

    Args:
        settings: Of the run.
        folder: Where each cell leaves its numbers and representations.
        seeds: Some of the seeds; all when left out.
        worlds: Where they are made already.
        items: Where they are made already.

    Raises:
        InputError: The folder holds cells of other settings.
    """
    worlds = worlds or settings.worlds()
    items = items or items_of(settings, worlds)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in settings.seeds if seeds is None else seeds:
        for row in settings.rows:
            if load_cell(folder, settings, row, seed) is None:
                run = origin("")
                cell, features = _cell(settings, worlds, items, row, seed)
                np.save(cell_path(folder, row, seed, "npy"), features.astype(np.float16))
                made = {key: run[key] for key in ("commit", "started", "hardware")}
                about = {"settings": asdict(settings), "made": made, "cell": cell}
                write_json(cell_path(folder, row, seed, "json"), about)
                errors = {k: round(v, 1) for k, v in cell.items() if k in MEASURES.values()}
                print(f"{row}, seed {seed}: {errors}", flush=True)


def moving_rows(
    settings: MovingTable, folder: Path
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What finished cells hold: rows of plain numbers, and the cells with their curves.

    Args:
        settings: Of the run.
        folder: Where :func:`moving_cells` left them.
    """
    cells = [
        load_cell(folder, settings, row, seed)[0]
        for row in settings.rows
        for seed in settings.seeds
    ]
    rows = [{k: v for k, v in cell.items() if k not in ("curve", "losses")} for cell in cells]
    return rows, cells


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def items_of(settings: MovingTable, worlds: MovingWorlds) -> MovingItems:
    """The images that every cell is read out on."""
    return MovingItems(worlds, fit=settings.fit, test=settings.test, device=_device())


def cell_path(folder: Path, row: str, seed: int, ending: str) -> Path:
    """File of a cell: ``json`` its numbers, ``npy`` its representations."""
    return folder / f"{row}-{seed}.{ending}"


def load_cell(folder: Path, settings: MovingTable, row: str, seed: int) -> Any:
    """Numbers and representations (N, F) of a finished cell; None where it is not there.

    Raises:
        InputError: It is of other settings.
    """
    path = cell_path(folder, row, seed, "json")
    if not path.exists():
        return None
    about = json.loads(path.read_text("utf-8"))
    if about["settings"] != json.loads(json.dumps(asdict(settings))):
        raise InputError(f"{folder} holds cells of other settings: name another folder.")
    return about["cell"], np.load(cell_path(folder, row, seed, "npy")).astype(np.float32)


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
