"""Sampled neighbours: against brute force, and the same in any batch, part and order."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.core.rng import Key, _mix
from goodviews.graphs import make_graph, part_of, sampled_part
from goodviews.views.graphs import GraphKey, parse_graph_view


def graph_of(nodes=60, *, directed=False, edges=400):
    rng = torch.Generator().manual_seed(0)
    ends = torch.randint(nodes, (2, edges), generator=rng)
    return make_graph(ends, torch.arange(nodes)[:, None].float(), directed=directed)


def numbers(graph, seed, epoch):
    """Unsigned numbers of the messages, as :class:`Key` draws them."""
    first, second = graph.node_names[graph.edge_index]
    up = first < second
    code = up * (second**2 + first) + ~up * (first**2 + first + second)
    words = Key.of(seed=seed, samples=code, epoch=epoch, view=5).words
    golden = 0x9E3779B97F4A7C15 - (1 << 64)
    return [int(bits) % (1 << 64) for bits in _mix(words + golden)]


def slowly(graph, anchors, counts, seed, epoch):
    """Names of the nodes and edges that are reached, by sorting the messages of each node."""
    drawn = numbers(graph, seed, epoch)
    arrows = graph.edge_index.T.tolist()
    reached, front, taken = set(anchors), set(anchors), set()
    for count in counts:
        found = set()
        for node in front:
            own = sorted(
                (drawn[k], arrow[0]) for k, arrow in enumerate(arrows) if arrow[1] == node
            )
            for _, source in own[:count]:
                found.add(source)
                ends = (source, node) if graph.directed else tuple(sorted((source, node)))
                taken.add(ends)
        front = found - reached
        reached |= found
    return reached, taken


def named(part):
    pairs = part.node_names[part.edges].T.tolist()
    return set(part.node_names.tolist()), {
        tuple(pair) if part.directed else tuple(sorted(pair)) for pair in pairs
    }


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("counts", [(3,), (2, 4), (100, 100)])
def test_the_lowest_keyed_numbers_are_taken(directed, counts):
    graph, anchors = graph_of(directed=directed), [7, 3, 41]
    part, rows = sampled_part(graph, torch.tensor(anchors), neighbours=counts, seed=4, epoch=2)
    assert named(part) == slowly(graph, anchors, counts, 4, 2)
    assert part.node_names[rows].tolist() == anchors
    assert torch.equal(part.features[:, 0].long(), part.node_names)


def test_a_node_has_the_same_neighbours_in_any_batch_and_another_draw_in_another_epoch():
    graph, one = graph_of(), {"neighbours": (3,), "seed": 0}
    alone = named(sampled_part(graph, torch.tensor([5]), **one)[0])
    among = named(sampled_part(graph, torch.tensor([5, 9, 30]), **one)[0])
    assert {pair for pair in alone[1] if 5 in pair} <= among[1]
    halves = [sampled_part(graph, torch.tensor(half), **one)[0] for half in ([5, 9], [30])]
    both = [named(half) for half in halves]  # as two processes see it
    assert both[0][0] | both[1][0] == among[0]
    assert both[0][1] | both[1][1] == among[1]
    others = [named(sampled_part(graph, torch.tensor([5]), epoch=k, **one)[0]) for k in range(9)]
    assert len({frozenset(found[0]) for found in others}) > 3


def test_each_neighbour_is_taken_with_the_same_probability():
    star = make_graph([[0] * 10, list(range(1, 11))], nodes=11)
    taken, draws = torch.zeros(11), 600
    for epoch in range(draws):
        part, _ = sampled_part(star, torch.tensor([0]), neighbours=(3,), seed=1, epoch=epoch)
        assert part.nodes == 4
        taken[part.node_names] += 1
    error = (0.3 * 0.7 / draws) ** 0.5
    assert bool(((taken[1:] / draws - 0.3).abs() < 4 * error).all())


def test_a_part_of_a_part_and_weights_keep_their_draw():
    whole = graph_of()
    whole = make_graph(whole.edges, whole.features, weights=torch.rand(whole.edges.shape[1]))
    half = part_of(whole, torch.arange(10, 60))
    part, _ = sampled_part(half, torch.tensor([0, 4]), neighbours=(50,), seed=0)
    assert part.node_names.min() >= 10
    code = {tuple(p): float(w) for p, w in zip(whole.edges.T.tolist(), whole.weights, strict=True)}
    for pair, weight in zip(part.node_names[part.edges].T.tolist(), part.weights, strict=True):
        assert code[tuple(pair)] == float(weight)


def test_views_of_a_sampled_part_are_those_of_the_whole():
    whole, pair = graph_of(), parse_graph_view("drop_edges(0.4)")
    part, _ = sampled_part(whole, torch.tensor([1, 2, 3]), neighbours=(4, 4), seed=0)
    v1, _ = pair(part, seed=0, epoch=0, whole=whole)
    whole_v1, _ = pair(whole, seed=0, epoch=0)
    assert named(v1)[1] == named(part)[1] & named(whole_v1)[1]
    assert GraphKey(0).pairs(part, part.edges).words.shape == (part.edges.shape[1],)


@pytest.mark.parametrize("wrong", [(), (0,), (2.5,), (-1, 3)])
def test_numbers_of_neighbours_are_checked(wrong):
    with pytest.raises(InputError, match="neighbours must be"):
        sampled_part(graph_of(), torch.tensor([0]), neighbours=wrong, seed=0)
    with pytest.raises(InputError, match="Anchors must be"):
        sampled_part(graph_of(), torch.tensor([60]), neighbours=(2,), seed=0)
