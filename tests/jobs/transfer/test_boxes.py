"""Boxes and masks: identical encoders differ by nothing, random weights are always trained."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

pytest.importorskip("pycocotools", reason="needs pycocotools: pip install 'goodviews[transfer]'")

import goodviews
from goodviews.cli.main import main
from goodviews.core.errors import InputError
from goodviews.data import read_scenes
from goodviews.encoders import build_backbone
from goodviews.jobs.transfer import boxes
from goodviews.jobs.transfer.arms import Arm, open_maps
from goodviews.jobs.transfer.boxes import BoxTask
from goodviews.jobs.transfer.matches import joined
from goodviews.jobs.transfer.plan import Fit, Parts, parts_of
from goodviews.training.detection.fit import Detector

pytestmark = pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")

TINY = {"target": "boxes", "steps": 1, "batch": 1, "size": 64, "seeds": 2, "label_counts": [2]}


def write_set(root):
    """Two bright squares on noise, as a number for each object; images of 96 x 64 pixels."""
    rng = np.random.default_rng(0)
    for number in range(6):
        values = np.zeros((64, 96), dtype=np.uint8)
        for k, start in enumerate((4, 52)):
            row, column = rng.integers(4, 30), start + rng.integers(0, 10)
            values[row : row + 24, column : column + 24] = k + 1
        image = (rng.integers(0, 60, values.shape) + 150 * (values > 0)).astype(np.uint8)
        for folder, made in (("images", image), ("instances", values)):
            (root / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(made).save(root / folder / f"{number}.png")
    return root


@pytest.fixture(scope="module")
def squares(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("squares") / "squares")


def task_of(data, kind, shape):
    scenes = read_scenes(data, target=kind)
    return BoxTask(scenes, parts_of(scenes), Detector(kind, 1), shape, torch.device("cpu"))


@pytest.mark.parametrize("kind", ["boxes", "masks"])
@pytest.mark.parametrize("shape", [(64, 96), (96, 96)])
def test_an_oracle_at_the_size_of_training_has_an_ap_of_one(kind, shape, squares):
    task, places = task_of(squares, kind, shape), np.arange(6)
    found = [{**task.objects(place), "scores": torch.tensor([0.9, 0.8])} for place in places]
    if kind == "masks":
        for one in found:
            one["masks"] = one["masks"][:, None].float()
    cell = vars(joined([task.matched(found[:2], places[:2]), task.matched(found[2:], places[2:])]))
    assert task.numbers(cell) == pytest.approx({"ap": 1, "ap50": 1, "ap75": 1})
    found[4]["boxes"], found[0]["scores"] = found[4]["boxes"] + 20, torch.tensor([0.7, 0.1])
    whole = vars(task.matched(found, places))
    cell = vars(joined([task.matched(found[:2], places[:2]), task.matched(found[2:], places[2:])]))
    weights = np.array([1, 0, 3, 1, 2, 1])
    assert task.score(cell, weights) == task.score(whole, weights)
    assert (task.score(whole) < 1) == (kind == "boxes")  # a mask is what it covers, not its box


def test_two_arms_with_the_same_weights_differ_by_exactly_zero(squares, tmp_path):
    torch.manual_seed(0)
    net = build_backbone("convnet(width=4)", channels=3, size=64)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    found = goodviews.transfer(
        net, squares, against=[net], freeze="none", out=tmp_path / "out", **TINY
    )
    (one,) = found.differences
    assert (one.gap.value, one.gap.low, one.gap.high) == (0, 0, 0)
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    rows = [[row[key] for key in ("ap", "rate", "trained_weights")] for row in found.rows]
    assert rows[:2] == rows[2:]


def test_random_weights_are_never_frozen_and_a_frozen_encoder_is(squares, tmp_path, monkeypatch):
    torch.manual_seed(0)
    net = build_backbone("convnet(width=4)", channels=3, size=(32, 64))
    weights = sum(p.numel() for p in net.parameters())
    options = {**TINY, "seeds": 1, "freeze": "all"}
    found = goodviews.transfer(
        net, squares, against=["convnet(width=4)"], out=tmp_path / "out", **options
    )
    frozen, drawn = found.rows
    assert (frozen["frozen"], drawn["frozen"]) == ("all", "none")
    assert frozen["normalisation"] == drawn["normalisation"]
    assert frozen["normalisation"].startswith("group norm in neck and heads; batch-norm")
    assert drawn["trained_weights"] - frozen["trained_weights"] == weights
    assert "convnet(width=4) has random weights, so all of it is trained." in found.notes
    assert "use --seeds 3" in str(found)
    calls = []
    monkeypatch.setattr(boxes, "fit_detector", lambda *_, **k: calls.append(k))
    again = goodviews.transfer(
        net, squares, against=["convnet(width=4)"], out=tmp_path / "out", **options
    )
    assert not calls
    assert again.rows == found.rows


def test_the_command_trains_a_mask_rcnn_against_training_from_scratch(
    squares, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    words = ["transfer", "resnet18(width=0.1)", str(squares), "--detector", "mask-rcnn", "-q"]
    words += ["--steps", "1", "--size", "64", "--batch", "1", "--seeds", "1", "--out", "t"]
    words += ["--neck", "c4", "--label-counts", "2", "--freeze", "all,none"]
    assert main(words) == 0
    said = capsys.readouterr().out
    assert "fine-tuned, resnet18(width=0.1) is as good as training from scratch" in said
    assert "training from scratch        fine-tuned" in said
    with (tmp_path / "t" / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    names = [row["encoder"] for row in rows]
    assert names == ["resnet18(width=0.1)"] * 2 + ["training from scratch"] * 2
    with (tmp_path / "t" / "differences.csv").open() as file:
        (gap,) = csv.DictReader(file)
    assert (gap["freeze"], float(gap["difference"])) == ("none", 0)
    for row in rows:
        assert (row["detector"], row["neck"], row["frozen"]) == ("mask-rcnn", "c4", "none")
        assert row["normalisation"].startswith("batch-norm statistics of the encoder measured")
        assert {"ap", "ap50", "ap75"} <= row.keys()
    page = (tmp_path / "t" / "index.html").read_text()
    assert "mask-rcnn with neck c4" in page
    assert page.count('<img src="data:image/png') == 4


def test_as_many_steps_are_counted_as_are_forecast(squares):
    task = task_of(squares, "boxes", (64, 96))
    task.settings = Detector("boxes", 1, steps=2, batch=1)
    arm = Arm("random weights", "convnet(width=4)", True, "")
    maps = open_maps(arm, task.images["train"], count=6, seed=0, device=task.device)
    calls = []
    task.prepare(maps).fit(Fit(0, "all", 2, 0, True), (1e-3, 2e-3), lambda: calls.append(1))
    assert len(calls) == 2 * 2 + task.looks(2)


def test_a_loss_that_is_not_finite_leaves_a_learning_rate_out(squares, tmp_path, monkeypatch):
    real = boxes.fit_detector

    def fit(model, *args, **options):
        if options["rate"] > broken:
            raise boxes.Diverged
        real(model, *args, **options)

    monkeypatch.setattr(boxes, "fit_detector", fit)
    options = {**TINY, "seeds": 1, "against": []}
    broken = 1e-3
    found = goodviews.transfer("convnet(width=4)", squares, out=tmp_path / "a", **options)
    assert found.rows[0]["rate"] == 3e-4
    broken = 0
    with pytest.raises(InputError, match="not finite with the learning rates"):
        goodviews.transfer("convnet(width=4)", squares, out=tmp_path / "b", **options)


WRONG = {
    "Unknown detector 'yolo'": {"detector": "yolo"},
    "mask-rcnn finds masks, but target is boxes": {"detector": "mask-rcnn"},
    "neck is an option for boxes": {"target": "pixels", "neck": "fpn"},
    "freeze stem is an option for boxes": {"target": "pixels", "freeze": "stem"},
    "Unknown neck 'bifpn'": {"neck": "bifpn"},
    "neck c4 needs a residual network": {"neck": "c4"},
    "size must be at least 64 for boxes": {"size": 32},
    "no feature map": {"encoder": "mlp()"},
}


@pytest.mark.parametrize("said", WRONG)
def test_a_mistake_is_answered_before_anything_is_written(said, squares, tmp_path):
    options = {"encoder": "convnet(width=4)", **TINY, **WRONG[said]}
    with pytest.raises(InputError, match=said):
        goodviews.transfer(options.pop("encoder"), squares, out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_images_without_objects_are_not_enough(squares, tmp_path):
    write_set(tmp_path / "set")
    for file in (tmp_path / "set" / "instances").iterdir():
        if file.stem != "0":
            Image.fromarray(np.zeros((64, 96), np.uint8)).save(file)
    with pytest.raises(InputError, match="There is no object in the"):
        goodviews.transfer("convnet(width=4)", tmp_path / "set", out=tmp_path / "out", **TINY)
    assert squares.exists()


@pytest.mark.slow
def test_six_pictures_of_blood_cells_are_overfitted():
    data = Path(os.environ.get("GOODVIEWS_DATA", "nowhere")) / "bccd"
    if not data.is_dir():
        pytest.skip("needs bccd in GOODVIEWS_DATA")
    scenes = read_scenes(data, target="boxes")
    six = scenes.of("train")[:6]
    shape = (96, 128)
    settings = Detector("boxes", len(scenes.classes), steps=300, batch=2)
    task = BoxTask(scenes, Parts(six, six, six), settings, shape, torch.device("cpu"))
    arm = Arm("random weights", "convnet(width=16)", True, "")
    device = torch.device("cpu")
    maps = open_maps(arm, task.images["train"], count=6, seed=0, device=device)
    cell = task.prepare(maps).fit(Fit(0, "none", 6, 0, False), (2e-3,), lambda: None)
    assert task.numbers(cell)["ap50"] > 0.8
