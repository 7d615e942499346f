"""Where a number comes from: command, commit, versions, hardware, seeds, wall time."""

import csv
import io
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from goodviews.core.command import recorded
from goodviews.core.files import write_json, write_text


def hardware() -> str:
    """Short name of the processor, for the name of a results folder.

    Example:
        >>> hardware() == hardware().lower() and " " not in hardware()
        True
    """
    name = platform.processor() or platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                name = line.partition(":")[2]
                break
    except OSError:
        pass
    words = "".join(c if c.isalnum() else " " for c in name.lower()).split()
    return "-".join([*words[:3], f"{os.cpu_count()}cpu"])


def run_origin(command: str, *, seeds: Iterable[int] = (), **more: Any) -> dict[str, Any]:
    """Origin of a run; call it when the run starts, :func:`write_table` adds the wall time.

    Args:
        command: Command that makes the rows again; of paths in it the last part is kept.
        seeds: Seeds of the run.
        **more: Further entries, such as settings.
    """
    return {
        "command": recorded(command),
        "commit": commit(),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions(),
        "hardware": hardware(),
        "seeds": list(seeds),
        **more,
    }


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that numbers come from, as far as installed."""
    packages = ("goodviews", "torch", "numpy", "scipy", "lightly", "pytorch-metric-learning")
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_table(
    folder: Path, rows: Iterable[Mapping[str, Any]], run: Mapping[str, Any], *, name: str = "rows"
) -> None:
    """Write ``rows.csv`` and ``run.json`` into a folder; floats keep six digits."""
    begun = datetime.fromisoformat(run["started"])
    run = {**run, "wall_s": round((datetime.now(UTC) - begun).total_seconds(), 1)}
    write_text(folder / f"{name}.csv", table_text(rows))
    write_json(folder / "run.json", run)


def table_text(rows: Iterable[Mapping[str, Any]]) -> str:
    r"""Rows as CSV with a header; floats keep six digits, and what is missing stays empty.

    Example:
        >>> table_text([{"arm": "tuned", "accuracy": 2 / 3}, {"arm": "knn", "draw": 1}])
        'arm,accuracy,draw\ntuned,0.666667,\nknn,,1\n'
    """
    table = list(rows)
    out = io.StringIO()
    if table:
        columns = list(dict.fromkeys(column for row in table for column in row))
        writer = csv.DictWriter(out, columns, lineterminator="\n", restval="")
        writer.writeheader()
        for row in table:
            writer.writerow({k: _text(v) for k, v in row.items()})
    return out.getvalue()


def _text(value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else value


def commit() -> str:
    """The commit that this code belongs to; ``unknown`` where it is installed without one."""
    here = Path(__file__)

    def git(*words: str) -> str:
        found = subprocess.run(
            ["git", *words], cwd=here.parent, capture_output=True, text=True, check=False
        )
        return found.stdout.strip()

    try:
        # An installed copy may be in the folder of another repository.
        own = git("ls-files", here.name)
        return (own and git("describe", "--always", "--abbrev=12", "--exclude=*")) or "unknown"
    except OSError:
        return "unknown"
