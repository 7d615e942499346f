"""Worker processes of this machine: one thread each, so that results do not depend on them."""

import multiprocessing as mp
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from threadpoolctl import threadpool_limits

from goodviews.core.plugins import load_sources, sources
from goodviews.data import Images
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.protocol import StudyPlan

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_KILLED = (
    "A worker process was killed, most likely because there is too little memory; the finished "
    "cells are stored: run the same command again with --jobs 1."
)
_plan: StudyPlan | None = None
_messages: Any = None
_modules: tuple[str, ...] = ()


class Lost(Exception):
    """Workers are gone, and with them what they were doing; the message is for the user."""


@dataclass(frozen=True)
class Files:
    """Files that work reads and writes, where workers may have other disks than this process.

    Attributes:
        read: Files that exist here; one that does not is left out.
        write: Files that the work may write.
    """

    read: tuple[Path, ...] = ()
    write: tuple[Path, ...] = ()


class Pool(Protocol):
    """Workers that know the plan."""

    def submit(
        self,
        work: Callable[..., Any],
        item: tuple[Any, ...],
        files: Files,
        *,
        reports: bool = False,
    ) -> Future[Any]:
        """Call ``work(plan, *item)`` somewhere.

        Args:
            work: A function of a module; its results do not depend on where it runs.
            item: Arguments behind the plan.
            files: What it reads and writes.
            reports: Whether it takes one more argument, a function that sends a message.

        Returns:
            Its result, or :class:`~goodviews.core.errors.InputError`, or :class:`Lost`.
        """

    def messages(self) -> Iterator[tuple[Any, ...]]:
        """Messages of workers since the last call."""


class _Processes:
    """See :class:`Pool`."""

    def __init__(self, pool: ProcessPoolExecutor, messages: Any) -> None:
        self._pool, self._messages = pool, messages

    def submit(
        self,
        work: Callable[..., Any],
        item: tuple[Any, ...],
        files: Files,
        *,
        reports: bool = False,
    ) -> Future[Any]:
        del files  # workers have the same disks
        with _deaf():  # the first ones start workers
            inner = self._pool.submit(_apply, work, item, reports)
        outer: Future[Any] = Future()
        inner.add_done_callback(lambda done: settle(outer, done))
        return outer

    def messages(self) -> Iterator[tuple[Any, ...]]:
        while not self._messages.empty():
            yield self._messages.get()


def settle(outer: Future[Any], done: Future[Any]) -> None:
    """Give a result on, with :class:`Lost` in place of an error of the pool."""
    if done.cancelled():
        outer.cancel()
        return
    error = done.exception()
    if isinstance(error, BrokenProcessPool):
        error = Lost(_KILLED)
    if error is not None:
        outer.set_exception(error)
    else:
        outer.set_result(done.result())


@contextmanager
def processes(plan: StudyPlan, jobs: int) -> Iterator[Pool]:
    """Workers that end at once when the block is left by an error or Ctrl-C.

    Args:
        plan: The study.
        jobs: Number of workers, at least 1.
    """
    modules, context = sources(), process_context()
    with _deaf():
        messages = context.SimpleQueue()
    with single_threaded_workers():
        pool = ProcessPoolExecutor(
            jobs,
            mp_context=context,
            initializer=_begin,
            initargs=(_light(plan), modules, messages, dict(os.environ)),
        )
        try:
            yield _Processes(pool, messages)
        except BaseException:
            for process in list((pool._processes or {}).values()):
                process.kill()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        pool.shutdown()


def process_context() -> Any:
    """How workers start: forked from a process that has the imports, where forking is safe."""
    if sys.platform != "linux":
        return mp.get_context("spawn")
    context = mp.get_context("forkserver")
    context.set_forkserver_preload(["goodviews.jobs.study.preload"])
    return context


def _light(plan: StudyPlan) -> StudyPlan:
    """The plan with images that workers map from disk instead of being sent."""
    if not isinstance(plan, Plan):
        return plan

    def light(images: Images) -> Any:
        return images.cache or images

    task: Any = None if plan.task_images is plan.images else light(plan.task_images)
    return replace(plan, images=light(plan.images), task_images=task)


def _begin(
    plan: StudyPlan, modules: tuple[str, ...], messages: Any, environment: dict[str, str]
) -> None:
    global _plan, _messages, _modules
    os.environ.update(environment)  # it may have changed since the first worker was started
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(1)
    _plan, _messages, _modules = plan, messages, modules
    if isinstance(plan, Plan):
        images = _opened(plan.images)
        task = images if plan.task_images is None else _opened(plan.task_images)
        _plan = replace(plan, images=images, task_images=task)


def _opened(images: Any) -> Images:
    return Images.open(images) if isinstance(images, Path) else images


def _apply(work: Callable[..., Any], item: tuple[Any, ...], reports: bool) -> Any:
    assert _plan is not None
    load_sources(_modules)  # views and objectives that the study's own process has registered
    return work(_plan, *item, _messages.put) if reports else work(_plan, *item)


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
def single_threaded_workers() -> Iterator[None]:
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
