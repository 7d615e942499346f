"""Views learned from six mixed bands, against every way to split the bands in two.

No colour space is known for such data, and here the right answer is: unmix, then split. The
generator is not told; it has unlabelled examples and a few labels.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.files import write_json
from goodviews.core.origin import origin, write_table
from goodviews.evaluation.intervals import runs_interval
from goodviews.recipes.bands_arms import (
    SCALE,
    BandsParts,
    BandsTable,
    crosstalk,
    every_split,
    sides_of,
)
from goodviews.recipes.learning_choice import Tried, choose, worth_trying
from goodviews.training.view_learning import learn_views
from goodviews.views.learned import LinearGenerator, save_generator
from goodviews.worlds.bands import PLANES

__all__ = ["learned_bands"]

PLAIN, KNOWN = "raw", "unmixed by the known matrix"
"""Mode of an arm that learns nothing, and the arm that knows the answer."""

_TOLD = (
    "first_nats", "second_nats", "image_nats", "step", "tried", "lost", "game_steps", "verdict"
)  # fmt: skip


def learned_bands(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv``, ``orders.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 25 minutes on one thread) or ``gpu``.
        out: The folder to write to; what stands in its ``cells`` is not run again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    parts = BandsParts(settings)
    cells = [_cell(parts, arm, mode, seed, out) for arm, mode, seed in _plan(settings)]
    rows = [cell["row"] for cell in cells]
    right = {
        (cell["row"]["arm"], cell["row"]["seed"]): np.array(list(cell["right"]), float)
        for cell in cells
    }
    run = origin(
        f"goodviews reproduce learned_bands --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        data={"name": "bands", "source": parts.bands.source, "hash": parts.bands.hash},
        cells=sorted({cell["commit"] for cell in cells}),
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(rows, right), run, name="orders")
    from goodviews.recipes.learned_figure import learned_figure

    learned_figure(out, "Six mixed bands: readout against what the views share")
    return out


def _plan(settings: BandsTable) -> list[tuple[str, str, int]]:
    """Name, mode and seed of every arm, seed by seed."""
    fixed = every_split(len(PLANES))[: settings.fixed]
    arms = [(name, {**asdict(settings.game), **more}["mode"]) for name, more in settings.games]
    arms = [(KNOWN, PLAIN), *arms, *((text, PLAIN) for text in fixed)]
    return [(arm, mode, seed) for seed in settings.seeds for arm, mode in arms]


def _cell(parts: BandsParts, arm: str, mode: str, seed: int, out: Path) -> dict[str, Any]:
    """One arm with one seed: play, choose, freeze, judge; or what stands there already."""
    keys = "".join(one for one in arm if one.isalnum())
    path = out / "cells" / f"{keys}-{seed}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text("utf8"))
        return kept
    view, images, mixed = arm, parts.bands, None
    told: dict[str, Any] = {}
    if arm == KNOWN:
        view, images, mixed = "split(3)", parts.planes, 0.0
    elif mode == PLAIN:
        mixed = crosstalk(*sides_of(arm))
    else:
        file = out / "generators" / f"{keys}-{seed}.safetensors"
        view, told, mixed = _learned(parts, arm, seed, file)
    found = parts.judge(images, view, seed)
    row = {
        "arm": arm, "mode": mode, "space": images.name, "group": "table", "seed": seed,
        "shared_nats": found.bound.nats, "stderr_nats": found.bound.stderr_nats,
        "ceiling_nats": found.bound.ceiling_nats, "linear_top1": float(found.right.mean()),
        "knn_top1": float(found.knn.mean()), "crosstalk": mixed, "steps": found.steps,
        "undertrained": found.undertrained,
        **{key: told.get(key) for key in _TOLD},
    }  # fmt: skip
    cell = {
        "row": row,
        "right": "".join(str(int(one)) for one in found.right),
        "commit": origin("", seeds=[seed])["commit"],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, cell)
    return cell


def _learned(
    parts: BandsParts, arm: str, seed: int, file: Path
) -> tuple[str, dict[str, Any], float | None]:
    """Play, let new encoders choose a generator of the game, and save it."""
    settings = parts.settings
    game = replace(settings.game, **dict(settings.games)[arm])
    few = parts.labelled if game.uses_labels else None
    learned = learn_views(
        parts.bands, parts.pretrain_on, game=game, seed=seed, held_out=parts.held_out,
        labelled=few, labels=None if few is None else parts.labels[few],
    )  # fmt: skip
    history, generator = learned.history, learned.generator
    looks, weights = {look.step: look for look in history.looks}, dict(history.kept)
    file.parent.mkdir(parents=True, exist_ok=True)
    view = f"learned('{file.resolve()}')|{game.split}"
    steps, lost = worth_trying(history, game, looks=settings.looks)
    tried = []
    for step in steps:
        generator.load_state_dict(weights[step])
        save_generator(file, generator, {"arm": arm, "seed": seed, "step": step})
        tried.append(Tried(step, looks[step], None, parts.bound(view, seed)))
    step = choose(tried, game.mode, lost).step
    generator.load_state_dict(weights[step])
    save_generator(file, generator, {"arm": arm, "seed": seed, "step": step})
    look = looks[step]
    told = {
        "first_nats": look.first_nats, "second_nats": look.second_nats,
        "image_nats": look.image_nats, "step": step, "tried": len(tried), "lost": len(lost),
        "game_steps": history.steps, "verdict": learned.verdict,
    }  # fmt: skip
    mixed = None
    if isinstance(generator, LinearGenerator):
        order, first = sides_of(game.split)
        mixed = crosstalk(order @ generator.matrix().detach(), first)
    return view, told, mixed


Right = dict[tuple[str, int], np.ndarray]


def _table(rows: Sequence[dict[str, Any]], right: Right) -> list[dict[str, Any]]:
    """Each arm's mean over seeds and the interval over seeds and examples."""
    known = np.mean([row["shared_nats"] for row in rows if row["arm"] == KNOWN])
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        runs = np.stack([right[arm, row["seed"]] for row in own])
        low, high = runs_interval(runs)
        nats = np.array([row["shared_nats"] for row in own])
        made.append({
            "arm": arm, "mode": own[0]["mode"], "runs": len(own), "top1": 100 * runs.mean(),
            "low": 100 * low, "high": 100 * high, "least": 100 * runs.mean(axis=1).min(),
            "most": 100 * runs.mean(axis=1).max(), "shared_nats": nats.mean(),
            "shared_least": nats.min(), "shared_most": nats.max(),
            "from_known_nats": np.abs(nats - known).mean(),
            "crosstalk": None if own[0]["crosstalk"] is None
            else np.mean([row["crosstalk"] for row in own]),
        })  # fmt: skip
    return made


def _orders(rows: Sequence[dict[str, Any]], right: Right) -> list[dict[str, Any]]:
    """Learned views over each fixed split, paired by seed and example, in points."""
    seeds = sorted({row["seed"] for row in rows})
    fixed = [row["arm"] for row in rows if row["mode"] == PLAIN and row["arm"] != KNOWN]
    games = [row["arm"] for row in rows if row["mode"] != PLAIN]
    made = []
    for one in dict.fromkeys(games):
        others = [other for other in games if other != one]
        for other in dict.fromkeys([*fixed, *others, KNOWN]):
            gap = np.stack([right[one, seed] - right[other, seed] for seed in seeds])
            low, high = runs_interval(gap)
            made.append({
                "arm": one, "over": other, "runs": len(seeds),
                "points": 100 * gap.mean(), "low": 100 * low, "high": 100 * high,
            })  # fmt: skip
    return made
