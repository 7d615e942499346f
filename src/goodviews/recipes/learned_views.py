"""Learned views against raw channels and fixed colour spaces, as the InfoMin paper judges them.

A generator is learned, then frozen; new encoders learn on its views, and a linear readout of
both says what the views were good for. imagenette96 stands in for STL-10, at a small scale.
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
from goodviews.recipes.learned_arms import ABLATED, SCALE, Arm, LearnedTable, Parts, plan
from goodviews.recipes.learned_judge import judge
from goodviews.training.view_learning import learn_views
from goodviews.views.learned import save_generator

__all__ = ["learned_views", "run_arm"]


def learned_views(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv``, ``orders.csv`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 40 minutes on one thread) or ``gpu``.
        out: The folder to write to; arms that stand in its ``cells`` are not run again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    data = Parts.read(settings)
    cells = []
    for arm, seed in plan(settings, short=scale == "test"):
        cells.append(run_arm(data, settings, arm, seed, out))
    rows = [cell["row"] for cell in cells]
    right = {
        (cell["row"]["arm"], cell["row"]["seed"]): np.array(list(cell["right"]), float)
        for cell in cells
    }
    run = origin(
        f"goodviews reproduce learned_views --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        data={"name": data.images.name, "source": data.images.source, "hash": data.images.hash},
        cells=sorted({cell["commit"] for cell in cells}),
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(right), run, name="orders")
    from goodviews.recipes.learned_figure import learned_figure

    learned_figure(out)
    return out


def run_arm(data: Parts, settings: LearnedTable, arm: Arm, seed: int, out: Path) -> dict[str, Any]:
    """One arm with one seed: play, freeze, judge; or what stands in the folder already.

    Returns:
        ``row``, ``right`` (a text of 0 and 1, one per tested image) and ``commit``.
    """
    name = f"{arm.name}-{seed}".replace(" ", "_").replace(",", "")
    path = out / "cells" / f"{name}.json"
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text("utf8"))
        return kept
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
        file = out / "generators" / f"{name}.safetensors"
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
    found = judge(
        data.images,
        view,
        pretrain_on=data.pretrain_on,
        held_out=data.held_out,
        labelled=data.labelled,
        test=data.test,
        labels=data.labels,
        settings=settings.pretraining,
        candidates=settings.candidates,
        seed=seed,
    )
    row = {
        "arm": arm.name, "group": arm.group, "space": arm.space, "mode": arm.mode or "raw",
        "seed": seed, "shared_nats": found.bound.nats, "stderr_nats": found.bound.stderr_nats,
        "ceiling_nats": found.bound.ceiling_nats, "linear_top1": float(found.right.mean()),
        "knn_top1": float(found.knn.mean()), "undertrained": found.undertrained,
        "steps": found.steps, "changed": json.dumps(arm.game, sort_keys=True), **{
            key: told.get(key) for key in (
                "in_game_nats", "first_nats", "second_nats", "image_nats", "redundancy",
                "verdict", "game_steps",
            )
        },
    }  # fmt: skip
    cell = {
        "row": row,
        "right": "".join(str(int(one)) for one in found.right),
        "commit": origin("", seeds=[seed])["commit"],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, cell)
    return cell


Right = dict[tuple[str, int], np.ndarray]


def _table(rows: Sequence[dict[str, Any]], right: Right) -> list[dict[str, Any]]:
    """Each arm's mean over seeds, its spread, and the interval over seeds and tested images."""
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        runs = np.stack([right[arm, row["seed"]] for row in own])
        low, high = runs_interval(runs)
        nats = np.array([row["shared_nats"] for row in own])
        top1 = runs.mean(axis=1)
        made.append({
            "arm": arm, "group": own[0]["group"], "runs": len(own),
            "top1": 100 * top1.mean(), "low": 100 * low, "high": 100 * high,
            "spread_runs": 100 * top1.std(ddof=1) if len(own) > 1 else None,
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


def _orders(right: Right) -> list[dict[str, Any]]:
    """Differences of two arms on the same images, paired by seed, in points."""
    made = []
    for one, other in ORDERS:
        seeds = [seed for arm, seed in right if arm == one and (other, seed) in right]
        if not seeds:
            continue
        gap = np.stack([right[one, seed] - right[other, seed] for seed in seeds])
        low, high = runs_interval(gap)
        made.append({
            "arm": one, "over": other, "runs": len(seeds),
            "points": 100 * gap.mean(), "low": 100 * low, "high": 100 * high,
        })  # fmt: skip
    return made
