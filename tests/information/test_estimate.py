import math

import pytest

from goodviews.core.checks import InputError
from goodviews.information import Estimate


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
