"""Scores of pairs of nodes that need no training: common neighbours and their relatives.

Letters: N nodes, n pairs.
"""

from typing import Any

import torch
from torch import Tensor

from goodviews.core.errors import unknown
from goodviews.graphs import Graph, adjacency

HEURISTICS = ("common_neighbours", "adamic_adar", "resource_allocation", "degree_product")
_ALPHA, _STEPS = 0.15, 30


def heuristic_scores(graph: Graph, pairs: Tensor, by: str) -> Tensor:
    r"""Scores of pairs of nodes from the links of a graph alone.

    With :math:`\Gamma(u)` the neighbours of u and :math:`d_u` their number:

    * ``common_neighbours``: :math:`|\Gamma(u) \cap \Gamma(v)|`;
    * ``adamic_adar``: :math:`\sum_{w \in \Gamma(u) \cap \Gamma(v)} 1 / \log d_w`;
    * ``resource_allocation``: :math:`\sum_{w \in \Gamma(u) \cap \Gamma(v)} 1 / d_w`;
    * ``degree_product``: :math:`d_u d_v`.

    Args:
        graph: An undirected graph, without the pairs that are to be predicted.
        pairs: (2, n) pairs of nodes.
        by: One of :data:`HEURISTICS`.

    Returns:
        (n,) float64, higher for likelier links.

    Raises:
        InputError: There is no such heuristic.

    References:
        Liben-Nowell and Kleinberg, 2007; Adamic and Adar, 2003; Zhou et al., 2009,
        arXiv:0901.0553.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> square = make_graph([[0, 1, 2, 0], [1, 2, 3, 3]], nodes=4)
        >>> heuristic_scores(square, torch.tensor([[0], [2]]), "resource_allocation").tolist()
        [1.0]
    """
    if by not in HEURISTICS:
        raise unknown("heuristic", by, HEURISTICS)
    degree = graph.degree.double()
    if by == "degree_product":
        return degree[pairs].prod(0)
    net = _links(graph)
    rows, columns = pairs.numpy()
    weights = _shared_weights(degree, by).numpy()
    found = torch.empty(pairs.shape[1], dtype=torch.float64)
    for start in range(0, len(rows), 1 << 14):
        some = slice(start, start + (1 << 14))
        found[some] = torch.from_numpy(net[rows[some]].multiply(net[columns[some]]) @ weights)
    return found


def _shared_weights(degree: Tensor, by: str) -> Tensor:
    """(N,) what a common neighbour counts; one of degree 1 is never common."""
    if by == "common_neighbours":
        return torch.ones_like(degree)
    size = degree.clamp(min=2)
    return 1 / (size.log() if by == "adamic_adar" else size)


def similarity_rows(graph: Graph, nodes: Tensor) -> list[Tensor]:
    """Similarities of some nodes to all: resource allocation, PageRank, cosine of features.

    Args:
        graph: An undirected graph.
        nodes: (n,) nodes.

    Returns:
        (n, N) float64 each; the cosine only where there are features.

    References:
        Page et al., 1999, for PageRank that restarts at one node with probability 0.15.
    """
    import numpy as np

    net = _links(graph)
    degree = np.maximum(graph.degree.double().numpy(), 1)
    some = nodes.numpy()
    walk = net.multiply(1 / degree[:, None]).tocsr()
    shared = torch.from_numpy((net[some] @ walk).toarray())
    start = np.zeros((len(some), graph.nodes))
    start[np.arange(len(some)), some] = 1
    rank = start
    back = walk.T.tocsr()
    for _ in range(_STEPS):
        rank = _ALPHA * start + (1 - _ALPHA) * (back @ rank.T).T
    found = [shared, torch.from_numpy(np.ascontiguousarray(rank))]
    if graph.features.shape[1]:
        unit = torch.nn.functional.normalize(graph.features, dim=1)
        found.append((unit[nodes] @ unit.T).double())
    return found


def _links(graph: Graph) -> Any:
    net = adjacency(graph)
    net.data[:] = 1
    return net
