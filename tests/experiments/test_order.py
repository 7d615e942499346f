import itertools
import math

import numpy as np
import pytest

from goodviews.core.errors import InputError
from goodviews_experiments.short_and_long.order import (
    kendall,
    lost,
    mean_draws,
    seed_draws,
    spearman,
    views_interval,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def slow_ranks(values):
    """One plus those below, plus half of the others that are as high."""
    return [1 + sum(b < a for b in values) + (sum(b == a for b in values) - 1) / 2 for a in values]


def slow_spearman(first, second):
    one, two = slow_ranks(first), slow_ranks(second)
    a, b = ([x - sum(r) / len(r) for x in r] for r in (one, two))
    scale = math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / scale if scale else 0.0


def slow_kendall(first, second):
    same = tied_one = tied_two = 0
    for i, j in itertools.combinations(range(len(first)), 2):
        one, two = first[i] - first[j], second[i] - second[j]
        same += int(one * two > 0) - int(one * two < 0)
        tied_one += one != 0
        tied_two += two != 0
    return same / math.sqrt(tied_one * tied_two) if tied_one and tied_two else 0.0


def test_rank_correlations_agree_with_their_slow_twins_ties_and_all(rng):
    first = rng.integers(0, 5, (6, 40)).astype(float)
    second = rng.integers(0, 5, (6, 40)).astype(float)
    second[:, 0] = 1.0  # no order at all
    for fast, slow in ((spearman, slow_spearman), (kendall, slow_kendall)):
        want = [slow(list(a), list(b)) for a, b in zip(first.T, second.T, strict=True)]
        np.testing.assert_allclose(fast(first, second), want, atol=1e-12)


def test_rank_correlations_see_the_order_alone(rng):
    first, second = rng.normal(size=(2, 7, 10))
    order = rng.permutation(7)
    for found in (spearman, kendall):
        np.testing.assert_allclose(found(first, second), found(np.exp(first), 3 * second))
        np.testing.assert_allclose(found(first, second), found(first[order], second[order]))
        np.testing.assert_allclose(found(first, second), -found(first, -second))
        np.testing.assert_allclose(found(first, first), 1.0)


def test_the_same_order_loses_nothing_and_the_opposite_one_loses_the_range(rng):
    score = rng.normal(size=(6, 20))
    assert (lost(np.exp(score), score) == 0).all()
    np.testing.assert_allclose(lost(-score, score), np.ptp(score, axis=0))


@pytest.mark.parametrize(("kind", "value"), [("spearman", 1 - 6 / (15 * 7)), ("kendall", 13 / 15)])
def test_one_swap_is_the_end_of_a_perfect_order(kind, value):
    low, high = views_interval(1.0, 6, kind=kind)
    assert high == 1.0
    assert low == pytest.approx(views_interval(value, 6, kind=kind)[0])
    assert views_interval(-1.0, 6, kind=kind) == pytest.approx((-high, -low))


@pytest.mark.parametrize("kind", ["spearman", "kendall"])
def test_the_interval_over_views_holds_the_truth_where_views_are_drawn_at_random(kind, rng):
    rho, views, sets = 0.7, 8, 2000
    pairs = rng.multivariate_normal([0, 0], [[1, rho], [rho, 1]], (sets, views))
    truth = {
        "spearman": 6 / math.pi * math.asin(rho / 2),
        "kendall": 2 / math.pi * math.asin(rho),
    }
    found = {"spearman": spearman, "kendall": kendall}[kind](pairs[..., 0].T, pairs[..., 1].T)
    ends = np.array([views_interval(float(value), views, kind=kind) for value in found])
    inside = ((ends[:, 0] <= truth[kind]) & (truth[kind] <= ends[:, 1])).mean()
    # Fieller's variance is that of large samples: a few percent are allowed at eight views
    assert 0.92 < inside < 0.99


def test_too_few_views_or_seeds_are_refused():
    with pytest.raises(InputError, match="at least 5"):
        views_interval(0.5, 4)
    with pytest.raises(InputError, match="at least 2"):
        mean_draws([np.ones((3, 1, 5))], None, count=2, rng=np.random.default_rng(0))


def test_errors_of_seeds_have_their_variance_and_no_common_part(rng):
    views, seeds, spread = 6, 2, 0.05
    squares = []
    for _ in range(400):
        runs = rng.normal(0, spread, (views, seeds)) + rng.normal(0, 9.0, seeds)
        squares.append(np.median(seed_draws(runs, count=50, rng=rng) ** 2))
    # five degrees of freedom: the median over sets is that of F(1, 5) times the variance
    assert np.median(squares) == pytest.approx(0.528 * spread**2 / seeds, rel=0.25)


TRUTHS = {
    "the same order": ([0.50, 0.52, 0.54, 0.56, 0.60, 0.65], [0.55, 0.57, 0.59, 0.61, 0.66, 0.7]),
    "another order": ([0.50, 0.52, 0.54, 0.56, 0.60, 0.65], [0.58, 0.57, 0.60, 0.70, 0.66, 0.65]),
}


@pytest.mark.parametrize("name", TRUTHS)
def test_intervals_hold_the_known_order_of_simulated_runs(name, rng):
    short, long = (np.array(one) for one in TRUTHS[name])
    sets, count = 120, 200
    inside = np.zeros(3)
    for _ in range(sets):
        easy = rng.normal(0, 0.2, 200)  # the same items for every view and both lengths
        runs = [simulated(one, easy, rng) for one in (short, long)]
        draws = mean_draws(runs, None, count=count, rng=rng)
        means = [one.mean(axis=(1, 2)) for one in runs]
        held = (
            (spearman(*draws), spearman(short, long)),
            (kendall(*draws), kendall(short, long)),
            (lost(means[0][:, None], draws[1]), lost(means[0], long)),
        )
        for place, (values, truth) in enumerate(held):
            low, high = np.quantile(values, (0.025, 0.975))
            inside[place] += low - 1e-9 <= truth <= high + 1e-9
    allowed = 0.95 - 3 * math.sqrt(0.95 * 0.05 / sets)
    assert (inside / sets > allowed).all(), inside / sets


def simulated(levels, easy, rng):
    """Shares of five label draws that are right, two seeds."""
    seeds = rng.normal(0, 0.01, (len(levels), 2)) + rng.normal(0, 0.02, 2)
    own = rng.normal(0, 0.1, (len(levels), 1, len(easy)))
    chance = levels[:, None, None] + seeds[:, :, None] + easy + own
    return rng.binomial(5, np.clip(chance, 0, 1)) / 5
