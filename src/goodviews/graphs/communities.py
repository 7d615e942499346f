"""Communities of a graph by label propagation.

Letters: N nodes.
"""

import numpy as np
import torch
from torch import Tensor

from goodviews.graphs.centrality import adjacency
from goodviews.graphs.graph import Graph

_ROUNDS = 60


def communities(graph: Graph, *, seed: int = 0) -> Tensor:
    """Communities of nodes, in which each node has the most common label of its neighbours.

    Half of the nodes whose label would change change it in each round, so that labels do not
    alternate. Isolated nodes are communities of one node. The result depends on the seed only
    where communities are not clear.

    Args:
        graph: A graph; directions are ignored, weights count.
        seed: Random seed of the halves and of ties.

    Returns:
        (N,) int64, numbers from 0 on in the order of the first node of each.

    References:
        Raghavan, Albert and Kumara, 2007, arXiv:0709.2938.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> two = make_graph([[0, 0, 1, 3, 3, 4], [1, 2, 2, 4, 5, 5]], nodes=6)
        >>> communities(two).tolist()
        [0, 0, 0, 1, 1, 1]
    """
    net = adjacency(graph)
    net = (net + net.T if graph.directed else net).tocoo()
    draw = np.random.default_rng(seed)
    label, row = np.arange(graph.nodes), net.row.astype(np.int64)
    for _ in range(_ROUNDS):
        found, place = np.unique(row * graph.nodes + label[net.col], return_inverse=True)
        votes = np.bincount(place, net.data)
        node, vote = np.divmod(found, max(graph.nodes, 1))
        votes += 0.25 * (vote == label[node]) + 0.2 * draw.random(graph.nodes)[vote]
        order = np.lexsort((votes, node))
        last = order[np.diff(node, append=-1) != 0]
        moves = vote[last] != label[node[last]]
        if not moves.any():
            break
        last = last[moves & (draw.random(len(last)) < 0.5)]
        label[node[last]] = vote[last]
    kinds, first, place = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(kinds), np.int64)
    rank[np.argsort(first)] = np.arange(len(kinds))
    return torch.from_numpy(rank[place])
