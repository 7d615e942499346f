"""Lengths in a study: rows, the verdict, and that a stopped study resumes."""

import csv

import numpy as np
import pytest

import goodviews
from goodviews.core.records.lengths import Lengths
from goodviews.core.records.verdict import Verdict

FEW = {
    "views": "noise(std={0.05,0.1,0.3})", "seeds": 2, "epochs": 8, "label_draws": 2, "jobs": 0,
    "encoder": "convnet(width=2)", "page": False,
}  # fmt: skip


def data():
    rng = np.random.default_rng(0)
    labels = np.arange(96) % 2
    return (rng.random((96, 8, 8)) + labels[:, None, None]) / 2, labels


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lengths") / "study"
    return goodviews.study(data(), out=folder, **FEW)


def rows(folder):
    with (folder / "lengths.csv").open() as file:
        return [{**row, "seconds": ""} for row in csv.DictReader(file)]


def test_the_best_view_is_measured_at_several_lengths(studied):
    found = studied.verdict.tasks[0].lengths
    assert isinstance(found, Lengths)
    curve = found.curves[0]
    best = next(v for v in studied.verdict.tasks[0].views if v.view == curve.view)
    assert best.id == studied.verdict.tasks[0].winner
    assert [point.epochs for point in curve.points if point.measured] == [4, 8, 16]
    assert all(point.nats and point.accuracy for point in curve.points)
    at = {point.epochs: point.nats.value for point in curve.points}
    own = [row for row in studied.rows if row.view == curve.view and row.role == "candidate"]
    assert at[8] == pytest.approx(own[0].estimate_nats)
    assert (found.epochs, found.target) == (8, 8)


def test_the_rows_are_those_of_the_curves_and_the_verdict_is_read_back(studied):
    found = studied.verdict.tasks[0].lengths
    table = rows(studied.folder)
    for curve in found.curves:
        measured = [point.epochs for point in curve.points if point.measured]
        assert {int(row["epochs"]) for row in table if row["view"] == curve.view} == set(measured)
    assert Verdict.read(studied.folder / "verdict.json") == studied.verdict


def test_a_study_that_lost_a_length_measures_it_again_the_same(studied):
    before, verdict = rows(studied.folder), studied.verdict
    next((studied.folder / "cells" / "lengths").glob("*.npz")).unlink()
    again = goodviews.study(data(), out=studied.folder, **FEW)
    assert rows(studied.folder) == before
    assert again.verdict.tasks[0].lengths == verdict.tasks[0].lengths
