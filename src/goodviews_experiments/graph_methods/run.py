"""Do the methods of graphs reach the accuracies of their papers?

Each run is pretrained without labels, with settings that were fixed before; its representation is
read by a linear probe whose penalty is chosen without test labels. It is compared with the
features of the nodes and with the same encoder with random weights.
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from goodviews.core import Cells, Progress, duration, intervals, run_origin, write_table
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.encoders import build_graph_encoders
from goodviews.encoders.graphs import pooled
from goodviews.evaluation import graph_readout, node_readout, node_splits
from goodviews.graphs import batch_graphs
from goodviews.methods import method
from goodviews.training import change, train_graphs
from goodviews_experiments.graph_methods.settings import SCALE, Trial

Row = dict[str, Any]
ARMS = ("pretrained", "random weights", "features")


def graph_methods(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, a row per run, and ``table.csv``, a row per published number.

    Args:
        scale: ``test``, ``cpu`` (the first line of the run forecasts its time) or ``gpu``.
        out: The folder to write to; runs are kept in ``items``, and a stopped run resumes.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce graph_methods --scale {scale}", settings=asdict(settings)
    )
    cells = Cells(out / "items", asdict(settings))
    most = max(len(trial.seeds) for trial in settings.trials)
    plan = [  # the first seed of all trials first: an early table is whole
        (trial, trial.seeds[place])
        for place in range(most)
        for trial in settings.trials
        if place < len(trial.seeds)
    ]
    found: dict[str, list[Row]] = {trial.name: [] for trial in settings.trials}
    spent: list[float] = []
    with Progress(quiet=scale == "test", file=sys.stderr) as progress:
        for done, (trial, seed) in enumerate(plan):
            cell = cells(f"{trial.name} {seed}", measured, trial, seed)
            found[trial.name].append(cell)
            spent.append(cell["seconds"])
            left = sum(spent) / len(spent) * (len(plan) - done - 1)
            if done == 0:
                progress.note(f"About {duration(left)}: {len(plan)} runs of {spent[0]:.0f} s.")
            progress("runs", done + 1, len(plan), left=left)
    rows = [
        {
            "trial": name,
            "seed": cell["seed"],
            **{arm: 100 * float(np.mean(cell[arm])) for arm in ARMS},
            "splits": len(cell["pretrained"]),
            "seconds": cell["seconds"],
            "data_hash": cell["data_hash"],
        }
        for name, own in found.items()
        for cell in own
    ]
    write_table(out, rows, run)
    write_table(out, table(settings.trials, found), run, name="table")
    return out


def measured(trial: Trial, seed: int) -> Row:
    """Accuracy of each arm on each split, of one seed."""
    begun = time.perf_counter()
    read = load_graphs(trial.data, features=trial.features)
    settings = change(method(trial.method), trial.changes)
    whole = read.graphs[0] if len(read) == 1 else batch_graphs(read.graphs)
    encoders: Any = train_graphs(read, settings=settings, seed=seed).encoders
    blank = build_graph_encoders(settings.encoder, whole, head="identity()", seed=seed).eval()
    with torch.no_grad():
        tables = [net.represent(whole).numpy() for net in (encoders, blank)]
    raw = whole.features if trial.split else pooled(whole.features, whole, "sum")
    found = {
        arm: _accuracies(made, read, trial)
        for arm, made in zip(ARMS, [*tables, raw.numpy()], strict=True)
    }
    seconds = time.perf_counter() - begun
    return {**found, "seed": seed, "seconds": seconds, "data_hash": read.hash}


def _accuracies(made: np.ndarray, read: Graphs, trial: Trial) -> list[float]:
    """Accuracy on each split; of graphs, over all outer folds together."""
    labels = next(iter(read.labels.values())).numpy()
    if not trial.split:
        return [float(graph_readout(made, labels)[1].mean())]
    splits = node_splits(read, trial.split, count=trial.splits)
    return [float(right.mean()) for right in node_readout(made, labels, splits)]


def table(trials: tuple[Trial, ...], found: dict[str, list[Row]]) -> list[Row]:
    """One row for each trial, in %.

    The interval is over splits, of accuracies averaged over seeds, or over seeds where there is
    one split; without several of either there is none.
    """
    made = []
    for trial in trials:
        cells = found[trial.name]
        row: Row = {"trial": trial.name, "published": trial.published, "seeds": len(cells)}
        for arm in ARMS:
            values = 100 * np.array([cell[arm] for cell in cells])  # (seeds, splits)
            each = values.mean(axis=0) if values.shape[1] > 1 else values[:, 0]
            interval = intervals.student_interval(each)
            row |= {arm: interval.value}
            if arm == ARMS[0]:
                known = len(each) > 1
                low, high = (interval.low, interval.high) if known else (interval.value,) * 2
                row |= {"low": low if known else None, "high": high if known else None}
                row["accept_low"], row["accept_high"] = trial.accept
                row["reproduced"] = bool(low <= trial.accept[1] and high >= trial.accept[0])
        made.append(row)
    return made
