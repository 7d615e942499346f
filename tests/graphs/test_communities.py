"""Communities are found where they are clear, and nowhere else."""

import networkx as nx
import torch

from goodviews.graphs import communities, from_networkx, make_graph


def test_planted_communities_are_found():
    blocks = nx.stochastic_block_model([40] * 3, [[0.5, 0.01, 0.01], [0.01, 0.5, 0.01],
                                                  [0.01, 0.01, 0.5]], seed=0)  # fmt: skip
    found = communities(from_networkx(blocks), seed=0)
    assert torch.equal(found, torch.arange(120) // 40)


def test_isolated_nodes_and_components_are_apart():
    graph = make_graph([[0, 2], [1, 3]], nodes=5)
    found = communities(graph)
    assert found[0] == found[1]
    assert found[2] == found[3]
    assert len(found.unique()) == 3


def test_one_seed_gives_one_answer_and_a_bipartite_graph_ends():
    graph = from_networkx(nx.complete_bipartite_graph(7, 9))
    assert torch.equal(communities(graph, seed=2), communities(graph, seed=2))
    assert int(communities(graph).max()) == 0
