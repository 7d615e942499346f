"""Forecasts find planted parameters, cover what they say, and are never impossible."""

import json
import math

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.jobs.study.lengths import Curves, fit_model, leave_one_set_out
from goodviews.jobs.study.lengths.forecast import Case, Forecast, Model, read_forecast

TRUE = Model(a=0.05, b=0.6, r=0.7, sigma=0.1, sets=5)


def cases(rng, *, sets=5, views=4, noise=1.0, spread=0.0):
    """Planted answers: a slope for each view, and an error that grows with the doublings."""
    found = []
    for place in range(sets):
        shift = spread * rng.normal()
        for view in range(views):
            slope = rng.uniform(0.0, 0.5)
            for doublings in (1.0, 3.0):
                change = TRUE.change(slope, doublings)
                error = math.sqrt(doublings) * (TRUE.sigma * rng.normal() + shift)
                found.append(Case(f"set {place}", f"view {view}", slope, doublings,
                                  change + noise * error))  # fmt: skip
    return found


def test_many_sets_give_back_the_parameters():
    model = fit_model(cases(np.random.default_rng(0), sets=120))
    for slope in (0.0, 0.3, 0.5):
        for doublings in (1, 3):
            near = pytest.approx(TRUE.change(slope, doublings), abs=0.02)
            assert model.change(slope, doublings) == near
    assert model.sigma == pytest.approx(TRUE.sigma, rel=0.1)


@pytest.mark.parametrize("spread", [0.0, 0.1])
def test_80_percent_intervals_of_left_out_sets_hold_80_percent(spread):
    rng = np.random.default_rng(1)
    inside = [
        row["inside"] for _ in range(30) for row in leave_one_set_out(cases(rng, spread=spread))
    ]
    assert 0.76 <= np.mean(inside) <= 0.92


def test_a_set_of_another_kind_is_noticed_by_the_coverage():
    known = cases(np.random.default_rng(2), noise=0.2)
    odd = [Case("odd", c.view, c.slope, c.doublings, c.change - 2) for c in known if "0" in c.data]
    rows = leave_one_set_out(known + odd)
    assert not any(row["inside"] for row in rows if row["data"] == "odd")


def test_two_sets_are_refused():
    with pytest.raises(InputError, match="at least 3 sets"):
        fit_model(cases(np.random.default_rng(0), sets=2))


def test_a_curve_gives_the_known_answers_of_its_longer_lengths():
    curve = Curves("x", "v", (0.5, 1, 2, 8), (0.5, 0.6, 0.7, 0.8), (1.0, 2.0, 2.8, 3.5), 4.0)
    (case,) = curve.cases("nats", measured=(0.5, 1, 2), targets=(8,))
    ends = math.log(2.8 / 1.2), math.log(1.0 / 3.0)  # the slope through three points, evenly apart
    assert (case.doublings, case.slope) == (2.0, pytest.approx((ends[0] - ends[1]) / 2))
    assert case.change == pytest.approx(math.log(7) - ends[0])
    (case,) = curve.cases("accuracy", measured=(0.5, 1), targets=(2,))
    assert case.slope == pytest.approx(math.log(0.6 / 0.4))
    assert case.change == pytest.approx(math.log(0.7 / 0.3) - math.log(0.6 / 0.4))


@pytest.mark.parametrize("levels", [(0.5, 0.6, 0.7), (0.97, 0.98, 1.0), (0.1, 0.05, 0.0)])
def test_forecasts_are_possible_values_and_wider_further_away(levels):
    forecast = Forecast({"accuracy": TRUE, "nats": TRUE}, {}, 0, 4, ("a", "b", "c"))
    near, far = (forecast.predict("accuracy", (0.5, 1, 2), levels, t) for t in (4, 16))
    for found in (near, far):
        assert 0 < found.low < found.value < found.high < 1
    bounds = [forecast.predict("nats", (0.5, 1, 2), (3, 4, 5), t, most=5.2) for t in (4, 16)]
    assert all(found.low < found.value <= found.high <= 5.2 for found in bounds)
    assert TRUE.half(3) == pytest.approx(math.sqrt(3) * TRUE.half(1))


def test_a_forecast_is_read_as_it_was_written_and_is_missing_without_a_file(tmp_path):
    path = tmp_path / "calibration.json"
    assert read_forecast(path) is None
    made = Forecast(
        {"accuracy": TRUE, "nats": TRUE}, {"accuracy": 0.8, "nats": 0.9}, 80, 4, ("a",)
    )
    path.write_text(json.dumps(made.to_json()))
    assert read_forecast(path) == made
    path.write_text("{}")
    with pytest.raises(InputError, match="another version"):
        read_forecast(path)
