"""``report`` takes a folder, a result or an embedding, as a file or in memory."""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.jobs.report import report

sys.path.insert(0, str(Path(__file__).parents[2] / "pages"))
from studies import make_study


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_python_and_the_command_line_write_the_same_page(tmp_path, capsys):
    make_study(tmp_path / "study")
    page = report("study", out="mine")
    assert page == Path("mine/index.html")
    assert main(["report", "study", "--out", "theirs"]) == 0
    assert capsys.readouterr().out == "theirs/index.html\n"
    for name in ("index.html", "curve.svg", "curve.png"):
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "theirs" / name).read_bytes()


def test_a_result_is_reported_on_by_its_folder(tmp_path):
    make_study(tmp_path / "study")
    assert report(SimpleNamespace(folder=tmp_path / "study")) == tmp_path / "study" / "index.html"


def test_an_embedding_gives_one_page_as_a_file_an_array_or_a_tensor(tmp_path, capsys):
    array = np.random.default_rng(0).normal(size=(60, 5))
    np.save("z.npy", array)
    np.savez("z.npz", only=array)
    assert main(["report", "--embedding", "z.npy"]) == 0
    assert capsys.readouterr().out == "z.html\n"
    page = Path("z.html").read_text("utf8")
    assert report(embedding="z.npz", out="again").read_text("utf8") == page.replace(
        "z.npy", "z.npz"
    )
    for given in (array, torch.from_numpy(array).requires_grad_()):
        assert report(embedding=given) == Path("embedding.html")
        assert Path("embedding.html").read_text("utf8") == page.replace("z.npy", "embedding")


@pytest.mark.parametrize("given", [{}, {"folder": "study", "embedding": np.eye(3)}])
def test_exactly_one_thing_is_reported_on(given):
    with pytest.raises(InputError, match="and not both"):
        report(**given)


@pytest.mark.parametrize("array", [np.zeros(3), np.array([["a"]]), np.zeros((2, 2, 2))])
def test_an_array_of_another_shape_is_refused(array):
    with pytest.raises(InputError, match=r"Expected numbers of shape \(N, D\)"):
        report(embedding=array)
