"""One cell of a study of graphs: a view (or baseline) and a seed become rows.

Letters: N nodes or graphs, D embedding.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from goodviews.core.origin import versions
from goodviews.encoders import GraphEncoders
from goodviews.encoders.storage import encoder_bytes
from goodviews.evaluation.links.split import links_hash
from goodviews.information import effective_rank
from goodviews.jobs.study.cells import TWIN, CellResult, read_tasks
from goodviews.jobs.study.graphs.parts import is_read
from goodviews.jobs.study.graphs.plan import GraphPlan, whole_graph
from goodviews.jobs.study.graphs.readings import baseline, of_graph_encoders
from goodviews.jobs.study.graphs.viewed import graph_view_reader
from goodviews.jobs.study.parts import BOUND, EPOCH
from goodviews.jobs.study.plan import Cell
from goodviews.measurement import embed_graph_views, shared_graph_nats
from goodviews.objectives import alignment, uniformity
from goodviews.training.diagnostics.monitor import collapsed
from goodviews.views.graphs import parse_graph_view


def run_graph_cell(
    plan: GraphPlan, cell: Cell, tick: Callable[[str], None] = lambda _: None
) -> CellResult:
    """Run one cell; the same plan and cell give the same result anywhere.

    Args:
        plan: The study.
        cell: Which part of it.
        tick: Called with the name of each part that has finished: see :mod:`.parts`.

    Returns:
        Rows and arrays.

    Raises:
        InputError: The view does not fit the graphs, or the loss stopped being a number.
    """
    begun = time.perf_counter()
    seed = cell.seed + (TWIN if cell.role == "twin" else 0)
    common: dict[str, Any] = {"modality": plan.level}
    saved = b""
    if cell.role == "baseline":
        features = baseline(plan, cell, seed, tick)
    else:
        found, encoders = _pretrained(plan, cell, seed, tick)
        common |= found
        if cell.role == "candidate":
            saved = encoder_bytes(encoders, about=graph_passport(plan, cell))
        features = of_graph_encoders(plan, encoders)
    kept = None
    if is_read(plan, cell):
        view = "identity()" if cell.role == "baseline" else cell.view
        kept = graph_view_reader(plan, parse_graph_view(view), cell.seed)
    return read_tasks(plan, cell, features, kept, common, tick=tick, encoder=saved, begun=begun)


def _pretrained(
    plan: GraphPlan, cell: Cell, seed: int, tick: Callable[[str], None]
) -> tuple[dict[str, Any], GraphEncoders]:
    pair = parse_graph_view(cell.view)
    measured = shared_graph_nats(
        pair,
        plan.examples,
        settings=plan.settings,
        seed=seed,
        pretrain_on=plan.pretrain,
        held_out=plan.held_out,
        candidates=plan.candidates,
        blocks=plan.blocks,
        tick=lambda: tick(EPOCH),
    )
    tick(BOUND)
    found, encoders, history = measured.estimate, measured.encoders, measured.history
    assert isinstance(encoders, GraphEncoders)
    _, z1, z2 = embed_graph_views(encoders, pair, plan.examples, plan.held_out, seed=seed, draw=1)
    part = max(len(history.losses) // 20, 1)
    return {
        "estimate_nats": found.nats,
        "stderr_nats": found.stderr_nats,
        "ceiling_nats": found.ceiling_nats,
        "candidates": found.candidates,
        "at_ceiling": found.at_ceiling,
        "effective_rank": effective_rank(z1),
        "alignment": float(alignment(z1, z2).mean()),
        "uniformity": float(uniformity(z1).mean()),
        "loss_first": float(np.mean(history.losses[:part])),
        "loss_last": float(np.mean(history.losses[-part:])),
        "undertrained": not measured.levelled_off,
        "collapsed": collapsed(z1),
        "epochs": plan.settings.epochs,
        "steps": history.steps,
    }, encoders


def graph_passport(plan: GraphPlan, cell: Cell) -> dict[str, Any]:
    """The passport of a candidate's encoder, as of a pretraining run on the same graph."""
    settings = replace(plan.settings, views=cell.view)
    return {
        "views": cell.view,
        "views_spelt": repr(parse_graph_view(cell.view)),
        "method": settings.name,
        "source": settings.source,
        "settings": asdict(settings),
        "data": {
            "name": plan.data.name,
            "hash": plan.data.hash,
            "level": plan.data.level,
            "links": links_hash(whole_graph(plan.data)) if len(plan.data) == 1 else "",
        },
        "reading": dict(plan.reading),
        "split": plan.split,
        "seed": cell.seed,
        "versions": versions(),
        "start": None,
    }
