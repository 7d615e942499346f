"""Parts and batches keep nodes, edges, weights and numbers."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import batch_graphs, make_graph, part_of, shared_nodes


def random_graph(rng, nodes=30, edges=80, **given):
    ends = torch.randint(nodes, (2, edges), generator=rng)
    return make_graph(ends, torch.rand(nodes, 3, generator=rng), **given)


@pytest.mark.parametrize("directed", [False, True])
def test_a_part_has_the_edges_whose_ends_are_both_in_it(rng, directed):
    whole = random_graph(rng, directed=directed)
    nodes = torch.randperm(30, generator=rng)[:12]
    part = part_of(whole, nodes)
    chosen = set(nodes.tolist())
    expected = {(u, v) for u, v in whole.edges.T.tolist() if {u, v} <= chosen}
    assert {tuple(pair) for pair in part.names[part.edges].T.tolist()} == expected
    assert torch.equal(part.features, whole.features[part.names])


def test_a_part_of_a_part_is_a_part_of_the_whole(rng):
    whole = random_graph(rng)
    once = part_of(whole, torch.arange(0, 20))
    twice = part_of(once, once.names % 2 == 0)
    direct = part_of(whole, torch.arange(0, 20, 2))
    assert torch.equal(twice.edges, direct.edges)
    assert torch.equal(twice.names, direct.names)


def test_a_batch_is_its_graphs_side_by_side(rng):
    graphs = [random_graph(rng, nodes) for nodes in (5, 9, 1)]
    batch = batch_graphs(graphs)
    assert batch.member.bincount().tolist() == [5, 9, 1]
    assert batch.graphs == 3
    for number, graph in enumerate(graphs):
        own = part_of(batch, batch.member == number)
        assert torch.equal(own.edges, graph.edges)
        assert torch.equal(own.features, graph.features)


def test_graphs_that_do_not_fit_are_not_a_batch(rng):
    with pytest.raises(InputError, match="same number of features"):
        batch_graphs([random_graph(rng), make_graph([[0], [1]], nodes=2)])
    with pytest.raises(InputError, match="at least one graph"):
        batch_graphs([])
    with pytest.raises(InputError, match="Node 30 is not in a graph of 30"):
        part_of(random_graph(rng), torch.tensor([30]))


def test_shared_nodes_are_the_same_nodes(rng):
    whole = random_graph(rng)
    one = part_of(whole, torch.randperm(30, generator=rng)[:20])
    two = part_of(whole, torch.randperm(30, generator=rng)[:20])
    first, second = shared_nodes(one, two)
    assert torch.equal(one.names[first], two.names[second])
    assert set(one.names[first].tolist()) == set(one.names.tolist()) & set(two.names.tolist())
