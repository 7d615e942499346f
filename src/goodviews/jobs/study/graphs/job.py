"""The study of graphs, from data to a folder that a page is made of."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from goodviews.core.claim import check_owner, claimed
from goodviews.core.command import command_line, default_folder, recorded, restored
from goodviews.core.errors import InputError, check_whole, unknown
from goodviews.core.files import write_json
from goodviews.core.progress import Reporter
from goodviews.core.text import counted
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.encoders.graphs.backbones import is_pooled
from goodviews.evaluation import LinkSplit, split_links
from goodviews.jobs.study.about import describe
from goodviews.jobs.study.best_encoders import keep_encoders
from goodviews.jobs.study.chosen import BEST, chosen_views, write_chosen
from goodviews.jobs.study.follow import UNIT
from goodviews.jobs.study.graphs.about import about_graphs, graph_splits, in_graph_words
from goodviews.jobs.study.graphs.pictures import draw_egos
from goodviews.jobs.study.graphs.plan import GraphPlan, cut_out
from goodviews.jobs.study.graphs.settings import DEFAULT_VIEWS, study_settings
from goodviews.jobs.study.graphs.tasks import graph_tasks, link_tasks, node_tasks
from goodviews.jobs.study.inputs import (
    CELLS,
    IN_MEMORY,
    actual_device,
    run_seeds,
    view_specs,
)
from goodviews.jobs.study.result import StudyResult, plain_advice
from goodviews.jobs.study.run import run_cells, workers_on
from goodviews.jobs.study.store import Store, is_study
from goodviews.jobs.study.verdict.build import make_verdict
from goodviews.jobs.study.verdict.measured import in_words
from goodviews.pages import report
from goodviews.spec.files import keep_beside
from goodviews.training.machine import check_device
from goodviews.training.objective import build_objective
from goodviews.views.graphs import parse_graph_view

LEVELS = ("nodes", "graphs", "links")
SHARES: dict[str, Any] = {"val": 0.05, "test": 0.1, "calibration": 0.05}
"""Links that are kept from the encoders, as in a run of ``pretrain`` with ``level="links"``."""
_FAMILY = "drop_edges({0.2, 0.4, 0.6})"


def study_graphs(
    data: Any,
    *,
    views: str | Path | Iterable[str] | None,
    out: str | Path | None,
    seeds: int | Sequence[int],
    candidates: int | None,
    epochs: int | None,
    label_draws: int,
    encoder: str | None,
    objective: str | None,
    device: str,
    jobs: int | None,
    on: str | None,
    page: bool,
    graphs: Mapping[str, Any],
    command: str | None,
    progress: Reporter,
) -> StudyResult:
    """Pretrain with each view of a graph, estimate what its two views share, and compare.

    :func:`goodviews.study` describes the arguments.

    Args:
        data: Graphs, as in :func:`goodviews.data.graphs.load_graphs`.
        views: Specs, files with one on a line, or one family (default: shares of dropped edges by
            shares of masked features).
        out: The study folder.
        seeds: How many, or which.
        candidates: K of the estimate.
        epochs: Steps over the whole graph, or passes over the graphs.
        label_draws: Number of drawn splits of nodes, or of folds of graphs.
        encoder: Backbone spec.
        objective: Objective spec.
        device: ``auto``, ``cpu`` or ``cuda``.
        jobs: Worker processes; 0 works in this process.
        on: ``ray`` runs the cells on a Ray cluster.
        page: Whether the page is written as well.
        graphs: ``features``, ``directed``, ``level``, ``split`` and ``missing``.
        command: Command to record.
        progress: Receives progress and notes.

    Returns:
        The rows, the verdict and the folder that holds them.

    Raises:
        InputError: Something given cannot be used; the message says what to type.
    """
    begun = time.perf_counter()
    asked = {name: value for name, value in graphs.items() if value is not None}
    level, split = asked.pop("level", None), asked.pop("split", None)
    missing = asked.pop("missing", None)
    for name, number, least, most in (
        ("label_draws", label_draws, 1, 10_000), ("epochs", epochs, 1, 1_000_000),
        ("candidates", candidates, 2, 10**9), ("jobs", jobs, 0, 1_024),
    ):  # fmt: skip
        if number is not None:
            check_whole(name, number, least, most)
    chosen = run_seeds(seeds)
    specs, family = view_specs(
        DEFAULT_VIEWS if views is None else views, parse_graph_view, _FAMILY
    )
    if len(specs) * len(chosen) > CELLS:
        raise InputError(
            f"{len(specs):,} views with {counted(len(chosen), 'seed')} are more than the "
            f"{CELLS:,} runs that a study may have: give fewer views, or fewer --seeds."
        )
    check_device(device)
    check_owner(Path(out or "."), "study", own=is_study if out else lambda _: True)
    read = load_graphs(data, **asked)
    level = _level(read, level, split, missing)
    settings = study_settings(level)
    settings = replace(
        settings,
        device=actual_device(device),
        encoder=encoder or settings.encoder,
        objective=objective or settings.objective,
        epochs=epochs or settings.epochs,
    )
    build_objective(settings.objective)
    if (level == "graphs") != is_pooled(settings.encoder):
        hint = "add pool='sum'" if level == "graphs" else "leave pool out"
        raise InputError(f"The encoder is {settings.encoder}, but {level} are studied; {hint}.")
    plan = _plan(
        read, level, split, missing, specs, chosen, settings, candidates, label_draws, asked
    )
    named = str(data) if isinstance(data, str | Path) else IN_MEMORY
    folder = Path(out) if out is not None else default_folder("study", _called(data, read))
    given = {"data": named, **_options(plan, level, split, missing, asked)}
    typed = command or command_line("study", given)
    kept = recorded(typed)
    with (
        workers_on(on, jobs, device=settings.device) as workers,
        claimed(folder, "study", own=is_study, say=progress.note),
    ):
        store = Store(folder, plan)
        progress.note(
            f"{len(specs)} views, {counted(len(chosen), 'seed')}: {len(plan.cells)} runs of "
            f"{settings.encoder}, {settings.epochs} epochs each."
        )
        done = run_cells(plan, store, jobs=workers, progress=progress)
        if not any(cell.role == "candidate" for cell in done.results):
            why = next(iter(done.failed.values()), "no cell finished")
            raise InputError(f"No view could be trained: {why}")
        store.write(done.results)
        for number, spec in enumerate(specs):
            keep_beside(spec, folder)
            draw_egos(plan, spec, f"v-{number + 1}", folder / "pairs")
        short = Path(named).name if named != IN_MEMORY else named
        verdict = make_verdict(
            plan, done.results, family=family, data=short, command=kept, failed=done.failed
        )
        verdict = in_words(in_graph_words(verdict, plan))
        write_json(folder / "verdict.json", verdict.to_json())
        seconds = time.perf_counter() - begun
        run = describe(
            plan, done, verdict, family, kept, seconds,
            data=about_graphs(plan), splits=graph_splits(plan),
        )  # fmt: skip
        write_json(folder / "run.json", run.to_json())
        best = chosen_views(verdict)
        write_chosen(folder, best)
        encoders = keep_encoders(plan, store, best, progress)
        following = restored(verdict.tasks[0].advice.command, typed)
        good = bool(best) and not best[0].doubt
        if good:
            options = _options(plan, level, None, missing, asked)
            following = command_line(
                "pretrain", {"data": named, "views": folder / f"{BEST}.txt", **options}
            )
        written = report(folder) if page else None
    progress(UNIT, len(plan.cells), len(plan.cells), share=1.0)
    return StudyResult(
        folder=folder,
        rows=[row for cell in plan.cells if cell in done.results
              for row in done.results[cell].rows],
        verdict=verdict,
        advice=plain_advice(verdict),
        best_view=best[0].view if best else None,
        recommended=good,
        encoders=encoders[BEST] if best else (),
        command=following,
        page=written,
    )  # fmt: skip


def _called(data: Any, read: Graphs) -> str:
    return str(data) if isinstance(data, str | Path) else read.name


def _options(
    plan: GraphPlan, level: str, split: str | None, missing: float | None, asked: dict[str, Any]
) -> dict[str, Any]:
    """Options of a command that reads the same graphs in the same way."""
    own = level if level != plan.data.level or level == "links" else None
    return {**asked, "level": own, "split": split, "missing": missing}


def _level(read: Graphs, level: str | None, split: str | None, missing: float | None) -> str:
    """What is studied: what the labels belong to, or links."""
    if level is not None and level not in LEVELS:
        raise unknown("level", str(level), LEVELS)
    found = level or read.level
    if found != "links" and found != read.level:
        what = f"labels of {read.level}" if read.labels else "no labels"
        raise InputError(
            f"level is {found}, but {read.name} has {what}; leave level out, or choose "
            "--level links."
        )
    if missing is not None and found != "links":
        raise InputError("missing (--missing) needs level='links' (--level links).")
    if split is not None and found != "nodes":
        raise InputError(
            f"split (--split) is for labels of nodes, but {found} are studied; leave it out."
        )
    return found


def _plan(
    read: Graphs,
    level: str,
    split: str | None,
    missing: float | None,
    views: tuple[str, ...],
    seeds: tuple[int, ...],
    settings: Any,
    candidates: int | None,
    draws: int,
    reading: dict[str, Any],
) -> GraphPlan:
    pretrain, held, blocks = cut_out(read, level)
    if candidates is not None and candidates > len(held):
        noun = "graphs" if level == "graphs" else "nodes"
        raise InputError(
            f"--candidates is {candidates}, but {len(held)} {noun} are held out: choose 2 to "
            f"{len(held)}."
        )
    links: LinkSplit | None = None
    passport: dict[str, Any] | None = None
    if level == "graphs":
        tasks, protocol = graph_tasks(read, draws=draws)
    elif level == "nodes":
        assert blocks is not None
        tasks, protocol = node_tasks(read, blocks, split=split, draws=draws)
    else:
        assert blocks is not None
        links = split_links(read.graph, **SHARES, missing=missing or 0.0)
        tasks, protocol = link_tasks(links, blocks)
        passport = {"level": "links", **SHARES, "missing": missing or 0.0, "seed": links.seed}
        passport["hash"] = links.hash
    return GraphPlan(
        read,
        level,
        pretrain,
        held,
        blocks,
        tasks,
        protocol,
        settings,
        candidates or len(held),
        views,
        seeds,
        links,
        passport,
        reading,
    )
