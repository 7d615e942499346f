"""Where cells are kept, so that a stopped study resumes where it was.

Each finished cell is one file under ``cells/``, written whole or not at all. ``rows.csv``
and ``items.npz`` are made from those files in the order of the plan, so that they do not
depend on the order in which cells were done.
"""

import json
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.cells import read_values, write_values
from goodviews.core.errors import InputError
from goodviews.core.files import read_json, write_bytes, write_json
from goodviews.core.records.rows import Row, write_rows
from goodviews.jobs.study.cells import CellResult
from goodviews.jobs.study.plan import Cell
from goodviews.jobs.study.protocol import StudyPlan


class Store:
    """The study folder.

    Args:
        folder: Where; made when missing, held with :func:`goodviews.core.claim.claimed`.
        plan: What the study is.

    Raises:
        InputError: The folder holds another study, or cannot be written to.
    """

    def __init__(self, folder: Path, plan: StudyPlan) -> None:
        self.folder, self.plan = folder, plan
        self._about = {"fingerprint": plan.fingerprint, **plan.about()}
        about = {**self._about, "views": list(plan.views), "seeds": list(plan.seeds)}
        old = stored_plan(folder)
        if old is not None:
            self._compare(old)
        elif (folder / "verdict.json").exists():
            raise InputError(
                f"{folder} holds a study without its cells, which cannot be resumed; choose "
                f"another folder with --out."
            )
        write_json(folder / "cells" / "plan.json", about)

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
        if found is None or found.pop("plan", {}).get("fingerprint") != self.plan.fingerprint:
            return None
        try:
            return CellResult([Row(**row) for row in found.pop("rows")], found)
        except (KeyError, TypeError):  # of another version
            return None

    def finished(self) -> tuple[dict[Cell, CellResult], list[str]]:
        """Every finished cell in the folder, and the names of files that are none of this plan."""
        found, ignored = {}, []
        for path in sorted((self.folder / "cells").glob("*.npz")):
            held = read_values(path)
            rows = held.get("rows") if held else None
            try:
                cell = Cell(*(rows[0][name] for name in ("role", "view", "seed")))  # type: ignore[index]
            except (IndexError, KeyError, TypeError):
                cell = None
            result = self.load(cell) if cell and self._path(cell) == path else None
            if cell is None or result is None:
                ignored.append(path.name)
            else:
                found[cell] = result
        return found, ignored

    def save(self, cell: Cell, result: CellResult) -> CellResult:
        """Keep a finished cell, its encoder as a file of its own.

        Returns:
            The cell as :meth:`load` gives it.

        Raises:
            InputError: The disk is full or the folder cannot be written to.
        """
        if result.encoder:
            write_bytes(self.encoder(cell), result.encoder)
        rows = [asdict(row) for row in result.rows]
        write_values(self._path(cell), {"plan": self._about, "rows": rows, **result.arrays})
        return replace(result, encoder=b"")

    def encoder(self, cell: Cell) -> Path:
        """Where the encoder of a candidate is kept."""
        return self._path(cell).with_suffix(".safetensors")

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


def is_study(folder: Path) -> bool:
    """Whether a folder is that of a study."""
    return any((folder / name).exists() for name in ("cells/plan.json", "verdict.json"))


def stored_plan(folder: Path) -> dict[str, Any] | None:
    """What the study in a folder is; nothing where none has begun.

    A damaged ``plan.json`` is made again from the cells, each of which holds the plan it is of.

    Raises:
        InputError: It is damaged, and no cell is whole.
    """
    mark = folder / "cells" / "plan.json"
    if not mark.exists():
        return None
    with suppress(InputError):
        found = read_json(mark)
        if _is_plan(found):
            return dict(found)
    cells = [read_values(path) for path in sorted(mark.parent.glob("*.npz"))]
    whole = [cell for cell in cells if cell and isinstance(cell.get("plan"), dict)]
    if not whole:
        raise InputError(
            f"{mark} is damaged, and no finished run beside it says what the study was; remove "
            f"{folder}, or choose another folder with --out."
        )
    rows = [row for cell in whole for row in cell["rows"] if row["role"] == "candidate"]
    views, seeds = ({row[name]: None for row in rows} for name in ("view", "seed"))
    return {**whole[0]["plan"], "views": list(views), "seeds": list(seeds)}


def _is_plan(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("fingerprint"), str)
        and _list_of(found.get("views"), str)
        and _list_of(found.get("seeds"), int)
        and isinstance(found.get("settings"), dict)
        and isinstance(found["settings"].get("epochs"), int)
        and found["settings"]["epochs"] > 0
    )


def _list_of(value: Any, kind: type) -> bool:
    return isinstance(value, list) and all(type(one) is kind for one in value)
