"""How central each node is: degree, PageRank, eigenvector.

Letters: N nodes.
"""

from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from goodviews.core.errors import unknown
from goodviews.graphs.graph import Graph

CENTRALITIES = ("degree", "pagerank", "eigenvector")
_FOUND: WeakKeyDictionary[Graph, dict[str, Tensor]] = WeakKeyDictionary()
_ITERATIONS, _TOLERANCE = 1000, 1e-10


def adjacency(graph: Graph) -> Any:
    """The adjacency matrix, (N, N) float64: row u has the weights of the edges from node u.

    Returns:
        A SciPy matrix in compressed rows.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> adjacency(make_graph([[0], [1]], nodes=2)).toarray().tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    import scipy.sparse as sp

    row, column = graph.edge_index.cpu().numpy()
    size = (graph.nodes, graph.nodes)
    return sp.csr_matrix((graph.edge_weights.double().cpu().numpy(), (row, column)), shape=size)


def centrality(graph: Graph, by: str) -> Tensor:
    """How central each node is.

    ``degree`` counts edges that end at a node, ``pagerank`` is its share of a random walk that
    starts again at a uniform node with probability 0.15 (weights count), ``eigenvector`` its entry
    in the leading eigenvector of the adjacency matrix, of length 1.

    Args:
        graph: A graph; the values are computed once and kept while it exists.
        by: One of :data:`CENTRALITIES`.

    Returns:
        (N,) float64.

    Raises:
        InputError: There is no centrality of this name.

    References:
        Page et al., 1999; Bonacich, 1972.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> centrality(make_graph([[0, 0], [1, 2]], nodes=3), "degree").tolist()
        [2.0, 1.0, 1.0]
    """
    if by not in CENTRALITIES:
        raise unknown("centrality", by, CENTRALITIES)
    found = _FOUND.setdefault(graph, {})
    if by not in found:
        if by == "degree":
            found[by] = graph.degree.double()
        else:
            found[by] = (_pagerank if by == "pagerank" else _eigenvector)(graph)
    return found[by]


def _pagerank(graph: Graph, damping: float = 0.85) -> Tensor:
    import numpy as np

    into = adjacency(graph).T.tocsr()
    out = np.asarray(into.sum(axis=0)).ravel()
    share = np.divide(1.0, out, out=np.zeros_like(out), where=out > 0)
    rank = np.full(graph.nodes, 1 / max(graph.nodes, 1))
    for _ in range(_ITERATIONS):
        lost = rank[out == 0].sum()
        new = damping * (into @ (rank * share) + lost / graph.nodes) + (1 - damping) / graph.nodes
        change, rank = np.abs(new - rank).sum(), new
        if change < _TOLERANCE:
            break
    return torch.from_numpy(rank)


def _eigenvector(graph: Graph) -> Tensor:
    import numpy as np

    into = adjacency(graph).T.tocsr()
    vector = np.full(graph.nodes, max(graph.nodes, 1) ** -0.5)
    for _ in range(_ITERATIONS):
        new = into @ vector + vector  # the shift keeps bipartite graphs from alternating
        new /= np.linalg.norm(new) or 1.0
        change, vector = np.abs(new - vector).sum(), new
        if change < _TOLERANCE:
            break
    return torch.from_numpy(vector)
