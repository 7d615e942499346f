"""Importance: what matters is found, what does not is not, and intervals say how sure that is."""

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews.jobs.study.search.importance import importances


def _score(x):
    return 4 * (x[:, 0] - 0.3) ** 2 + x[:, 1] * x[:, 0] + (x[:, 2] > 0.75)


def test_what_matters_is_found():
    rng = np.random.default_rng(0)
    x = rng.random((40, 4))
    x[:, 2] = rng.integers(0, 3, 40) / 2
    found = importances(x, _score(x) + 0.05 * rng.normal(size=40), (0, 0, 3, 0))
    assert all(one.above for one in (found[0], found[2]))
    assert found[0].value > found[1].value
    assert not found[3].above


def test_nothing_is_found_in_noise_more_often_than_intervals_allow():
    wrong = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = importances(rng.random((30, 3)), rng.normal(size=30), (0, 0, 0))
        wrong += sum(one.above for one in found)
        assert all(one.value < 0.8 for one in found)
    assert wrong <= 9  # of 180; one side of a 95 % interval is 2.5 %


def test_the_unit_of_the_scores_does_not_matter():
    rng = np.random.default_rng(1)
    x = rng.random((30, 2))
    y = x[:, 0] + 0.1 * rng.normal(size=30)
    one, other = importances(x, y, (0, 0)), importances(x, 100 * y - 7, (0, 0))
    for a, b in zip(one, other, strict=True):
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high))


def test_few_trials_are_refused():
    with pytest.raises(InputError, match="at least 8 trials, but got 5"):
        importances(np.zeros((5, 2)), np.zeros(5), (0, 0))
