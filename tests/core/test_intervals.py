"""Intervals cover what they should, and are closed forms where those are known."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.stats import binom, binomtest

from goodviews.core.intervals import (
    clopper_pearson,
    explained,
    grouped_wilson,
    half_width,
    items_interval,
    mean_variance,
    moderated,
    normal_interval,
    seeds_interval,
    seeds_intervals,
    student_interval,
    wilson,
)


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


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (59, 60)])
def test_the_interval_of_a_share_has_exact_tails(count, total):
    low, high = clopper_pearson(count, total)

    def chance(p, counts):
        return sum(math.comb(total, k) * p**k * (1 - p) ** (total - k) for k in counts)

    def upper(p):
        return chance(p, range(count, total + 1))

    def lower(p):
        return chance(p, range(count + 1))

    assert low == 0 if count == 0 else upper(low) == pytest.approx(0.025, abs=1e-9)
    assert high == 1 if count == total else lower(high) == pytest.approx(0.025, abs=1e-9)


@pytest.mark.parametrize(("dof", "among"), [(1, 3), (4, 9), (1000, 5)])
def test_the_studentised_range_agrees_with_scipys_slower_one(dof, among):
    slow = stats.studentized_range.ppf(0.975, among, dof) / math.sqrt(2)
    assert half_width((1.0, dof), among=among) == pytest.approx(slow, rel=1e-5)


def test_a_fraction_of_a_success_lies_between_the_whole_ones():
    ends = [clopper_pearson(count, 20) for count in (3, 3.5, 4, 1e-12, 20 - 1e-12)]
    assert ends[0] < ends[1] < ends[2]
    assert ends[3][0] == 0
    assert ends[4][1] == 1


@pytest.mark.parametrize("runs", [2, 3, 8])
def test_students_interval_covers_the_mean_of_few_runs(runs):
    rng = np.random.default_rng(runs)
    found = [student_interval(rng.normal(1.0, 0.3, runs)) for _ in range(2000)]
    hits = sum(one.low <= 1.0 <= one.high for one in found)
    assert binomtest(hits, 2000, 0.95).pvalue > 0.001


def test_one_run_has_no_ends_and_many_items_have_those_of_the_normal_distribution():
    assert not student_interval(np.ones(1)).known
    values = np.random.default_rng(0).normal(size=10_000)
    many, few = items_interval(values), student_interval(values)
    assert many.half == pytest.approx(few.half, rel=1e-3)
    stderr = float(values.std(ddof=1)) / 100
    assert normal_interval(many.value, stderr).high == pytest.approx(many.high)


def test_an_unknown_variance_makes_the_interval_infinite_and_none_makes_it_a_point():
    assert half_width((math.inf, 0), (1.0, 9)) == math.inf
    assert half_width((0.0, 3)) == 0.0


@pytest.mark.parametrize("rows", [1, 3, 12])
def test_the_best_of_several_means_is_flattered_no_more_often_than_a_single_one(rows):
    rng = np.random.default_rng(rows)
    means = rng.standard_normal((8000, rows))
    squares = rng.chisquare(4, (8000, rows)) / 4
    gap = means / np.sqrt(squares)
    wrong = int((gap.max(axis=1) > half_width((1.0, 4), best_of=rows)).sum())
    assert binomtest(wrong, 8000, 0.025).pvalue > 0.001


def test_moderated_variances_lie_between_their_own_and_the_common_one():
    own = np.array([0.0, 1.0, 6.0])
    few, few_dof = moderated(own, 1, common=3.0, common_dof=2)
    many, many_dof = moderated(own[:2], 50, common=3.0, common_dof=100)
    assert (np.abs(few - 3) <= np.abs(own - 3)).all()
    assert (np.abs(many - own[:2]) < np.abs(few - own)[:2] + 1e-12).all()
    assert (few_dof > 1).all()
    assert (few_dof < 1 + 2).all()
    assert ((many_dof > 50) & (many_dof < 58)).all()


def test_a_row_that_scatters_far_more_than_the_others_keeps_its_own_variance():
    found, dof = moderated(np.array([1.0, 1.0, 100.0]), 2, common=34.0, common_dof=60)
    assert found[2] == 100
    assert dof.tolist()[2] == 2 < dof.tolist()[0]


def test_rows_that_scatter_alike_know_their_spread_better_together():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((500, 6, 2))
    together = [seeds_intervals(one, np.zeros((6, 2)))[0] for one in values]
    alone = [seeds_interval(one[0], np.zeros(2)) for one in values]
    for found in (together, alone):
        hits = sum(one.low <= 0 <= one.high for one in found)
        assert binomtest(hits, 500).proportion_ci(0.999).high > 0.95
    assert np.median([one.half for one in together]) < 0.7 * np.median([one.half for one in alone])


def test_items_shared_by_all_seeds_do_not_average_out_over_seeds():
    errors = np.full(9, 0.1)
    found = seeds_interval(np.ones(9), errors)
    assert found.high - found.value == pytest.approx(1.96 * 0.1, rel=0.01)


def test_intervals_of_groups_cover_where_those_of_items_do_not() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    inside = {"items": 0, "groups": 0, "mean": 0}
    for _ in range(400):
        right = (rng.random(40) < 0.6)[groups].astype(float)
        low, high = wilson(right.sum(), len(right))
        inside["items"] += low < 0.6 < high
        low, high = grouped_wilson(right, groups)
        inside["groups"] += low < 0.6 < high
        half = half_width(mean_variance(right, groups))
        inside["mean"] += abs(right.mean() - 0.6) < half
    assert inside["items"] < 0.6 * 400
    assert min(inside["groups"], inside["mean"]) > 0.92 * 400


def test_groups_of_one_item_are_items() -> None:
    values = np.random.default_rng(0).random(50)
    assert mean_variance(values, np.arange(50)) == pytest.approx(mean_variance(values))
