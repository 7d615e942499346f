"""Features of nodes that are made from the graph, or scaled."""

from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import unknown
from goodviews.graphs import Graph, adjacency

CHOICES = ("as given", "rows", "degree", "structure", "one")
FROM_LINKS = ("degree", "structure")
"""Choices that depend on the links of the graph."""
MOST_DEGREE = 64
"""Degrees from this one on share a column."""
SPECTRAL = 32
"""Number of eigenvectors in the features of the structure."""


def with_features(graph: Graph, choice: str) -> Graph:
    """The same graph with other features.

    Args:
        graph: A graph.
        choice: ``as given``; ``rows`` divides the features of each node by their sum, where that
            is not 0; ``degree`` is one column for each degree from 0 to 63 and one for all higher
            ones; ``structure`` is these columns and the 32 leading eigenvectors of the normalised
            adjacency matrix, times the square root of N; ``one`` is a single feature that is 1 at
            every node.

    Raises:
        InputError: There is no such choice.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> with_features(make_graph([[0], [1]], nodes=3), "one").features.tolist()
        [[1.0], [1.0], [1.0]]
    """
    if choice not in CHOICES:
        raise unknown("choice of features", choice, CHOICES)
    if choice == "as given":
        return graph
    if choice == "rows":
        graph.need_features("features='rows'")
        return replace(graph, features=_rows(graph.features))
    if choice == "one":
        return replace(graph, features=torch.ones(graph.nodes, 1))
    degree = graph.degree.clamp(max=MOST_DEGREE)
    table = torch.nn.functional.one_hot(degree, MOST_DEGREE + 1).float()
    if choice == "structure":
        table = torch.cat([table, _spectral(graph)], 1)
    return replace(graph, features=table)


def made_from_links(graph: Graph) -> str | None:
    """The choice that gives exactly the features of a graph from its links, or ``None``.

    Such features change where links are taken away to be predicted: those of the whole graph would
    show which nodes lose a link.

    Args:
        graph: An undirected graph.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> path = make_graph([[0, 1], [1, 2]], nodes=3)
        >>> made_from_links(with_features(path, "degree")), made_from_links(path)
        ('degree', None)
    """
    widths = {"degree": MOST_DEGREE + 1, "structure": MOST_DEGREE + 1 + SPECTRAL}
    for choice in FROM_LINKS:
        if graph.features.shape[1] == widths[choice]:
            made = with_features(graph, choice).features
            if torch.allclose(made, graph.features, atol=1e-4):
                return choice
    return None


def _spectral(graph: Graph) -> Tensor:
    """(N, 32) leading eigenvectors, each with a positive sum of cubes; zeros for what lacks."""
    import numpy as np
    from scipy.sparse import diags, eye
    from scipy.sparse.linalg import eigsh

    net = adjacency(graph)
    net = (net + net.T) / 2 + eye(graph.nodes)
    scale = diags(np.asarray(net.sum(1)).ravel() ** -0.5)
    net = (scale @ net @ scale).tocsr()
    if graph.nodes > 4 * SPECTRAL:
        values, vectors = eigsh(net, SPECTRAL, v0=np.ones(graph.nodes))
    else:
        values, vectors = np.linalg.eigh(net.toarray())
    order = np.argsort(-values)[:SPECTRAL]
    vectors = vectors[:, order] * np.where((vectors[:, order] ** 3).sum(0) < 0, -1.0, 1.0)
    table = np.zeros((graph.nodes, SPECTRAL), np.float32)
    table[:, : vectors.shape[1]] = vectors * graph.nodes**0.5
    return torch.from_numpy(table)


def _rows(features: Tensor) -> Tensor:
    total = features.sum(1, keepdim=True)
    return features / torch.where(total == 0, 1.0, total)
