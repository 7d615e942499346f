import math

import numpy as np
import pytest
from scipy.stats import binomtest

from goodviews.jobs.study.statistics.layout import Layout


def simulate(rng, *, views, seeds, items, seed_sd, residual_sd, item_sd, noise_sd, means=None):
    """Scores (V, S, N) with a common effect of seeds, an interaction, and items of two kinds."""
    means = np.zeros(views) if means is None else means
    common = rng.normal(0, seed_sd, seeds)[None, :, None]
    interaction = rng.normal(0, residual_sd, (views, seeds))[:, :, None]
    hard = rng.normal(0, item_sd, items)[None, None]
    taste = rng.normal(0, item_sd, (views, items))[:, None]
    noise = rng.normal(0, noise_sd, (views, seeds, items))
    return means[:, None, None] + common + interaction + hard + taste + noise


CASES = [
    {"seed_sd": 0.02, "residual_sd": 0.01, "item_sd": 0.1, "noise_sd": 0.2},
    {"seed_sd": 0.0, "residual_sd": 0.02, "item_sd": 0.02, "noise_sd": 0.05},
    {"seed_sd": 0.05, "residual_sd": 0.001, "item_sd": 0.4, "noise_sd": 0.1},
]


def covers(kind, case, *, runs=400, views=7, seeds=3, items=100):
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(runs):
        layout = Layout(simulate(rng, views=views, seeds=seeds, items=items, **case))
        found = layout.difference(0, 1) if kind == "difference" else layout.level(0)
        hits += found.low <= 0 <= found.high
    return binomtest(hits, runs).proportion_ci(0.999)


@pytest.mark.parametrize("case", CASES)
def test_a_difference_is_covered_by_its_interval_with_three_seeds(case):
    interval = covers("difference", case)
    assert interval.high > 0.95, interval  # not below 95 %, but for chance
    assert interval.low < 0.995, interval  # nor so wide that it says nothing


@pytest.mark.parametrize("case", CASES)
def test_a_level_is_covered_by_its_interval_with_three_seeds(case):
    assert covers("level", case).high > 0.95


def test_a_percentile_bootstrap_over_three_seeds_does_not_cover():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        seeds = rng.normal(0, 1, 3)
        draws = seeds[rng.integers(0, 3, (200, 3))].mean(axis=1)
        low, high = np.quantile(draws, (0.025, 0.975))
        hits += low <= 0 <= high
    assert binomtest(hits, 400).proportion_ci(0.999).high < 0.9


def test_identical_views_are_rarely_told_apart_even_by_their_extremes():
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(300):
        layout = Layout(simulate(rng, views=7, seeds=3, items=100, **CASES[0]))
        means = layout.items_VN.mean(axis=1)
        gap = layout.difference(int(means.argmax()), int(means.argmin()), among=7)
        wrong += gap.above
    assert binomtest(wrong, 300).proportion_ci(0.999).low < 0.05


def test_a_real_difference_is_found():
    rng = np.random.default_rng(3)
    means = np.array([0.2, 0.0, 0.0])
    layout = Layout(simulate(rng, views=3, seeds=3, items=400, means=means, **CASES[0]))
    assert layout.difference(0, 1, among=3).above
    assert layout.difference(1, 0, among=3).below


def test_what_all_views_share_per_seed_cancels_in_a_difference():
    rng = np.random.default_rng(4)
    scores = simulate(rng, views=4, seeds=3, items=50, **CASES[0])
    shifted = scores + np.array([0.0, 5.0, -5.0])[None, :, None]
    a, b = Layout(scores).difference(0, 1), Layout(shifted).difference(0, 1)
    assert a.low == pytest.approx(b.low)
    assert Layout(shifted).level(0).high - Layout(shifted).level(0).low > 5


def test_more_rows_compared_means_wider_intervals():
    layout = Layout(simulate(np.random.default_rng(5), views=6, seeds=3, items=50, **CASES[0]))
    assert layout.difference(0, 1, among=6).high > layout.difference(0, 1).high


def test_one_seed_has_no_interval():
    layout = Layout(simulate(np.random.default_rng(6), views=3, seeds=1, items=50, **CASES[0]))
    gap = layout.difference(0, 1)
    assert math.isinf(gap.low)
    assert not gap.above
    assert not gap.below


def test_label_draws_widen_the_interval():
    rng = np.random.default_rng(7)
    scores = simulate(rng, views=3, seeds=3, items=50, **CASES[0])
    plain = Layout(scores).difference(0, 1)
    drawn = Layout(scores, rng.normal(0, 1, (3, 3, 10))).difference(0, 1)
    assert drawn.high - drawn.low > plain.high - plain.low


def test_baselines_keep_their_own_spread_over_seeds():
    rng = np.random.default_rng(8)
    scores = simulate(rng, views=4, seeds=3, items=200, **CASES[1])
    scores[3] += np.array([0.0, 0.5, -0.5])[:, None]  # a baseline that is all over the place
    layout = Layout(scores, pooled=3)
    calm = layout.difference(0, 1)
    wild = layout.difference(0, 3)
    assert calm.high - calm.low < 0.2 < wild.high - wild.low
