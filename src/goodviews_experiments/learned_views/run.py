"""Learned views against raw channels and fixed colour spaces, as the InfoMin paper judges them.

A generator is learned, then frozen; new encoders are trained on its views, and a linear readout of
both measures how good the views are. imagenette96 replaces STL-10, at a small scale.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Cells, run_origin, write_table
from goodviews.jobs.learn_views import Judgement
from goodviews.training.view_learning import learn_views
from goodviews.views.generators import save_generator
from goodviews_experiments.learned_views.arms import ABLATED, SCALE, Arm, LearnedTable, Parts, plan
from goodviews_experiments.shared.arms import Right, Row, collected, gap, judged_cell, mean, slug


def learned_views(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv``, ``orders.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about an hour on one thread) or ``gpu``.
        out: The folder to write to; results in its ``cells`` are not computed again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    data = Parts.read(settings)
    cells = Cells(out / "cells", asdict(settings))
    rows, right, commits = collected([
        judged_cell(cells, arm.name, seed, _made, data, settings, arm, seed, out)
        for arm, seed in plan(settings, short=scale == "test")
    ])  # fmt: skip
    run = run_origin(
        f"goodviews reproduce learned_views --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        data={"name": data.images.name, "source": data.images.source, "hash": data.images.hash},
        cells=commits,
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(right), run, name="orders")
    from goodviews_experiments.learned_views.figure import learned_figure

    learned_figure(out)
    return out


def _made(
    data: Parts, settings: LearnedTable, arm: Arm, seed: int, out: Path
) -> tuple[Row, Judgement, Row]:
    before = f"crop(scale=(0.3, 1), size={settings.crop})|flip()"
    if arm.space != "rgb":
        before += f"|{arm.space}()"
    told: dict[str, Any] = {}
    view = f"{before}|split(1)"
    if arm.mode:
        game = replace(settings.game, mode=arm.mode, views=before, **arm.game)
        learned = learn_views(
            data.images,
            data.pretrain_on,
            game=game,
            seed=seed,
            labelled=data.labelled,
            labels=data.labels[data.labelled],
            held_out=data.held_out,
        )
        file = out / "generators" / f"{slug(arm.name, seed)}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_generator(file, learned.generator, {"arm": arm.name, "seed": seed})
        view = f"{before}|learned('{file.resolve()}')|split(1)"
        last = learned.history.looks[-1]
        told = {
            "in_game_nats": last.shared_nats,
            "first_nats": last.first_nats,
            "second_nats": last.second_nats,
            "image_nats": last.image_nats,
            "redundancy": last.redundancy,
            "verdict": learned.verdict,
            "game_steps": learned.history.steps,
        }
    found = data.judged(view, settings.pretraining, settings.candidates, seed)
    about = {"group": arm.group, "space": arm.space, "mode": arm.mode or "raw"}
    changed = json.dumps(arm.game, sort_keys=True)
    return about, found, {"changed": changed, **{key: told.get(key) for key in _TOLD}}


_TOLD = (
    "in_game_nats", "first_nats", "second_nats", "image_nats", "redundancy", "verdict",
    "game_steps",
)  # fmt: skip


def _table(rows: Sequence[Row], right: Right) -> list[Row]:
    """Each arm's mean over seeds, its spread, and the interval over seeds and tested images."""
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        nats = np.array([row["shared_nats"] for row in own])
        made.append({
            "arm": arm, "group": own[0]["group"], **mean(arm, right),
            "knn": 100 * np.mean([row["knn_top1"] for row in own]),
            "shared_nats": nats.mean(),
            "shared_spread": nats.std(ddof=1) if len(own) > 1 else None,
        })  # fmt: skip
    return made


ORDERS = (
    ("semi RGB", "raw RGB"),
    ("semi RGB", "supervised RGB"),
    ("semi RGB", "unsupervised RGB"),
    ("unsupervised RGB", "raw RGB"),
    ("semi YDbDr", "raw YDbDr"),
    ("semi YDbDr", "supervised YDbDr"),
    ("semi RGB", "raw YDbDr"),
    ("semi RGB", "raw Lab"),
    ("semi RGB", "semi linear RGB"),
    *((arm.name, "semi RGB") for arm in ABLATED),
)
"""Paired differences that are reported; the first two are the orders to reproduce."""


def _orders(right: Right) -> list[Row]:
    """Differences of two arms on the same images, paired by seed, in points."""
    made = [gap(one, other, right) for one, other in ORDERS]
    return [row for row in made if row]
