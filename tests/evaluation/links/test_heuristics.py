"""Heuristics agree with NetworkX's."""

import networkx as nx
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.evaluation.links import heuristic_scores
from goodviews.evaluation.links.heuristics import similarity_rows
from goodviews.graphs import from_networkx, make_graph

CLUB = nx.karate_club_graph()
GRAPH = from_networkx(CLUB)
PAIRS = torch.combinations(torch.arange(34)).T

TWINS = {
    "common_neighbours": lambda u, v: len(list(nx.common_neighbors(CLUB, u, v))),
    "adamic_adar": lambda u, v: next(nx.adamic_adar_index(CLUB, [(u, v)]))[2],
    "resource_allocation": lambda u, v: next(nx.resource_allocation_index(CLUB, [(u, v)]))[2],
    "degree_product": lambda u, v: next(nx.preferential_attachment(CLUB, [(u, v)]))[2],
}


@pytest.mark.parametrize("by", TWINS)
def test_scores_agree_with_networkx(by):
    twin = torch.tensor([float(TWINS[by](u, v)) for u, v in PAIRS.T.tolist()])
    assert torch.allclose(heuristic_scores(GRAPH, PAIRS, by), twin.double(), atol=1e-6)


def test_weights_of_edges_are_not_counted_as_neighbours():
    plain = make_graph([[0, 0], [1, 2]], nodes=3)
    heavy = make_graph([[0, 0], [1, 2]], nodes=3, weights=[5.0, 7.0])
    pair = torch.tensor([[1], [2]])
    for by in TWINS:
        assert heuristic_scores(plain, pair, by) == heuristic_scores(heavy, pair, by)


def test_pagerank_of_one_node_agrees_with_networkx():
    rows = similarity_rows(GRAPH, torch.tensor([0, 16]))[1]
    for row, node in zip(rows, (0, 16), strict=True):
        twin = nx.pagerank(CLUB, 0.85, personalization={node: 1}, weight=None, tol=1e-12)
        assert float((row - torch.tensor([twin[w] for w in range(34)])).abs().max()) < 0.02
        assert (
            row.argsort(descending=True)[:3].tolist() == sorted(twin, key=lambda w: -twin[w])[:3]
        )


def test_an_unknown_heuristic_is_answered():
    with pytest.raises(InputError, match="Known: adamic_adar"):
        heuristic_scores(GRAPH, PAIRS, "katz")
