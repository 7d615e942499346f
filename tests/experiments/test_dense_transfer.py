"""Dense transfer: what a stopped run has compared, what is forecast, and a tiny run."""

import csv
from itertools import pairwise

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews_experiments.dense_transfer.run import drawn_scenes, forecast, stages
from goodviews_experiments.dense_transfer.settings import DRAWN_SCALE, SCALE, Pictures


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("scale", ["test", "cpu", "gpu"])
def test_each_stage_holds_the_one_before_and_the_last_one_all(scale):
    settings = SCALE[scale]
    found = stages(settings)
    for one, after in pairwise(found):
        mine = {(how, count, seed) for how in one.freeze for count in one.counts
                for seed in range(one.seeds)}  # fmt: skip
        more = {(how, count, seed) for how in after.freeze for count in after.counts
                for seed in range(after.seeds)}  # fmt: skip
        assert mine < more or after.counts == settings.counts[:1]
    assert found[0].seeds == 1
    assert found[-1].counts == settings.counts
    assert found[-1].freeze == settings.freeze


def test_the_forecast_counts_every_fit_once():
    settings = SCALE["cpu"]
    rows = forecast(settings, stages(settings), 0, {"all": 2.0, "none": 30.0})
    arms = 2 * 2 + 1 + 1
    each = len(settings.sets) * arms * len(settings.counts) * settings.seeds
    assert sum(row["fits"] for row in rows) == 2 * each
    assert sum(row["seconds"] for row in rows) == pytest.approx(32.0 * each)
    assert [row["finished"] for row in rows] == [True] + [False] * 4


def test_label_counts_of_drawn_scenes_are_1_10_and_100_percent():
    for scale in ("cpu", "gpu"):
        settings = DRAWN_SCALE[scale]
        whole = settings.sets[0].drawn[0] - 40
        shares = sorted(int(one) / whole for one in settings.counts if one != "all")
        assert np.allclose(shares, [0.01, 0.1], rtol=0.03)


def test_a_set_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GOODVIEWS_DATA", str(tmp_path))
    with pytest.raises(InputError, match="camvid is not in GOODVIEWS_DATA"):
        Pictures("camvid", "camvid240").place(tmp_path)


@pytest.mark.slow
def test_a_tiny_run_writes_all_arms_and_is_resumed(tmp_path):
    drawn_scenes(scale="test", out=tmp_path)
    rows, gaps = read(tmp_path / "rows.csv"), read(tmp_path / "differences.csv")
    arms = {"infomin-drawn-72", "simclr-drawn-72", "random weights"}
    for name, metric in (("drawn", "miou"), ("depth", "abs_rel")):
        own = [row for row in rows if row["set"] == name]
        assert {row["encoder"] for row in own} == arms
        assert len(own) == 3 * 2 * 2 * 2  # arms, ways of freezing, counts, seeds
        assert all(float(row[metric]) >= 0 for row in own)
        pairs = [row for row in gaps if row["set"] == name]
        assert len(pairs) == 2 * 2 * 2
        assert all(row["low"] and row["high"] for row in pairs)
    before = {file: file.stat().st_mtime_ns for file in (tmp_path / "items").rglob("*.npz")}
    drawn_scenes(scale="test", out=tmp_path)
    after = {file: file.stat().st_mtime_ns for file in (tmp_path / "items").rglob("*.npz")}
    assert before == after
    assert read(tmp_path / "rows.csv") == rows
