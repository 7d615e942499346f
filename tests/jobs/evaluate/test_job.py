"""An evaluation from Python is that of the command line: the same rows, page and table."""

import csv
import json

import numpy as np
import pytest
import torch
from torch import nn

from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.jobs.evaluate import Evaluation, evaluate

COUNT = 160


@pytest.fixture
def place(tmp_path, monkeypatch):
    """160 images of two classes, a tint, and representations of them."""
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    y, tint = np.arange(COUNT) % 2, rng.integers(0, 3, COUNT)
    images = rng.integers(0, 60, (COUNT, 8, 8, 1), dtype=np.uint8)
    images += (60 * y + 30 * tint).astype(np.uint8)[:, None, None, None]
    np.savez("few.npz", images=images, labels=y)
    np.save("z.npy", np.c_[y, tint, rng.normal(size=(COUNT, 2))])
    lines = ["row,tint", *(f"{row},{'abc'[one]}" for row, one in enumerate(tint))]
    (tmp_path / "meta.csv").write_text("\n".join(lines))
    return tmp_path


def timeless(folder, name="rows"):
    with (folder / f"{name}.csv").open() as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def test_python_and_the_command_line_write_the_same_and_print_the_same(place, capsys):
    options = {"leakage": "meta.csv", "protocols": ["linear", "knn"], "neighbours": 7, "seeds": 1}
    found = evaluate("z.npy", "few.npz", **options)
    assert found.folder.name == "evaluate-z-few"
    words = ["--leakage", "meta.csv", "--protocol", "linear", "--protocol", "knn", "--k", "7"]
    capsys.readouterr()
    assert main(["evaluate", "z.npy", "few.npz", *words, "--seeds", "1", "-q", "--out", "o"]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{found}\n".replace("evaluate-z-few/", "o/")
    for name in ("rows", "leakage"):
        assert timeless(found.folder, name) == timeless(place / "o", name)
    assert [str(file) for file in found.files] == [
        "evaluate-z-few/index.html",
        "evaluate-z-few/leakage.html",
        "evaluate-z-few/rows.csv",
    ]
    run = json.loads((found.folder / "run.json").read_text())
    assert (run["encoder"], run["command"]) == ("z", "")


def test_the_result_is_typed_and_holds_what_the_rows_hold(place):
    found = evaluate("z.npy", "few.npz", protocols=["linear"], seeds=1)
    assert isinstance(found, Evaluation)
    tops = {score.encoder: score.top1 for score in found.scores if score.role != "difference"}
    assert list(tops) == ["z", "random weights", "raw pixels"]
    assert tops["z"] == 1
    rows = timeless(found.folder)
    assert [float(row["top1"]) for row in rows] == pytest.approx(
        [score.top1 for score in found.scores], rel=1e-5
    )
    assert found.leakage is None
    note = "Nothing says which images z was trained on: tested ones may be among them."
    assert found.notes == [note]


def test_an_array_a_module_and_images_in_memory_are_taken(place):
    with np.load("few.npz") as file:
        pixels, labels = file["images"], file["labels"]
    images = Images(
        name="mine",
        pixels=pixels.transpose(0, 3, 1, 2).copy(),
        scale=(0.0, 255.0),
        labels={"kind": labels.astype(np.int64)},
        classes={"kind": ("a", "b")},
        skipped=(),
        source="",
        range_note="",
        hash="0" * 16,
    )
    options = {"protocols": ["knn"], "seeds": 0}
    array = evaluate(np.load("z.npy"), images, **options)
    file = evaluate("z.npy", images, **options)
    assert array.folder.name == "evaluate-array-mine"
    assert array.scores[0].top1 == file.scores[0].top1
    torch.manual_seed(0)
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    made = evaluate(net, images, **options)
    by_hand = evaluate(net[1](torch.from_numpy(pixels.reshape(COUNT, 64) / 255.0).float()), images)
    assert made.scores[0].encoder == "Sequential"
    assert made.scores[0].top1 == pytest.approx(
        next(one.top1 for one in by_hand.scores if one.protocol == "knn"), abs=0.07
    )


def test_progress_reaches_the_end_of_each_stage(place):
    steps = []
    evaluate(
        "z.npy", "few.npz", protocols=["knn"], seeds=1, progress=lambda *one: steps.append(one)
    )
    last = {stage: (done, total) for stage, done, total in steps}
    assert set(last) == {"encoders read", "readouts made"}
    assert all(done == total for done, total in last.values())


def test_a_mistake_is_an_input_error_and_leaves_no_folder(place):
    for wrong in (
        {"protocols": ["liner"]},
        {"task": "lable"},
        {"changes": {"epochs": 1}},
        {"temperature": 0.0},
        {"view": "flip()"},
    ):
        with pytest.raises(InputError):
            evaluate("z.npy", "few.npz", **wrong)
    assert not (place / "evaluate-z-few").exists()


def test_a_table_of_labels_and_one_of_factors_go_together(place):
    rows = "\n".join(f"{row},{'cat' if row % 2 else 'dog'}" for row in range(COUNT))
    (place / "labels.csv").write_text(f"row,pet\n{rows}\n")
    options = {"labels": "labels.csv", "leakage": "meta.csv", "protocols": ["linear"], "seeds": 0}
    found = evaluate("z.npy", "few.npz", **options)
    assert {score.task for score in found.scores} == {"pet"}
    assert found.leakage is not None
    text = (found.folder / "leakage.csv").read_text("utf8")
    assert "tint" in text
    assert "pet" in text
