"""Move each threshold that turns numbers into words by half, and name the test that fails.

    python tools/mutations.py [--write] [--only WORD ...]

Every threshold is made half as large and half as large again, in a copy of the sources, and the
tests of ``tests/thresholds`` are run on the copy. A mutation that no test notices survives: exit
code 1. With ``--write``, the table goes to ``docs/thresholds.md``.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "thresholds.md"
HEAD = """# Thresholds that become words

Each row is a number that decides which words a user reads. `python tools/mutations.py --write`
moves it by half, down and up, in a copy of the sources, and names the test that fails then.

| words | threshold | file | half of it fails | half more fails |
| --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Threshold:
    """A number in a line of the sources.

    Attributes:
        words: What it decides.
        file: Below ``src/goodviews``.
        line: Text of the source in which ``@`` stands for the number.
        number: As it is written.
        whole: Whether it counts something, so that it is moved to whole numbers.
    """

    words: str
    file: str
    line: str
    number: str
    whole: bool = False

    def text(self, factor: float = 1.0) -> str:
        """The line with the number moved."""
        if factor == 1:
            return self.line.replace("@", self.number)
        moved = float(self.number) * factor
        if self.whole:
            moved = int(moved) if factor < 1 else -int(-moved // 1)
        return self.line.replace("@", f"{moved:g}")


STUDY, WORDS = "jobs/study/statistics", "jobs/study/verdict"
HEALTH, GAME = "training/diagnostics/health.py", "training/view_learning/looks.py"
THRESHOLDS = (
    Threshold("lost the task (missing)", f"{STUDY}/about_label.py", "_LOSS = @", "0.25"),
    Threshold("as much of the label (excess)", f"{STUDY}/about_label.py", "_GIVEN = @", "0.1"),
    Threshold("as accurate (excess)", f"{STUDY}/regimes.py", "_MARGIN = @", "0.02"),
    Threshold("a curve is drawn", f"{STUDY}/regimes.py", "_LEAST = @", "4", whole=True),
    Threshold("no peak", f"{STUDY}/sweet_spot.py", "last - first > @:", "0.8"),
    Threshold(
        "one-sided, left", f"{STUDY}/sweet_spot.py", "(place <= x_G[1]).mean() > @ ", "0.25"
    ),
    Threshold(
        "one-sided, right", f"{STUDY}/sweet_spot.py", "(place >= x_G[-2]).mean() > @ ", "0.25"
    ),
    Threshold("several alike", f"{WORDS}/advice.py", "_EQUAL_TO_BE = @", "3", whole=True),
    Threshold("at the ceiling (advice)", f"{WORDS}/advice.py", "len(table.views) / @:", "2"),
    Threshold(
        "more seeds would decide",
        f"{WORDS}/advice.py",
        "table.row(table.baselines.scratch)) > @",
        "0.5",
    ),
    Threshold("fewer labels per class", f"{WORDS}/advice.py", "each <= @:", "2", whole=True),
    Threshold("few labels for the selection", f"{WORDS}/words.py", "_ENOUGH = @", "100"),
    Threshold("more labels are hopeless", f"{WORDS}/words.py", "need > @ * have", "20"),
    Threshold("at the ceiling (check)", f"{WORDS}/trust.py", "full <= total / @,", "2"),
    Threshold("values cut off", f"{WORDS}/trust.py", "clipped < @,", "0.05"),
    Threshold("long enough", "jobs/study/budget.py", "_SHORTER = @", "0.85"),
    Threshold("at its ceiling", "information/estimate.py", ">= @ * self.ceiling_nats", "0.9"),
    Threshold("collapsed", "training/diagnostics/monitor.py", ".sqrt() < @)", "0.1"),
    Threshold("undertrained", "training/diagnostics/monitor.py", "nats: float = @)", "0.25"),
    Threshold("too few steps", "training/diagnostics/monitor.py", "_FEWEST = @", "40"),
    Threshold("collapse to a point", HEALTH, "POINT, CONE = @, 0.35", "0.1"),
    Threshold("collapse to a cone", HEALTH, "POINT, CONE = 0.1, @", "0.35"),
    Threshold("dimensional collapse", HEALTH, "ALIKE = @", "0.75"),
    Threshold("shortcut: pairs too near", HEALTH, "EASY, FOUND = @, 0.8", "0.08"),
    Threshold("shortcut: all found", HEALTH, "EASY, FOUND = 0.08, @", "0.8"),
    Threshold("not learning", HEALTH, "STRANGE = @", "0.9"),
    Threshold("too few contrasted", HEALTH, "FEW = @", "3.0"),
    Threshold("stale queue", HEALTH, "CLIMBS = @", "0.15"),
    Threshold("NaN ahead", HEALTH, "SOARS = @", "20.0"),
    Threshold("looks that agree", HEALTH, "AGREE = @", "3", whole=True),
    Threshold("the label is lost: errors", GAME, "look.lost_nats - @ * look.lost_stderr", "2"),
    Threshold("the label is gone: looks", GAME, "len(last) < @ or", "3", whole=True),
    Threshold("running away", GAME, "last.inverse_error > @ or", "1e-3"),
    Threshold("the encoders lost", GAME, "last.shared_nats < @ * ceiling", "0.1"),
    Threshold("nothing moved", GAME, "last.moved < @:", "1e-4"),
    Threshold("imbalanced classes", "data/tasks.py", "_TIMES = @", "3"),
    Threshold("imbalance by chance", "data/tasks.py", "_ERRORS = @", "4"),
    Threshold("values in a sliver", "data/doctor.py", "SLIVER = @", "0.2"),
    Threshold("fill value far from it", "data/doctor.py", "FAR = @", "0.5"),
    Threshold("few labels", "data/doctor.py", "known < @:", "100"),
)


LIBRARIES = ("lightning_fabric", "scipy.stats", "scipy.optimize", "sklearn.model_selection")
"""Imported once, before the forks that run the tests."""


def main() -> int:
    """Try every mutation and print which test notices it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write docs/thresholds.md")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="thresholds named by a word")
    asked = parser.parse_args()
    chosen = [
        one
        for one in THRESHOLDS
        if not asked.only or any(word in one.words for word in asked.only)
    ]
    for library in LIBRARIES:
        import_module(library)
    survivors, rows = 0, []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        for one in chosen:
            killers = [_killer(one, factor, copy) for factor in (0.5, 1.5)]
            survivors += killers.count("")
            cells = [f"`{name}`" if name else "**survives**" for name in killers]
            place = f"`{one.text().strip().rstrip(':,')}`"
            rows.append(f"| {one.words} | {place} | `{one.file}` | {cells[0]} | {cells[1]} |")
            print(f"{one.words} ({one.text().strip()}): {killers[0] or 'SURVIVES'}; "
                  f"{killers[1] or 'SURVIVES'}", flush=True)  # fmt: skip
    if asked.write:
        TABLE.write_text(HEAD + "\n".join(rows) + "\n", "utf8")
    print(f"{2 * len(chosen)} mutations, {survivors} survive")
    return 1 if survivors else 0


def _killer(one: Threshold, factor: float, copy: Path) -> str:
    """Name of the first test that fails when a threshold is moved; nothing when none does."""
    file = copy / "goodviews" / one.file
    text = file.read_text("utf8")
    file.write_text(text.replace(one.text(), one.text(factor)), "utf8")
    code, said = _forked(copy)
    file.write_text(text, "utf8")
    failed = re.search(r"^FAILED \S+::(\w+)", said, re.M)
    if code == 0:
        return ""
    if failed is None:
        sys.exit(f"The tests could not be run on {one.words}:\n{said[-2000:]}")
    return failed[1]


def _forked(copy: Path) -> tuple[int, str]:
    """Exit code and output of the tests in a fork, which need not import torch again."""
    log = copy.parent / "log"
    child = os.fork()
    if not child:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.chdir(ROOT)
        sys.path.insert(0, str(copy))
        sys.dont_write_bytecode = True
        words = ["-n", "0", "-q", "-x", "-p", "no:cacheprovider", "tests/thresholds"]
        code = int(pytest.main(words))
        sys.stdout.flush()
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), log.read_text("utf8")


if __name__ == "__main__":
    sys.exit(main())
