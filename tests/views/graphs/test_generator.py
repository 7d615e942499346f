"""Laws of the generator of views of graphs, and of its relaxed draws."""

import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import make_graph
from goodviews.views.graphs.generator import build_drop_generator, relaxed


def graph_of(order=None):
    rng = torch.Generator().manual_seed(0)
    edges, features = torch.randint(12, (2, 30), generator=rng), torch.rand(12, 5, generator=rng)
    if order is None:
        return make_graph(edges, features)
    return make_graph(order.argsort()[edges], features[order])


def moved(text="drops(width=4)"):
    """A generator that is no longer at its start."""
    made = build_drop_generator(text, inputs=5, seed=0)
    with torch.no_grad():
        for number, parameter in enumerate(made.parameters()):
            draw = torch.Generator().manual_seed(number)
            parameter.add_(0.5 * torch.randn(parameter.shape, generator=draw))
    return made


def test_all_rates_are_equal_at_the_start_and_limited_later():
    graph, start = graph_of(), build_drop_generator("drops()", inputs=5)
    torch.testing.assert_close(start.edge_rates(graph), torch.full((graph.edges.shape[1],), 0.3))
    torch.testing.assert_close(start.column_rates(), torch.full((5,), 0.3))
    later = moved("drops(width=4, most=0.6)")
    rates = torch.cat([later.edge_rates(graph), later.column_rates()]).detach()
    assert 0 < float(rates.min()) < 0.25 < 0.35 < float(rates.max()) <= 0.6
    assert build_drop_generator("drops(features=False)", inputs=5).column_rates() is None


def test_rates_belong_to_edges_whatever_the_order_of_the_nodes():
    order, made = torch.randperm(12, generator=torch.Generator().manual_seed(1)), moved()
    plain, other = graph_of(), graph_of(order)
    found = []
    for graph, names in ((plain, torch.arange(12)), (other, order)):
        pairs = names[graph.edges].sort(0).values.T.tolist()
        found.append(
            {tuple(p): r for p, r in zip(pairs, made.edge_rates(graph).tolist(), strict=True)}
        )
    assert found[0].keys() == found[1].keys()
    for pair, rate in found[0].items():
        assert found[1][pair] == pytest.approx(rate, abs=1e-5)


def test_a_rate_depends_on_neighbours_as_far_as_hops_say():
    path = [[0, 1, 2, 3], [1, 2, 3, 4]]
    features = torch.rand(5, 5, generator=torch.Generator().manual_seed(0))
    other = features.clone()
    other[4] += 1
    for hops, far in ((0, 2), (1, 1), (2, 0)):
        made = moved(f"drops(width=4, hops={hops})")
        rates = [made.edge_rates(make_graph(path, x)) for x in (features, other)]
        differ = (rates[0] - rates[1]).abs() > 1e-6
        assert differ.tolist() == [place > far for place in range(4)], hops


def test_relaxed_draws_are_hard_have_the_rate_and_a_gradient_that_lowers_them():
    rates = torch.full((20_000,), 0.3, requires_grad=True)
    uniform = torch.rand(20_000, generator=torch.Generator().manual_seed(0))
    kept = relaxed(rates, uniform, temperature=1.0)
    assert set(kept.detach().unique().tolist()) == {0.0, 1.0}
    assert torch.equal(kept.detach() > 0, uniform >= rates.detach())
    assert abs(float(kept.detach().mean()) - 0.7) < 3 * (0.21 / 20_000) ** 0.5
    kept.sum().backward()
    assert bool((rates.grad < 0).all())
    # At temperature 1 the mean of a relaxed draw is known, with c the odds of being kept.
    mean = [c / (c - 1) - c * math.log(c) / (c - 1) ** 2 for c in (0.699 / 0.301, 0.701 / 0.299)]
    slope = (mean[0] - mean[1]) / 2e-3
    error = float(rates.grad.std()) / 20_000**0.5
    assert abs(float(rates.grad.mean()) - slope) < 3 * error + 1e-3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vp()", "generator of views of graphs"),
        ("drops(8)", "named arguments"),
        ("drops(depth=2)", "argument of drops"),
        ("drops(most=0.2)", "most must be"),
        ("drops(width=0)", "width must be"),
    ],
)
def test_specs_that_cannot_be_built_say_why(text, said):
    with pytest.raises(InputError, match=said):
        build_drop_generator(text, inputs=5)


def test_graphs_of_other_features_are_refused():
    with pytest.raises(InputError, match="learned on graphs of 7 features"):
        build_drop_generator("drops()", inputs=7).edge_rates(graph_of())
