"""Edges in any order make one graph, and what cannot be one is answered in a sentence."""

import pytest
import torch

from goodviews.core.errors import InputError, ShapeError
from goodviews.graphs import Graph, make_graph


def test_order_direction_loops_and_duplicates_make_no_difference(rng):
    one = make_graph([[0, 1, 2], [1, 2, 3]], nodes=5)
    messy = torch.tensor([[3, 1, 0, 2, 2, 1, 4], [2, 0, 1, 1, 1, 2, 4]])
    two = make_graph(messy[:, torch.randperm(7, generator=rng)], nodes=5)
    assert torch.equal(one.edges, two.edges)
    assert one.nodes == two.nodes == 5  # the isolated last node stays
    assert two.notes[0] == "1 edge from a node to itself was dropped."
    assert two.degree.tolist() == [1, 2, 2, 1, 0]


def test_a_directed_graph_keeps_both_ends():
    graph = make_graph([[1, 0, 1], [0, 1, 2]], nodes=3, directed=True)
    assert graph.edges.tolist() == [[0, 1, 1], [1, 0, 2]]
    assert torch.equal(graph.edge_index, graph.edges)
    assert graph.degree.tolist() == [1, 1, 1]


def test_weights_follow_their_edges():
    graph = make_graph([[2, 0, 1], [1, 1, 0]], nodes=3, weights=[5, 2, 2])
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert graph.weights.tolist() == [2, 5]
    assert graph.edge_weights.tolist() == [2, 5, 2, 5]


@pytest.mark.parametrize(
    ("edges", "given", "sentence"),
    [
        ([[0, 1], [1, 7]], {"nodes": 3}, "ends at node 7, but there are 3 nodes"),
        ([[0, -1], [1, 2]], {"nodes": 3}, "ends at node -1"),
        ([[0, 0.5], [1, 2]], {"nodes": 3}, "whole node numbers, but one is 0.5"),
        ([[0, 1], [1, 2], [2, 0]], {"nodes": 3}, r"must be \(2, E\), .* transpose"),
        ([[0], [1]], {}, "Pass nodes"),
        ([[0], [1]], {"features": torch.ones(3, 1), "nodes": 2}, r"must be \(2, F\)"),
        ([[0], [1]], {"features": [[1.0], [float("nan")]]}, "first in row 1"),
        ([[0, 1], [1, 2]], {"nodes": 3, "weights": [1]}, "1 weights for 2 edges"),
        ([[0, 1], [1, 2]], {"nodes": 3, "weights": [1, -2]}, "above 0, but 1 of 2"),
        ([[0, 1], [1, 0]], {"nodes": 2, "weights": [1, 2]}, "has the weights 1 and 2"),
        ([[0, 1, 1], [1, 0, 2]], {"nodes": 3, "directed": None}, "1 of 3 edges go one way only"),
    ],
)
def test_bad_edges_are_answered_in_one_sentence(edges, given, sentence):
    with pytest.raises(InputError, match=sentence):
        make_graph(edges, **given)


@pytest.mark.parametrize(
    ("edges", "given", "sentence"),
    [
        (torch.tensor([[1], [0]]), {}, "smaller number first"),
        (torch.tensor([[1], [1]]), {"directed": True}, "to itself"),
        (torch.tensor([[0], [3]]), {}, "there are 3 nodes"),
        (torch.tensor([[0.0], [1.0]]), {}, "must be int64"),
        (torch.tensor([[0, 1]]), {}, "one column per edge"),
        (torch.tensor([[0], [1]]), {"names": torch.arange(2)}, "N = 2"),
        (torch.tensor([[0], [1]]), {"member": torch.tensor([1, 0, 0])}, "ascending"),
    ],
)
def test_the_type_refuses_what_it_cannot_hold(edges, given, sentence):
    with pytest.raises((InputError, ShapeError), match=sentence):
        Graph(torch.ones(3, 1), edges, **given)


def test_a_step_that_needs_features_says_how_to_get_them():
    with pytest.raises(InputError, match="features='degree'"):
        make_graph([[0], [1]], nodes=2).need_features("gcn")
