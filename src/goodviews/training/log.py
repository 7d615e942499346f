"""``log.csv``: one row per step, there after a kill, each step once after a resume."""

import csv
import io
import numbers
import os
from pathlib import Path
from types import TracebackType
from typing import Any

from goodviews.core.distributed import rank
from goodviews.core.errors import InputError
from goodviews.core.files import write_text
from goodviews.training.track import Tracker, build_tracker


class Log:
    r"""What happens in a run, as rows; and, if asked, in a tracker.

    Rows are kept until :meth:`flush`, which appends them in one write and waits for the disk:
    flush when a checkpoint is saved, and log and checkpoint tell of the same steps. A new
    column rewrites the file, whole or not at all. Only the first of several processes
    writes.

    Args:
        folder: The run's; ``log.csv`` goes there.
        after: Steps the run has done, if it is resumed: later rows, and half a line that a
            kill left, are dropped, for they come again. 0 begins anew.
        track: ``tensorboard``, ``wandb`` or ``mlflow`` as well.

    Raises:
        InputError: The disk is full, the file is not a log, or the tracker is not there.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with Log(Path(folder)) as log:
        ...         log.row(1, loss=2.5)
        ...         log.row(2, loss=2.0, knn_top1=0.5)
        ...     print(*read_log(Path(folder) / "log.csv"), sep="\n")
        {'step': '1', 'loss': '2.5', 'knn_top1': ''}
        {'step': '2', 'loss': '2.0', 'knn_top1': '0.5'}
    """

    def __init__(self, folder: Path, *, after: int = 0, track: str | None = None) -> None:
        self.path = folder / "log.csv"
        self._mine = rank() == 0
        self._waiting: dict[int, dict[str, Any]] = {}
        self._columns = ["step"]
        self._last = 0
        self._tracker: Tracker | None = None
        if not self._mine:
            return
        rows = read_log(self.path) if after and self.path.exists() else []
        kept = [row for row in rows if int(row["step"]) <= after]
        if kept:
            self._columns = list(kept[0])
            self._last = int(kept[-1]["step"])
        self._rewrite(kept)
        if track:
            self._tracker = build_tracker(track, folder, after=after)

    def row(self, step: int, **values: Any) -> None:
        """Say something about a step; said again for the same step, it adds to its row.

        Args:
            step: Number of the optimiser step, from 1; never lower than the last one.
            **values: Numbers, texts, or tensors of one element.

        Raises:
            InputError: The step lies behind the last one.
        """
        newest = max(self._waiting, default=self._last)
        if step < newest:
            raise InputError(f"Step {step} is logged after step {newest}: rows go forwards.")
        plain = {name: value.item() if hasattr(value, "item") else value
                 for name, value in values.items()}  # fmt: skip
        self._waiting.setdefault(step, {}).update(plain)

    def flush(self) -> None:
        """Bring the rows to the disk and the tracker."""
        waiting, self._waiting = self._waiting, {}
        if not self._mine or not waiting:
            self._last = max(waiting, default=self._last)
            return
        names = dict.fromkeys(name for row in waiting.values() for name in row)
        new = [name for name in names if name not in self._columns]
        rows = [{"step": step, **row} for step, row in waiting.items()]
        if new or self._last in waiting:
            old: list[dict[str, Any]] = list(read_log(self.path))
            if old and self._last in waiting:
                old[-1].update(rows.pop(0))
            self._columns += new
            self._rewrite([*old, *rows])
        else:
            self._append(self._text(rows))
        self._last = max(waiting)
        if self._tracker:
            for step, row in waiting.items():
                told = {k: float(v) for k, v in row.items() if isinstance(v, numbers.Real)}
                self._tracker.write(step, told)

    def close(self) -> None:
        """Flush, and end the tracker."""
        self.flush()
        if self._tracker:
            self._tracker.close()
            self._tracker = None

    def __enter__(self) -> "Log":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, also when the run ends in an error."""
        self.close()

    def _text(self, rows: list[dict[str, Any]], *, head: bool = False) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, self._columns, restval="", lineterminator="\n")
        if head:
            writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def _rewrite(self, rows: list[dict[str, Any]]) -> None:
        write_text(self.path, self._text(rows, head=True))

    def _append(self, text: str) -> None:
        """One write; on a full disk the file is cut back to what it was."""
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_APPEND)
            try:
                size, data = os.fstat(handle).st_size, text.encode()
                try:
                    if os.write(handle, data) < len(data):
                        raise OSError(28, "No space left on device")
                    os.fsync(handle)
                except OSError:
                    os.ftruncate(handle, size)
                    raise
            finally:
                os.close(handle)
        except OSError as error:
            raise InputError(
                f"Cannot write {self.path}: {error.strerror}. Make room and resume the run; the "
                f"rows up to step {self._last} are there."
            ) from error


def read_log(path: Path) -> list[dict[str, str]]:
    """Rows of a log as text; half a line at its end, which a kill may leave, is passed over.

    Args:
        path: A ``log.csv``.

    Raises:
        InputError: It cannot be read, or is not a log.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {path}: {error}.") from error
    rows = list(csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1])))
    for row in rows:
        if None in row or None in row.values() or not row.get("step", "").isdigit():
            raise InputError(f"{path} is not a log: a row reads {row}. Move it away and resume.")
    return rows
