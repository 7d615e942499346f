"""The ImageNet path at a small scale: killed, resumed, and reckoned."""

import csv
import json

from goodviews_experiments import run
from goodviews_experiments.imagenet_path.run import FULL, KILLED, TINY, estimates


def test_the_path_is_killed_and_resumed_to_the_bit(tmp_path):
    run("imagenet_path", "test", tmp_path)
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["process"], row["step"]) for row in rows] == [
        ("1", "1"), ("1", "2"), ("1", "3"), ("2", "3")
    ]  # fmt: skip
    lost, again = (row for row in rows if int(row["step"]) == KILLED)
    assert lost["loss"] == again["loss"]
    for row in rows:
        assert 0 < float(row["loss"]) < 100
        assert int(row["queue_pushed"]) == TINY.batch * int(row["step"])
        assert float(row["peak_mib"]) > 0
    origin = json.loads((tmp_path / "run.json").read_text())
    assert origin["settings"]["accumulate"] == TINY.accumulate
    assert all("reckoned" in one for one in origin["estimates"])


def test_the_full_scale_is_the_papers():
    assert (FULL.batch, FULL.accumulate, FULL.memory) == (256, 8, "queue(size=65536)")
    assert FULL.jigsaw.endswith("jigsaw(grid=3, cell=85, crop=64)")
    hours = {
        (one["hardware"], one["epochs"]): one["hours"]
        for one in estimates([{"cpu_s": "36"}], FULL)
    }
    assert hours["one core of this processor", 200] == round(200 * (1281167 // 256) * 36 / 3600)
    # 53 h of MoCo v2, with three forwards' worth of patches on top of its four.
    assert hours["8 V100", 200] == round(53 * (4 + 3 * 9 * 64**2 / 224**2) / 4)
