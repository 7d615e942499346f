"""Intervals cover what they should, and are closed forms where those are known."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from goodviews.core.intervals import explained, half_width, wilson


@pytest.mark.parametrize("items", [1, 10, 400])
def test_wilson_equals_scipy_and_stays_inside(items):
    for right in {0, 1, items // 2, items}:
        low, high = wilson(right, items)
        ref = binomtest(right, items).proportion_ci(0.95, method="wilson")
        assert (low, high) == pytest.approx((ref.low, ref.high), abs=1e-6)
        assert 0 <= low <= right / items <= high <= 1


def test_wilson_covers_a_share_about_as_often_as_it_says():
    share, items = 0.93, 300
    ends = [wilson(right, items) for right in range(items + 1)]
    inside = [low <= share <= high for low, high in ends]
    assert binom.pmf(np.arange(items + 1), items, share)[inside].sum() > 0.93


def test_explained_variance_covers_the_truth():
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(300):
        y = rng.standard_normal(400)
        guess = y + 0.5 * rng.standard_normal(400)  # R2 = 1 - 0.25
        _, (low, high) = explained((y - guess) ** 2, y**2)
        inside += low <= 0.75 <= high
    assert binomtest(inside, 300, 0.95).pvalue > 0.001
    assert explained(np.ones(5), np.zeros(5)) == (0.0, (0.0, 0.0))


@pytest.mark.parametrize("runs", [2, 3, 5])
@pytest.mark.parametrize("spread", [0.0, 0.03, 0.2])
def test_a_mean_over_few_runs_is_covered_as_often_as_it_says(runs, spread):
    rng = np.random.default_rng(0)
    hits, trials = 0, 2000
    for _ in range(trials):
        by_run = spread * rng.standard_normal(runs)
        items = 0.02 * rng.standard_normal()  # the error of a mean over 400 items
        half = half_width((0.02**2, 399), (by_run.var(ddof=1) / runs, runs - 1))
        hits += abs(by_run.mean() + items) <= half
    assert hits / trials >= 0.95 - 3 * (0.95 * 0.05 / trials) ** 0.5
    assert half_width((0.0, 5)) == 0
