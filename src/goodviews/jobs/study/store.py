"""Where cells are kept, so that a stopped study resumes where it was.

Each finished cell is one file under ``cells/``, written whole or not at all. ``rows.csv``
and ``items.npz`` are made from those files in the order of the plan, so that they do not
depend on the order in which cells were done.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.cells import read_values, write_values
from goodviews.core.errors import InputError
from goodviews.core.files import read_json, write_json
from goodviews.core.records.rows import Row, write_rows
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell, Plan


class Store:
    """The study folder.

    Args:
        folder: Where; made when missing.
        plan: What the study is.

    Raises:
        InputError: The folder holds something else, or cannot be written to.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        mark = folder / "cells" / "plan.json"
        about = {"fingerprint": plan.fingerprint, **plan.about()}
        about |= {"views": list(plan.views), "seeds": list(plan.seeds)}
        if mark.exists():
            self._compare(read_json(mark))
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(
                f"{folder} already exists and is not a study folder; choose another --out."
            )
        write_json(mark, about)

    def _compare(self, old: dict[str, Any]) -> None:
        plan = self.plan
        if old.get("fingerprint") != plan.fingerprint:
            new = plan.about()
            other = [name for name in new if json.loads(json.dumps(new[name])) != old.get(name)]
            raise InputError(
                f"{self.folder} holds another study (other {', '.join(other) or 'version'}); "
                f"choose another --out, or rerun the original command to resume it."
            )
        gone = [view for view in old["views"] if view not in plan.views]
        if gone or set(old["seeds"]) - set(plan.seeds):
            what = f"view {gone[0]}" if gone else f"{len(old['seeds'])} seeds"
            raise InputError(
                f"{self.folder} holds a study with {what}, which this one lacks; "
                f"choose another --out."
            )

    def load(self, cell: Cell) -> CellResult | None:
        """A finished cell, or nothing when it is missing or broken."""
        found = read_values(self._path(cell))
        if found is None:
            return None
        try:
            return CellResult([Row(**row) for row in found.pop("rows")], found)
        except (KeyError, TypeError):  # of another version
            return None

    def save(self, cell: Cell, result: CellResult) -> None:
        """Keep a finished cell.

        Raises:
            InputError: The disk is full or the folder cannot be written to.
        """
        rows = [asdict(row) for row in result.rows]
        write_values(self._path(cell), {"rows": rows, **result.arrays})

    def write(self, results: dict[Cell, CellResult]) -> None:
        """Write ``rows.csv`` and ``items.npz`` from the cells that are done."""
        done = [(cell, results[cell]) for cell in self.plan.cells if cell in results]
        write_rows(self.folder / "rows.csv", [row for _, cell in done for row in cell.rows])
        arrays: dict[str, Any] = {}
        for number, task in enumerate(self.plan.tasks):
            names = [f"{task.name}|{cell.view}|{cell.role}|{cell.seed}" for cell, _ in done]
            for name in ("right", "nats"):
                stacked = [result.arrays[f"{number}.{name}"] for _, result in done]
                arrays[f"{name}/{number}"] = np.array(stacked, dtype=np.float32)
            arrays[f"cells/{number}"] = np.array(names)
            arrays[f"labels/{number}"] = task.labels[task.items]
            arrays[f"choose/{number}"] = task.choose
        write_values(self.folder / "items.npz", arrays)

    def _path(self, cell: Cell) -> Path:
        return self.folder / "cells" / f"{cell.key}.npz"
