"""``goodviews learn-views`` as it is typed: its files, its page, its mistakes, and going on."""

import csv
import json
import os
import re
import shlex
import signal

import numpy as np
import pytest

from goodviews.cli.main import main
from goodviews.core.progress import Progress
from goodviews.pages import report
from goodviews.training.view_learning import Game
from goodviews.views import parse_view
from goodviews.views.generators import load_generator

STEPS = 6
TINY = [
    "--steps", str(STEPS), "--judge-steps", "2", "--generator", "nvp(blocks=2, width=4)",
    "--set", "encoder=convnet(width=4)", "--set", "head=projector(dim=8)",
    "--set", "labelled_batch=8",
]  # fmt: skip
FEW = ["few.npz", "--labels", "labels.csv", *TINY]


def write_data(folder):
    """280 images of 12 pixels in a few channels, whose brightness tells the label; 60 known."""
    rng = np.random.default_rng(0)
    truth = np.arange(280) % 3
    for name, channels in (("few", 3), ("six", 6), ("one", 1), ("many", 14)):
        images = rng.integers(0, 120, size=(280, 12, 12, channels), dtype=np.uint8)
        images += (50 * truth).astype(np.uint8)[:, None, None, None]
        np.savez(folder / f"{name}.npz", images=images)
    rows = "".join(f"{k},{'abc'[truth[k]]}\n" for k in range(60))
    (folder / "labels.csv").write_text(f"row,kind\n{rows}")
    np.savez(folder / "same.npz", images=np.zeros((90, 8, 8, 3), np.uint8), labels=np.zeros(90))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing disturbed, in a folder with the data."""
    home = tmp_path_factory.mktemp("whole")
    write_data(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOODVIEWS_CACHE", str(home / "cache"))
        patch.setenv("GOODVIEWS_GENERATORS", "")
        patch.chdir(home)
        assert main(["learn-views", *FEW, "--out", "run", "--quiet"]) == 0
    return home


@pytest.fixture
def there(whole, monkeypatch):
    """The folder of the data, as the working folder."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(whole / "cache"))
    monkeypatch.setenv("GOODVIEWS_GENERATORS", "")
    monkeypatch.chdir(whole)
    return whole


def found(folder):
    return json.loads((folder / "learned.json").read_text())


def rows(file):
    with file.open(newline="") as opened:
        return list(csv.DictReader(opened))


def test_a_run_leaves_a_generator_whose_passport_tells_where_it_is_from(whole):
    generator, notes = load_generator(whole / "run" / "g.safetensors")
    run = json.loads((whole / "run" / "run.json").read_text())
    told = found(whole / "run")
    assert generator.channels == 3
    assert (notes["mode"], notes["seed"], notes["task"]) == ("semi", 0, "kind")
    assert notes["game"]["steps"] == STEPS
    assert notes["step"] == next(one["step"] for one in told["tried"] if one["chosen"])
    assert notes["data"]["hash"] == told["data"]["hash"]
    assert {"goodviews", "torch"} <= set(notes["versions"])
    assert shlex.split(run["command"])[:3] == ["goodviews", "learn-views", "few.npz"]
    assert str(whole) not in json.dumps([notes, told, run])


def test_tables_hold_every_step_look_and_view(whole):
    run = whole / "run"
    assert [int(row["step"]) for row in rows(run / "log.csv")] == list(range(1, STEPS + 1))
    looks = rows(run / "looks.csv")
    assert [int(row["step"]) for row in looks] == list(range(STEPS + 1))
    assert all(float(row["inverse_error"]) < 1e-5 for row in looks)
    names = [row["name"] for row in rows(run / "comparison.csv")]
    assert names == ["learned", "raw channels", "YDbDr", "Lab"]


def test_nobody_has_two_roles(whole):
    told = found(whole / "run")["roles"]
    assert told["test"] == 20  # a third of the 60 labels
    assert told["labelled"] == 40
    assert told["learn"] + told["held_out"] + told["test"] == 280


def test_the_page_says_what_was_found_and_needs_nothing_else(whole):
    text = (whole / "run" / "index.html").read_text(encoding="utf-8")
    told = found(whole / "run")
    assert re.search(rf"<h1[^>]*>{re.escape(told['headline'])}", text)
    assert "not a result" in text
    assert text.count('class="s-star"') == 2  # a drawing for a laptop and one for a phone
    assert text.count('class="s-point"') == 6
    assert text.count("data:image/webp") == 4 * (1 + 3 + 3 + 3) + 2 * told["pairs"]
    assert "One run of new encoders for each view" in text
    assert told["next"].startswith("goodviews study few.npz --views @run/views.txt --views 'crop")
    assert text.count("<h1") == 1
    assert not re.search(r"\bnan\b|\binf\b|None|\{\{", text)
    assert set(re.findall(r"https?://[^\"' <)]*", text)) <= {"http://www.w3.org/2000/svg"}
    assert len(text) < 1_000_000


def test_the_page_is_made_again_from_the_folder_alone(whole, tmp_path):
    before = (whole / "run" / "index.html").read_bytes()
    assert report(whole / "run", out=tmp_path).read_bytes() == before


def test_a_study_takes_the_spec_file_from_another_folder(whole, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("GOODVIEWS_GENERATORS", "")
    monkeypatch.setenv("GOODVIEWS_CACHE", str(whole / "cache"))
    monkeypatch.chdir(tmp_path)
    spec = (whole / "run" / "views.txt").read_text().strip()
    assert parse_spec_steps(spec) == ["crop", "flip", "learned", "split"]
    words = ["study", str(whole / "few.npz"), "--views", f"@{whole / 'run' / 'views.txt'}"]
    words += ["--seeds", "1", "--epochs", "1", "--jobs", "1", "--quiet"]
    words += ["--encoder", "convnet(width=4)"]
    assert main([*words, "--out", "study"]) == 0, capsys.readouterr().err
    assert spec in {row["view"] for row in rows(tmp_path / "study" / "rows.csv")}
    assert (tmp_path / "study" / "g.safetensors").exists()


def parse_spec_steps(spec):
    return [part.partition("(")[0] for part in spec.split("|")]


@pytest.mark.parametrize(
    "stage", [("steps trained", 4), ("views compared", 2)], ids=["game", "judges"]
)
def test_a_stopped_run_goes_on_to_the_same_bytes(stage, there, capsys, monkeypatch):
    def asked(_self, name, done, _total):
        if (name, done) == stage and name == "steps trained":
            os.kill(os.getpid(), signal.SIGINT)
        elif (name, done) == stage:  # Python's own handler, where there is one
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Progress, "__call__", asked)
        words = ["learn-views", *FEW, "--out", f"my {stage[0]}"]
        assert main(words) == 130
    last = capsys.readouterr().err.splitlines()[-1]
    assert "Resume with: goodviews learn-views few.npz" in last
    folder = there / f"my {stage[0]}"
    assert not (folder / "learned.json").exists()
    assert main(shlex.split(last.partition("Resume with: ")[2])[1:]) == 0
    said = capsys.readouterr().err
    assert ("Resuming at step 4 of 6." in said) == (stage[0] == "steps trained")
    ours, theirs = folder / "g.safetensors", there / "run" / "g.safetensors"
    assert ours.read_bytes() == theirs.read_bytes()
    for name in ("log.csv", "looks.csv", "comparison.csv"):
        assert (folder / name).read_bytes() == (there / "run" / name).read_bytes()


def test_six_channels_without_labels_end_with_what_is_shared(there, capsys):
    words = ["learn-views", "six.npz", "--mode", "unsupervised", *TINY, "--split", "split(2)"]
    assert main([*words, "--out", "six", "--quiet"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1].endswith("|split(2)")
    told = found(there / "six")
    names = [row["name"] for row in told["rows"]]
    assert names == ["learned", "raw channels", *(f"channel {k} alone" for k in range(6))]
    assert parse_view(told["rows"][4]["view"]).text.endswith(
        "channels((2, 0, 1, 3, 4, 5))|split(1)"
    )
    assert not any("accuracy" in row for row in told["rows"])
    assert "Whether it keeps a task is not known" in told["lead"]
    page = (there / "six" / "index.html").read_text()
    assert "s-star" not in page.partition("</style>")[2]


def test_where_one_label_watches_the_page_says_that_nobody_does(there):
    (there / "five.csv").write_text("row,kind\n0,a\n3,a\n6,a\n1,b\n4,b\n")
    words = ["few.npz", "--labels", "five.csv", *TINY, "--no-compare", "--out", "five", "--quiet"]
    assert main(["learn-views", *words]) == 0
    told = found(there / "five")
    assert all(look["lost_nats"] is None for look in told["looks"])
    assert any("Only 5 labels to learn from: too few to watch" in said for said in told["said"])
    assert all(one["keeps"] is None for one in told["tried"])
    page = (there / "five" / "index.html").read_text()
    assert "the label is not watched" in page
    assert not re.search(r"\bnan\b|None", page.partition("</style>")[2])


def test_the_folder_of_a_run_is_exported_like_its_file(there, tmp_path):
    pytest.importorskip("onnx", reason="onnx is an extra")
    words = ["--to", "onnx", "--out"]
    assert main(["export", "run", *words, str(tmp_path / "folder")]) == 0
    assert main(["export", "run/g.safetensors", *words, str(tmp_path / "file")]) == 0
    for name in ("export.json", "passport.json", "generator.onnx"):
        ours, theirs = (tmp_path / one / name for one in ("folder", "file"))
        assert ours.read_bytes() == theirs.read_bytes()


def test_pretraining_on_other_channels_is_refused_before_anything_is_written(there, capsys):
    words = ["pretrain", "six.npz", "--recipe", "cmc", "--views", "run/views.txt"]
    assert main([*words, "--backbone", "convnet(width=4)", "--out", "refused"]) == 2
    assert "maps images of 3 channels, but these have 6" in capsys.readouterr().err
    assert not (there / "refused").exists()


def test_a_spec_file_that_is_gone_is_told_as_a_file(there, capsys):
    assert main(["pretrain", "few.npz", "--views", "gone/views.txt", "--out", "refused"]) == 2
    assert "gone/views.txt: No such file" in capsys.readouterr().err
    assert not (there / "refused").exists()


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["few.npz"], "--mode unsupervised"),
        (["few.npz", "--mode", "supervised"], "labels.csv"),
        (["same.npz"], "one class|All labels"),
        (["one.npz", "--mode", "unsupervised"], "one has 1 channel, but"),
        (["many.npz", "--mode", "unsupervised"], "many has 14 channels, but"),
        (["few.npz", "--mode", "semy"], "semi"),
        (["few.npz", "--labels", "labels.csv", "--task", "kinds"], "Did you mean 'kind'"),
        (["few.npz", "--mode", "unsupervised", "--set", "encoder_rat=1"], "encoder_rate"),
        (["few.npz", "--mode", "unsupervised", "--set", "steps=many"], "steps"),
        (["few.npz", "--mode", "unsupervised", "--generator", "nvpp()"], "nvp"),
        (["few.npz", "--mode", "unsupervised", "--split", "split(3)"], "split(2)"),
        (["few.npz", "--mode", "unsupervised", "--split", "flip()"], "split(1)"),
        (["few.npz", "--mode", "unsupervised", "--views", "crap()"], "crop"),
        (["few.npz", "--mode", "unsupervised", "--out", "labels.csv"], "is a file"),
        (["few.npz", "--mode", "unsupervised", "--out", "labels.csv/x"], "--out"),
        (
            ["few.npz", "--labels", "labels.csv", "--out", "run", "--seed", "1"],
            "another folder with --out",
        ),
        (["few.npz", "--labels", "labels.csv", "--out", "other"], "another --out"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value)[:40],
)
def test_a_mistake_is_one_sentence_and_code_2(words, named, there, capsys):
    (there / "other").mkdir(exist_ok=True)
    (there / "other" / "rows.csv").write_text("view,seed\n")
    extra = [] if "--generator" in words else TINY
    assert main(["learn-views", *extra, *words]) == 2
    said = capsys.readouterr()
    assert re.search(named.replace("(", r"\(").replace(")", r"\)"), said.err.splitlines()[-1])
    assert not said.out


def test_a_run_that_is_refused_leaves_the_one_that_stands_there_alone(there):
    def content():
        return {
            path.name: path.read_bytes() for path in (there / "run").iterdir() if path.is_file()
        }

    before = content()
    assert main(["learn-views", *FEW, "--out", "run", "--seed", "1", "--quiet"]) == 2
    assert content() == before


def test_every_setting_of_the_game_can_be_typed():
    from goodviews.training import change

    game = change(Game(), ["encoder_rate=0.004", "generator=vp()", "warm_up=3", "clip=0"])
    assert (game.encoder_rate, game.generator, game.warm_up, game.clip) == (0.004, "vp()", 3, 0.0)
