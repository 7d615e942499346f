"""Do learned rates of dropping edges and features make better views than fixed rates?

A generator is learned against an encoder, without labels or with those of the training nodes, and
frozen. New encoders with other seeds are trained on its views, on fixed rates that keep the same
shares of edges and features, on rates by degree, and on the views of GRACE; the shared information
of the views and the accuracy on the test nodes are measured for all of them.
"""

import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core import Cells, Progress, duration, run_origin, write_table
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.jobs.learn_views.graphs import (
    GraphJudges,
    fixed_drops,
    graph_judging,
    rates_of,
    share_out_graphs,
)
from goodviews.training.view_learning import learn_graph_views
from goodviews.views.generators import save_generator
from goodviews_experiments.learned_graph_views.settings import SCALE, LearnedDrops
from goodviews_experiments.learned_graph_views.tables import gaps, levels, verdicts

Row = dict[str, Any]
_JUDGES = 2000
"""What is added to the seed of a game for the encoders that judge it."""


def learned_graph_views(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, ``levels.csv``, ``gaps.csv`` and ``verdicts.csv``.

    Args:
        scale: ``test``, ``cpu`` (its first line forecasts the time) or ``gpu``.
        out: The folder to write to; results in its ``items`` are not computed again.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    data = {name: load_graphs(name) for name in settings.graphs}
    cells = Cells(out / "items", asdict(settings))
    plan = [(name, seed) for seed in settings.seeds for name in settings.graphs]
    found, spent = [], []
    with Progress(quiet=scale == "test", file=sys.stderr) as progress:
        for done, (name, seed) in enumerate(plan):
            cell = cells(f"{name} {seed}", _cell, data[name], seed, settings, out)
            found.append(cell)
            spent.append(cell["seconds"])
            left = sum(spent) / len(spent) * (len(plan) - done - 1)
            if done == 0:
                progress.note(f"About {duration(left)}: {len(plan)} runs of {spent[0]:.0f} s.")
            progress("runs", done + 1, len(plan), left=left)
    run = run_origin(
        f"goodviews reproduce learned_graph_views --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        data=[{"name": one.name, "source": one.source, "hash": one.hash} for one in data.values()],
    )
    rows = [row for cell in found for row in cell["rows"]]
    right = {
        (row["graph"], row["arm"], row["seed"]): cell[f"right {row['arm']}"]
        for cell in found
        for row in cell["rows"]
    }
    write_table(out, rows, run)
    write_table(out, levels(rows, right), run, name="levels")
    apart = gaps(rows, right)
    write_table(out, apart, run, name="gaps")
    write_table(out, verdicts(apart), run, name="verdicts")
    return out


def _cell(data: Graphs, seed: int, settings: LearnedDrops, out: Path) -> Row:
    """All arms of one graph and seed."""
    begun = time.perf_counter()
    rows: list[Row] = []
    right: dict[str, np.ndarray] = {}

    def add(arm: str, view: str, found: Row, **more: Any) -> None:
        right[f"right {arm}"] = found.pop("items").astype(np.int8)
        score = {"top1": found.pop("score"), "low": found.pop("low"), "high": found.pop("high")}
        about = {"graph": data.name, "seed": seed, "arm": arm, "view": view}
        empty = dict.fromkeys(_TOLD)
        rows.append({**about, **score, **empty, **more, **found})

    for mode in settings.modes:
        roles = share_out_graphs(data, mode=mode, task=None, level="nodes", seed=seed)
        most = min(settings.game.candidates, len(roles.held_out))
        game = replace(settings.game, mode=mode, candidates=most)
        learned = learn_graph_views(
            roles.data, roles.learn, game=game, seed=seed, held_out=roles.held_out, aim=roles.aim
        )
        file = out / "generators" / f"{data.name}-{mode}-{seed}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_generator(file, learned.generator, {"mode": mode, "seed": seed})
        judging = graph_judging("nodes", len(roles.learn), settings.judge_steps)
        judges = GraphJudges(roles, replace(judging, device=game.device), most, seed + _JUDGES)
        last = learned.history.looks[-1]
        kept = {"kept_edges": last.kept_edges, "kept_features": last.kept_features}
        rates = rates_of(learned.generator, roles)
        told = {name: rates.get(name) for name in ("same_class", "other_class")}
        told |= {"in_game_nats": last.shared_nats, "verdict": learned.verdict}
        told["degree_correlation"] = rates.get("degree_correlation")
        view = f"learned_drops('{file.resolve()}')"
        add(f"{mode}: learned", view, judges.row(view), **kept, **told)
        for name, fixed in fixed_drops(last.kept_edges, last.kept_features):
            add(f"{mode}: {name}", fixed, judges.row(fixed), **kept)
    add("GRACE", "grace()", judges.row("grace()"))
    for row in judges.baselines():
        add(row.pop("name"), "", row)
    for row in rows:  # a file is named without its folder
        row["view"] = row["view"].replace(str(out.resolve() / "generators") + "/", "")
    return {"rows": rows, "seconds": time.perf_counter() - begun, **right}


_TOLD = (
    "kept_edges", "kept_features", "in_game_nats", "verdict", "same_class", "other_class",
    "degree_correlation", "nats", "stderr_nats", "ceiling_nats", "candidates", "below_zero",
    "at_ceiling",
)  # fmt: skip
"""Columns that not every arm has."""
