"""A method is a file of the folder, or settings that someone registers."""

from pathlib import Path

import pytest

from goodviews import methods
from goodviews.core.errors import InputError
from goodviews.methods import GRAPH_METHODS, METHODS, method, register
from goodviews.training import Settings

FOLDER = Path(methods.__file__).parent


def test_every_file_with_a_method_is_one_and_has_its_name():
    files = {file.stem for file in FOLDER.glob("*.py") if "\nMETHOD = " in file.read_text("utf8")}
    assert set(METHODS) == files
    assert all(METHODS[name].name == name for name in files)
    assert len(files) >= 24


def test_the_order_is_that_of_the_papers():
    order = list(METHODS)
    dated = ["instdis", "cpc", "cmc", "moco", "pirl", "simclr", "mocov2", "infomin", "byol"]
    assert sorted(dated, key=order.index) == dated


def test_a_method_of_ones_own_is_found_by_name():
    made = register("mine", Settings(views="crop()", objective="vicreg()", batch=64))
    assert made.name == "mine"
    assert method("mine") is made
    register("mine", Settings(views="flip()"))  # as a notebook cell on its second run
    assert method("mine").views == "flip()"
    with pytest.raises(InputError, match=r"Unknown method 'mime'\. Did you mean 'mine'"):
        method("mime")


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("moco", Settings(views="crop()"), r"'moco' of a method is already taken by goodviews\.m"),
        ("my method", Settings(views="crop()"), "is not a name for a method"),
        ("mine", Settings(), "has no views"),
        ("mine", Settings(views="crap()"), "Did you mean 'crop'"),
        ("mine", Settings(views="crop()", objective="infonc()"), "Did you mean 'infonce'"),
        ("mine", {"views": "crop()"}, r"Expected goodviews\.Settings for method 'mine'"),
    ],
)
def test_what_is_not_a_method_is_refused_in_a_sentence(name, settings, words):
    with pytest.raises(InputError, match=words) as error:
        register(name, settings)
    assert "\n" not in str(error.value)


def test_every_file_with_a_method_of_graphs_is_one_and_has_its_name():
    files = {file.stem for file in (FOLDER / "graphs").glob("*.py")} - {"__init__"}
    assert set(GRAPH_METHODS) == files
    assert all(method(name).name == name for name in files)
    assert not files & set(METHODS)


def test_a_method_with_views_of_graphs_is_one_of_graphs():
    made = register("mine", Settings(views="drop_edges(0.3)", encoder="gcn()"))
    assert GRAPH_METHODS["mine"] == made == method("mine")
    assert "mine" not in METHODS
    with pytest.raises(InputError, match="that of a method of graphs"):
        register("grace", Settings(views="crop()"))
