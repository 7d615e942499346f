"""Which views of a graph are good, and what do they share?

A study of each known graph over shares of dropped edges and of masked features, and studies of
planted graphs whose classes are in the edges only or in the features only: there a view that drops
the informative half must be worse than one that drops the other half.
"""

import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from goodviews.core import Progress, duration, run_origin, write_json, write_table
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.jobs.study import StudyResult, study, study_settings
from goodviews.training import train_graphs
from goodviews_experiments.graph_study.settings import PLANTED_VIEWS, SCALE, GraphStudy
from goodviews_experiments.graph_study.tables import (
    cost_of_dropping,
    planted_row,
    study_rows,
    views_of,
)
from goodviews_experiments.graph_study.worlds import KINDS, planted

Row = dict[str, Any]
_FITTED, _PROBED = 60, 4


def graph_study(*, scale: str, out: Path) -> Path:
    """Write ``rows.csv``, ``views.csv``, ``dropping.csv`` and ``planted.csv``.

    Args:
        scale: ``test``, ``cpu`` (the first line of the run forecasts its time) or ``gpu``.
        out: The folder to write to; each study has a folder of its own in ``studies``, with its
            page, and resumes.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce graph_study --scale {scale}",
        seeds=range(max(seeds for _, seeds in settings.graphs)),
        settings=asdict(settings),
    )
    data = {name: load_graphs(name) for name, _ in settings.graphs}
    worlds = {
        (kind, number): planted(kind, number, settings.nodes)
        for kind in KINDS
        for number in settings.worlds
    }
    run["data"] = [{"name": one.name, "hash": one.hash} for one in data.values()]
    rows: list[Row] = []
    views: list[Row] = []
    dropping: list[Row] = []
    signs: list[Row] = []
    with Progress(quiet=scale == "test", file=sys.stderr) as progress:
        seconds = _forecast(settings, data, list(worlds.values()))
        progress.note(
            f"About {duration(seconds)} on one thread: {len(data)} known graphs and {len(worlds)} "
            "planted ones."
        )
        for place, (name, seeds) in enumerate(settings.graphs, start=1):
            found = _study(data[name], settings, settings.views, seeds, out)
            rows += study_rows(name, found.rows)
            views += views_of(name, found.verdict)
            dropping += cost_of_dropping(name, found.rows)
            progress("known graphs", place, len(data))
        for (kind, number), world in worlds.items():
            found = _study(world, settings, PLANTED_VIEWS, settings.world_seeds, out)
            rows += study_rows(world.name, found.rows)
            signs.append(planted_row(kind, number, found.verdict, PLANTED_VIEWS))
            progress("planted graphs", len(signs), len(worlds))
    write_table(out, rows, run)
    for name, table in (("views", views), ("dropping", dropping), ("planted", signs)):
        write_table(out, table, run, name=name)
    write_json(out / "answers.json", _answers(signs))
    return out


def _study(
    data: Any, settings: GraphStudy, views: tuple[str, ...], seeds: int, out: Path
) -> StudyResult:
    return study(
        data,
        views=views,
        seeds=seeds,
        epochs=settings.epochs,
        label_draws=settings.label_draws,
        encoder=settings.encoder or None,
        device="cpu",
        jobs=0,
        out=out / "studies" / data.name,
    )


def _forecast(settings: GraphStudy, data: dict[str, Graphs], worlds: list[Graphs]) -> float:
    """Seconds on one thread, from a few steps on each graph; readouts cost about as many again."""
    total = 0.0
    _step(worlds[0], settings)  # the first steps of a process import what they need
    for name, seeds in settings.graphs:
        draws = len(data[name].masks["train"]) if data[name].masks else settings.label_draws
        cells = (len(settings.views) + 1) * seeds
        fits = seeds * draws * _FITTED
        total += _step(data[name], settings) * (cells * (settings.epochs + 40 * draws**0.5) + fits)
    cells = (len(PLANTED_VIEWS) + 1) * settings.world_seeds
    fits = settings.world_seeds * settings.label_draws * _FITTED
    return total + len(worlds) * _step(worlds[0], settings) * (
        cells * (settings.epochs + 80) + fits
    )


def _step(data: Graphs, settings: GraphStudy) -> float:
    """Seconds of a step on a graph."""
    own = replace(
        study_settings("nodes"), device="cpu", views="drop_edges(0.3)|mask_features(0.3)"
    )
    own = replace(own, epochs=_PROBED, encoder=settings.encoder or own.encoder)
    begun = time.perf_counter()
    train_graphs(data, settings=own, seed=0)
    return (time.perf_counter() - begun) / _PROBED


def _answers(signs: list[Row]) -> Row:
    """In how many planted graphs the sign and the regimes are right, by kind."""
    return {
        kind: {
            "worlds": len(mine),
            "sign_right": sum(bool(row["sign_right"]) for row in mine),
            "regimes_right": sum(bool(row["regimes_right"]) for row in mine),
        }
        for kind in KINDS
        for mine in [[row for row in signs if row["kind"] == kind]]
    }
