"""Running the cells: worker processes, one thread each, so that results do not depend on them."""

import multiprocessing as mp
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from threadpoolctl import threadpool_limits

from goodviews.core.errors import InputError
from goodviews.core.plugins import load_sources, sources
from goodviews.core.progress import Report, as_report
from goodviews.data import Images
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.follow import UNIT, Follower
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.store import Store
from goodviews.jobs.study.work import work_of

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_KILLED = (
    "A worker process was killed, most likely because there is too little memory; the finished "
    "cells are stored: run the same command again with --jobs 1."
)
_plan: StudyPlan | None = None
_finished: Any = None
_modules: tuple[str, ...] = ()


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
    jobs: int,
    progress: bool | Report | None = None,
    unit: str = UNIT,
) -> Done:
    """Run every cell that is not done yet, and keep each as soon as it is.

    Args:
        plan: The study.
        store: Where cells are kept.
        jobs: Worker processes; 0 runs the cells in this process.
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
        workers=jobs,
        report=as_report(progress),
        unit=unit,
    )

    def keep(cell: Cell, work: Callable[[], CellResult]) -> None:
        try:
            made = work()
        except BrokenProcessPool as error:
            raise InputError(_KILLED) from error
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

    modules, context = sources(), _context()
    with _deaf():
        finished = context.SimpleQueue()
    with _environment(), _executor(_light(plan), modules, jobs, context, finished) as pool:
        with _deaf():
            waiting: dict[Future[CellResult], Cell] = {pool.submit(_work, c): c for c in todo}
        while waiting:
            ready, _ = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
            while not finished.empty():
                follower.part(*finished.get())
            for future in ready:
                keep(waiting.pop(future), future.result)
            follower.show()
    return done


def spread(
    plan: StudyPlan,
    items: Sequence[tuple[Any, ...]],
    work: Callable[..., Any],
    *,
    jobs: int,
    more: Callable[[], Sequence[tuple[Any, ...]]] = tuple,
) -> Iterator[tuple[int, Any]]:
    """Call a function of the plan for every item, in worker processes of one thread each.

    Args:
        plan: The study.
        items: Arguments behind the plan.
        work: A function of a module; its results do not depend on where it runs.
        jobs: Worker processes; 0 works in this process.
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
    modules, context = sources(), _context()
    with _deaf():
        finished = context.SimpleQueue()
    with _environment(), _executor(_light(plan), modules, jobs, context, finished) as pool:
        waiting: dict[Future[Any], int] = {}
        begun, new = 0, items
        while new or waiting:
            with _deaf():
                waiting |= {
                    pool.submit(_apply, work, item): n for n, item in enumerate(new, begun)
                }
            begun += len(new)
            future = min(wait(waiting, return_when=FIRST_COMPLETED)[0], key=waiting.__getitem__)
            try:
                made = future.result()
            except BrokenProcessPool as error:
                raise InputError(_KILLED) from error
            yield waiting.pop(future), made
            new = more()


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


def _context() -> Any:
    """How workers start: forked from a process that has the imports, where forking is safe."""
    if sys.platform != "linux":
        return mp.get_context("spawn")
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["goodviews.jobs.study.preload"])
    return context


@contextmanager
def _executor(
    plan: StudyPlan, modules: tuple[str, ...], jobs: int, context: Any, finished: Any
) -> Iterator[ProcessPoolExecutor]:
    """Workers that end at once when the block is left by an error or Ctrl-C."""
    pool = ProcessPoolExecutor(
        jobs,
        mp_context=context,
        initializer=_begin,
        initargs=(plan, modules, finished, dict(os.environ)),
    )
    try:
        yield pool
    except BaseException:
        for process in list((pool._processes or {}).values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


def _light(plan: StudyPlan) -> StudyPlan:
    """The plan with images that workers map from disk instead of being sent."""
    if not isinstance(plan, Plan):
        return plan

    def light(images: Images) -> Any:
        return images.cache or images

    task: Any = None if plan.task_images is plan.images else light(plan.task_images)
    return replace(plan, images=light(plan.images), task_images=task)


def _begin(
    plan: StudyPlan, modules: tuple[str, ...], finished: Any, environment: dict[str, str]
) -> None:
    global _plan, _finished, _modules
    os.environ.update(environment)  # it may have changed since the first worker was started
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _plan, _finished, _modules = plan, finished, modules
    if isinstance(plan, Plan):
        images = _opened(plan.images)
        task = images if plan.task_images is None else _opened(plan.task_images)
        _plan = replace(plan, images=images, task_images=task)


def _opened(images: Any) -> Images:
    return Images.open(images) if isinstance(images, Path) else images


def _work(cell: Cell) -> CellResult:
    assert _plan is not None
    load_sources(_modules)  # views and objectives that the study's own process has registered
    return _timed(_plan, cell, lambda *part: _finished.put(part))


def _apply(work: Callable[..., Any], item: tuple[Any, ...]) -> Any:
    assert _plan is not None
    load_sources(_modules)
    return work(_plan, *item)


def _end_with_parent() -> None:
    """End this worker at once when the study's process has ended, whatever ended it."""
    parent = mp.parent_process()
    if parent is not None:
        parent.join()  # waits at a pipe, which closes with the parent
        os._exit(1)


@contextmanager
def _deaf() -> Iterator[None]:
    """Workers started here never hear a signal to stop: it is this process that answers it.

    They inherit that the signals are blocked; one that arrives meanwhile is heard afterwards.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    blocked = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    old = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


@contextmanager
def _environment() -> Iterator[None]:
    """Workers inherit one thread; this process gets its own setting back."""
    old = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update(dict.fromkeys(_THREADS, "1"))
    try:
        yield
    finally:
        for name, value in old.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for torch and for the linear algebra of others, as workers have it."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(threads)
