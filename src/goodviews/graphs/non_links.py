"""Pairs of nodes without a link.

Letters: N nodes, E edges.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs.graph import Graph

_TRIES = 100


def draw_non_links(graph: Graph, count: int, *, generator: torch.Generator) -> Tensor:
    """Draw pairs of different nodes without a link in either direction, with replacement.

    Args:
        graph: One graph; in a batch, both nodes are of the same graph only by chance.
        count: Number of pairs.
        generator: Source of randomness, on the CPU.

    Returns:
        (2, count) int64, on the device of the graph; u < v.

    Raises:
        InputError: (Almost) all pairs have a link.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> graph = make_graph([[0, 0], [1, 2]], nodes=3)
        >>> draw_non_links(graph, 2, generator=torch.Generator().manual_seed(0)).tolist()
        [[1, 1], [2, 2]]
    """
    nodes = graph.nodes
    ends = graph.edges.cpu()
    linked = (ends.amin(0) * nodes + ends.amax(0)).unique()
    if len(linked) >= nodes * (nodes - 1) // 2:
        raise InputError("All pairs of nodes have a link, so there are no negatives to draw.")
    found, left = [], count
    for _ in range(_TRIES):
        drawn = torch.randint(nodes, (2, 2 * left + 16), generator=generator)
        code = drawn.amin(0) * nodes + drawn.amax(0)
        keep = (drawn[0] != drawn[1]) & ~_among(code, linked)
        found.append(code[keep][:left])
        left -= len(found[-1])
        if not left:
            codes = torch.cat(found)
            return torch.stack([codes // nodes, codes % nodes]).to(graph.edges.device)
    raise InputError("Nearly all pairs of nodes have a link, so negatives cannot be drawn.")


def _among(codes: Tensor, known: Tensor) -> Tensor:
    """Which codes are among sorted known ones."""
    if not len(known):
        return torch.zeros_like(codes, dtype=torch.bool)
    place = torch.searchsorted(known, codes).clamp(max=len(known) - 1)
    return known[place] == codes
