"""Reads a study folder, and says what to type when something is missing."""

import re
from dataclasses import dataclass
from pathlib import Path

from goodviews.core.errors import InputError
from goodviews.core.records.rows import read_rows
from goodviews.core.records.run import Run
from goodviews.core.records.verdict import TaskVerdict, Verdict, View

_NEEDED = ("run.json", "verdict.json", "rows.csv")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Study:
    """What a study folder holds; the form is in ``docs/study_folder.md``.

    Attributes:
        folder: Where it is.
        run: ``run.json``.
        verdict: ``verdict.json``.
    """

    folder: Path
    run: Run
    verdict: Verdict

    @property
    def tasks(self) -> tuple[TaskVerdict, ...]:
        """One entry per task; without labels a single one whose name is empty."""
        return self.verdict.tasks

    @property
    def views(self) -> tuple[View, ...]:
        """The candidates of the first task, fewest nats first: every task has the same."""
        return self.tasks[0].views


def read_study(folder: Path) -> Study:
    """Read a finished study.

    Raises:
        InputError: The folder or one of its files is missing or broken; the message says
            what to type.
    """
    again = "type: goodviews study DATA, with your images for DATA"
    if (folder / "cells").is_dir():
        again = f"type the command again that began it, with --out {folder}"
    if not folder.is_dir():
        raise InputError(f"There is no study folder {folder}; to make one, {again}")
    for name in _NEEDED:
        if not (folder / name).is_file():
            raise InputError(
                f"{folder} holds no finished study ({name} is missing); to make or finish it, "
                f"{again}"
            )
    try:
        run, verdict = Run.read(folder / "run.json"), Verdict.read(folder / "verdict.json")
    except InputError as error:
        raise InputError(f"{str(error).rstrip('.')}; to make it again, {again}") from error
    found = {(row.role, row.view, row.seed) for row in read_rows(folder / "rows.csv")}
    if (folder / "items.npz").exists() and len(found) != run.cells.done:
        raise InputError(
            f"{folder / 'rows.csv'} holds {len(found)} runs, but the study has {run.cells.done}; "
            f"to write the table from the finished runs, {again}"
        )
    if not verdict.tasks or not verdict.tasks[0].views:
        raise InputError(f"No view of {folder} has a result; {again}")
    for view in verdict.tasks[0].views:
        if not _ID.fullmatch(view.id):
            raise InputError(f"{view.id!r} in verdict.json is not the id of a view.")
    return Study(folder, run, verdict)
