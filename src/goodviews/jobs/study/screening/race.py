"""The race: most views stop early, the others are continued, and few are left.

Every view of a rung has been shown as many images as the others, by the same seed, in the same
order. The better half is continued from where it was, twice as far.

Letters: E views, T tasks.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.progress import Reporter
from goodviews.core.records.screening import Entry as Record
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.run import Workers, run_cells
from goodviews.jobs.study.screening.entries import Entry
from goodviews.jobs.study.screening.stage import FOLDER, ROLE, short_plan
from goodviews.jobs.study.store import Store

RUNGS = 3
_SEED = 1_000
"""Number of every run of a race; those of a screening are smaller."""


@dataclass(frozen=True)
class Raced:
    """Where a race ended.

    Attributes:
        entries: E views.
        shown: (E,) images shown when each stopped.
        right: (T, E) accuracy then.
        nats: (T, E) mean log probability of the right class then.
    """

    entries: tuple[Entry, ...]
    shown: np.ndarray
    right: np.ndarray
    nats: np.ndarray

    def best(self, count: int) -> list[str]:
        """The views that lasted longest, the best first; with several tasks in turn for each."""
        orders = [np.lexsort((-nats, -self.shown)) for nats in self.nats]
        places = dict.fromkeys(int(order[place]) for place in range(count) for order in orders)
        return [self.entries[place].view for place in places][: max(count, len(orders))]

    def records(self, task: int) -> tuple[Record, ...]:
        """What the page shows of it."""
        order = np.lexsort((-self.nats[task], -self.shown))
        return tuple(
            Record(
                view=self.entries[place].view,
                source=self.entries[place].source,
                shown=int(self.shown[place]),
                accuracy=float(self.right[task, place]),
            )
            for place in order
        )


def race(
    plan: Plan,
    tasks: Sequence[Task],
    entries: Sequence[Entry],
    *,
    shown: int,
    folder: Path,
    jobs: Workers,
    progress: Reporter,
) -> Raced:
    """Run the race.

    Args:
        plan: The study.
        tasks: What chooses.
        entries: E views.
        shown: Images shown on the first rung; each further one shows twice as many in all.
        folder: The study folder.
        jobs: Where the work is done.
        progress: Reporter.

    Raises:
        InputError: No view could be trained, a run cannot be stored, or a worker was killed.
    """
    count = len(entries)
    length = np.zeros(count, dtype=int)
    right, nats = (np.full((len(tasks), count), -np.inf) for _ in range(2))
    running = list(range(count))
    steady = folder / FOLDER / "steady"
    for rung in range(RUNGS):
        cells = [Cell(ROLE, entries[place].view, _SEED) for place in running]
        short = short_plan(plan, tasks, cells, shown)
        epochs = short.settings.epochs
        short = replace(
            short,
            settings=replace(short.settings, epochs=epochs * 2**rung),
            steady=steady if rung < RUNGS - 1 else None,
            begun=steady if rung else None,
        )
        store = Store(folder / FOLDER / f"rung-{rung + 1}", short)
        unit = f"runs of rung {rung + 1} of {RUNGS} finished"
        done = run_cells(short, store, jobs=jobs, progress=progress, unit=unit)
        store.write(done.results)
        for place, cell in zip(running, cells, strict=True):
            found = done.results.get(cell)
            if found is not None:
                length[place] = short.settings.epochs * len(short.splits.pretrain)
                right[:, place], nats[:, place] = _scores(found)
        running = survivors(nats, [place for place in running if length[place]])
        if not running:
            raise InputError(f"No view could be trained: {next(iter(done.failed.values()))}")
    shutil.rmtree(steady, ignore_errors=True)
    return Raced(tuple(entries), length, right, nats)


def survivors(nats: np.ndarray, running: Sequence[int]) -> list[int]:
    """The better half of those that run, for each task.

    Args:
        nats: (T, E) scores.
        running: Places of those that run.

    Example:
        >>> survivors(np.array([[3.0, 1.0, 2.0, 0.0]]), [0, 1, 2, 3])
        [0, 2]
    """
    half = -(-len(running) // 2)
    best = {
        place for scores in nats for place in sorted(running, key=lambda one: -scores[one])[:half]
    }
    return sorted(best)


def _scores(found: CellResult) -> tuple[np.ndarray, np.ndarray]:
    return (
        np.array([row.readout for row in found.rows], dtype=float),
        np.array([row.usable_nats for row in found.rows], dtype=float),
    )
