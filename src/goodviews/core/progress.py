"""How far a long run is: a bar on a terminal, a line every tenth elsewhere."""

import math
import sys
import time
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any, ParamSpec, Protocol, Self, TextIO, TypeVar

Report = Callable[[str, int, int], None]
"""Called with what is counted, such as "epochs trained", how many are done, and of how many."""

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
        ...     as_report(progress)("steps taken", 1, 2)
        >>> count(progress=lambda unit, done, total: print(done, "of", total, unit))
        1 of 2 steps taken
    """

    @wraps(job)
    def run(*args: _Given.args, **options: _Given.kwargs) -> _Result:
        if options.get("progress") is not True:
            return job(*args, **options)
        with Progress() as bar:
            options["progress"] = bar
            return job(*args, **options)

    return run


class Reporter(Protocol):
    """What a job tells how far it is."""

    def __call__(
        self,
        unit: str,
        done: int,
        total: int,
        *,
        share: float | None = None,
        left: float | None = None,
    ) -> None:
        """Report how many parts of a stage are finished.

        Args:
            unit: What is counted, in the plural, such as ``"epochs trained"``.
            done: How many are finished.
            total: How many there are.
            share: Share of the work that is done, where parts differ in cost.
            left: Seconds that the stage still takes, where the job knows better than the bar.
        """

    def note(self, text: str) -> None:
        """Show a sentence."""


def as_report(progress: bool | Report | None) -> Reporter:
    """What a job reports to, from its argument ``progress``.

    Args:
        progress: A :class:`Progress`, a function, or nothing to show nothing.

    Example:
        >>> as_report(None)("steps taken", 1, 2)
    """
    if isinstance(progress, Progress):
        return progress
    return _Calls(progress) if callable(progress) else Progress(quiet=True)


class _Calls:
    """Calls a function whenever the numbers have changed."""

    def __init__(self, function: Report) -> None:
        self._function = function
        self._last: tuple[str, int, int] | None = None

    def __call__(self, unit: str, done: int, total: int, **_: float | None) -> None:
        if (unit, done, total) != self._last:
            self._function(unit, done, total)
        self._last = unit, done, total

    def note(self, text: str) -> None:
        """Nothing: a function takes numbers only."""


class Progress:
    """Shows the stages of a run with the time left.

    Args:
        quiet: Show nothing.
        file: Where to show it (default: standard error, so that the result alone goes to standard
            output).
        clock: Returns the time in seconds.

    Example:
        >>> with Progress(file=sys.stdout) as progress:
        ...     progress("steps taken", 2, 2)
        2 of 2 steps taken (100 %)
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._quiet = quiet
        self._file = file if file is not None else sys.stderr
        self._clock = clock
        self._bar: Any = None
        self._rows: dict[str, Any] = {}
        self._shown: dict[str, int] = {}
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

    def __call__(
        self,
        unit: str,
        done: int,
        total: int,
        *,
        share: float | None = None,
        left: float | None = None,
    ) -> None:
        """Show that ``done`` of ``total`` are finished: see :class:`Reporter`."""
        if self._quiet:
            return
        now = self._clock()
        begun, first = self._begun.setdefault(unit, (now, done))
        if share is None:
            share = done / max(total, 1)
            if done > first:
                left = (now - begun) / (done - first) * (total - done)
        count = f"{done:,} of {total:,} {unit}"
        if self._on_terminal():
            self._draw(unit, count, share, f"about {clock_text(left)} left" if left else "")
            return
        tenth = int(100 * share + 1e-9) // STEP
        if tenth <= self._shown.get(unit, -1):
            return
        self._shown[unit] = tenth
        more = f", about {clock_text(left)} left" if left and left >= 1 else ""
        self._print(f"{count} ({int(100 * share + 1e-9)} %){more}")

    def note(self, text: str) -> None:
        """Show a sentence above the bar."""
        if self._quiet:
            return
        if self._on_terminal():
            self._bar.console.print(text, highlight=False, markup=False)
        else:
            self._print(text)

    def wait(self, text: str) -> None:
        """Show on a terminal what is under way before the first stage begins."""
        if not self._quiet and self._on_terminal():
            self._draw("", text, None, "")

    def _on_terminal(self) -> bool:
        if self._bar is None and self._file.isatty():
            self._bar = _bar(self._file)
            self._bar.start()
        return self._bar is not None

    def _draw(self, unit: str, text: str, share: float | None, left: str) -> None:
        if unit not in self._rows:
            if "" in self._rows:
                self._bar.remove_task(self._rows.pop(""))
            self._rows[unit] = self._bar.add_task(text, total=None, left="")
        self._bar.update(
            self._rows[unit],
            description=text,
            completed=share or 0.0,
            total=None if share is None else 1.0,
            left=left,
        )

    def _print(self, text: str) -> None:
        print_line(text, self._file)


def print_line(text: str, file: TextIO) -> None:
    """Print a line of a log; a full disk costs the line, not the run."""
    try:
        print(text, file=file, flush=True)
    except BrokenPipeError:
        raise
    except OSError:
        return


def clock_text(seconds: float) -> str:
    """A forecast duration as text, in no more detail than a forecast has.

    Example:
        >>> clock_text(6.2), clock_text(83), clock_text(720), clock_text(7300)
        ('7 s', '1 min 20 s', '12 min', '2 h 2 min')
    """
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    step = 10 if seconds < 600 else 60
    minutes, rest = divmod(round(seconds / step) * step, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def _bar(file: TextIO) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Rich

    return Rich(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}", markup=False),
        console=Console(file=file),
        expand=True,
    )
