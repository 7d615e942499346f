"""Parts of a graph around some nodes: sampled neighbours, the same in any batch and process.

Letters: N nodes, n nodes of a part, E edges, B anchors.
"""

from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs.graph import Graph

_ROWS: WeakKeyDictionary[Graph, tuple[np.ndarray, np.ndarray, np.ndarray]] = WeakKeyDictionary()


def sampled_part(
    graph: Graph, anchors: Tensor, *, neighbours: Sequence[int], seed: int, epoch: int = 0
) -> tuple[Graph, Tensor]:
    """The part of a graph that a network of few layers needs for some nodes.

    Each node that is reached receives messages from at most so many neighbours, drawn without
    replacement. Of a node the same neighbours are drawn in any batch, part and process: those
    with the lowest numbers, keyed by seed, epoch and the two nodes.

    Args:
        graph: The whole graph.
        anchors: (B,) positions of nodes.
        neighbours: Most neighbours of a node at each step away from the anchors: one for each
            layer, such as ``(10, 10)``.
        seed: Random seed of the run.
        epoch: Number of the pass; another one draws others.

    Returns:
        The part, whose nodes keep their :attr:`Graph.names` and are in the order of the whole
        graph, and (B,) positions of the anchors in it. Its edges are those over which a sampled
        message passes.

    Raises:
        InputError: There is no number of neighbours, one is below 1, or a position is not that of
            a node.

    References:
        Hamilton et al., 2017, arXiv:1706.02216, where each batch has its own draw.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> star = make_graph([[0, 0, 0, 0], [1, 2, 3, 4]], nodes=6)
        >>> part, rows = sampled_part(star, torch.tensor([0]), neighbours=(2,), seed=0)
        >>> part.nodes, part.edges.shape[1], rows.tolist()
        (3, 2, [0])
    """
    counts = tuple(neighbours)
    if not counts or any(not (type(count) is int and count > 0) for count in counts):
        raise InputError(
            f"neighbours must be whole numbers above 0, one for each layer, but got {counts}."
        )
    if len(anchors) and not 0 <= int(anchors.min()) <= int(anchors.max()) < graph.nodes:
        raise InputError(
            f"Anchors must be nodes from 0 to {graph.nodes - 1}, but got {int(anchors.min())} to "
            f"{int(anchors.max())}."
        )
    from goodviews.graphs.sampling_kernel import lowest_numbers  # numba takes a second to import

    starts, sources, columns = _rows_of(graph)
    names = graph.node_names.cpu().numpy()
    front = np.unique(anchors.cpu().numpy())
    reached = np.zeros(graph.nodes, dtype=bool)
    reached[front] = True
    taken = np.zeros(graph.edges.shape[1], dtype=bool)
    for count in counts:
        chosen = lowest_numbers(starts, sources, names, front, count, seed, epoch)
        taken[columns[chosen] % max(len(taken), 1)] = True
        found = np.unique(sources[chosen])
        front = found[~reached[found]]
        reached[front] = True
    nodes = np.flatnonzero(reached)
    rank = np.full(graph.nodes, -1)
    rank[nodes] = np.arange(len(nodes))
    keep = torch.from_numpy(np.flatnonzero(taken))
    here = torch.from_numpy(nodes)
    part = replace(
        graph,
        features=graph.features[here],
        edges=torch.from_numpy(rank)[graph.edges[:, keep]],
        weights=None if graph.weights is None else graph.weights[keep],
        names=graph.node_names[here],
        member=None if graph.member is None else graph.member[here],
        numbers=graph.graph_numbers,
    )
    return part, torch.from_numpy(rank[anchors.cpu().numpy()])


def _rows_of(graph: Graph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Messages by the node that receives them: where each begins, senders, and their columns.

    Columns are those of ``edge_index``, which has both directions of an undirected edge.
    """
    if graph not in _ROWS:
        source, target = graph.edge_index.cpu().numpy()
        order = np.argsort(target, kind="stable")
        starts = np.zeros(graph.nodes + 1, dtype=np.int64)
        np.cumsum(np.bincount(target, minlength=graph.nodes), out=starts[1:])
        _ROWS[graph] = starts, source[order], order
    return _ROWS[graph]
