"""Colorful Moving-MNIST: of the factors two views share, which does the encoder keep?

A sequence encoder sees a clip, an image encoder one image that shares some factors with a
frame of it; InfoNCE brings the two together, and readouts of the frozen image encoder are fitted.
Seven sets of shared factors, an untrained encoder and encoders trained with labels are the rows of
the table of Tian et al. (2020), whose numbers are given as well.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Cells, run_origin, write_table, write_text
from goodviews.data import MovingWorlds
from goodviews_experiments.moving_digits.cells import items_of, moving_cells, plain_rows
from goodviews_experiments.moving_digits.settings import MOVING, MovingTable
from goodviews_experiments.moving_digits.shortcuts import agreement, alone, untrained
from goodviews_experiments.moving_digits.table import (
    FACTORS,
    MEASURES,
    claims,
    paper_table,
    summary,
)


def moving_digits(*, scale: str, out: Path) -> Path:
    """Train and evaluate every row, and write the tables, the heat-map and a figure.

    Args:
        scale: ``test`` (two rows), ``cpu`` (about half an hour on one thread) or ``gpu`` (the
            paper's own form: 64 pixels, k = 10, t = 20, instances, full brightness).
        out: The folder to write to. Finished cells are in its ``cells``, and a stopped
            run resumes from there.

    Returns:
        That folder.
    """
    settings = MOVING[scale]
    command = f"goodviews reproduce moving_digits --scale {scale}"
    run = run_origin(command, seeds=settings.seeds, settings=asdict(settings))
    worlds = settings.worlds()
    items = items_of(settings, worlds)
    cells = moving_cells(settings, out / "cells", worlds=worlds, items=items)
    rows = plain_rows(cells)
    run["cells_made_at"] = sorted({cell["commit"] for cell in cells})
    run["cells_s"] = round(sum(cell.get("seconds", 0.0) for cell in cells), 1)
    run["data"] = worlds.source
    run["departures"] = settings.departures()
    run["constant_px"] = worlds.train.constant_error()
    table = summary(rows, worlds.train.constant_error())
    write_table(out, rows, run)
    write_table(out, table, run, name="table")
    write_text(out / "table.md", paper_table(table))
    write_table(out, claims(rows), run, name="claims")
    if on_the_way := _on_the_way(cells):
        write_table(out, on_the_way, run, name="curves")
    if {"nothing", *FACTORS} <= set(settings.rows):
        told = [*_forecasts(settings, out / "forecasts", worlds), *alone(rows)]
        write_table(out, told, run, name="shortcuts")
        write_table(out, agreement(rows, told), run, name="agreement")
    from goodviews_experiments.moving_digits.figure import moving_figure, moving_heat

    if not (out / "leakage.html").exists():
        features = {
            cell["shared"]: cell["features"].astype(np.float32)
            for cell in cells
            if cell["seed"] == settings.seeds[0]
        }
        moving_heat(out, items, run, features, permutations=settings.permutations)
    moving_figure(out)
    return out


def _forecasts(settings: MovingTable, folder: Path, worlds: MovingWorlds) -> list[dict[str, Any]]:
    """What untrained encoders foretell."""
    cells, rows = Cells(folder, asdict(settings)), []
    for seed in settings.seeds:
        stride = settings.training.stride
        rows += cells(f"untrained-{seed}", untrained, worlds.train, stride=stride, seed=seed)
    return rows


def _on_the_way(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Losses of ten steps each, and readouts where the encoder was read, by row and seed."""
    found = []
    for cell in cells:
        about = {name: cell[name] for name in ("shared", "seed")}
        read = {one["step"]: one for one in cell.get("curve", ())}
        for number, loss in enumerate(cell.get("losses", ())):
            step = 10 * (number + 1)
            errors = {k: read[step][k] for k in MEASURES.values()} if step in read else {}
            found.append({**about, "step": step, "loss_nats": loss, **errors})
    return found
