"""The schedules of detection: the published numbers, and a step of each that says it is tiny."""

import csv

import pytest

from goodviews_experiments import run
from goodviews_experiments.detection_recipes.run import NOTE, RECIPES


def test_the_schedules_are_the_published_ones():
    assert {one.name: (one.iterations, one.drops) for one in RECIPES} == {
        "VOC C4 24k": (24_000, (18_000, 22_000)),
        "COCO FPN 1x": (90_000, (60_000, 80_000)),
        "COCO FPN 2x": (180_000, (120_000, 160_000)),
        "COCO C4 1x": (90_000, (60_000, 80_000)),
        "COCO C4 2x": (180_000, (120_000, 160_000)),
    }
    assert all((one.batch, one.rate) == (16, 0.02) for one in RECIPES)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_a_step_of_each_runs_and_says_that_it_is_not_the_full_size(tmp_path, capsys):
    pytest.importorskip("pycocotools")
    run("detection_recipes", "test", tmp_path / "out")
    with (tmp_path / "out" / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["recipe"] for row in rows] == [one.name for one in RECIPES for _ in range(2)]
    assert {row["note"] for row in rows} == {NOTE}
    assert {(row["detector"], row["neck"]) for row in rows} == {
        ("faster-rcnn", "c4"), ("mask-rcnn", "fpn"), ("mask-rcnn", "c4")
    }  # fmt: skip
    assert all(float(row["full_over_this"]) > 1e6 for row in rows)
    assert capsys.readouterr().err.count(NOTE) == len(RECIPES)
