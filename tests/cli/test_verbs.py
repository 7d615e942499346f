"""Laws of the verbs on small made-up data."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from goodviews.cli.main import main
from goodviews.spec.catalogue import VIEWS

sys.path.insert(0, str(Path(__file__).parent.parent / "pages"))
from studies import make_study


@pytest.fixture
def few(tmp_path):
    """An .npz with 120 colour images of 12 pixels in three classes."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, size=(120, 12, 12, 3), dtype=np.uint8)
    np.savez(tmp_path / "few.npz", images=images, labels=np.arange(120) % 3)
    return tmp_path / "few.npz"


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


def page(path: Path) -> str:
    """Text of a page, held to stand alone."""
    text = path.read_text(encoding="utf-8")
    links = set(re.findall(r"https?://[^\"' <)]*", text))
    assert links <= {"http://www.w3.org/2000/svg"}
    assert text.count("<h1") == 1
    assert not re.search(r"\bnan\b|\binf\b|None|\{\{", text)
    return text


def test_list_names_every_view(capsys):
    assert main(["views", "list"]) == 0
    said = capsys.readouterr().out
    for name, view in VIEWS.items():
        assert f"{name}(" in said
        assert view.source in said


@pytest.mark.parametrize(
    ("spec", "rows"),
    [
        ("identity()", 2),
        ("crop(scale=(0.2, 1))|flip()|noise(std=0.3)", 4),
        ("jitter(1) // grey(p=1)|blur()", 4),
    ],
)
def test_show_has_a_row_per_step_and_six_pairs(spec, rows, few, tmp_path, capsys):
    assert main(["views", "show", spec, str(few), "--out", "shown.html"]) == 0
    assert capsys.readouterr().out.strip() == "shown.html"
    text = page(tmp_path / "shown.html")
    assert text.count('class="stage"') == rows
    assert text.count('class="shot two"') == 6
    assert "--views" in text
    assert str(tmp_path) not in text


def test_show_is_the_same_twice_and_moves_with_the_seed(few, tmp_path):
    words = ["views", "show", "crop()|noise(std=0.1)", str(few), "--out"]
    for name, seed in (("a", "0"), ("b", "0"), ("c", "1")):
        assert main([*words, f"{name}.html", "--seed", seed]) == 0
    one, two, other = ((tmp_path / f"{n}.html").read_bytes() for n in "abc")
    assert one == two != other


def test_show_warns_of_clipping(few, tmp_path):
    assert main(["views", "show", "noise(std=3)", str(few), "--out", "shown.html"]) == 0
    assert "asks for a look" in page(tmp_path / "shown.html")


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_show_takes_any_channels(channels, tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "some.npy", rng.random((60, 10, 10, channels), dtype=np.float32))
    assert main(["views", "show", "flip()", "some.npy", "--out", "shown.html"]) == 0
    page(tmp_path / "shown.html")


def test_show_refuses_channels_that_a_step_cannot_take(tmp_path, capsys):
    np.save(tmp_path / "some.npy", np.random.default_rng(0).random((60, 10, 10, 4)))
    assert main(["views", "show", "jitter()", "some.npy"]) == 2
    assert "jitter" in capsys.readouterr().err


def test_doctor_reads_a_set_and_refuses_what_is_none(few, tmp_path, capsys):
    assert main(["doctor", str(few)]) == 0
    assert "120 images" in capsys.readouterr().out
    (tmp_path / "empty").mkdir()
    assert main(["doctor", "empty"]) == 2
    assert capsys.readouterr().out.startswith("broken")


def test_report_prints_the_path_of_the_page(tmp_path, capsys):
    make_study(tmp_path / "study")
    assert main(["report", "study"]) == 0
    assert capsys.readouterr().out.strip() == "study/index.html"
    assert (tmp_path / "study/index.html").is_file()


def embedding(kind: str) -> np.ndarray:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(300, 24))
    if kind == "uneven":
        return (z * np.linspace(0.1, 3, 24)).astype(np.float32)
    if kind == "dead":
        z[:, 3:] = 1e-9
        return z
    if kind == "one direction":
        return np.outer(np.linspace(1, 2, 300), np.ones(24))
    return z / np.linalg.norm(z, axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["even", "uneven", "dead", "one direction"])
def test_embedding_gives_a_page_beside_it(kind, tmp_path, capsys):
    np.save(tmp_path / "z.npy", embedding(kind))
    assert main(["report", "--embedding", "z.npy"]) == 0
    assert capsys.readouterr().out.strip() == "z.html"
    text = page(tmp_path / "z.html")
    assert ("Both criteria agree" in text) == (kind in ("even", "one direction"))
    assert ("<b>Look:</b>" in text) == (kind in ("dead", "one direction"))
    assert text.count('class="l-chart"') == 5
    assert "holds to 1" in text


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 4, 5)), "shape (3, 4, 5)"),
        (np.array([["a"]]), "numbers"),
        (np.zeros((5, 4)), "zero"),
        (np.full((5, 4), np.nan), "not finite"),
    ],
)
def test_embedding_that_is_none_is_one_sentence(array, said, tmp_path, capsys):
    np.save(tmp_path / "z.npy", array)
    assert main(["report", "--embedding", "z.npy"]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "z.html").exists()


def test_a_file_that_is_no_array_is_one_sentence(tmp_path, capsys):
    (tmp_path / "z.npy").write_text("not an array")
    assert main(["report", "--embedding", "z.npy"]) == 2
    assert "z.npy" in capsys.readouterr().err


def test_reproduce_lists_and_runs(tmp_path, capsys):
    assert main(["reproduce"]) == 0
    assert "proposition" in capsys.readouterr().out.split()
    assert main(["reproduce", "proposition", "--scale", "test", "--out", "rows"]) == 0
    assert (tmp_path / "rows/rows.csv").is_file()


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """The job replaced by one that notes what it was called with."""
    calls = []

    def study(data=None, **options):
        calls.append({"data": data, **options})
        if data == "stop":
            raise KeyboardInterrupt
        return SimpleNamespace(
            advice="Pretrain with flip().",
            command="goodviews pretrain",
            page=Path("study/index.html"),
        )

    monkeypatch.setitem(sys.modules, "goodviews.jobs.study", SimpleNamespace(study=study))
    return calls


@pytest.mark.parametrize(
    ("platform", "opener", "screen", "command"),
    [
        ("linux", "/usr/bin/xdg-open", ":0", "xdg-open study/index.html"),
        ("linux", "/usr/bin/xdg-open", "", "python3 -m http.server --directory study"),
        ("linux", None, ":0", "python3 -m http.server --directory study"),
        ("darwin", None, "", "open study/index.html"),
    ],
    ids=["desktop", "no screen", "no opener", "mac"],
)
def test_a_study_says_how_to_look_at_its_page(
    platform, opener, screen, command, fake, monkeypatch, capsys
):
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("shutil.which", lambda _: opener)
    monkeypatch.setenv("DISPLAY", screen)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert main(["study"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"Look at it with: {command}"


def test_study_ends_with_advice_and_the_path_of_the_page(fake, tmp_path, capsys):
    (tmp_path / "specs.txt").write_text("# three\ncrop()|flip()\n\nblur()  # soft\n")
    words = ["--views", "noise(std={0.1, 0.2})", "--views", "@specs.txt", "--seeds", "2", "-q"]
    assert main(["study", *words]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "Pretrain with flip().",
        "Next: goodviews pretrain",
        "study/index.html",
    ]
    assert err == ""
    assert fake[0]["views"] == ["noise(std={0.1, 0.2})", "@specs.txt"]
    assert fake[0]["seeds"] == 2
    assert fake[0]["command"].startswith("goodviews study --views 'noise(")


def test_a_stopped_study_says_how_to_go_on(fake, capsys):
    assert main(["study", "stop", "--seeds", "4", "--quiet"]) == 130
    assert capsys.readouterr().err == "Stopped. Resume with: goodviews study stop --seeds 4\n"


def test_home_stays_out_of_the_command(fake, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Path, "home", lambda: tmp_path.parent)
    monkeypatch.chdir("/")
    target = tmp_path / "my out"
    assert main(["study", "--out", str(target), "-q"]) == 0
    assert fake[0]["command"] == f"goodviews study --out ~/'{tmp_path.name}/my out'"
