"""One cell: a view (or baseline) and a seed become rows and per-item results.

Letters: M tested items, R label draws, F representation.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch

from goodviews.core.records.rows import Row
from goodviews.encoders import PairEncoder
from goodviews.encoders.storage import encoder_bytes
from goodviews.jobs.study.label_free import embedded, label_free_scores
from goodviews.jobs.study.measures import entropy, row_scores
from goodviews.jobs.study.parts import BOUND, EPOCH, READING, READOUT, is_read
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.readings import (
    LabelReading,
    Read,
    baseline,
    of_encoder,
    view_reader,
)
from goodviews.measurement import Draws, shared_nats
from goodviews.training import Steady
from goodviews.training.diagnostics.monitor import collapsed
from goodviews.training.passport import passport
from goodviews.views import ViewPair, parse_view

TWIN = 1_000_003
"""Added to a twin's seed: another initialisation, order and draws."""


@dataclass(frozen=True)
class CellResult:
    """What a cell leaves.

    Attributes:
        rows: One per task (one with an empty task when there are no labels).
        arrays: Per task ``right``, ``nats``, ``knn``, ``null`` (M,), where the mean of ``right``
            is what decides, and where that is not accuracy ``top1`` (M,) is the share of right
            answers; ``draws``, ``nats_draws``, ``f1``, ``auroc``, ``map`` (R,) by label draw; for
            one seed of a candidate ``label`` (N,), its bound on I(v; y) by image, ``label_rise``,
            ``label_folds`` and ``label_items``, the images that were read; keys are
            ``<task number>.<name>``.
        encoder: Content of the file of a candidate's encoder; empty for others, and for cells
            that are kept, whose encoder is a file of its own.
    """

    rows: list[Row]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    encoder: bytes = b""


def run_cell(plan: Plan, cell: Cell, tick: Callable[[str], None] = lambda _: None) -> CellResult:
    """Run one cell; the same plan and cell give the same result anywhere.

    Args:
        plan: The study.
        cell: Which part of it.
        tick: Called with the name of each part that has finished: see :mod:`.parts`.

    Returns:
        Rows and arrays.

    Raises:
        InputError: The view does not fit the images, or the loss stopped being a number.
    """
    start = time.perf_counter()
    seed = cell.seed + (TWIN if cell.role == "twin" else 0)
    kept, saved = None, b""
    if cell.role == "baseline":
        common: dict[str, Any] = {}
        features = baseline(plan, cell, seed, tick)
    else:
        pair = parse_view(cell.view)
        common, encoders = _pretrained(plan, cell, pair, seed, tick)
        about = cell_passport(plan, cell)
        saved = encoder_bytes(encoders, about=about) if cell.role == "candidate" else b""
        features = of_encoder(plan, encoders, pair)
    if is_read(plan, cell):
        pair = parse_view("identity()" if cell.role == "baseline" else cell.view)
        kept = view_reader(plan, pair, cell.seed)
    return read_tasks(plan, cell, features, kept, common, tick=tick, encoder=saved, begun=start)


def read_tasks(
    plan: StudyPlan,
    cell: Cell,
    features: Read,
    kept: Callable[[Task], LabelReading] | None,
    common: dict[str, Any],
    *,
    tick: Callable[[str], None],
    encoder: bytes,
    begun: float,
) -> CellResult:
    """Read every task of a cell, and make its rows.

    Args:
        plan: The study.
        cell: Which part of it.
        features: How a task is evaluated.
        kept: What one view says about the label of a task, where this cell measures it.
        common: Columns that all rows of the cell have.
        tick: See :func:`run_cell`.
        encoder: Content of the file of a candidate's encoder.
        begun: When the cell was begun, by :func:`time.perf_counter`.
    """
    rows: list[Row] = []
    arrays: dict[str, np.ndarray] = {}
    for number, task in enumerate(plan.tasks):
        made = features(task)
        tick(READOUT)
        usable = made["nats"].mean() + entropy(task)
        extra: dict[str, Any] = {}
        if kept is not None:
            took = kept(task)
            tick(READING)
            made |= {
                "label": took.view.items,
                "label_rise": took.view.rise,
                "label_folds": took.view.folds,
                "label_items": took.items,
            }
            extra["image_nats" if cell.role == "baseline" else "view_nats"] = took.view.nats
            if took.other is not None:
                extra["other_view_nats"] = took.other.nats
        report = ~task.choose
        draws = made["draws"]
        rows.append(
            Row(
                view=cell.view,
                seed=cell.seed,
                task=task.name,
                role=cell.role,
                readout_spread=float(draws.std(ddof=1)) if len(draws) > 1 else None,
                usable_nats=float(usable),
                knn_top1=float(made["knn"][report].mean()) if "knn" in made else None,
                **row_scores(task, made),
                **extra,
                **common,
            )
        )
        arrays |= {f"{number}.{name}": value for name, value in made.items()}
    if not plan.tasks:
        rows = [Row(view=cell.view, seed=cell.seed, task="", role=cell.role, **common)]
    seconds = time.perf_counter() - begun
    return CellResult([_timed(row, seconds) for row in rows], arrays, encoder)


def cell_passport(plan: Plan, cell: Cell) -> dict[str, Any]:
    """The passport of a candidate's encoder, as of a pretraining run with the same images."""
    parts = plan.splits
    return passport(
        replace(plan.settings, views=cell.view),
        repr(parse_view(cell.view)),
        plan.images,
        seed=cell.seed,
        split=parts.hash,
        count=len(parts.pretrain),
        reading=plan.reading,
    )


def _pretrained(
    plan: Plan, cell: Cell, pair: ViewPair, seed: int, tick: Callable[[str], None]
) -> tuple[dict[str, Any], PairEncoder]:
    images, held = plan.images, plan.bounded
    settings, begun = plan.settings, None
    if plan.begun is not None and (plan.begun / cell.key).exists():
        begun = Steady.load(plan.begun / cell.key)
        settings = begun.longer(settings.epochs)
    measured = shared_nats(
        pair,
        images,
        settings=settings,
        seed=seed,
        candidates=plan.candidates,
        pretrain_on=plan.splits.pretrain,
        held_out=held,
        draws=Draws(count=1, looks=0) if plan.screened else None,
        tick=lambda: tick(EPOCH),
        steady=begun,
        keep_steady=plan.steady is not None,
    )
    if plan.steady is not None and measured.steady is not None:
        measured.steady.save(plan.steady / cell.key)
    tick(BOUND)
    found, encoders, history = measured.estimate, measured.encoders, measured.history
    z = embedded(encoders, pair, images, held, seed=seed)
    scores: dict[str, float] = {}
    if not plan.screened:
        scores = label_free_scores(encoders, pair, images, held, seed=seed, embeddings=z)
    rows = held[:256]
    x = images.for_views(rows, floats=True)
    key = pair.key(0, x, seed, torch.from_numpy(rows), -1)
    params = pair.first.draw(x, key)
    part = max(len(history.losses) // plan.settings.epochs, 1)
    common = {
        "estimate_nats": found.nats,
        "stderr_nats": found.stderr_nats,
        "ceiling_nats": found.ceiling_nats,
        "candidates": found.candidates,
        "at_ceiling": found.at_ceiling,
        **scores,
        "clipped_share": pair.first.clipped(x, params),
        "loss_first": float(np.mean(history.losses[:part])),
        "loss_last": float(np.mean(history.losses[-part:])),
        "undertrained": not measured.levelled_off,
        "collapsed": collapsed(z[0]),
        "epochs": plan.settings.epochs,
        "steps": history.steps,
    }
    return common, encoders


def _timed(row: Row, seconds: float) -> Row:
    """The row with its time, and empty where a number is not finite."""
    lost = {
        name: None
        for name, value in asdict(row).items()
        if isinstance(value, float) and not math.isfinite(value)
    }
    return replace(row, **lost, seconds=round(seconds, 2))  # type: ignore[arg-type]
