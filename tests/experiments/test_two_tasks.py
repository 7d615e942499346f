import csv
import json
from pathlib import Path

import numpy as np
import pytest

from goodviews.data import load
from goodviews_experiments import run
from goodviews_experiments.two_tasks.run import turned

RESULTS = Path(__file__).parents[2] / "results" / "two_tasks"


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_turned_images_are_exactly_the_old_ones_turned_by_their_second_task():
    images = load("digits")
    made = turned(images, 200)
    assert len(made) == 200
    assert set(made.labels) == {"digit", "quarter turns"}
    quarters = made.labels["quarter turns"]
    assert np.bincount(quarters, minlength=4).min() > 25  # of 200, a quarter each
    back = np.stack(
        [np.rot90(x, -k, axes=(1, 2)) for x, k in zip(made.pixels, quarters, strict=True)]
    )
    known = {
        x.tobytes(): label for x, label in zip(images.pixels, images.labels["label"], strict=True)
    }
    assert [known[x.tobytes()] for x in np.ascontiguousarray(back)] == list(made.labels["digit"])
    assert made.hash != images.hash


def test_turning_depends_on_the_seed_alone():
    images = load("digits")
    assert turned(images, 100).hash == turned(images, 100).hash
    assert turned(images, 100).hash != turned(images, 100, seed=1).hash


@pytest.mark.slow
def test_one_command_reads_both_tasks_from_the_same_encoders(tmp_path):
    run("two_tasks", "test", tmp_path)
    views = read(tmp_path / "views.csv")
    nats = {
        task: [row["nats"] for row in views if row["task"] == task]
        for task in ("digit", "quarter turns")
    }
    assert nats["digit"] == nats["quarter turns"]
    assert len(nats["digit"]) == 4
    tasks = read(tmp_path / "tasks.csv")
    assert [row["task"] for row in tasks] == ["digit", "quarter turns"]
    assert tasks[0]["winner"] == tasks[1]["winner_of_other_task"]
    assert (tmp_path / "figure.svg").read_text().startswith("<svg")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    origin = json.loads((tmp_path / "run.json").read_text())
    assert {"command", "commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_committed_tables_agree_with_their_rows(folder):
    rows = [row for row in read(folder / "rows.csv") if row["role"] == "candidate"]
    for view in read(folder / "views.csv"):
        own = [r for r in rows if (r["view"], r["task"]) == (view["view"], view["task"])]
        mean = np.mean([float(row["readout_top1"]) for row in own])
        assert float(view["accuracy"]) == pytest.approx(mean, abs=1e-5)
        assert float(view["low"]) <= float(view["accuracy"]) <= float(view["high"])
    for task in read(folder / "tasks.csv"):
        best = {
            r["view"]: float(r["accuracy"])
            for r in read(folder / "views.csv")
            if r["task"] == task["task"]
        }
        gain = 100 * (best[task["winner"]] - best[task["winner_of_other_task"]])
        assert float(task["gain_points"]) == pytest.approx(gain, abs=1e-2)
