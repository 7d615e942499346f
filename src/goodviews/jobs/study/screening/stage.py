"""The first stage: short runs of compositions, and the effect of each operation.

Letters: R runs, F operations, T tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.progress import Reporter
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.run import Workers, run_cells
from goodviews.jobs.study.screening.design import foldover
from goodviews.jobs.study.screening.operations import Operation, compose
from goodviews.jobs.study.store import Store

FOLDER = "screening"
ROLE = "screened"


@dataclass(frozen=True)
class Screened:
    """Runs of a design.

    Attributes:
        found: The operations.
        design: (R, F) of -1 and 1.
        views: R specs.
        tasks: Names of the tasks.
        right: (T, R) accuracy.
        nats: (T, R) mean log probability of the right class: what chooses.
        shared: (R,) bound on what the views share, nats.
        shown: Images shown in each run.
    """

    found: tuple[Operation, ...]
    design: np.ndarray
    views: tuple[str, ...]
    tasks: tuple[str, ...]
    right: np.ndarray
    nats: np.ndarray
    shared: np.ndarray
    shown: int


def short_plan(plan: Plan, tasks: Sequence[Task], cells: Sequence[Cell], shown: int) -> Plan:
    """The plan of short runs.

    Args:
        plan: The study.
        tasks: What chooses.
        cells: The runs.
        shown: Images shown in each.
    """
    pretrain = plan.splits.pretrain
    epochs = -(-shown // len(pretrain))
    some = np.random.default_rng(0).permutation(pretrain)[: -(-shown // epochs)]
    return replace(
        plan,
        splits=replace(plan.splits, pretrain=np.sort(some), hash=""),
        tasks=tuple(tasks),
        settings=replace(plan.settings, epochs=epochs),
        candidates=min(plan.candidates, 1024, len(plan.splits.held_out)),
        views=tuple(dict.fromkeys(cell.view for cell in cells)),
        seeds=tuple(sorted({cell.seed for cell in cells})),
        screened=tuple(cells),
    )


def screen(
    plan: Plan,
    tasks: Sequence[Task],
    found: Sequence[Operation],
    *,
    shown: int,
    folder: Path,
    jobs: Workers,
    progress: Reporter,
) -> Screened:
    """Run the design; every run has a seed of its own, so that seeds count as noise.

    Args:
        plan: The study.
        tasks: What chooses.
        found: The operations.
        shown: Images shown in each run.
        folder: The study folder.
        jobs: Where the work is done.
        progress: Reporter.

    Raises:
        InputError: A run cannot be stored, or a worker was killed.
    """
    design = foldover(len(found))
    views = tuple(compose(found, row > 0) for row in design)
    cells = [Cell(ROLE, view, seed) for seed, view in enumerate(views)]
    short = short_plan(plan, tasks, cells, shown)
    store = Store(folder / FOLDER, short)
    done = run_cells(short, store, jobs=jobs, progress=progress, unit="short runs finished")
    store.write(done.results)
    if not done.results:
        raise InputError(f"No view could be trained: {next(iter(done.failed.values()))}")
    rows = [done.results[cell].rows if cell in done.results else None for cell in cells]

    def read(name: str, task: int) -> np.ndarray:
        values = np.array([getattr(run[task], name) if run else None for run in rows], dtype=float)
        return np.where(
            np.isnan(values), np.nanmean(values), values
        )  # a failed run moves no effect

    right, nats = (
        np.array([read(name, task) for task in range(len(tasks))])
        for name in ("readout", "usable_nats")
    )
    names = tuple(task.name for task in tasks)
    return Screened(
        tuple(found), design, views, names, right, nats, read("estimate_nats", 0), shown
    )
