"""``log.csv``: one row per step, which survives a kill; a resumed run has each step once."""

import csv
import io
import numbers
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from goodviews.core.distributed import rank
from goodviews.core.errors import InputError
from goodviews.core.files import write_text
from goodviews.training.track import Tracker, build_tracker


class Log:
    r"""Log of a run in rows, and optionally in a tracker.

    Rows are buffered until :meth:`flush`, which appends them in one write and waits for the disk.
    Flush when a checkpoint is saved, so that log and checkpoint hold the same steps. A new column
    rewrites the file, whole or not at all. Only the first of several processes writes.

    Args:
        folder: Folder of the run, for ``log.csv``.
        before: Rows of the steps that a resumed run has done, from its checkpoint. They replace
            what the file holds, so that lost, cut and repeated rows do no harm.
        track: Additional tracker: ``tensorboard``, ``wandb`` or ``mlflow``.

    Raises:
        InputError: The disk is full, the file is not a log, or the tracker is not installed.

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

    def __init__(
        self, folder: Path, *, before: Sequence[Mapping[str, Any]] = (), track: str | None = None
    ) -> None:
        self.path = folder / "log.csv"
        self._mine = rank() == 0
        self._waiting: dict[int, dict[str, Any]] = {}
        self._columns = ["step"]
        self._last = 0
        self._tracker: Tracker | None = None
        if not self._mine:
            return
        if before and self.path.exists() and not _heads_log(self.path):
            raise InputError(f"{self.path} is not a log; move it away and resume.")
        self._columns = list(dict.fromkeys(["step", *(name for row in before for name in row)]))
        self._last = before[-1]["step"] if before else 0
        self._rewrite(before)
        if track:
            self._tracker = build_tracker(track, folder, after=self._last)

    def row(self, step: int, **values: Any) -> None:
        """Log values of a step; a second call for the same step adds to its row.

        Args:
            step: Number of the optimiser step, from 1, never lower than the last one.
            **values: Numbers, texts, or tensors of one element.

        Raises:
            InputError: The step is lower than the last one.
        """
        newest = max(self._waiting, default=self._last)
        if step < newest:
            raise InputError(
                f"Steps must not decrease, but step {step} is logged after step {newest}."
            )
        plain = {name: value.item() if hasattr(value, "item") else value
                 for name, value in values.items()}  # fmt: skip
        self._waiting.setdefault(step, {}).update(plain)

    def flush(self) -> None:
        """Write the rows to the disk and the tracker."""
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
                values = {k: float(v) for k, v in row.items() if isinstance(v, numbers.Real)}
                self._tracker.write(step, values)

    def close(self) -> None:
        """Flush, and close the tracker."""
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
        """Close the log, also when the run ends in an error."""
        self.close()

    def _text(self, rows: Sequence[Mapping[str, Any]], *, head: bool = False) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, self._columns, restval="", lineterminator="\n")
        if head:
            writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def _rewrite(self, rows: Sequence[Mapping[str, Any]]) -> None:
        write_text(self.path, self._text(rows, head=True))

    def _append(self, text: str) -> None:
        """Append in one write; on a full disk the file is cut back to its previous length."""
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
                f"Cannot write {self.path}: {error.strerror}. Free some space and resume the run; "
                f"the rows up to step {self._last} are stored."
            ) from error


def _heads_log(path: Path) -> bool:
    """Whether a file begins as a log, however much of it is left."""
    with path.open("rb") as file:
        return b"step,".startswith(file.read(5)[:5])


def read_log(path: Path) -> list[dict[str, str]]:
    """Read the rows of a log as text; an incomplete last line, left by a kill, is skipped.

    Args:
        path: Path of a ``log.csv``.

    Raises:
        InputError: The file cannot be read, or is not a log.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"Cannot read {path}: {error}.") from error
    rows = list(csv.DictReader(io.StringIO(text[: text.rfind("\n") + 1])))
    for row in rows:
        if None in row or None in row.values() or not row.get("step", "").isdigit():
            raise InputError(
                f"{path} is not a log: it has the row {row}. Move it away and resume."
            )
    return rows
