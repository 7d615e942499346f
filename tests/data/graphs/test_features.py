"""Features of the structure are eigenvectors, the same in every call."""

import networkx as nx
import pytest
import torch

from goodviews.data.graphs.features import made_from_links, with_features
from goodviews.graphs import from_networkx


@pytest.mark.parametrize("nodes", [20, 200], ids=["dense", "sparse"])
def test_spectral_columns_are_leading_eigenvectors(nodes):
    graph = from_networkx(nx.gnp_random_graph(nodes, 8 / nodes, seed=1))
    table = with_features(graph, "structure").features[:, 65:].double()
    net = torch.eye(nodes, dtype=torch.float64)
    net[graph.edge_index[0], graph.edge_index[1]] = 1
    scale = net.sum(1).rsqrt()
    net = scale[:, None] * net * scale
    values = torch.linalg.eigvalsh(net).flip(0)[:32]
    kept = table[:, : len(values)]
    assert torch.allclose(net @ kept, values * kept, atol=1e-3)
    assert torch.allclose(kept.T @ kept / nodes, torch.eye(len(values)).double(), atol=1e-3)
    assert bool((table[:, len(values) :] == 0).all())
    assert torch.equal(table.float(), with_features(graph, "structure").features[:, 65:])


def test_features_of_another_origin_are_not_taken_for_those_of_links():
    graph = from_networkx(nx.cycle_graph(30))
    assert made_from_links(with_features(graph, "structure")) == "structure"
    assert made_from_links(with_features(graph, "one")) is None
