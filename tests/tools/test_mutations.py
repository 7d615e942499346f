"""The list of thresholds is that of the sources, and every one has tests that hold it."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = runpy.run_path(str(ROOT / "tools" / "mutations.py"), run_name="tool")
ROWS = (ROOT / "docs" / "thresholds.md").read_text("utf8").splitlines()


@pytest.mark.parametrize("one", TOOL["THRESHOLDS"], ids=lambda one: one.words)
def test_each_threshold_is_in_the_sources_once(one):
    text = (ROOT / "src" / "goodviews" / one.file).read_text("utf8")
    assert text.count(one.text()) == 1
    assert one.text(0.5) != one.text() != one.text(1.5)


def test_the_document_lists_every_threshold_and_tests_that_exist():
    rows = [row for row in ROWS if row.count("|") == 6 and "`" in row]
    assert [row.split("|")[1].strip() for row in rows] == [one.words for one in TOOL["THRESHOLDS"]]
    for row, one in zip(rows, TOOL["THRESHOLDS"], strict=True):
        assert one.text().strip().rstrip(":,") in row
    tests = "".join(
        file.read_text("utf8") for file in (ROOT / "tests" / "thresholds").glob("*.py")
    )
    for name in re.findall(r"`(test_\w+)`", "".join(rows)):
        assert f"def {name}(" in tests


@pytest.mark.slow
def test_no_mutation_survives():
    # in a process of its own: the copy that is changed is not imported where goodviews is already
    command = [sys.executable, str(ROOT / "tools" / "mutations.py")]
    assert subprocess.run(command, check=False).returncode == 0
