"""Committed rows: each carries its origin, and says nothing its theory forbids."""

import csv
import json
from pathlib import Path

import pytest

RESULTS = Path(__file__).parents[2] / "results"
OURS = (
    "calibration",
    "failure_zoo",
    "two_tasks",
    "mi_bench",
    "proposition",
    "bench_objectives",
    "bench_moco_queue",
    "bench_moving_digits",
    "bench_natural",
    "moving_digits",
    "bench_step",
    "bench_evaluation",
    "presets_axis",
    "duality",
)
RUNS = [run for name in OURS for run in sorted((RESULTS / name).glob("*/run.json"))]


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: "/".join(run.parts[-3:-1]))
def test_rows_say_where_they_come_from(run):
    origin = json.loads(run.read_text(encoding="utf-8"))
    assert {"command", "commit", "versions", "hardware", "seeds", "wall_s"} <= set(origin)
    assert read(run.with_name("rows.csv"))
    assert "/work" not in run.read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", sorted((RESULTS / "mi_bench").glob("*/")), ids=lambda f: f.name)
def test_the_bench_shows_ceilings_bounds_and_grades_that_hold(folder):
    rows = read(folder / "rows.csv")
    for row in rows:
        if row["estimator"] == "InfoNCE":
            assert float(row["estimate_nats"]) <= float(row["ceiling_nats"])
            assert float(row["estimate_nats"]) <= float(row["truth_nats"])
    for row in read(folder / "grades" / "rows.csv"):
        if row["truth_nats"] == "0":
            assert abs(float(row["estimate_nats"])) < 0.15
        assert float(row["estimate_nats"]) <= float(row["truth_nats"]) + 0.15


@pytest.mark.parametrize(
    "folder", sorted((RESULTS / "proposition").glob("*/")), ids=lambda f: f.name
)
def test_the_proposition_holds_in_the_committed_rows(folder):
    rows = read(folder / "rows.csv")
    for row in rows:
        sweet = row["regime"] == "sweet_spot"
        assert (row["minimal_is_optimal"] == "True") == sweet
        assert (row["admissible"] == "True") == (row["regime"] != "missing")
