"""The table of learned views: arms run once, what is paired, and what an interval counts."""

import csv

import numpy as np

from goodviews.core.intervals import runs_interval
from goodviews_experiments.learned_views.arms import ABLATED, ARMS, MANY, SCALE, Parts, plan
from goodviews_experiments.learned_views.run import _orders, learned_views


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_smallest_run_writes_its_tables_and_goes_on_where_it_stopped(tmp_path):
    learned_views(scale="test", out=tmp_path)
    rows = read(tmp_path / "rows.csv")
    assert [row["group"] for row in rows] == ["table", "table", "many", "ablation"]
    assert all(0 <= float(row["linear_top1"]) <= 1 for row in rows)
    assert (tmp_path / "figure.png").read_bytes()[:4] == b"\x89PNG"
    cells = {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    learned_views(scale="test", out=tmp_path)
    assert cells == {path: path.stat().st_mtime_ns for path in (tmp_path / "cells").iterdir()}
    assert read(tmp_path / "rows.csv") == rows


def test_nobody_is_tested_or_held_out_who_trains():
    parts = Parts.read(SCALE["test"])
    groups = [parts.pretrain_on, parts.held_out, parts.test]
    assert sum(map(len, groups)) == len(np.unique(np.concatenate(groups)))
    assert np.isin(parts.labelled, parts.pretrain_on).all()
    counts = np.bincount(parts.labels[parts.labelled])
    assert counts.min() == counts.max()


def test_the_plan_holds_the_papers_table_and_enough_generators():
    table = {(arm.space, arm.mode) for arm in ARMS}
    assert {
        (s, m) for s in ("rgb", "ydbdr") for m in ("", "unsupervised", "supervised", "semi")
    } <= table
    cells = plan(SCALE["cpu"])
    assert len({(arm.name, seed) for arm, seed in cells}) == len(cells)
    alone = [arm for arm, _ in cells if arm.mode == "unsupervised" and arm.space == "rgb"]
    assert len(alone) >= 8
    assert len({arm.name for arm in (*ARMS, *MANY, *ABLATED)}) == len((*ARMS, *MANY, *ABLATED))


def test_differences_are_paired_by_seed_and_image():
    rng = np.random.default_rng(0)
    base = (rng.random((2, 500)) < 0.5).astype(float)
    right = {("semi RGB", seed): base[seed] for seed in (0, 1)}
    right |= {("raw RGB", seed): base[seed] for seed in (0, 1)}
    (row,) = _orders(right)
    assert (row["points"], row["low"], row["high"]) == (0, 0, 0)


def test_the_interval_covers_runs_and_images():
    """Runs of spread .02, images of their own difficulty: 95 % hold the true mean, or more."""
    rng, held = np.random.default_rng(0), 0
    for _ in range(400):
        ease = rng.normal(0.6, 0.15, 300)
        runs = rng.normal(0, 0.02, (3, 1))
        right = (rng.random((3, 300)) < np.clip(ease + runs, 0, 1)).astype(float)
        low, high = runs_interval(right)
        held += low <= 0.6 <= high
    assert held / 400 > 0.92
