"""Blocks of neighbouring nodes, over which standard errors are taken.

Letters: N nodes.
"""

import numpy as np
from scipy.sparse.csgraph import reverse_cuthill_mckee
from torch import Tensor, from_numpy

from goodviews.graphs.centrality import adjacency
from goodviews.graphs.communities import communities
from goodviews.graphs.graph import Graph


def blocks(graph: Graph, *, least: int = 32, seed: int = 0) -> Tensor:
    """Communities, the large ones cut into runs of neighbours, so that there are enough of them.

    Values of nodes that are joined are alike, so a standard error over nodes is too small; one
    over blocks allows for that as far as it stays within a block.

    Args:
        graph: A graph.
        least: No block has more than a ``least``-th of the nodes.
        seed: Random seed of the communities.

    Returns:
        (N,) int64, numbers from 0 on.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(64)), [*range(1, 64), 0]], nodes=64)
        >>> found = blocks(ring, least=8)
        >>> int(found.bincount().max()), int(found.max()) >= 7
        (5, True)
    """
    community = communities(graph, seed=seed).numpy()
    net = adjacency(graph).tocsr()
    place = np.empty(graph.nodes, np.int64)
    place[reverse_cuthill_mckee(net, symmetric_mode=False)] = np.arange(graph.nodes)
    most = max(graph.nodes // least, 1)
    order = np.lexsort((place, community))
    sizes = np.bincount(community)
    within = np.arange(graph.nodes) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    pairs = np.stack([community[order], within // most])
    _, number = np.unique(pairs, axis=1, return_inverse=True)
    found = np.empty(graph.nodes, np.int64)
    found[order] = number.ravel()
    return from_numpy(found)
