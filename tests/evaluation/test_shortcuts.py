"""The order of factors before training: planted orders, closed forms, what cannot be told."""

import math

import numpy as np
import pytest

from goodviews.core.errors import InputError, ShapeError
from goodviews.evaluation.factors import Factor
from goodviews.evaluation.shortcuts import shortcuts

FIT, TEST = np.arange(1600), np.arange(1600, 2600)


def planted(seed=0):
    """Four classes each of a loud, a middling, a faint and an absent factor; one number."""
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (4, 2600))
    number = rng.standard_normal(2600)
    parts = [
        strength * np.eye(4)[column]
        for strength, column in zip((6.0, 2.0, 0.8), values[:3], strict=True)
    ]
    x = np.concatenate([*parts, number[:, None]], axis=1)
    x = x + rng.standard_normal(x.shape)
    names = ("loud", "middling", "faint", "absent")
    factors = [
        Factor(name, column, tuple("abcd")) for name, column in zip(names, values, strict=True)
    ]
    return x.astype(np.float32), factors, Factor("number", number)


@pytest.mark.parametrize("seed", range(3))
def test_factors_come_in_the_planted_order_and_an_absent_one_says_nothing(seed):
    x, factors, _ = planted(seed)
    found = shortcuts(x, factors[::-1], fit=FIT, test=TEST, seed=seed)
    assert found.order == ("loud", "middling", "faint", "absent")
    assert found.is_easier("loud", "middling")
    assert found.is_easier("loud", "absent")
    assert "loud (" in found.sentence.split(", then middling")[0]
    easy = {one.factor: one for one in found.eases}
    # Four classes hold log 4 nats, which the loud factor nearly gives and none exceeds.
    assert easy["loud"].usable_nats == pytest.approx(math.log(4), abs=0.05)
    for one in found.eases:
        assert one.usable_nats <= math.log(4) + 0.02
        assert one.speed_nats <= one.usable_nats + 0.02  # more examples do not hurt
        assert one.counts == (40, 80, 160, 320, 640, 1280)
    assert easy["absent"].usable_low <= 0.01
    assert easy["absent"].speed_nats < 0.05


def test_the_usable_nats_of_a_number_reach_the_gaussian_closed_form():
    x, _, number = planted()
    (one,) = shortcuts(x, [number], fit=FIT, test=TEST).eases
    # Signal and noise have variance one each: I = log(2) / 2.
    assert one.usable_nats == pytest.approx(0.5 * math.log(2), abs=0.06)
    assert one.entropy_nats is None
    assert one.usable_low < one.usable_nats < one.usable_high


def test_one_factor_under_two_names_cannot_be_told_apart():
    x, factors, _ = planted()
    twin = Factor("twin", factors[1].values, factors[1].classes)
    found = shortcuts(x, [factors[1], twin], fit=FIT, test=TEST)
    assert not found.is_easier(*found.order)
    assert found.gaps[0] == (0.0, 0.0, 0.0)
    assert " or " in found.sentence


def test_units_of_features_and_the_order_of_items_do_not_matter():
    x, factors, _ = planted()
    first = shortcuts(x, factors, fit=FIT, test=TEST)
    other = shortcuts(1000 * x + 7, factors, fit=FIT, test=TEST)
    for one, two in zip(first.eases, other.eases, strict=True):
        assert one.speed_nats == pytest.approx(two.speed_nats, abs=0.01)
    again = shortcuts(x, factors, fit=FIT, test=TEST)
    assert again == first


def test_noise_alone_says_that_nothing_is_easy():
    _, factors, _ = planted()
    found = shortcuts(np.random.default_rng(5).random((2600, 4)), factors[:2], fit=FIT, test=TEST)
    assert found.sentence.startswith("No factor is learned quickly")
    rows = found.rows()
    assert [row["place"] for row in rows] == [1, 2]
    assert rows[0]["to_next_low"] <= rows[0]["to_next"] <= rows[0]["to_next_high"]
    assert rows[1]["to_next"] is None
    assert {"nats_40", "nats_1280", "usable_nats", "speed_low"} <= set(rows[0])


def test_unknown_values_are_passed_over_and_too_few_are_refused():
    x, factors, number = planted()
    some = number.values.copy()
    some[::2] = np.nan
    found = shortcuts(x, [Factor("half", some), factors[0]], fit=FIT, test=TEST)
    assert {one.factor: one.counts[-1] for one in found.eases} == {"half": 640, "loud": 1280}
    gone = np.full(2600, -1)
    gone[:30] = 1
    with pytest.raises(InputError, match="known for 0"):
        shortcuts(x, [Factor("gone", gone, ("a", "b"))], fit=FIT, test=TEST)
    with pytest.raises(InputError, match="at least one factor"):
        shortcuts(x, [], fit=FIT, test=TEST)
    with pytest.raises(ShapeError):
        shortcuts(x[:100], factors, fit=FIT, test=TEST)
