"""Published accuracies of methods of graphs: the table, and the small run."""

import csv
import os
from pathlib import Path

import pytest

from goodviews.methods import method
from goodviews.training import change
from goodviews_experiments import run
from goodviews_experiments.graph_methods.run import table
from goodviews_experiments.graph_methods.settings import SCALE, TRIALS, Trial


def cell(*accuracies):
    return {"pretrained": list(accuracies), "random weights": [0.5], "features": [0.4]}


@pytest.mark.skipif(
    not (Path(os.environ.get("GOODVIEWS_DATA", "/nowhere")) / "heterophilous").is_dir(),
    reason="GOODVIEWS_DATA has no folder heterophilous",
)
@pytest.mark.slow
def test_the_small_run_resumes_and_has_all_arms(tmp_path):
    for _ in range(2):
        run("graph_methods", "test", tmp_path)
    with (tmp_path / "table.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["trial"]: row for row in csv.DictReader(file)}
    assert set(rows) == {trial.name for trial in SCALE["test"].trials}
    assert float(rows["CCA-SSG Texas"]["low"]) < float(rows["CCA-SSG Texas"]["pretrained"])
    assert float(rows["GraphCL MUTAG"]["features"]) > 60


def test_an_interval_is_over_splits_of_means_over_seeds():
    trial = Trial("t", "cora", "grace", "10/90", 83.0, (82.0, 84.0))
    row = table((trial,), {"t": [cell(0.80, 0.90), cell(0.82, 0.86)]})[0]
    assert row["pretrained"] == pytest.approx(84.5)
    half = 12.7062 * 3.5  # t of one degree of freedom; the means 81 and 88
    assert row["high"] - row["pretrained"] == pytest.approx(half, rel=1e-4)
    assert row["reproduced"]


def test_one_split_has_an_interval_over_seeds_and_one_run_has_none():
    trial = Trial("t", "cora", "dgi", "public", 82.3, (81.0, 83.0))
    several = table((trial,), {"t": [cell(0.70), cell(0.701), cell(0.699)]})[0]
    assert not several["reproduced"]
    assert several["low"] < 70 < several["high"] < 71
    alone = table((trial,), {"t": [cell(0.82)]})[0]
    assert (alone["low"], alone["high"], alone["reproduced"]) == (None, None, True)


def test_every_trial_is_a_method_with_settings_that_exist():
    for trial in TRIALS:
        assert change(method(trial.method), trial.changes).name == trial.method
        assert trial.accept[0] < trial.accept[1]
