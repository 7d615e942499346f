"""Running the cells, in this process, in processes of this machine, or on a Ray cluster."""

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.progress import Report, as_report
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.cluster import Cluster
from goodviews.jobs.study.follow import UNIT, Follower
from goodviews.jobs.study.inputs import default_workers
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.processes import Files, Lost, Pool, one_thread, processes
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.store import Store
from goodviews.jobs.study.work import work_of
from goodviews.spec.files import files_of

RAY = "ray"
"""Where cells run that are sent to a cluster."""
_GPUS = 64

Workers = int | Cluster
"""Processes of this machine (0 works in this one), or a cluster."""


@dataclass
class Done:
    """What running left.

    Attributes:
        results: Finished cells.
        failed: Cells that could not be run, and why.
        resumed: How many were found finished.
    """

    results: dict[Cell, CellResult]
    failed: dict[Cell, str]
    resumed: int


def run_cells(
    plan: StudyPlan,
    store: Store,
    *,
    jobs: Workers,
    progress: bool | Report | None = None,
    unit: str = UNIT,
) -> Done:
    """Run every cell that is not done yet, and keep each as soon as it is.

    Args:
        plan: The study.
        store: Where cells are kept.
        jobs: Where cells run.
        progress: Called with how many runs are finished.
        unit: What is counted.

    Returns:
        All cells, those found finished as well.

    Raises:
        InputError: A cell cannot be kept, or a worker was killed.
        KeyboardInterrupt: Ctrl-C; what is finished is kept.
    """
    found = {cell: result for cell in plan.cells if (result := store.load(cell))}
    done = Done(found, {}, len(found))
    todo = _in_order([cell for cell in plan.cells if cell not in found], plan.baselines.scratch)
    follower = Follower(
        plan,
        todo,
        {cell: result.rows[0].seconds or 0.0 for cell, result in found.items()},
        workers=workers_of(jobs),
        report=as_report(progress),
        unit=unit,
    )

    def keep(cell: Cell, work: Callable[[], CellResult]) -> None:
        try:
            made = work()
        except Lost as error:
            raise InputError(str(error)) from error
        except InputError as error:
            done.failed[cell] = str(error)
        else:
            done.results[cell] = store.save(cell, made)
        follower.closed(cell)
        follower.show()

    def count(cell: Cell, name: str, seconds: float) -> None:
        follower.part(cell, name, seconds)
        follower.show()

    if jobs == 0:
        with one_thread():
            for cell in todo:
                keep(cell, lambda cell=cell: _timed(plan, cell, count))  # type: ignore[misc]
        return done

    with _pool(plan, jobs) as pool:
        waiting: dict[Future[CellResult], Cell] = {
            pool.submit(run_reported, (cell,), _files(plan, cell), reports=True): cell
            for cell in todo
        }
        while waiting:
            ready, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            for part in pool.messages():
                follower.part(*part)
            for future in ready:
                keep(waiting.pop(future), future.result)
            follower.show()
    return done


def spread(
    plan: StudyPlan,
    items: Sequence[tuple[Any, ...]],
    work: Callable[..., Any],
    *,
    jobs: Workers,
    files: Callable[..., Files] = lambda *_: Files(),
    more: Callable[[], Sequence[tuple[Any, ...]]] = tuple,
) -> Iterator[tuple[int, Any]]:
    """Call a function of the plan for every item, by workers of one thread each.

    Args:
        plan: The study.
        items: Arguments behind the plan.
        work: A function of a module; its results do not depend on where it runs.
        jobs: Where they work.
        files: From the arguments of an item to what ``work`` reads and writes.
        more: Called after each result has been taken; returns further items.

    Yields:
        Place of the item and its result, as they finish.

    Raises:
        InputError: A worker was killed.
    """
    if not items:
        return
    if jobs == 0:
        left, place = deque(items), 0
        while left:
            with one_thread():
                made = work(plan, *left.popleft())
            yield place, made
            left.extend(more())
            place += 1
        return
    with _pool(plan, jobs) as pool:
        waiting: dict[Future[Any], int] = {}
        begun, new = 0, items
        while new or waiting:
            waiting |= {
                pool.submit(work, item, files(*item)): n for n, item in enumerate(new, begun)
            }
            begun += len(new)
            future = min(wait(waiting, return_when=FIRST_COMPLETED)[0], key=waiting.__getitem__)
            try:
                made = future.result()
            except Lost as error:
                raise InputError(str(error)) from error
            yield waiting.pop(future), made
            new = more()


def workers_of(jobs: Workers) -> int:
    """How many cells run at the same time, at least 1."""
    return jobs.count if isinstance(jobs, Cluster) else max(jobs, 1)


@contextmanager
def workers_on(
    on: str | None, jobs: int | None, *, gpus_per_cell: float = 0.0, device: str = "cpu"
) -> Iterator[Workers]:
    """Where cells run.

    Args:
        on: ``ray`` for a cluster; nothing for this machine.
        jobs: Number of processes; of a cluster that is started here, of processors.
        gpus_per_cell: GPU that each cell takes of a cluster; 0 for none.
        device: Where cells train.

    Raises:
        InputError: There is no such place, or its cluster is not there.
    """
    if on not in (None, RAY):
        raise InputError(f"--on takes {RAY}, or is left out for this machine, but got {on!r}.")
    if on is None and gpus_per_cell:
        raise InputError(f"--gpus-per-cell shares the GPUs of a cluster; add --on {RAY}.")
    if not 0 <= gpus_per_cell <= _GPUS:
        raise InputError(f"--gpus-per-cell is from 0 to {_GPUS}, but got {gpus_per_cell:g}.")
    if on is None:
        yield jobs if jobs is not None else default_workers(device)
        return
    cluster = Cluster(jobs, gpus_per_cell)
    try:
        yield cluster
    finally:
        cluster.close()


def _pool(plan: StudyPlan, jobs: Workers) -> AbstractContextManager[Pool]:
    return jobs.pool(plan) if isinstance(jobs, Cluster) else processes(plan, jobs)


def _files(plan: StudyPlan, cell: Cell) -> Files:
    """What a cell reads and writes beside the images."""
    read = tuple(files_of(cell.view)) if cell.role != "baseline" else ()
    if not isinstance(plan, Plan):
        return Files(read)
    begun = () if plan.begun is None else (plan.begun / cell.key,)
    return Files((*begun, *read), () if plan.steady is None else (plan.steady / cell.key,))


def run_reported(
    plan: StudyPlan, cell: Cell, send: Callable[[tuple[Any, ...]], None]
) -> CellResult:
    """Run a cell by a worker, which reports what each of its parts took."""
    return _timed(plan, cell, lambda *part: send(part))


def _in_order(cells: list[Cell], scratch: str) -> list[Cell]:
    """Each view once before any for the second time, so that the forecast soon knows them all.

    The first training from scratch, the longest cell, comes second, so that both kinds of
    training are seen early, whether one or several workers run them.
    """
    cells = sorted(cells, key=lambda cell: (cell.seed, cell.view != scratch))
    first = next((cell for cell in cells if cell.view != scratch), None)
    return sorted(cells, key=lambda cell: cell != first)


def _timed(plan: StudyPlan, cell: Cell, count: Callable[[Cell, str, float], None]) -> CellResult:
    """Run a cell and say what each of its parts took, in seconds."""
    last = time.perf_counter()

    def tick(name: str) -> None:
        nonlocal last
        now = time.perf_counter()
        count(cell, name, now - last)
        last = now

    return run_cell(plan, cell, tick)


def run_cell(plan: StudyPlan, cell: Cell, tick: Callable[[str], None]) -> CellResult:
    """Run a cell as its kind of plan does."""
    return work_of(plan).run(plan, cell, tick)
