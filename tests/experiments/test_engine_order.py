"""What a choice loses and which pairs it orders, and that a stopped run goes on."""

import csv

import numpy as np
import pytest

from goodviews_experiments.engine_order.run import COLOUR, GREY, engine_order, lost, ordered

LONG = np.array([[0.50, 0.51, 0.52], [0.60, 0.61, 0.62], [0.70, 0.71, 0.72], [0.7, 0.5, 0.9]])


def test_the_best_choice_loses_nothing_and_others_their_gap():
    sure = LONG[:3]
    assert lost(sure, sure)["regret"] == 0
    assert lost(-sure, sure)["regret"] == pytest.approx(0.2)
    middle = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 0]])
    assert lost(middle, sure)["regret"] == pytest.approx(0.1)


def test_the_best_by_luck_is_scored_on_the_seeds_that_did_not_choose_it():
    rng = np.random.default_rng(0)
    found = [lost(rng.normal(size=(6, 3)), rng.normal(size=(6, 3)))["regret"] for _ in range(500)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))


def test_only_pairs_that_differ_in_the_reference_count():
    assert ordered(LONG, LONG) == {"different": 3, "ordered": 3, "share": 1.0}
    assert ordered(-LONG, LONG)["ordered"] == 0
    assert ordered(LONG, np.tile(LONG[3], (4, 1)))["different"] == 0


def test_twelve_different_views_a_kind():
    assert len(set(COLOUR)) == len(set(GREY)) == 12


def test_it_writes_its_tables_and_resumes(tmp_path, monkeypatch):
    engine_order(scale="test", out=tmp_path)
    tables = {name: (tmp_path / f"{name}.csv").read_text() for name in ("regret", "pairs", "rows")}
    rows = list(csv.DictReader(tables["rows"].splitlines()))
    assert {(row["engine"], row["seed"]) for row in rows} == {
        (engine, seed) for engine in ("landed", "new", "reference") for seed in "01"
    }
    monkeypatch.setattr("goodviews_experiments.engine_order.run.train", None)
    engine_order(scale="test", out=tmp_path)
    assert {name: (tmp_path / f"{name}.csv").read_text() for name in tables} == tables
