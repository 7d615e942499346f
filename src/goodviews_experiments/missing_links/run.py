"""When links are missing, does pretraining pay, with which views, and how sure is a prediction?

A tenth of the links of a graph is the test, a twentieth each chooses and calibrates. Of all others
a share is removed before anything is trained: at random, of nodes with few links, of poorly
observed communities; or false links are added. Then features alone, a graph autoencoder, frozen
contrastive representations and an autoencoder that starts from them predict the test links; where
nodes have labels, their accuracy on a given split is measured as well.
"""

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from goodviews.core import (
    Cells,
    Progress,
    duration,
    run_origin,
    write_json,
    write_table,
    write_text,
)
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.evaluation import split_links
from goodviews.pages.missing_links import missing_links_page
from goodviews_experiments.missing_links.arms import arms_of, measured
from goodviews_experiments.missing_links.settings import SCALE, Condition, MissingLinks
from goodviews_experiments.missing_links.tables import answers, curves, gaps, levels

Row = dict[str, Any]


def missing_links(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, ``levels.csv``, ``gaps.csv``, ``reliability.csv``, and the page.

    Args:
        scale: ``test``, ``cpu`` (the first lines of the run forecast its time) or ``gpu``.
        out: The folder to write to; splits are kept in ``items``, and a stopped run resumes.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce missing_links --scale {scale}",
        seeds=settings.splits,
        settings=asdict(settings),
    )
    cells = Cells(out / "items", asdict(settings))
    plan = [
        (name, features, condition, seed)
        for seed in settings.splits  # all conditions once, then again: early tables are whole
        for name, features in settings.graphs
        for condition in settings.conditions
    ]
    data = {name: load_graphs(name, features=choice) for name, choice in settings.graphs}
    run["data"] = [{"name": one.name, "hash": one.hash} for one in data.values()]
    found, spent = [], []
    with Progress(quiet=scale == "test", file=sys.stderr) as progress:
        for done, (name, _, condition, seed) in enumerate(plan):
            cell = cells(
                f"{name} {condition.axis} {condition.level} {seed}",
                _cell, data[name], condition, seed, settings,
            )  # fmt: skip
            found.append(cell)
            spent.append(cell["seconds"])
            left = sum(spent) / len(spent) * (len(plan) - done - 1)
            if done == 0:
                progress.note(f"About {duration(left)}: {len(plan)} splits of {spent[0]:.0f} s.")
            progress("splits", done + 1, len(plan), left=left)
    rows = [row for cell in found for row in cell["rows"]]
    write_table(out, rows, run)
    tables = {"levels": levels(rows), "gaps": gaps(rows), "reliability": curves(found)}
    for name, table in tables.items():
        write_table(out, table, run, name=name)
    write_json(out / "answers.json", answers(tables["levels"], tables["gaps"], rows))
    write_text(out / "index.html", missing_links_page(out))
    return out


def _cell(data: Graphs, condition: Condition, seed: int, settings: MissingLinks) -> Row:
    """All arms of one graph, condition and split."""
    begun = time.perf_counter()
    split = split_links(data.graph, calibration=0.05, seed=seed, **condition.options)
    key = {"graph": data.name, "axis": condition.axis, "level": condition.level, "split": seed}
    rows: list[Row] = []
    chances: Row = {}
    for arm in arms_of(data, split, settings):
        row, chance = measured(arm, data, settings.count)
        rows.append({**key, "training_links": split.train.shape[1], **row, "hash": split.hash})
        chances |= chance
    return {"rows": rows, "key": key, "seconds": time.perf_counter() - begun, **chances}
