"""A study judged by the class of each pixel: mIoU by image, heads, strata, images by name."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import goodviews
from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.data.targets.maps import fitted_map, pixel_images, read_maps_of, with_maps
from goodviews.evaluation.pixels import mean_iou, miou_items
from goodviews.jobs.study import pixel_readings
from goodviews.jobs.study.measures import entropy, row_scores
from goodviews.jobs.study.pixel_inputs import image_folder
from goodviews.jobs.study.pixel_readings import PixelReading, PixelValues
from goodviews.jobs.study.plan import make_plan
from goodviews.training import Settings

SIDE, COUNT = 16, 72


@pytest.fixture(scope="module")
def discs(tmp_path_factory):
    """Bright discs on noise, with label images, and a table that says on which side they are."""
    root, rng = tmp_path_factory.mktemp("discs"), np.random.default_rng(0)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    lines = ["file,side"]
    for number in range(COUNT):
        row, column = rng.integers(4, 12, 2)
        disc = ((rows - row) ** 2 + (columns - column) ** 2 < rng.integers(4, 30)).astype(np.uint8)
        image = (rng.integers(0, 60, (SIDE, SIDE, 3)) + 150 * disc[..., None]).astype(np.uint8)
        for folder, values in (("images", image), ("labels", disc)):
            (root / folder).mkdir(exist_ok=True)
            Image.fromarray(values).save(root / folder / f"{number:03}.png")
        lines.append(f"{number:03}.png,{'left' if column < 8 else 'right'}")
    (root / "sides.csv").write_text("\n".join(lines))
    return root


def plan_of(images, maps, **options):
    return make_plan(
        images,
        images,
        views=("flip()",),
        seeds=(0,),
        settings=Settings(encoder="convnet(width=2)"),
        candidates=None,
        per_class=10,
        draws=2,
        maps=maps,
        **options,
    )


def test_values_of_images_have_the_miou_as_mean_and_its_jackknife_error():
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 40, (60, 3, 3)) + np.diag([60, 40, 20]) * rng.random((60, 1, 1))
    items, whole = miou_items(counts), counts.sum(axis=0)
    assert items.mean() == pytest.approx(mean_iou(whole))
    left_out = np.array([mean_iou(whole - one) for one in counts])
    jackknife = np.sqrt(59 / 60 * ((left_out - left_out.mean()) ** 2).sum())
    assert items.std(ddof=1) / 60**0.5 == pytest.approx(jackknife, rel=0.02)


def test_a_linear_head_finds_what_is_linear_and_not_what_is_shuffled(discs):
    scenes = read_maps_of(discs)
    images, maps = with_maps(pixel_images(scenes, size=None), scenes, size=None, own=True)
    (task,) = plan_of(images, maps).tasks
    assert (task.measure, task.target.outputs) == ("mIoU", ("0", "1"))
    reading = PixelReading(task, images, PixelValues(3), torch.device("cpu"))
    made = reading.read()
    found = row_scores(task, made)
    assert found["readout_miou"] > 0.97
    assert found["readout_top1"] > 0.97
    assert made["null"].mean() < 0.6
    share = float((maps.values[task.items] == 1).mean())
    closed = -share * np.log(share) - (1 - share) * np.log(1 - share)
    assert entropy(task) == pytest.approx(closed)
    assert -closed < made["nats"].mean() < 0  # it knows more than the frequencies
    assert len(made["draws"]) == len(task.draws)


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_label_images_are_fitted_as_their_images_are(fit):
    blocks = np.kron(np.arange(1, 13).reshape(2, 6), np.ones((16, 16), dtype=np.int64))
    pictures = [Image.fromarray((20 * blocks).astype(np.uint8))] * 64
    images = load(pictures, size=f"16x16,{fit}")
    made = fitted_map(blocks, (16, 16), fit)
    shown = np.asarray(images.pixels[0, 0], dtype=float) / 20
    shown[made < 0] = -1
    assert np.mean(np.abs(shown - made) < 0.1) > 0.5  # all but pixels on borders
    assert (made >= 0).all() == (fit != "pad")
    inside = np.unique(np.round(shown[np.abs(shown - np.round(shown)) < 0.02])).astype(int)
    assert set(np.unique(made)) == set(inside)


def test_images_of_the_same_names_are_one_set_and_others_are_another(discs, tmp_path):
    scenes = read_maps_of(discs / "labels", discs / "images")  # label images alone
    images = load(discs / "images", labels=discs / "sides.csv")
    joined, maps = with_maps(images, scenes, size=None, own=False)
    assert list(joined.labels) == ["side", "pixels"]
    row = 5
    truth = np.asarray(Image.open(discs / "labels" / f"{row:03}.png"))
    assert np.array_equal(maps.values[row], truth)
    names = [task.name for task in plan_of(joined, maps).tasks]
    assert names == ["side", "pixels"]
    for number in range(64):
        Image.new("RGB", (16, 16)).save(tmp_path / f"other{number}.png")
    assert with_maps(load(tmp_path), scenes, size=None, own=False) is None


def test_what_to_pretrain_on_is_the_folder_of_the_images(discs):
    assert image_folder(read_maps_of(discs)) == discs / "images"


def test_other_label_images_make_another_study(discs):
    scenes = read_maps_of(discs)
    images, maps = with_maps(pixel_images(scenes, size=None), scenes, size=None, own=True)
    moved = replace(maps, values=np.where(maps.values == 1, 0, maps.values))
    assert plan_of(images, maps).fingerprint != plan_of(images, moved).fingerprint


def test_bad_targets_are_refused_in_a_sentence(discs, tmp_path):
    with pytest.raises(InputError, match="target of a study"):
        goodviews.study(discs, target="boxes", out=tmp_path / "a")
    with pytest.raises(InputError, match="task_data='FOLDER'"):
        goodviews.study(np.zeros((80, 8, 8)), target="pixels", out=tmp_path / "b")
    with pytest.raises(InputError, match="No annotations were found"):
        goodviews.study(discs / "images", target="pixels", out=tmp_path / "c")


def test_a_study_reports_miou_in_rows_verdict_and_page(discs, tmp_path, monkeypatch):
    monkeypatch.setattr(pixel_readings, "STEPS", {"all": 3, "none": 2})
    result = goodviews.study(
        discs / "images",
        task_data=discs,
        target="pixels",
        views=["noise(std=0.1)"],
        seeds=1,
        epochs=1,
        label_draws=1,
        encoder="convnet(width=2)",
        out=tmp_path / "s",
        jobs=0,
    )
    assert {row.measure for row in result.rows} == {"mIoU"}
    assert all(0 <= row.readout_miou <= 1 for row in result.rows)
    (task,) = result.verdict.tasks
    assert (task.task, task.measure) == ("pixels", "mIoU")
    assert "goodviews transfer ENCODER DATA" in task.comparison.note
    assert "mIoU" in result.advice
    assert "accuracy" not in result.advice
    assert "readout mIoU" in result.page.read_text()
