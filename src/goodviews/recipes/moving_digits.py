"""Colorful Moving-MNIST: of the factors two views share, which can be read out?

A sequence encoder sees a clip, an image encoder one image that shares some factors with a
frame of it; InfoNCE brings the two together, and the frozen image encoder is read out. The
seven sets of shared factors, an encoder that learned nothing and encoders trained with labels
make the table of Tian et al. (2020), which is printed beside.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core.checks import InputError
from goodviews.core.files import write_json, write_text
from goodviews.core.origin import origin, write_table
from goodviews.data.moving import MovingWorlds, moving_worlds
from goodviews.recipes.moving_readout import MovingItems
from goodviews.recipes.moving_table import MEASURES, claims, paper_table, summary
from goodviews.recipes.moving_training import (
    FourConvs,
    MovingRun,
    MovingSettings,
    train_shared,
    train_task,
)
from goodviews.worlds.moving_digits import FACTORS

__all__ = ["MOVING", "MovingTable", "moving_cells", "moving_digits", "moving_rows"]

LOOKS = (0.15, 0.3, 0.6)
"""Shares of a run after which the encoder is read out on the way."""

DEPARTURES = (
    "canvas of {size} pixels (paper: 64)",
    "clip of {frames} frames (paper: 10)",
    "v2 shares with frame {ahead} (paper: 20)",
    "backgrounds at {brightness:g} of their brightness (paper: 1)",
    "a shared digit is the same {digit} (paper: the same digit, likely the instance)",
    "backgrounds of {photos} (paper: STL-10)",
    "{optimiser}, {schedule}, {steps} steps of {batch} fresh pairs "
    "(paper: 200 epochs, learning rate 0.03, cosine; temperature and set size not said)",
)


@dataclass(frozen=True)
class MovingTable:
    """Settings of the run.

    Attributes:
        rows: Sets of shared factors, joined by ``+``; ``nothing`` and ``supervised``.
        seeds: Numbers of the runs.
        size: S, pixels.
        frames: k.
        ahead: t.
        brightness: Of backgrounds.
        digit: Whether a shared digit is the same ``instance`` or another of its ``class``.
        digits: Set of digits; the best there is when None.
        photos: Set of photographs; the best there is when None.
        fit: Images that readouts are fitted on.
        test: Images that are tested.
        permutations: Shuffles behind the leakage matrix.
        training: How networks are trained.
    """

    rows: tuple[str, ...] = (
        "nothing",
        "digit",
        "background",
        "position",
        "background+digit+position",
        "background+digit",
        "background+position",
        "digit+position",
        "supervised",
    )
    seeds: tuple[int, ...] = (0, 1, 2)
    size: int = 32
    frames: int = 2
    ahead: int = 4
    brightness: float = 0.5
    digit: str = "class"
    digits: str | None = None
    photos: str | None = None
    fit: int = 4_000
    test: int = 2_000
    permutations: int = 999
    training: MovingSettings = field(default_factory=lambda: MovingSettings(steps=600))

    def worlds(self) -> MovingWorlds:
        """Both worlds."""
        return moving_worlds(
            self.size,
            digits=self.digits,
            photos=self.photos,
            frames=self.frames,
            ahead=self.ahead,
            brightness=self.brightness,
            digit=self.digit,
        )

    def departures(self) -> list[str]:
        """What is not as in the paper, a phrase each."""
        known = {**asdict(self), **asdict(self.training)}
        known["photos"] = self.photos or "the photographs there are"
        paper = {"size": 64, "frames": 10, "ahead": 20, "brightness": 1.0, "digit": "instance"}
        return [
            text.format(**known)
            for text in DEPARTURES
            if not any(f"{{{name}" in text and known[name] == v for name, v in paper.items())
        ]


MOVING = {
    "test": MovingTable(
        rows=("nothing", "background", "position"),
        seeds=(0,),
        frames=1,
        ahead=1,
        digits="digits",
        photos="bundled",
        fit=1_000,
        test=500,
        permutations=99,
        training=MovingSettings(steps=200, batch=64),
    ),
    "cpu": MovingTable(),
    "gpu": MovingTable(
        seeds=tuple(range(5)),
        size=64,
        frames=10,
        ahead=20,
        brightness=1.0,
        digit="instance",
        fit=20_000,
        test=10_000,
        training=MovingSettings(steps=94_000, stride=2, task_steps=20_000),
    ),
}


def moving_digits(*, scale: str, out: Path) -> Path:
    """Train every row, read it out, and write the tables, the heat-map and a figure.

    Args:
        scale: ``test`` (two rows), ``cpu`` (about half an hour on one thread) or ``gpu`` (the
            paper's own form: 64 pixels, k = 10, t = 20, instances, full brightness).
        out: The folder to write to. Finished cells lie in ``cells`` below it, and a stopped
            run goes on from there.

    Returns:
        That folder.
    """
    settings = MOVING[scale]
    command = f"goodviews reproduce moving_digits --scale {scale}"
    run = origin(command, seeds=settings.seeds, settings=asdict(settings))
    worlds = settings.worlds()
    items = _items(settings, worlds)
    moving_cells(settings, out / "cells", worlds=worlds, items=items)
    rows, cells = moving_rows(settings, out / "cells")
    made = [
        json.loads(_path(out / "cells", row, seed, "json").read_text("utf-8"))["made"]
        for row in settings.rows
        for seed in settings.seeds
    ]
    run["cells_made_at"] = sorted({one["commit"] for one in made})
    run["cells_s"] = round(sum(cell.get("seconds", 0.0) for cell in cells), 1)
    run["data"] = worlds.source
    run["departures"] = settings.departures()
    run["constant_px"] = worlds.train.constant_error()
    table = summary(rows, worlds.train.constant_error())
    write_table(out, rows, run)
    write_table(out, table, run, name="table")
    write_text(out / "table.md", paper_table(table))
    write_table(out, claims(rows), run, name="claims")
    write_table(out, _on_the_way(cells), run, name="curves")
    from goodviews.recipes.moving_figure import moving_figure, moving_heat

    features = _features(out, settings)
    moving_heat(out, items, run, features, permutations=settings.permutations)
    moving_figure(out)
    return out


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
    items = items or _items(settings, worlds)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in settings.seeds if seeds is None else seeds:
        for row in settings.rows:
            if _load(folder, settings, row, seed) is None:
                run = origin("")
                cell, features = _cell(settings, worlds, items, row, seed)
                np.save(_path(folder, row, seed, "npy"), features.astype(np.float16))
                made = {key: run[key] for key in ("commit", "started", "hardware")}
                about = {"settings": asdict(settings), "made": made, "cell": cell}
                write_json(_path(folder, row, seed, "json"), about)
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
        _load(folder, settings, row, seed)[0] for row in settings.rows for seed in settings.seeds
    ]
    rows = [{k: v for k, v in cell.items() if k not in ("curve", "losses")} for cell in cells]
    return rows, cells


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


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _items(settings: MovingTable, worlds: MovingWorlds) -> MovingItems:
    return MovingItems(worlds, fit=settings.fit, test=settings.test, device=_device())


def _path(folder: Path, row: str, seed: int, ending: str) -> Path:
    return folder / f"{row}-{seed}.{ending}"


def _load(folder: Path, settings: MovingTable, row: str, seed: int) -> Any:
    path = _path(folder, row, seed, "json")
    if not path.exists():
        return None
    about = json.loads(path.read_text("utf-8"))
    if about["settings"] != json.loads(json.dumps(asdict(settings))):
        raise InputError(f"{folder} holds cells of other settings: name another folder.")
    return about["cell"], np.load(_path(folder, row, seed, "npy")).astype(np.float32)


def _features(out: Path, settings: MovingTable) -> dict[str, np.ndarray]:
    first = settings.seeds[0]
    return {row: _load(out / "cells", settings, row, first)[1] for row in settings.rows}


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
    made = train_shared(worlds[:2], row.split("+"), settings.training, seed=seed, device=device)
    features = items.represent(made.encoder)
    return {"shared": row, "seed": seed, **items.read(features), **_about(made)}, features


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
