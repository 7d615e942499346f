"""Do two versions of the code write the same rows? Time columns aside.

Runs ``goodviews study`` on the built-in digits and every experiment at ``--scale test``, once
with the code of a git revision and once with that of this working tree, and compares every CSV
file that both write, cell by cell:

    python tools/equal_rows.py BEFORE [--only NAME ...] [--keep FOLDER]

What was finished before is kept in FOLDER and not run again. Ends with exit code 1 if a row
differs.
"""

import argparse
import csv
import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
STUDY = "study"
TIMED = re.compile(
    r"second|minute|hour|_s$|_ms$|ms_|per_step|date|commit|time|speed|gib|mib", re.I
)
"""Columns of time and memory, which are never equal between two runs."""


def main() -> int:
    """Run, compare, print a line for each experiment."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", help="git revision to compare with")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these experiments alone")
    parser.add_argument("--keep", type=Path, default=ROOT / ".equal_rows", metavar="FOLDER")
    parser.add_argument("--runs", choices=("before", "after", "both"), default="both")
    asked = parser.parse_args()
    old = _worktree(asked.before, asked.keep)
    folders = {"before": old, "after": ROOT}
    names = asked.only or [STUDY, *_experiments(old)]
    for side, tree in folders.items():
        if asked.runs in (side, "both"):
            known = {STUDY, *_experiments(tree)}
            for name in [name for name in names if name in known]:
                _run(name, tree, asked.keep / side / name)
    if asked.runs != "both":
        return 0
    gone = set(names) - {STUDY, *_experiments(ROOT)}
    differ = [name for name in names if name not in gone and not _equal(name, asked.keep)]
    for name in sorted(gone):
        print(f"{name}: deleted in this tree")
    return 1 if differ else 0


def _worktree(revision: str, keep: Path) -> Path:
    tree = keep / "tree"
    if not tree.exists():
        keep.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["git", "-C", ROOT, "worktree", "add", "--detach", tree, revision], check=True
        )
    return tree


def _environment(tree: Path) -> dict[str, str]:
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    return {**os.environ, **threads, "PYTHONPATH": str(tree / "src")}


def _experiments(tree: Path) -> list[str]:
    said = subprocess.run(
        [sys.executable, "-m", "goodviews", "reproduce"],
        env=_environment(tree), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return said.stdout.split()


def _run(name: str, tree: Path, out: Path) -> None:
    done = out / "finished"
    if done.exists():
        return
    words = ["study"] if name == STUDY else ["reproduce", name, "--scale", "test"]
    start = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "goodviews", *words, "--out", str(out)],
        env=_environment(tree), cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    print(f"{name} with {tree.name}: exit code {ran.returncode}, {seconds:.0f} s", flush=True)
    if ran.returncode:
        print(ran.stderr[-2000:], flush=True)
        return
    done.write_text(f"{seconds:.1f}\n", "utf8")


def _equal(name: str, keep: Path) -> bool:
    before, after = (
        {
            file.relative_to(keep / side / name): file
            for file in (keep / side / name).rglob("*.csv")
        }
        for side in ("before", "after")
    )
    both = sorted(set(before) & set(after))
    wrong = [str(file) for file in sorted(set(before) ^ set(after))]
    cells = 0
    for file in both:
        same, count = _same(before[file], after[file])
        cells += count
        wrong += [f"{file}: {same}"] if same else []
    verdict = "; ".join(wrong) if wrong else "equal"
    print(f"{name}: {len(both)} files, {cells:,} cells: {verdict}", flush=True)
    return bool(both) and not wrong


def _same(first: Path, second: Path) -> tuple[str, int]:
    """What differs first, or nothing, and how many cells were compared."""
    rows = [list(csv.DictReader(io.StringIO(file.read_text("utf8")))) for file in (first, second)]
    if len(rows[0]) != len(rows[1]):
        return f"{len(rows[0])} rows before, {len(rows[1])} after", 0
    count = 0
    for number, (a, b) in enumerate(zip(*rows, strict=True), 1):
        for column in a.keys() | b.keys():
            if TIMED.search(column) or "time" in str(a.get("metric", "")):
                continue
            count += 1
            if a.get(column) != b.get(column):
                return f"row {number}, {column}: {a.get(column)} before, {b.get(column)} after", 0
    return "", count


if __name__ == "__main__":
    sys.exit(main())
