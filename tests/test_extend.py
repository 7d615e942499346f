"""One view, objective, method and world from outside, as ``docs/howto/extend.md`` adds them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import goodviews
from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.core.plugins import NAMED, load_plugins
from goodviews.methods import METHODS
from goodviews.objectives.catalogue import OBJECTIVES
from goodviews.spec.catalogue import VIEWS
from goodviews.worlds.catalogue import DATASETS, WORLDS

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "howto" / "extend.md").read_text("utf8")
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
SCRIPT = """
if __name__ == "__main__":
    import late  # after the start, so that workers learn of it from the study alone

    goodviews.study(
        "stripes", views=["dim(0.8)"], objective="margin(least=0.1)", out="study", jobs=2,
        seeds=1, epochs=1, label_draws=2, encoder="convnet(width=4)",
    )
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A module that holds the code of the guide, in the working folder."""
    file = tmp_path / "guide_plugin.py"
    file.write_text("\n".join(BLOCKS[:4]))  # the fifth is of encoders, and runs an evaluation
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)
    return file


def test_each_part_of_the_guide_is_about_fifteen_lines():
    assert len(BLOCKS) == 5
    assert all(block.count("\n") <= 18 for block in BLOCKS)


def test_a_script_runs_a_study_of_its_own_names_with_two_workers(plugin):
    plugin.with_name("late.py").write_text("\n".join(BLOCKS[1:4]))
    plugin.write_text(f"import goodviews\n{BLOCKS[0]}{SCRIPT}")
    done = subprocess.run([sys.executable, plugin.name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "dim(0.8)" in Path("study/rows.csv").read_text()


def test_the_command_line_knows_the_names_of_an_installed_package(plugin, monkeypatch, capsys):
    info = plugin.parent / "guide-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: guide\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[goodviews.plugins]\nguide = guide_plugin\n")
    monkeypatch.syspath_prepend(str(plugin.parent))
    monkeypatch.delitem(sys.modules, "guide_plugin", raising=False)
    assert main(["views", "list"]) == 0
    assert "dim(least=0.5)\n    values times a random factor up to 1" in capsys.readouterr().out
    small = ["--seeds", "1", "--epochs", "1", "--encoder", "convnet(width=4)", "--jobs", "1"]
    names = ["stripes", "--views", "dim(0.8)", "--objective", "margin()"]
    assert main(["study", *names, *small, "--quiet"]) == 0
    assert "dim(0.8)" in Path("study-stripes/rows.csv").read_text()
    few = ["--set", "epochs=1", "--set", "encoder=convnet(width=4)", "--out", "run"]
    assert main(["pretrain", "stripes", "--recipe", "careful", *few]) == 0
    assert main(["evaluate", "run/encoder.safetensors", "stripes", "--quiet"]) == 0
    assert "row" in capsys.readouterr().out


def test_the_command_line_knows_the_names_of_a_file(plugin, tmp_path):
    command = [sys.executable, "-m", "goodviews", "views", "show", "dim(0.3)", "stripes"]
    environment = {**os.environ, NAMED: plugin.name}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert "dim(0.3)" in (tmp_path / "views.html").read_text("utf8")
    environment.pop(NAMED)
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert "Unknown view 'dim'" in done.stderr


def test_a_plug_in_cannot_take_a_name_of_ours(plugin, monkeypatch):
    plugin.write_text(BLOCKS[0].replace('"dim"', '"flip"'))
    monkeypatch.setenv(NAMED, str(plugin))
    with pytest.raises(InputError, match="'flip' of a view is already taken by goodviews"):
        load_plugins()
    for name in DATASETS:
        with pytest.raises(InputError, match=f"'{name}' of a world is already taken"):
            goodviews.worlds.register(name)(goodviews.worlds.Vectors)


def test_no_name_of_a_test_is_left():
    for registry in (VIEWS, OBJECTIVES, METHODS, WORLDS):
        assert not registry.sources()


ITEMS = [
    pytest.param(item, id=f"{kind}-{number + 1}")
    for kind, text in re.findall(
        r"^## Add an? (\w+)\n(.*?)(?=^## |\Z)",
        (ROOT / "CONTRIBUTING.md").read_text("utf8"),
        re.DOTALL | re.MULTILINE,
    )
    for number, item in enumerate(re.findall(r"^\d\. (.*?)(?=^\d\. |\Z)", text, re.DOTALL | re.M))
]


def test_there_is_a_checklist_for_each_kind():
    kinds = {param.id.partition("-")[0] for param in ITEMS}
    assert kinds == {"objective", "view", "method", "world"}


@pytest.mark.parametrize("item", ITEMS)
def test_an_item_of_a_checklist_names_files_that_exist(item):
    named = [text for text in re.findall(r"`([\w/.<>]+)`", item) if re.search(r"\.\w{2,3}$", text)]
    assert named, f"no file is named: {item}"
    for text in named:
        assert list(ROOT.glob(re.sub(r"<\w+>", "*", text))), f"{text} does not exist"


def test_what_a_notebook_registers_is_studied_in_its_own_process(monkeypatch, tmp_path):
    def only_here():
        raise InputError("registered in a notebook cell")

    monkeypatch.setattr("goodviews.jobs.study.inputs.sources", only_here)
    monkeypatch.setattr("goodviews.jobs.study.processes.sources", only_here)
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path))
    small = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=2)"}
    options = {"views": ["identity()", "noise()"], "out": tmp_path / "study", **small}
    with pytest.raises(InputError, match="in a notebook cell"):
        goodviews.study("digits", jobs=2, **options)
    assert goodviews.study("digits", **options).rows
