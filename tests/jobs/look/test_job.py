"""Looking from Python is looking from the command line."""

from pathlib import Path

import numpy as np
import pytest

from goodviews.cli.main import main
from goodviews.jobs.look import doctor, show_views


@pytest.fixture(autouse=True)
def _few(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (90, 8, 8, 3), dtype=np.uint8)
    np.savez("few.npz", images=images, labels=np.arange(90) % 3)


def test_python_and_the_command_line_show_the_same_page(capsys):
    shown = show_views("crop()|noise(std=0.1)", "few.npz", seed=3)
    assert shown.page == Path("views.html")
    assert shown.bound == ""
    words = ["views", "show", "crop()|noise(std=0.1)", "few.npz", "--seed", "3", "--report"]
    assert main([*words, "--out", "theirs"]) == 0
    assert capsys.readouterr().out == f"{shown.steps}\ntheirs/views.html\n"
    assert Path("theirs/views.html").read_bytes() == shown.page.read_bytes()
    assert len(shown.steps.splitlines()) == 3


def test_the_file_of_a_view_is_shown_as_the_view_itself(capsys):
    shown = show_views("noise(std=0.1)", "few.npz")
    content = shown.page.read_bytes()
    Path("best_view.txt").write_text("# not recommended: Undecided.\nnoise(std=0.1)\n")
    assert show_views(Path("best_view.txt"), "few.npz").page.read_bytes() == content
    for given in ("best_view.txt", "@best_view.txt"):
        assert main(["views", "show", given, "few.npz", "-q"]) == 0
        assert Path(capsys.readouterr().out.strip()).read_bytes() == content


def test_each_view_of_a_pair_has_a_table_of_its_steps():
    steps = show_views("flip() // blur()", "few.npz").steps.splitlines()
    assert [line.split()[0] for line in steps] == ["step", "flip()", "step", "blur()"]


def test_the_bound_is_shown_and_progress_reaches_its_end():
    seen = []
    shown = show_views(
        "noise(std=0.2)", "few.npz", bound=True, progress=lambda *step: seen.append(step)
    )
    assert shown.bound.startswith("The two views share at least ")
    assert seen[-1][1] == seen[-1][2]


def test_a_checkup_prints_what_the_command_prints(tmp_path, capsys):
    doctor("few.npz")  # which decodes the images and reports how long that took
    found = doctor("few.npz")
    assert found.usable
    assert main(["doctor", "few.npz"]) == 0
    lines = capsys.readouterr().out.splitlines()
    ours = str(found).splitlines()
    assert len(lines) == len(ours)
    assert lines[0] == ours[0]
    (tmp_path / "empty").mkdir()
    assert not doctor("empty").usable
    assert str(doctor("empty")).startswith("broken  ")
