import math

import pytest
import torch
from tests.objectives.test_infonce import slow_infonce

from goodviews.core.errors import InputError
from goodviews.objectives import infonce_two_sided, multiview, total, view_pairs


@pytest.fixture
def views(rng):
    return torch.randn(4, 5, 3, generator=rng, dtype=torch.float64)


def test_full_graph_equals_the_written_out_sum_over_pairs(views):
    wanted = 0.0
    for a in range(4):
        for b in range(a + 1, 4):
            both = slow_infonce(views[a], views[b], 0.3) + slow_infonce(views[b], views[a], 0.3)
            wanted += both.mean()
    torch.testing.assert_close(total(multiview(views, temperature=0.3)), wanted)


@pytest.mark.parametrize("core", [0, 2])
def test_core_view_equals_the_written_out_sum_over_the_others(views, core):
    wanted = [
        slow_infonce(views[core], views[b], 0.3) + slow_infonce(views[b], views[core], 0.3)
        for b in range(4)
        if b != core
    ]
    got = multiview(views, temperature=0.3, graph="core", core=core)
    torch.testing.assert_close(got, torch.stack(wanted))


def test_two_views_make_one_pair_in_both_graphs(views):
    two = views[:2]
    wanted = 2 * infonce_two_sided(*two, temperature=0.07)[None]
    torch.testing.assert_close(multiview(two), wanted)
    torch.testing.assert_close(multiview(two, graph="core"), wanted)


def test_reordering_views_changes_the_full_graph_by_order_only(views):
    one, other = multiview(views), multiview(views.flip(0))
    torch.testing.assert_close(total(one), total(other))


def test_constant_embeddings_give_twice_log_k_per_pair():
    losses = multiview(torch.ones(3, 7, 2).double())
    torch.testing.assert_close(losses, torch.full((3, 7), 2 * math.log(7)).double())


def test_view_pairs_count_the_graph():
    assert len(view_pairs(5)) == 10
    assert view_pairs(4, graph="core", core=3) == [(3, 0), (3, 1), (3, 2)]


def test_says_what_does_not_fit(views):
    with pytest.raises(InputError, match="views is 1"):
        multiview(views[:1])
    with pytest.raises(InputError, match="core is 4"):
        multiview(views, graph="core", core=4)
    with pytest.raises(InputError, match="Did you mean 'full'"):
        multiview(views, graph="ful")
