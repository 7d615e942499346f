"""Reads a study folder, and says what to type when something is missing."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import read_json
from goodviews.core.records import Row, read_rows

_NEEDED = ("run.json", "verdict.json", "rows.csv")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Study:
    """What a study folder holds; the form is in ``docs/study_folder.md``.

    Attributes:
        folder: Where it lies.
        run: ``run.json``.
        verdict: ``verdict.json``.
        rows: ``rows.csv``.
    """

    folder: Path
    run: dict[str, Any]
    verdict: dict[str, Any]
    rows: list[Row] = field(default_factory=list)

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """One entry per task; without labels a single one whose name is empty."""
        tasks: list[dict[str, Any]] = self.verdict["tasks"]
        return tasks

    @property
    def views(self) -> list[dict[str, Any]]:
        """The candidates of the first task, fewest nats first: every task has the same."""
        return candidates(self.tasks[0])


def candidates(task: dict[str, Any]) -> list[dict[str, Any]]:
    """Views of a task that are candidates, in the order of the curve."""
    return [view for view in task["views"] if view["role"] == "candidate"]


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
    run, verdict = read_json(folder / "run.json"), read_json(folder / "verdict.json")
    study = Study(folder, run, verdict, read_rows(folder / "rows.csv"))
    try:
        _check(study)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise InputError(
            f"{folder} was written by another version or only in part ({error} is wanted); "
            f"to make it again, {again}"
        ) from error
    return study


def _check(study: Study) -> None:
    for name in ("data", "splits", "command", "cells"):
        study.run[name]
    study.verdict["ceiling"]["nats"], study.verdict["trust"]
    for task in study.tasks:
        for name in ("advice", "finding", "alt", "winner", "baselines", "curve", "peak"):
            task[name]
        for view in task["views"]:
            view["role"], view["nats"], view["accuracy"], view["label"]
            if not _ID.fullmatch(view["id"]):
                raise InputError(f"{view['id']!r} in verdict.json is no id of a view.")
    if not study.views:
        raise InputError(
            f"No view of {study.folder} has a result; type the command that made it again."
        )
