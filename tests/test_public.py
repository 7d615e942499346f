"""``goodviews`` works like any library: its names are functions and types in any order of use."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

import goodviews

PACKAGE = Path(goodviews.__file__).parent
BELOW = {path.stem for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
BELOW |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
NAMES = [name for name in goodviews.__all__ if name not in BELOW]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a set of 80 small images of two kinds, and a study of it."""
    folder = tmp_path_factory.mktemp("public")
    rng = np.random.default_rng(0)
    images = rng.integers(0, 200, (80, 8, 8), dtype=np.uint8)
    images[1::2, :4] += 50
    np.savez(folder / "tiny.npz", images=images, labels=np.arange(80) % 2)
    study_of(folder)
    return folder


def study_of(place):
    small = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)", "jobs": 0}
    views = ["identity()", "noise(std=0.2)"]
    return goodviews.study(place / "tiny.npz", views=views, out=place / "study", **small)


def pretrain_of(place):
    return goodviews.pretrain(
        place / "tiny.npz",
        backbone="convnet(width=4)",
        views="noise(std=0.2)",
        epochs=1,
        batch=16,
        changes={"head": "8"},
        out=place / "run",
    )


def learn_of(place):
    images = np.random.default_rng(0).random((80, 8, 8, 3), dtype=np.float32)
    small = {"generator": "linear()", "steps": 2, "judge_steps": 2, "compare": False}
    return goodviews.learn_views((images, [0, 1] * 40), out=place / "learned", **small)


def maps_of(place):
    for number in range(4):
        for folder in ("images", "labels"):
            (place / "maps" / folder).mkdir(parents=True, exist_ok=True)
            made = np.random.default_rng(number).integers(0, 2, (32, 32), dtype=np.uint8)
            Image.fromarray(made).save(place / "maps" / folder / f"{number}.png")
    return place / "maps"


CALLS = {
    "study": study_of,
    "pretrain": pretrain_of,
    "evaluate": lambda place: goodviews.evaluate(
        pretrain_of(place), place / "tiny.npz", protocols=["knn"], seeds=1, out=place / "evaluated"
    ),
    "transfer": lambda place: goodviews.transfer(
        "convnet(width=4)", maps_of(place), steps=1, seeds=1, size=32, out=place / "transferred"
    ),
    "embed": lambda place: goodviews.embed("pixels", place / "tiny.npz", out=place / "z.npz"),
    "export": lambda place: goodviews.export(pretrain_of(place).folder, to="safetensors"),
    "learn_views": learn_of,
    "report": lambda place: goodviews.report(place / "study"),
    "doctor": lambda place: goodviews.doctor(place / "tiny.npz"),
    "show_views": lambda place: goodviews.show_views(
        "noise(std=0.2)", place / "tiny.npz", out=place / "views"
    ),
    "load": lambda place: goodviews.load(place / "tiny.npz"),
    "examine": lambda place: goodviews.examine(place / "tiny.npz"),
    "parse_view": lambda _: goodviews.parse_view("crop()|flip()"),
}
"""Verb: a call of it that takes seconds."""


def test_a_study_shows_itself(place):
    result = study_of(place)
    lines = repr(result).splitlines()
    assert lines[0] == f"<StudyResult in {place / 'study'}: 2 views, 1 seed>"
    assert lines[1] == result.advice
    text = result._repr_html_()
    assert text.startswith('<div class="goodviews-short">')
    assert "goodviews study in study" in text


def test_every_job_is_called():
    verbs = {name for name in NAMES if goodviews._HOME[name].startswith("jobs.")}
    assert {name for name in verbs if name.islower()} <= set(CALLS)


@pytest.mark.parametrize("verb", CALLS)
def test_a_verb_can_be_called_twice(verb, place):
    first = CALLS[verb](place)
    kind = type(getattr(goodviews, verb))
    second = CALLS[verb](place)
    assert type(first) is type(second)
    assert type(getattr(goodviews, verb)) is kind


def test_a_study_of_an_array_resumes_when_its_cell_of_a_notebook_is_run_again(tmp_path):
    counted = []

    def cell():
        rng = np.random.default_rng(0)
        images, labels = rng.integers(0, 256, (80, 8, 8), dtype=np.uint8), np.arange(80) % 2
        small = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)"}
        return goodviews.study(
            (images, labels),
            views="identity()",
            out=tmp_path / "study",
            jobs=0,
            progress=lambda *step: counted.append(step),
            **small,
        )

    first = cell()
    assert first.command.startswith("goodviews study DATA --")
    assert ("runs finished", 0, 5) in counted
    counted.clear()
    assert cell().rows == first.rows
    assert {step for step in counted if step[0] == "runs finished"} == {("runs finished", 5, 5)}


def test_no_public_name_is_also_a_folder_or_module_of_the_package():
    packages = {name for name in goodviews.__all__ if name in BELOW}
    assert packages == BELOW - {"__main__", "cli"}, "the packages are public under their own names"
    assert all(isinstance(getattr(goodviews, name), ModuleType) for name in packages)
    for name in NAMES:
        assert not isinstance(getattr(goodviews, name), ModuleType), name


def test_dir_lists_every_public_name_and_an_unknown_name_is_an_attribute_error():
    assert set(goodviews.__all__) | {"__version__"} <= set(dir(goodviews))
    assert goodviews.__all__ == sorted(set(goodviews.__all__))
    with pytest.raises(AttributeError, match="no attribute 'stduy'"):
        _ = goodviews.stduy


def test_a_name_is_the_one_that_its_home_gives():
    assert set(NAMES) == set(goodviews._HOME)
    for name in NAMES:
        assert name == getattr(goodviews, name).__name__


IMPORT_ALL = """
import importlib
for file in sorted(package.rglob("*.py")):
    parts = file.relative_to(package.parent).with_suffix("").parts
    if "cli" not in parts and "__main__" not in parts:
        importlib.import_module(".".join(parts).removesuffix(".__init__"))
"""
TAKE = """
from goodviews import *
from goodviews import StudyResult, load, report, study
for name in names:
    assert callable(getattr(goodviews, name)) and callable(globals()[name]), name
"""


@pytest.mark.parametrize("order", ["names first", "modules first"])
def test_names_are_functions_and_types_after_any_order_of_imports(order):
    steps = [TAKE, IMPORT_ALL, TAKE] if order == "names first" else [IMPORT_ALL, TAKE]
    start = f"import goodviews, pathlib\nnames = {NAMES!r}\n"
    start += "package = pathlib.Path(goodviews.__file__).parent\n"
    done = subprocess.run(
        [sys.executable, "-c", start + "".join(steps)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
