"""Each experiment is a folder: what runs, and a page for people."""

import re
from pathlib import Path

import pytest

import goodviews_experiments
from goodviews_experiments import EXPERIMENTS

HOME = Path(goodviews_experiments.__file__).parent
FOLDERS = sorted({module.partition(".")[0] for module in EXPERIMENTS.values()})


def test_every_folder_holds_an_experiment():
    found = {path.name for path in HOME.iterdir() if (path / "__init__.py").is_file()}
    assert found == {*FOLDERS, "papers", "shared"}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_a_run_and_a_short_page(folder):
    assert (HOME / folder / "run.py").is_file()
    text = (HOME / folder / "README.md").read_text("utf8")
    assert len(text.splitlines()) <= 25
    for part in ("**Question.**", "**Time.**", "**Rows.**", "**Result.**"):
        assert part in text
    names = re.findall(r"^goodviews reproduce (\w+) --scale cpu$", text, re.M)
    own = [name for name, module in EXPERIMENTS.items() if module.startswith(f"{folder}.")]
    assert sorted(names) == sorted(own)
    for link in re.findall(r"\]\(([^)]+)\)", text):
        assert (HOME / folder / link).resolve().exists(), link
