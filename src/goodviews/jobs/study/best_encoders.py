"""The encoders of the best views, each in a folder like that of a pretraining run.

While a study runs, the encoder of every candidate is kept beside its cell. At the end those of the
views that the study names stay, and ``encoders/`` holds them again under the names of the views:
as hard links, so that they take no more room. The others are removed; if one of them wins when
the study grows, what is missing is trained again.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from goodviews.core.files import write_bytes, write_json
from goodviews.core.progress import Reporter
from goodviews.evaluation.seen import SEEN, write_seen
from goodviews.jobs.study.chosen import BEST, Chosen
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.processes import one_thread
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.run import run_cell
from goodviews.jobs.study.store import Store
from goodviews.jobs.study.work import work_of
from goodviews.spec.files import keep_beside
from goodviews.training.passport import PASSPORT

FOLDER = "encoders"
_ENCODER = "encoder.safetensors"


def keep_encoders(
    plan: StudyPlan, store: Store, chosen: Sequence[Chosen], report: Reporter
) -> dict[str, tuple[Path, ...]]:
    """Write the encoders of the views that a study names, and remove all others.

    Args:
        plan: The study.
        store: Where its cells are.
        chosen: The views; none without labels.
        report: Receives a note on what is trained again.

    Returns:
        Folders of the encoders by the name of the view, one for each seed that is kept.
    """
    cells = {one.view: _available(plan, store, one.view, report) for one in chosen}
    seen: Path | None = None
    homes: dict[str, tuple[Path, ...]] = {}
    for one in chosen:
        found = []
        for cell in cells[one.view]:
            home = store.folder / FOLDER / f"{one.name}-seed-{cell.seed}"
            home.mkdir(parents=True, exist_ok=True)
            if not isinstance(plan, Plan):  # of a graph, its links and labels say what was seen
                pass
            elif seen is None:
                write_seen(home, plan.images, plan.splits.pretrain)
                seen = home / SEEN
            else:
                _link(seen, home / SEEN)
            _link(store.encoder(cell), home / _ENCODER)
            write_json(home / PASSPORT, work_of(plan).passport(plan, cell))
            keep_beside(one.view, home)
            found.append(home)
        homes[one.name] = tuple(found)
    _prune(store, {cell for some in cells.values() for cell in some}, homes)
    return homes


def _available(plan: StudyPlan, store: Store, view: str, report: Reporter) -> list[Cell]:
    """The runs of a view whose encoder is there; where none is, the first one is trained again."""
    cells = [Cell("candidate", view, seed) for seed in plan.seeds]
    there = [cell for cell in cells if store.encoder(cell).is_file()]
    if not there:
        report.note(f"No encoder of {view} was kept: it is trained again.")
        with one_thread():
            write_bytes(store.encoder(cells[0]), run_cell(plan, cells[0], lambda _: None).encoder)
        there = cells[:1]
    return there


def _link(source: Path, target: Path) -> None:
    """The same file under another name; a copy where the disk has no links."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        write_bytes(target, source.read_bytes())


def _prune(store: Store, cells: set[Cell], homes: dict[str, tuple[Path, ...]]) -> None:
    """Remove encoders of other views; what others have put beside them stays."""
    wanted = {store.encoder(cell) for cell in cells}
    for path in (store.folder / "cells").glob("candidate-*.safetensors"):
        if path not in wanted:
            path.unlink()
    kept = {home for some in homes.values() for home in some}
    for home in (store.folder / FOLDER).glob(f"{BEST}*-seed-*"):
        if home not in kept:
            for name in (_ENCODER, PASSPORT, SEEN):
                (home / name).unlink(missing_ok=True)
            if not any(home.iterdir()):
                home.rmdir()
    if (store.folder / FOLDER).is_dir() and not any((store.folder / FOLDER).iterdir()):
        (store.folder / FOLDER).rmdir()
