"""The study of graphs as an experiment: planted worlds are what they say, tables follow runs."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from goodviews.core import Row
from goodviews_experiments import run
from goodviews_experiments.graph_study.tables import cost_of_dropping
from goodviews_experiments.graph_study.worlds import planted

needs_data = pytest.mark.skipif(
    not (Path(os.environ.get("GOODVIEWS_DATA", "/nowhere")) / "heterophilous").is_dir(),
    reason="GOODVIEWS_DATA has no folder heterophilous",
)


@pytest.mark.parametrize("kind", ["edges", "features"])
def test_the_class_is_in_the_half_that_the_world_names(kind):
    alike, told, degree = [], [], []
    for number in range(8):
        data = planted(kind, number, 300)
        label = data.labels["community"]
        first, second = data.graph.edges
        alike.append(float((label[first] == label[second]).float().mean()))
        told.append(float((data.graph.features[:, :2].argmax(1) == label).float().mean()))
        degree.append(float(data.graph.degree.float().mean()))
    assert np.mean(alike) == pytest.approx(6 / 7 if kind == "edges" else 0.5, abs=0.03)
    assert np.mean(told) == pytest.approx(0.5 if kind == "edges" else 0.9, abs=0.03)
    assert np.mean(degree) == pytest.approx(12, abs=0.5)


def test_what_dropping_costs_is_paired_over_seeds():
    rows = [
        Row(f"drop_edges({p})|mask_features(0.3)", seed, "label", readout_top1=0.8 + level)
        for seed in range(3)
        for p, level in ((0.0, 0.01 * seed), (0.6, 0.01 * seed - 0.05))
    ]
    (found,) = cost_of_dropping("g", rows)
    assert found["dropped"] == "drop_edges(0.6)"
    assert found["points"] == pytest.approx(-5)
    assert found["points_low"] == pytest.approx(-5)


@needs_data
@pytest.mark.slow
def test_every_study_has_rows_and_a_page_and_a_second_run_resumes(tmp_path):
    folder = run("graph_study", "test", tmp_path)
    with (folder / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["graph"] for row in rows} == {"texas", "edges-0", "features-0"}
    assert all((folder / "studies" / name / "index.html").exists() for name in
               ("texas", "edges-0", "features-0"))  # fmt: skip
    before = [row["readout_top1"] for row in rows]
    run("graph_study", "test", tmp_path)
    with (folder / "rows.csv").open(newline="") as file:
        assert [row["readout_top1"] for row in csv.DictReader(file)] == before
