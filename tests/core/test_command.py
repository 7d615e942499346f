"""A command that was recorded can be typed again, on another machine and by another person."""

import shlex
from pathlib import Path

import pytest

from goodviews.core.command import changed_command, command_line, default_folder


def test_a_command_names_options_as_they_are_typed():
    given = {"data": "mnist", "neighbours": 5, "hold_out": True, "change": ["a=1", "b=2"]}
    options = {"neighbours": "--k", "change": "--set"}
    line = command_line("evaluate", given, options=options)
    assert line == "goodviews evaluate mnist --k 5 --hold-out --set a=1 --set b=2"


def test_what_is_at_its_default_is_not_written():
    given = {"data": None, "out": Path("run"), "seeds": 3, "bf16": False, "rate": 0.1, "size": 8}
    defaults = {"out": "run", "seeds": 3, "bf16": False, "rate": 0.1, "size": None}
    assert command_line("study", given, defaults=defaults) == "goodviews study --size 8"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{here}/scans/a b.npz", "'scans/a b.npz'"),
        ("{home}/scans/a b.npz", "~/'scans/a b.npz'"),
        ("@{here}/views.txt", "@views.txt"),
        ("learned('{home}/g.safetensors')|split(1)", None),
    ],
)
def test_no_command_holds_a_home_folder(value, said, tmp_path, monkeypatch):
    (tmp_path / "home" / "here").mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.chdir(tmp_path / "home" / "here")
    given = value.format(home=tmp_path / "home", here=tmp_path / "home" / "here")
    line = command_line("study", {"views": [given]})
    assert str(tmp_path) not in line
    if said:
        assert line == f"goodviews study --views {said}"
    else:
        assert shlex.split(line)[-1] == "learned('~/g.safetensors')|split(1)"


def test_the_folder_of_a_verb_is_named_after_its_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert default_folder("pretrain", "photos/") == Path("pretrain-photos")
    assert default_folder("pretrain", ".") == default_folder("pretrain", tmp_path)
    assert default_folder("evaluate", "timm:resnet18", None) == Path("evaluate-timm-resnet18")


def test_an_option_replaces_the_flag_that_contradicts_it():
    made = changed_command(
        "goodviews study photos --no-labels --seeds 2", "--labels", "labels.csv"
    )
    assert made == "goodviews study photos --seeds 2 --labels labels.csv"
    assert changed_command("goodviews study --no-page", "--seeds", 3).count("--no-page") == 1
