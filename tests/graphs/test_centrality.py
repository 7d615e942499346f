"""Centralities agree with NetworkX."""

import networkx as nx
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.graphs import adjacency, centrality, from_networkx, make_graph

GRAPHS = {
    "karate": nx.karate_club_graph(),
    "path": nx.path_graph(5),
    "directed": nx.gnp_random_graph(20, 0.2, seed=0, directed=True),
    "with an isolated node": nx.disjoint_union(nx.cycle_graph(4), nx.empty_graph(1)),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_pagerank_is_that_of_networkx(name):
    graph = GRAPHS[name]
    expected = torch.tensor(
        list(nx.pagerank(graph, tol=1e-12, max_iter=1000).values()), dtype=torch.float64
    )
    assert torch.allclose(centrality(from_networkx(graph), "pagerank"), expected, atol=1e-8)


@pytest.mark.parametrize("name", ["karate", "path"])
def test_the_eigenvector_is_that_of_the_adjacency(name):
    graph = from_networkx(GRAPHS[name])
    values, vectors = torch.linalg.eigh(torch.from_numpy(adjacency(graph).toarray()))
    expected = vectors[:, values.argmax()].abs()
    assert torch.allclose(centrality(graph, "eigenvector"), expected, atol=1e-6)


def test_a_star_has_its_degrees_and_an_unknown_name_an_answer():
    star = make_graph([[0, 0, 0], [1, 2, 3]], nodes=4)
    assert centrality(star, "degree").tolist() == [3, 1, 1, 1]
    assert centrality(star, "degree") is centrality(star, "degree")
    with pytest.raises(InputError, match="Did you mean 'pagerank'"):
        centrality(star, "page_rank")
