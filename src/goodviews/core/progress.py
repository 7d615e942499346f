"""How far a long run is: a bar on a terminal, a line every tenth elsewhere."""

import sys
import time
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, Self, TextIO, TypeVar

Report = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done, and how much there is."""

STEP = 10
"""Per cent between two lines where there is no terminal."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def draws_progress(job: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Let a job take ``progress=True``: it is given the bar as a function to call.

    Args:
        job: A function whose keyword ``progress`` is read with :func:`as_report`.

    Example:
        >>> @draws_progress
        ... def count(*, progress=None):
        ...     as_report(progress)("counting", 1, 2)
        >>> count(progress=lambda stage, done, total: print(stage, done, "of", total))
        counting 1 of 2
    """

    @wraps(job)
    def run(*args: _Given.args, **options: _Given.kwargs) -> _Result:
        if options.get("progress") is not True:
            return job(*args, **options)
        with Progress() as bar:
            options["progress"] = bar
            return job(*args, **options)

    return run


def as_report(progress: bool | Report | None) -> Report:
    """The function that was given for ``progress``, or one that shows nothing.

    Example:
        >>> as_report(None)("training", 1, 2)
    """
    return progress if callable(progress) else _nothing


def _nothing(stage: str, done: int, total: int) -> None:
    """Show nothing."""


class Progress:
    """Shows stages of a run with the time left; a function ``(stage, done, total)``.

    Args:
        quiet: Show nothing.
        file: Where to show it; standard error when left out, so that the result alone
            goes to standard output.

    Example:
        >>> with Progress(file=sys.stdout) as progress:
        ...     progress("training", 2, 2)
        training: 2 of 2 (100 %)
    """

    def __init__(self, *, quiet: bool = False, file: TextIO | None = None) -> None:
        self._quiet = quiet
        self._file = file if file is not None else sys.stderr
        self._bar: Any = None
        self._tasks: dict[str, Any] = {}
        self._said: dict[str, int] = {}
        self._begun: dict[str, tuple[float, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` parts of a stage are finished."""
        if self._quiet:
            return
        if self._bar is None and self._file.isatty():
            self._bar = _bar(self._file)
            self._bar.start()
        if self._bar is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._bar.add_task(stage, total=total)
            self._bar.update(self._tasks[stage], completed=done, total=total)
            return
        now = time.monotonic()
        begun, first = self._begun.setdefault(stage, (now, done))
        tenth = 100 * done // max(total, 1) // STEP
        if tenth <= self._said.get(stage, -1):
            return
        self._said[stage] = tenth
        left = (now - begun) / (done - first) * (total - done) if done > first else 0.0
        more = f", {_clock(left)} left" if left >= 1 else ""
        share = 100 * done // max(total, 1)
        print(f"{stage}: {done:,} of {total:,} ({share} %){more}", file=self._file, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _bar(file: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Rich

    return Rich(
        TextColumn("{task.description:<10}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=Console(file=file),
    )
