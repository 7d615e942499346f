"""Views by two tasks: presence is read from the label images, both tasks have all views."""

import csv

import numpy as np
import pytest

from goodviews.data import read_scenes
from goodviews_experiments.dense_views.run import SCALE, dense_views, presence


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_presence_is_that_of_the_class_in_the_label_image(tmp_path):
    settings = SCALE["test"]
    place = settings.pictures.place(tmp_path)
    found, scenes = presence(settings, place), read_scenes(place, target="pixels")
    assert 0 < found.mean() < 1
    for k in range(0, len(scenes), 7):
        assert found[k] == np.isin(scenes.pixels(k), 1).any()


@pytest.mark.slow
def test_a_tiny_run_has_every_view_in_both_tasks(tmp_path):
    dense_views(scale="test", out=tmp_path)
    rows = read(tmp_path / "views.csv")
    assert {(row["task"], row["measure"]) for row in rows} == {
        ("class 1", "accuracy"),
        ("pixels", "mIoU"),
    }
    assert len(rows) == 2 * len(SCALE["test"].views)
    assert all(0 <= float(row["accuracy"]) <= 1 for row in rows)
    tasks = read(tmp_path / "tasks.csv")
    assert len({row["one_for_both"] for row in tasks}) == 1
