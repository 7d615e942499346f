"""Calibrated probabilities are those of the world, and proper scores are lowest for them."""

import numpy as np
import pytest
from scipy.special import expit

from goodviews.core.errors import InputError
from goodviews.evaluation.links import Calibration, fit_calibration, sharpness


def world(rng, count, slope=0.5, offset=0.25):
    """Scores whose true log odds are ``slope * score + offset``."""
    score = rng.normal(0, 4, count)
    truth = rng.random(count) < expit(slope * score + offset)
    return score[truth], score[~truth]


def test_calibration_finds_the_log_odds_of_the_world():
    found = fit_calibration(*world(np.random.default_rng(0), 20_000))
    assert found.slope == pytest.approx(0.5, abs=0.03)
    assert found.offset == pytest.approx(0.25, abs=0.06)


def test_calibration_survives_scores_that_separate_and_scores_of_no_information():
    far = fit_calibration(np.arange(20.0) + 100, -np.arange(20.0))
    assert np.isfinite(far.slope)
    assert far.probability(np.array([110.0]))[0] > 0.9
    wrong = fit_calibration(-np.arange(20.0), np.arange(20.0))
    assert wrong.slope == 0
    assert wrong.probability(np.array([-5.0, 5.0])).tolist() == pytest.approx([0.5, 0.5])
    flat = fit_calibration(np.ones(20), np.ones(20))
    assert flat.probability(np.ones(1))[0] == pytest.approx(0.5)


def test_true_probabilities_score_lower_than_sharper_and_duller_ones():
    links, others = world(np.random.default_rng(1), 20_000)
    at = {
        scale: sharpness(
            *(Calibration(0.5 * scale, 0.25, 0).probability(s) for s in (links, others))
        )
        for scale in (0.4, 1.0, 2.5)
    }
    for name in ("nll_nats", "brier", "error"):
        values = [getattr(at[scale], name) for scale in (0.4, 1.0, 2.5)]
        assert values[1] == min(values)
        assert min(values[0], values[2]) > values[1] + 0.005


def test_the_reliability_curve_of_true_probabilities_is_the_diagonal():
    inside = total = 0
    for seed in range(40):
        links, others = world(np.random.default_rng(seed), 2000)
        true = Calibration(0.5, 0.25, 0)
        found = sharpness(true.probability(links), true.probability(others))
        assert len(found.bins) == 10
        assert sum(one.pairs for one in found.bins) == 2000
        inside += sum(one.low <= one.probability <= one.high for one in found.bins)
        total += 10
    assert abs(inside / total - 0.95) < 3 * (0.95 * 0.05 / total) ** 0.5 + 0.01


def test_known_values():
    found = sharpness(np.array([1.0, 0.5]), np.array([0.0, 0.5]))
    assert found.brier == pytest.approx(0.125)
    assert found.nll_nats == pytest.approx(np.log(2) / 2)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: fit_calibration(np.ones(9), np.ones(50)), "at least 10 links"),
        (lambda: sharpness(np.array([1.2]), np.array([0.1])), "must be in"),
    ],
)
def test_what_cannot_be_used_is_answered(make, sentence):
    with pytest.raises(InputError, match=sentence):
        make()
