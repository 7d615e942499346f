"""What fits into some seconds: never more than that, and draws before label counts."""

import numpy as np
import pytest
from tests.jobs.study.comparison.test_draws import task

from goodviews.jobs.study.comparison.choice import Choice
from goodviews.jobs.study.comparison.draws import LEAST_DRAWS
from goodviews.jobs.study.comparison.plans import Extent, Pace, extent, least_seconds

pytestmark = pytest.mark.usefixtures("as_shipped")
PACE = Pace(0.02, 0.01)
ONE = Choice(np.zeros(1), {(seed, part): "v" for seed in range(3) for part in (0, 1)})


def made(pool):
    labels = np.arange(pool + 1000) % 10
    return task(labels, pool=np.arange(pool), items=np.arange(pool, pool + 1000), budget=100)


def test_more_seconds_never_do_less_and_never_take_more_than_there_are():
    before = 0.0
    for seconds in (60, 120, 200, 400, 1000, 5000):
        found = extent(made(640), ONE, PACE, seconds)
        if found is None:
            continue
        assert before <= found.seconds <= seconds
        assert found.draws >= LEAST_DRAWS
        assert None in found.counts
        before = found.seconds
    assert before > 0


def test_two_views_of_a_seed_cost_more():
    two = Choice(np.zeros(1), {(seed, part): f"v{part}" for seed in range(3) for part in (0, 1)})
    assert least_seconds(made(640), two, PACE) > least_seconds(made(640), ONE, PACE)


def test_the_smallest_comparison_is_found_at_its_own_cost():
    least = least_seconds(made(640), ONE, PACE)
    assert extent(made(640), ONE, PACE, least) is not None
    assert extent(made(640), ONE, PACE, 0.98 * least) is None


def test_too_many_labels_are_cut_and_few_are_not():
    found = extent(made(40_000), ONE, PACE, 350)
    assert found is not None
    assert 1_920 <= found.most < 40_000
    assert extent(made(640), ONE, PACE, 350).most is None


def test_every_pretraining_seed_has_a_draw():
    many = Choice(np.zeros(1), {(seed, part): "v" for seed in range(6) for part in (0, 1)})
    assert extent(made(640), many, PACE, 1e4).draws >= 6


@pytest.mark.parametrize("most", [None, 2000])
def test_an_extent_survives_json(most):
    found = Extent((4, None), 4, most, (0.1, 1.0), 12.5)
    assert (
        Extent.from_json({**found.to_json(), "counts": [4, None], "shares": [0.1, 1.0]}) == found
    )
