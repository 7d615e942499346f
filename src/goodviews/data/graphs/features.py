"""Features of nodes that are made from the graph, or scaled."""

from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import unknown
from goodviews.graphs import Graph

CHOICES = ("as given", "rows", "degree", "one")
MOST_DEGREE = 64
"""Degrees from this one on share a column."""


def with_features(graph: Graph, choice: str) -> Graph:
    """The same graph with other features.

    Args:
        graph: A graph.
        choice: ``as given``; ``rows`` divides the features of each node by their sum, where that
            is not 0; ``degree`` is one column for each degree from 0 to 63 and one for all higher
            ones; ``one`` is a single feature that is 1 at every node.

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
    return replace(graph, features=torch.nn.functional.one_hot(degree, MOST_DEGREE + 1).float())


def _rows(features: Tensor) -> Tensor:
    total = features.sum(1, keepdim=True)
    return features / torch.where(total == 0, 1.0, total)
