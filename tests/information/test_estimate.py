import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.information import Check, Estimate
from goodviews.information.functionals import influence_error


def test_an_estimate_never_prints_a_bare_number():
    text = str(Estimate(-0.031, 0.02, "none", pairs=500))
    assert text == "≈ -0.03 ± 0.02 nats (no bound, n = 500)"


def test_at_ceiling_starts_a_tenth_below_it():
    log_k = math.log(64)
    assert Estimate(0.9 * log_k + 1e-9, 0.0, "lower", 64, log_k).at_ceiling
    assert not Estimate(0.9 * log_k - 1e-9, 0.0, "lower", 64, log_k).at_ceiling
    assert not Estimate(50.0, 0.0, "upper").at_ceiling


def test_an_unknown_error_is_said_in_words():
    assert "no error known" in str(Estimate(1.0, math.nan, "upper"))


def test_a_side_nobody_knows_is_refused():
    with pytest.raises(InputError, match="lower, upper or none"):
        Estimate(1.0, 0.1, "below")


def test_the_jackknife_of_a_mean_and_of_a_ratio_are_the_known_ones(rng):
    x, y = torch.rand(2, 50, generator=rng, dtype=torch.float64) + 1
    value, stderr = influence_error(lambda w: (w * x).sum(), 50)
    assert value == pytest.approx(float(x.mean()))
    assert stderr == pytest.approx(float(x.std(correction=0)) / 50**0.5)
    ratio = float(x.mean() / y.mean())
    _, stderr = influence_error(lambda w: (w * x).sum() / (w * y).sum(), 50)
    delta = (x - ratio * y) / y.mean()  # the delta method
    assert stderr == pytest.approx(float(delta.square().mean().sqrt()) / 50**0.5)


def test_a_check_says_in_words_whether_it_held():
    check = Check("independence", False, 0.4, 0.0, 0.15)
    assert str(check) == "independence FAILED: 0.40 nats, expected 0.00 ± 0.15"
