"""A Ray cluster whose machines run the cells; this process alone writes the study's folder.

Images are sent to the machines once. No shared disk is needed: files that a cell reads are sent
with it where a machine has none, and those it writes come back with its result. Cells of a machine
that is lost run again on another one, and a study whose own process is lost resumes from its
folder.
"""

import os
import platform
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import goodviews
from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.core.files import write_bytes
from goodviews.core.plugins import load_sources, sources
from goodviews.data import Images
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.processes import Files, Lost
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.spec.files import SEARCHED

ADDRESS = "RAY_ADDRESS"
"""Environment variable of Ray: where the cluster is; without it one is started here."""
_NO_GOODVIEWS = (
    "A machine of the Ray cluster cannot import goodviews, or a package that registers views; "
    "install the same versions on every machine. Finished cells are stored."
)
_RETRIES = 5
"""How often a cell is begun again because its machine or process was lost."""


@dataclass(frozen=True)
class Versions:
    """What must agree between this process and a worker for their results to agree."""

    goodviews: str
    torch: str
    python: str

    @classmethod
    def here(cls) -> "Versions":
        """Versions of this process; builds of torch for other processors count as the same."""
        python = ".".join(platform.python_version_tuple()[:2])
        return cls(goodviews.__version__, torch.__version__.partition("+")[0], python)


@dataclass(frozen=True)
class Sent:
    """What every piece of work needs beside the plan.

    Attributes:
        modules: Modules and files that register views and objectives.
        folder: Working folder, which relative paths start from.
        searched: Folders of learned generators.
        versions: Versions of the study's own process.
    """

    modules: tuple[str, ...]
    folder: str
    searched: str
    versions: Versions


@dataclass(frozen=True)
class Answer:
    """What comes back.

    Attributes:
        value: Result of the work.
        refused: Why the input does not allow it; empty where it does.
        stopped: Why no work can be done by that worker.
        files: Content of the files that were written.
    """

    value: Any = None
    refused: str = ""
    stopped: str = ""
    files: tuple[tuple[Path, bytes], ...] = ()


class Cluster:
    """A connection to a Ray cluster, or to one that is started on this machine.

    Args:
        jobs: Processors to use where a cluster is started here (default: all).
        gpus_per_cell: GPU that each cell takes, such as 0.25; 0 for none.

    Attributes:
        count: How many cells run at the same time.

    Raises:
        InputError: Ray is not installed, nothing answers at its address, or there is no GPU.
    """

    def __init__(self, jobs: int | None = None, gpus_per_cell: float = 0.0) -> None:
        self._ray = ray = need("ray", "cluster")
        self._gpus, self._own = gpus_per_cell, not ray.is_initialized()
        if self._own:
            given: dict[str, Any] = {"num_cpus": max(jobs, 1)} if jobs is not None else {}
            address = os.environ.get(ADDRESS, "")
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent to others
            handler = signal.getsignal(signal.SIGTERM)
            try:
                ray.init(
                    address=address or "local",
                    include_dashboard=None if address else False,
                    log_to_driver=False,
                    logging_level="ERROR",
                    **({} if address else given),
                )
            except (ConnectionError, RuntimeError, ValueError) as error:
                raise InputError(_not_reached(address, error)) from error
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, handler)  # Ray's own prints a stack
        found = ray.cluster_resources()
        unit, each = ("GPU", gpus_per_cell) if gpus_per_cell else ("CPU", 1.0)
        self.count = int(found.get(unit, 0) / each + 1e-9)
        if self.count < 1:
            self.close()
            raise InputError(
                f"The Ray cluster has {found.get(unit, 0):g} {unit}s, but a cell takes {each:g}; "
                + ("leave out --gpus-per-cell." if gpus_per_cell else "start a worker node.")
            )

    def close(self) -> None:
        """Disconnect; a cluster that was started here ends."""
        if self._own:
            self._ray.shutdown()

    @contextmanager
    def pool(self, plan: StudyPlan) -> Iterator["_Remote"]:
        """Workers that have the plan; work that is not finished is cancelled at the end.

        Args:
            plan: The study.
        """
        pool = _Remote(self._ray, plan, self._gpus)
        try:
            yield pool
        finally:
            pool.close()


class _Remote:
    """See :class:`goodviews.jobs.study.processes.Pool`."""

    def __init__(self, ray: Any, plan: StudyPlan, gpus: float) -> None:
        self._ray = ray
        self._plan = ray.put(_whole(plan))
        searched, folder = os.environ.get(SEARCHED, ""), str(Path.cwd())
        self._sent = ray.put(Sent(sources(), folder, searched, Versions.here()))
        queue = need("ray.util.queue", "cluster")
        here = ray.get_runtime_context().get_node_id()
        near = need("ray.util.scheduling_strategies", "cluster").NodeAffinitySchedulingStrategy
        options = {"num_cpus": 0, "scheduling_strategy": near(here, soft=True)}
        self._messages = queue.Queue(actor_options=options)
        self._run = ray.remote(_run).options(
            num_cpus=1, num_gpus=gpus, max_retries=_RETRIES, scheduling_strategy="SPREAD"
        )
        self._waiting: dict[Future[Any], Any] = {}

    def submit(
        self,
        work: Callable[..., Any],
        item: tuple[Any, ...],
        files: Files,
        *,
        reports: bool = False,
    ) -> Future[Any]:
        read = tuple((path.absolute(), path.read_bytes()) for path in files.read if path.exists())
        write = tuple(path.absolute() for path in files.write)
        messages = self._messages if reports else None
        ref = self._run.remote(self._plan, self._sent, work, item, read, write, messages)
        outer: Future[Any] = Future()
        self._waiting[outer] = ref
        ref.future().add_done_callback(lambda done: self._settle(outer, done))
        return outer

    def _settle(self, outer: Future[Any], done: Future[Any]) -> None:
        if self._waiting.pop(outer, None) is None:
            return
        error = done.exception()
        if error is not None:
            outer.set_exception(self._words(error))
            return
        answer: Answer = done.result()
        try:
            if answer.stopped:
                raise Lost(answer.stopped)
            if answer.refused:
                raise InputError(answer.refused)
            for path, data in answer.files:
                write_bytes(path, data)
        except (Lost, InputError) as error:
            outer.set_exception(error)
        else:
            outer.set_result(answer.value)

    def _words(self, error: BaseException) -> BaseException:
        task = isinstance(error, self._ray.exceptions.RayTaskError)
        if task and "ModuleNotFoundError" in str(error):
            return Lost(_NO_GOODVIEWS)
        return error if task else Lost(_lost(error))

    def messages(self) -> Iterator[tuple[Any, ...]]:
        with suppress(Exception):  # messages are lost with their actor; they matter little
            yield from self._messages.get_nowait_batch(self._messages.qsize())

    def close(self) -> None:
        """Cancel what is not finished."""
        waiting, self._waiting = list(self._waiting.values()), {}
        for ref in waiting:
            self._ray.cancel(ref, force=True)
        with suppress(Exception):
            self._messages.shutdown()


def _whole(plan: StudyPlan) -> StudyPlan:
    """The plan with pixels that Ray can share between the processes of a machine."""
    if not isinstance(plan, Plan):
        return plan

    def whole(images: Images) -> Images:
        return replace(images, pixels=np.ascontiguousarray(images.pixels).view(np.ndarray))

    images = whole(plan.images)
    task = images if plan.task_images is plan.images else whole(plan.task_images)
    return replace(plan, images=images, task_images=task)


def _run(
    plan: StudyPlan,
    sent: Sent,
    work: Callable[..., Any],
    item: tuple[Any, ...],
    read: tuple[tuple[Path, bytes], ...],
    write: tuple[Path, ...],
    messages: Any,
) -> Answer:
    """Do one piece of work, in a process of Ray."""
    if Versions.here() != sent.versions:
        return Answer(stopped=_other_versions(sent.versions, Versions.here()))
    os.environ[SEARCHED] = sent.searched
    torch.set_num_threads(1)
    try:
        _enter(Path(sent.folder))
        for path, data in read:
            _put(path, data)
        load_sources(sent.modules)
        value = work(plan, *item, *(() if messages is None else (messages.put_nowait,)))
        written = tuple((path, path.read_bytes()) for path in write if path.exists())
    except InputError as error:
        return Answer(refused=str(error))
    for path in write:
        path.unlink(missing_ok=True)
    return Answer(value, files=written)


def _enter(folder: Path) -> None:
    """Work in a folder of the same name as that of the study's process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.chdir(folder)
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _put(path: Path, data: bytes) -> None:
    """Make sure that a file with this content is here."""
    if path.is_file() and path.read_bytes() == data:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path.parent, error) from error
    write_bytes(path, data)


def _cannot_write(folder: Path, error: OSError) -> InputError:
    return InputError(
        f"The machine {platform.node()} cannot make the folder {folder} ({error.strerror}); start "
        "the study in a folder that every machine can make, such as one in /tmp."
    )


def _not_reached(address: str, error: Exception) -> str:
    if address:
        return (
            f"No Ray cluster answers at {ADDRESS}={address}; start one with 'ray start --head', "
            f"or unset {ADDRESS} to start one on this machine."
        )
    return f"Ray could not be started on this machine: {error}"


def _other_versions(want: Versions, have: Versions) -> str:
    def words(one: Versions) -> str:
        return f"goodviews {one.goodviews}, torch {one.torch}, Python {one.python}"

    return (
        f"The machine {platform.node()} has {words(have)}, but the study runs with {words(want)}; "
        "install the same versions on every machine."
    )


def _lost(error: BaseException) -> str:
    if "OutOfMemory" in type(error).__name__:
        return (
            "The machines of the Ray cluster have too little memory for as many cells at once; "
            "start them with fewer processors (ray start --num-cpus 1). Finished cells are "
            "stored: run the same command again."
        )
    last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
    return (
        f"A cell failed {_RETRIES + 1} times on the Ray cluster ({type(error).__name__}: "
        f"{last[0]}); finished cells are stored: run the same command again."
    )
