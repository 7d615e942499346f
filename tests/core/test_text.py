"""Numbers as text: what is read back is what was written, rounded."""

import math

import pytest

from goodviews.core.interval import Interval
from goodviews.core.text import counted, decimals, ends, number, percent, points, share, two_digits

VALUES = [-12.3456, -1.0, -0.9996, -0.5, -0.0004, 0.0, 0.0004, 0.05, 0.9994, 0.9996, 1.0, 250.0]


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("form", [{}, {"signed": True}, {"bare": True}])
def test_a_number_reads_back_as_itself_rounded(value, form):
    text = number(value, 3, **form)
    assert "-" not in text
    assert float(text.replace("−", "-")) == round(value, 3)


@pytest.mark.parametrize("value", [-0.0004, 0.0, 0.0004])
def test_what_rounds_to_zero_has_no_sign(value):
    assert number(value, 3, signed=True) == "0.000"
    assert ends(value, value, 1, signed=True) == "[0.0, 0.0]"


def test_only_percent_below_one_lose_their_zero():
    assert [share(x) for x in (0.0, 0.05, 0.9994, 0.9996, 1.0)] == [
        ".000", ".050", ".999", "1.000", "1.000"
    ]  # fmt: skip
    assert share(10.5) == "10.500"


def test_an_accuracy_never_leaves_its_range_and_one_seed_has_no_interval():
    assert percent(Interval(0.99, 0.95, 1.03)) == "99.0 % [95.0, 100.0]"
    alone = Interval(0.5, -math.inf, math.inf)
    assert percent(alone) == "50.0 % (one seed, no interval)"
    assert points(alone, signed=True) == "+50.0 points (one seed, no interval)"
    assert points(Interval(-0.042, -0.056, 0.0)) == "−4.2 points [−5.6, 0.0]"


@pytest.mark.parametrize("half", [0.0003, 0.004, 0.05, 0.6, 7.0, 80.0])
def test_the_last_digit_is_a_hundredth_of_the_interval_or_coarser(half):
    places = decimals(half, 3)
    assert 0 <= places <= 3
    assert places == 0 or 10.0**-places > half / 100
    assert places == 3 or 10.0 ** -(places + 1) <= half / 100


def test_counts_are_rounded_up_and_grouped():
    assert [two_digits(x) for x in (0.2, 9.5, 10, 101, 1344)] == ["1", "10", "10", "110", "1,400"]
    assert [counted(n, "run") for n in (0, 1, 2000)] == ["0 runs", "1 run", "2,000 runs"]
