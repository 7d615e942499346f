"""Other view learners, judged as learned colour spaces are: strengths of a chain, and masks.

Same images, same labels, same judges as :mod:`goodviews.recipes.learned_views`, so that rows of
both may be compared. What they are not better than is what a user would have taken anyway: the
same chain at one strength, random masks, crops alone.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.files import write_json
from goodviews.core.origin import origin, write_table
from goodviews.evaluation.intervals import runs_interval
from goodviews.recipes.learned_arms import Parts
from goodviews.recipes.learned_judge import judge
from goodviews.recipes.learned_masks import learn_masks
from goodviews.recipes.learned_strengths import Graded, learn_strengths
from goodviews.recipes.other_settings import SCALE, OtherTable
from goodviews.views import ViewPair, parse_view

__all__ = ["other_learners"]

ALONE, RANDOM = "crop and flip", "random masks"
MODES = ("semi", "unsupervised")


def other_learners(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv`` (one row per arm and seed), ``table.csv`` and ``orders.csv``.

    Args:
        scale: ``test``, ``cpu`` (about 25 minutes on one thread) or ``gpu``.
        out: The folder to write to; what stands in its ``cells`` is not run again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    data = Parts.read(settings.table)
    arms = [ALONE, RANDOM, *(f"chain at {one:g}" for one in settings.fixed)]
    arms += [f"{kind}, {mode}" for kind in ("strengths", "masks") for mode in MODES]
    cells = [
        _cell(data, settings, arm, seed, out) for seed in settings.table.seeds for arm in arms
    ]
    rows = [cell["row"] for cell in cells]
    right = {
        (cell["row"]["arm"], cell["row"]["seed"]): np.array(list(cell["right"]), float)
        for cell in cells
    }
    run = origin(
        f"goodviews reproduce other_learners --scale {scale}",
        seeds=settings.table.seeds,
        settings=asdict(settings),
        data={"name": data.images.name, "source": data.images.source, "hash": data.images.hash},
        cells=sorted({cell["commit"] for cell in cells}),
    )
    write_table(out, rows, run)
    write_table(out, _table(rows, right), run, name="table")
    write_table(out, _orders(arms, settings, right), run, name="orders")
    return out


def _views(
    data: Parts, settings: OtherTable, arm: str, seed: int
) -> tuple[str | ViewPair, dict[str, float]]:
    """The views of an arm, learned where it learns any, and what its game left."""
    if arm == ALONE:
        return settings.before, {}
    if arm == RANDOM:
        share = 1 / settings.masks
        return f"{settings.before}|blockmask(share={share:.3f}, grid=6) // {settings.before}", {}
    kind, _, mode = arm.partition(", ")
    if kind == "masks":
        return learn_masks(data, settings, mode, seed)
    if kind == "strengths":
        spec, path = learn_strengths(data, settings, mode, seed)
        return spec, path[-1]
    graded = Graded(settings.chain)
    return repr(graded.at([float(arm.split()[-1])] * len(graded.places))), {}


def _cell(data: Parts, settings: OtherTable, arm: str, seed: int, out: Path) -> dict[str, Any]:
    """One arm with one seed, or what stands in the folder already."""
    path = out / "cells" / f"{arm}-{seed}.json".replace(" ", "_").replace(",", "")
    if path.exists():
        kept: dict[str, Any] = json.loads(path.read_text("utf8"))
        return kept
    view, told = _views(data, settings, arm, seed)
    pair = parse_view(view) if isinstance(view, str) else view
    found = judge(
        data.images, pair, pretrain_on=data.pretrain_on, held_out=data.held_out,
        labelled=data.labelled, test=data.test, labels=data.labels,
        settings=settings.table.pretraining, candidates=settings.table.candidates, seed=seed,
    )  # fmt: skip
    row = {
        "arm": arm, "seed": seed, "view": view if isinstance(view, str) else "",
        "shared_nats": found.bound.nats, "stderr_nats": found.bound.stderr_nats,
        "linear_top1": float(found.right.mean()), "knn_top1": float(found.knn.mean()),
        "undertrained": found.undertrained, "largest_mask": told.get("largest_mask"),
        "lost_nats": told.get("lost_nats"),
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
    """Each arm's mean over seeds and the interval over seeds and tested images."""
    made = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        runs = np.stack([right[arm, row["seed"]] for row in own])
        low, high = runs_interval(runs)
        made.append({
            "arm": arm, "runs": len(own), "top1": 100 * runs.mean(), "low": 100 * low,
            "high": 100 * high, "shared_nats": np.mean([row["shared_nats"] for row in own]),
        })  # fmt: skip
    return made


def _orders(arms: Sequence[str], settings: OtherTable, right: Right) -> list[dict[str, Any]]:
    """Each learner over what a user would have taken, paired by seed and image, in points."""
    seeds, made = settings.table.seeds, []
    for arm in arms:
        if arm.startswith("strengths"):
            others = [one for one in arms if one.startswith("chain at")]
        elif arm.startswith("masks"):
            others = [ALONE, RANDOM]
        else:
            continue
        for other in others:
            gap = np.stack([right[arm, seed] - right[other, seed] for seed in seeds])
            low, high = runs_interval(gap)
            made.append({
                "arm": arm, "over": other, "runs": len(seeds),
                "points": 100 * gap.mean(), "low": 100 * low, "high": 100 * high,
            })  # fmt: skip
    return made
