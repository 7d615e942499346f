"""Differences of planted arms: intervals that hold, and numbers of runs that settle."""

import numpy as np
import pytest

from goodviews.core.interval import Interval
from goodviews.jobs.study.comparison.draws import Draw
from goodviews.jobs.study.comparison.gaps import POWER, Gap, gap, needed

ITEMS = 400


def planted(rng, *, truth=0.0, draws=4, seeds=4, between=0.01, within=0.01, items=ITEMS):
    """Two arms whose difference has one share of the runs, and one of their seeds."""
    places = [number % seeds for number in range(draws)]
    own = rng.normal(0, between, seeds)
    hard = rng.normal(0, 0.3, items)  # what an image does to the difference in every draw
    made = [Draw(10, number, np.arange(5) - 5, np.arange(items)) for number in range(draws)]
    first = [truth + own[place] + rng.normal(0, within) + hard for place in places]
    return gap(first, [np.zeros(items)] * draws, made, places), places


@pytest.mark.parametrize(("draws", "seeds", "between"), [(4, 4, 0.02), (4, 3, 0.02), (8, 3, 0.0)])
def test_the_interval_misses_on_the_flattering_side_as_rarely_as_it_says(draws, seeds, between):
    rng, runs = np.random.default_rng(0), 1500
    wrong = sum(
        planted(rng, draws=draws, seeds=seeds, between=between)[0].interval.above
        for _ in range(runs)
    )
    assert wrong / runs < 0.034 + 3 * (0.034 / runs) ** 0.5


def test_differences_that_hold_together_have_wider_intervals():
    rng = np.random.default_rng(0)
    made = [Draw(4, n, np.arange(4), np.arange(4, 54)) for n in range(4)]
    first = [rng.random(50) for _ in made]
    one, two = (gap(first, [np.zeros(50)] * 4, made, range(4), tests=tests) for tests in (1, 2))
    assert two.interval.half > one.interval.half
    assert two.interval.value == one.interval.value


def test_one_pretraining_seed_gives_no_interval():
    found, _ = planted(np.random.default_rng(0), seeds=1)
    assert not found.interval.known
    assert needed(found).runs is None


def test_no_interval_is_wider_than_accuracies_can_differ():
    rng = np.random.default_rng(0)
    made = [Draw(4, n, np.arange(4), np.arange(4, 54)) for n in range(2)]
    first = [rng.random(50) * n for n in range(2)]
    found = gap(first, [np.zeros(50)] * 2, made, range(2), tests=4)
    assert (found.interval.low, found.interval.high) == (-1, 1)


def test_folds_are_not_counted_twice():
    rng = np.random.default_rng(1)
    folds = [Draw(30, n, np.arange(0), np.arange(10 * n, 10 * n + 10)) for n in range(4)]
    first = [rng.random(10) for _ in folds]
    blank = [np.zeros(10)] * 4
    crossed = gap(first, blank, folds, range(4), crossed=True)
    assert crossed.interval.half < gap(first, blank, folds, range(4)).interval.half


@pytest.mark.parametrize("truth", [0.02, 0.03])
def test_as_many_runs_as_are_named_settle_it(truth):
    rng = np.random.default_rng(0)
    spread, items = 0.02, 4000
    measured = Gap(
        Interval(truth, -1.0, 1.0), (spread**2 / 4, 3), (0.3**2 / items, items - 1), 4, 4, items
    )
    runs = needed(measured).runs
    assert runs is not None
    settled = [
        planted(rng, truth=truth, draws=many, seeds=many, between=0.0, within=spread, items=items)[
            0
        ].interval.above
        for many in [runs] * 300
    ]
    less = [
        planted(rng, truth=truth, draws=many, seeds=many, between=0.0, within=spread, items=items)[
            0
        ].interval.above
        for many in [max(runs // 2, 2)] * 300
    ]
    assert np.mean(settled) > POWER - 3 * (0.16 / 300) ** 0.5
    assert np.mean(less) < np.mean(settled)


def test_what_no_number_of_runs_settles_is_said_to_be_hopeless():
    tiny = Gap(Interval(1e-5, -0.01, 0.01), (1e-4, 3), (1e-4, 399), 4, 4, ITEMS)
    assert (needed(tiny).runs, needed(tiny).tested) == (None, None)
    images = Gap(Interval(0.02, -0.01, 0.05), (1e-8, 3), (2e-4, 399), 4, 4, ITEMS)
    assert needed(images).runs is None
    assert needed(images).tested > ITEMS
