"""Sentences that flatter are counted as such, and the committed rows hold few of them."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from goodviews.core.interval import Interval
from goodviews_experiments import run
from goodviews_experiments.calibration_sentences import simulated
from goodviews_experiments.calibration_sentences.run import asked

RESULTS = Path(__file__).parents[2] / "results" / "calibration_sentences"


def rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_small_run_writes_three_tables(tmp_path):
    run("calibration_sentences", "test", tmp_path)
    assert {row["sentence"] for row in rows(tmp_path / "rows.csv")} >= {
        "best view over random weights",
        "best view over any other view",
    }
    assert all(0 <= float(row["covers"]) <= 1 for row in rows(tmp_path / "coverage" / "rows.csv"))
    for row in rows(tmp_path / "bound" / "rows.csv"):
        assert float(row["bound_nats"]) < float(row["nats"])


def test_a_view_that_is_truly_far_worse_than_it_looks_makes_the_sentences_flatter():
    table = simulated.simulate("equal", 3, 5, np.random.default_rng(0))
    honest = asked(table, np.full(3, simulated.LEVEL))
    flattered = asked(table, np.full(3, simulated.LEVEL - 0.5))
    for sentence in ("best view over random weights", "accuracy of the best view"):
        assert not honest[sentence]
        assert flattered[sentence]
    lower = asked(replace(table, nats=[Interval(5.0, 4.5, 5.5)] * 3), np.full(3, simulated.LEVEL))
    assert lower["nats of the best view"]


@pytest.mark.parametrize("folder", sorted(RESULTS.glob("*/")), ids=lambda folder: folder.name)
def test_no_sentence_of_the_committed_rows_flatters_more_often_than_it_may(folder):
    for row in rows(folder / "rows.csv"):
        assert float(row["flatters"]) <= 0.034, row
    for row in rows(folder / "coverage" / "rows.csv"):
        assert float(row["low"]) <= 0.99  # not much wider than it must be
        assert float(row["covers"]) >= 0.945, row
    for row in rows(folder / "bound" / "rows.csv"):
        assert float(row["high"]) >= 0.95, row
