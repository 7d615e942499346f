"""Searches against others: the planted optimum is the best, and both runs are whole."""

import csv

import pytest

from goodviews_experiments import run
from goodviews_experiments.view_search.planted import SPACE, World
from goodviews_experiments.view_search.run import SPACE as RANGES
from goodviews_experiments.view_search.run import grid_points

pytest.importorskip("optuna", reason="needs optuna: pip install 'goodviews[search]'")


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_planted_optimum_is_the_best_point():
    world = World.drawn(3, 0.2)
    best = world.accuracy(tuple(world.best))
    for place in (0.0, 0.4, 1.0):
        assert world.accuracy((place,) * 4) < best
    assert world.accuracy(tuple(world.early), early=True) > world.accuracy((0.5,) * 4, early=True)


def test_a_small_run_has_all_arms_and_counts_within_their_ranges(tmp_path):
    out = run("search_planted", "test", tmp_path)
    rows = _rows(out / "rows.csv")
    assert len(rows) == 2 * 5
    assert {row["arm"] for row in rows} == {"random", "search", "search, pruned"}
    for row in rows:
        assert 0 <= float(row["wrongly_pruned"]) <= min(4, float(row["pruned"]))
        assert float(row["regret_10"]) >= 0
        if row["arm"] != "search, pruned":
            assert float(row["pruned"]) == 0
            assert float(row["length"]) == 1
    assert len(SPACE.parameters) == 4


def test_a_grid_has_each_point_once_inside_the_ranges():
    points = grid_points(RANGES, 81, seed=1)
    assert len(set(points)) == 81
    assert all(RANGES.values(RANGES.view(point)) == point for point in points)
    assert grid_points(RANGES, 40, seed=1) == points[:40]


@pytest.mark.slow
def test_the_comparison_on_images_is_whole_and_resumes(tmp_path):
    out = run("view_search", "test", tmp_path)
    rows = _rows(out / "rows.csv")
    assert [row["arm"] for row in rows] == ["search", "grid", "simclr"]
    assert min(float(row["regret"]) for row in rows) <= 0.05
    before = (out / "rows.csv").read_text()
    run("view_search", "test", tmp_path)
    assert (out / "rows.csv").read_text() == before
