"""What a named view lacks, on seeds that did not select the best, and that it resumes."""

import csv

import numpy as np
import pytest

from goodviews.views import parse_view
from goodviews_experiments.advice.panel import PANELS
from goodviews_experiments.advice.run import advice, few, regret


def test_the_best_view_lacks_nothing_and_others_their_gap():
    truth = np.array([[0.5, 0.52, 0.51], [0.7, 0.71, 0.72]])
    assert regret(truth, 1) == 0
    assert regret(truth, 0) == pytest.approx(0.2)


def test_the_best_by_luck_is_scored_on_seeds_that_did_not_select_it():
    rng = np.random.default_rng(0)
    found = [regret(rng.normal(size=(12, 3)), 0) for _ in range(1000)]
    assert abs(np.mean(found)) < 4 * np.std(found) / np.sqrt(len(found))


@pytest.mark.parametrize("kind", PANELS)
def test_a_panel_holds_twelve_views_that_fit(kind):
    specs = {repr(parse_view(spec)) for spec in PANELS[kind]}
    assert len(specs) == 12
    for spec in specs:
        parse_view(spec).check((1 if kind == "symbols" else 3, 16, 16))


def test_hidden_labels_are_hidden():
    from goodviews_experiments.length_forecast.sets import TINY

    images = TINY[0].read()
    shown = few(images, np.array([3, 5]))
    labels = next(iter(shown.labels.values()))
    assert np.flatnonzero(labels >= 0).tolist() == [3, 5]
    assert shown.hash == images.hash


@pytest.mark.slow
def test_it_writes_its_tables_and_resumes(tmp_path, monkeypatch):
    advice(scale="test", out=tmp_path)
    tables = {
        name: (tmp_path / f"{name}.csv").read_text() for name in ("regret", "studies", "rows")
    }
    rows = list(csv.DictReader(tables["regret"].splitlines()))
    assert len(rows) == 1
    monkeypatch.setattr("goodviews_experiments.advice.run.train", None)
    monkeypatch.setattr("goodviews_experiments.advice.run.study", None)
    advice(scale="test", out=tmp_path)
    assert {name: (tmp_path / f"{name}.csv").read_text() for name in tables} == tables
