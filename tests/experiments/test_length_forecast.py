"""Runs at several lengths, and the forecast that is fitted on them."""

import csv

import numpy as np
import pytest

from goodviews.core import read_json
from goodviews.jobs.study.lengths import Model, read_forecast
from goodviews_experiments import run
from goodviews_experiments.length_forecast.run import (
    FACTORS,
    PATTERNS,
    TARGETS,
    coverage_rows,
    forecast_of,
)
from goodviews_experiments.length_forecast.sets import SETS


def planted(rng, *, sets=6, views=4, sigma=0.02):
    """Curves of accuracy and nats that grow as the forecast supposes, with noise."""
    model = Model(a=0.0, b=1.0, r=0.8, sigma=0.0, sets=sets)
    rows = []
    for place in range(sets):
        for view in range(views):
            start, slope = rng.uniform(-0.5, 0.5), rng.uniform(0.1, 0.4)
            for factor in FACTORS:
                grown = model.change(slope, np.log2(factor / FACTORS[0])) if factor > 0.25 else 0.0
                share = 1 / (1 + np.exp(-(start + grown + sigma * rng.normal())))
                rows.append(
                    {"data": f"set {place}", "view": f"view {view}", "factor": factor,
                     "accuracy": share, "nats": 6 * share, "ceiling_nats": 6.0}
                )  # fmt: skip
    return rows


def test_planted_curves_are_forecast_and_the_coverage_is_counted():
    forecast, found = forecast_of(planted(np.random.default_rng(0)))
    assert forecast.forecasts == 6 * 4 * len(PATTERNS) * len(TARGETS)
    assert (forecast.views, len(forecast.sets)) == (4, 6)
    assert all(0.7 <= share <= 0.98 for share in forecast.coverage.values())
    table = coverage_rows(found)
    total = {row["what"]: row for row in table if row["data"] == row["doublings"] == "all"}
    for what, share in forecast.coverage.items():
        assert total[what]["share"] == pytest.approx(share)
        assert total[what]["forecasts"] == forecast.forecasts
        parts = [row for row in table if row["what"] == what and row["data"] != "all"]
        assert sum(row["inside"] for row in parts) == total[what]["inside"]
    near = [abs(row["forecast"] - row["change"]) for row in found]
    assert np.mean(near) < 0.1


def test_the_sets_are_at_least_five_with_four_views_of_at_most_24_pixels():
    assert len(SETS) >= 5
    assert all(len(set(one.views)) >= 4 for one in SETS)
    assert all(one.read.keywords["size"] in (None, 16, 24) for one in SETS)  # digits have 16


@pytest.mark.slow
def test_the_run_resumes_and_writes_a_forecast_that_studies_read(tmp_path):
    out = run("length_forecast", "test", tmp_path / "run")
    before = (out / "rows.csv").read_text()
    with (out / "rows.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * len(FACTORS)
    assert {float(row["factor"]) for row in rows} == set(FACTORS)
    forecast = read_forecast(out / "calibration.json")
    assert forecast is not None
    assert len(forecast.sets) == 4
    next((out / "items" / "digits_2").glob("*.npz")).unlink()
    again = run("length_forecast", "test", out)

    def untimed(text):
        return [line.rsplit(",", 1)[0] for line in text.splitlines()]

    assert untimed((again / "rows.csv").read_text()) == untimed(before)
    assert read_json(out / "run.json")["seconds_of_runs"] > 0
