"""The log of a run: a row per step, a line now and then, and each verdict that is new."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goodviews.core.progress import Report
from goodviews.jobs.pretrain.probe import Probe, row_line
from goodviews.training import Learner, Settings
from goodviews.training.diagnostics.health import FATAL, HEALTHY, CollapseError, Monitor
from goodviews.training.diagnostics.monitor import History
from goodviews.training.log import Log

if TYPE_CHECKING:
    from lightning_fabric import Fabric

_SILENT_S = 60.0
"""Seconds after which a line is due; more in a run that has taken long already."""


class Follower:
    """Called after every step of a run.

    Args:
        folder: Where ``log.csv`` goes.
        settings: Settings of the run.
        fabric: Its processes; the first one writes and logs.
        every: Epochs between two lines with readouts.
        probe: Makes the readouts, where there are labels.
        track: A tracker besides the log, or nothing.
        stop: Whether a collapse ends the run.
        say: Called with each line.
        progress: Called with what is counted, how many are done and how many there are.

    Attributes:
        monitor: With the latest verdict.
    """

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        *,
        fabric: "Fabric",
        every: int,
        probe: Probe | None,
        track: str,
        stop: bool,
        say: Callable[[str], None],
        progress: Report,
    ) -> None:
        self.folder, self.settings, self.fabric = folder, settings, fabric
        self.every, self.probe, self.track, self.stop = every, probe, track, stop
        self.say, self.progress = say, progress
        self.monitor = Monitor(settings)
        self._log: Log | None = None
        self._verdict = HEALTHY
        self._begun = self._spoke = 0.0
        self._first = 0

    def __call__(self, learner: Learner, history: History) -> None:
        """Log the step; measure, and print a line where it is time.

        Raises:
            CollapseError: The run collapsed, and is to stop then.
        """
        if self._log is None:
            self._log = self._open(history)
        row: dict[str, Any] = {"loss": history.losses[-1]}
        look = self.monitor(learner, history)
        if look:
            row |= look.row() | {"health": self.monitor.health.verdict}
        due = history.steps % (self.every * history.per_epoch) == 0
        if self.probe and (due or history.steps == history.total):
            row |= self.probe(learner.result())
        self._log.row(history.steps, **row)
        if len(row) > 1:
            history.rows[history.steps] = {name: row[name] for name in row if name != "loss"}
        if history.steps % history.per_epoch == 0:
            self._log.flush()
        now = time.monotonic()
        silent = max(_SILENT_S, (now - self._begun) / 20)
        if due or history.steps == history.total or now - self._spoke > silent:
            self.say(self._line(row, history, now))
            self._spoke = now
        self.progress("steps trained", history.steps, history.total)
        if look:
            self._report_health(history)

    def close(self) -> None:
        """Write the last rows to the disk."""
        if self._log:
            self._log.close()

    @property
    def called(self) -> bool:
        """Whether a step was taken."""
        return self._log is not None

    @property
    def verdict(self) -> dict[str, Any]:
        """The latest verdict and the step at which it was made, for ``run.json``."""
        looks = self.monitor.looks
        health = self.monitor.health
        return {
            "verdict": health.verdict,
            "reason": health.reason,
            "step": looks[-1].step if looks else None,
        }

    def resume(self, history: History) -> None:
        """Take over the verdict of a run that is resumed, or was finished before."""
        self.monitor.resume(history)
        self._verdict = self.monitor.health.verdict

    def _open(self, history: History) -> Log:
        done = history.steps - 1
        per, total = history.per_epoch, history.total
        if done:
            self.say(f"Resuming at step {done} of {total}.")
        self.say(f"{total} steps, {per} per epoch. {history.rule}")
        self._begun = self._spoke = time.monotonic()
        self._first = done
        self.resume(history)
        rows = [
            {"step": step, "loss": loss, **history.rows.get(step, {})}
            for step, loss in enumerate(history.losses[:done], start=1)
        ]
        return Log(self.folder, before=rows, track=self.track or None)

    def _line(self, row: dict[str, Any], history: History, now: float) -> str:
        epoch = history.steps / history.per_epoch
        where = f"{epoch:.0f}" if epoch == int(epoch) else f"{epoch:.2f}"
        line = f"epoch {where} of {self.settings.epochs}: {row_line(row)}"
        looks = self.monitor.looks
        if looks and looks[-1].ceiling:
            line += f" (chance level: {looks[-1].ceiling:.3f})"
        left = (now - self._begun) / (history.steps - self._first)
        left *= history.total - history.steps
        return f"{line}; {duration(left)} left" if left >= 1 else line

    def _report_health(self, history: History) -> None:
        """Print a verdict that is new, and end a run that is to stop at a collapse."""
        health = self.monitor.health
        if health.verdict != self._verdict:
            self.say(f"step {history.steps}: {health}")
            self._verdict = health.verdict
        if self.stop and self.fabric.broadcast(health.verdict in FATAL):
            raise CollapseError(f"Stopped after step {history.steps}, as requested; {health}")


def duration(seconds: float) -> str:
    """A time in the units that fit it.

    Example:
        >>> duration(75), duration(7500)
        ('1 min', '2 h 5 min')
    """
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{hours} h {minutes - 60 * hours} min" if hours else f"{minutes} min"
