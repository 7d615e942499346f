"""The forecast of studies is that of the committed runs."""

import csv
from pathlib import Path

import pytest

from goodviews.jobs.study.lengths import read_forecast
from goodviews_experiments.length_forecast.run import forecast_of

RUNS = sorted((Path(__file__).parents[4] / "results" / "length_forecast").glob("*/rows.csv"))


def test_studies_forecast_if_and_only_if_runs_are_committed_and_as_these_say():
    found = read_forecast()
    assert (found is not None) == bool(RUNS)
    if found is None:
        return
    with RUNS[-1].open() as file:
        wanted, _ = forecast_of(list(csv.DictReader(file)))
    assert found.sets == wanted.sets
    assert found.coverage == pytest.approx(wanted.coverage)
    for name, model in wanted.models.items():
        assert vars(found.models[name]) == pytest.approx(vars(model), rel=1e-3)
