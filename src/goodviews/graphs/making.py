"""Graphs from edges as they are found in files: any order, both directions, loops, duplicates."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError
from goodviews.graphs.graph import Graph


def make_graph(
    edges: Any,
    features: Any = None,
    *,
    nodes: int | None = None,
    directed: bool | None = False,
    weights: Any = None,
    notes: Sequence[str] = (),
) -> Graph:
    """Make a graph from edges in any order.

    Loops are dropped, duplicates are stored once, and both are counted in :attr:`Graph.notes`.

    Args:
        edges: (2, E) whole numbers, a tensor or an array.
        features: (N, F) numbers; without them N is ``nodes``.
        nodes: Number of nodes N; needed where there are no features.
        directed: False joins both ends of every edge. True keeps directions. ``None`` decides by
            the edges: undirected where every edge is given in both directions.
        weights: (E,) positive numbers.
        notes: What is already known about the graph.

    Returns:
        The graph, its edges in ascending order.

    Raises:
        InputError: An edge, a feature or a weight is not valid, or ``directed`` is ``None`` and
            some edges go one way only.

    Example:
        >>> graph = make_graph([[0, 1, 1, 2, 1], [1, 0, 1, 1, 2]], nodes=3)
        >>> graph.edges.tolist(), graph.notes
        ([[0, 1], [1, 2]], ('1 edge from a node to itself was dropped.',))
    """
    ends = _whole(edges)
    table = _features(features, nodes)
    count = len(table)
    if ends.numel():
        low, high = int(ends.min()), int(ends.max())
        if low < 0 or high >= count:
            raise InputError(
                f"An edge ends at node {low if low < 0 else high}, but there are {count:,} "
                f"nodes, numbered from 0 to {count - 1}; numbers that begin at 1 must be lowered "
                "by 1."
            )
    size = _weights(weights, ends.shape[1])
    known = list(notes)
    proper = ends[0] != ends[1]
    if loops := int((~proper).sum()):
        known.append(f"{_edges(loops)} from a node to itself {_were(loops)} dropped.")
    ends, size = ends[:, proper], None if size is None else size[proper]
    codes = ends[0] * count + ends[1]
    unique = codes.unique()
    back = (unique % count) * count + unique // count if count else unique
    one_way = int((~torch.isin(back, unique)).sum())
    if directed is None and one_way:
        raise InputError(
            f"{one_way:,} of {len(unique):,} edges go one way only: pass directed=False to join "
            "both ends of every edge, or directed=True to keep directions."
        )
    if twice := len(codes) - len(unique):
        known.append(f"{_edges(twice)} given twice {_were(twice)} stored once.")
    if not directed:
        if one_way and one_way < len(unique):
            known.append(f"{_edges(one_way)} that {_go(one_way)} one way only became undirected.")
        codes = ends.min(0).values * count + ends.max(0).values
        unique = codes.unique()
    if size is not None:
        size = _merged(codes, unique, size, count)
    both = torch.stack([unique // count, unique % count]) if count else ends
    return Graph(table, both, bool(directed), size, notes=tuple(known))


def _whole(edges: Any) -> Tensor:
    ends = torch.as_tensor(edges)
    if ends.numel() == 0:
        return torch.zeros(2, 0, dtype=torch.int64)
    if ends.ndim != 2 or len(ends) != 2:
        turn = "; transpose them" if ends.ndim == 2 and ends.shape[1] == 2 else ""
        raise ShapeError(f"edges must be (2, E), but are {tuple(ends.shape)}{turn}.")
    if ends.is_floating_point():
        if not bool((ends == ends.floor()).all()):
            odd = ends[ends != ends.floor()][0]
            raise InputError(f"Edges must be whole node numbers, but one is {float(odd):g}.")
    elif ends.dtype == torch.bool or ends.is_complex():
        raise InputError(f"Edges must be whole node numbers, but are {ends.dtype}.")
    return ends.long().cpu()


def _features(features: Any, nodes: int | None) -> Tensor:
    if features is None:
        if nodes is None:
            raise InputError("Pass nodes, the number of nodes, where there are no features.")
        return torch.zeros(nodes, 0)
    table = torch.as_tensor(features)
    if table.layout != torch.strided:
        table = table.to_dense()
    table = table.to("cpu", torch.float32)
    if table.ndim != 2 or (nodes is not None and len(table) != nodes):
        wanted = "N" if nodes is None else f"{nodes:,}"
        raise ShapeError(
            f"features must be ({wanted}, F), one row per node, but are {tuple(table.shape)}."
        )
    wrong = (~table.isfinite()).any(1).nonzero()
    if len(wrong):
        raise InputError(
            f"The features of {len(wrong):,} of {len(table):,} nodes are NaN or infinite, first "
            f"in row {int(wrong[0])}; replace them."
        )
    return table


def _weights(weights: Any, count: int) -> Tensor | None:
    if weights is None:
        return None
    size = torch.as_tensor(weights).to("cpu", torch.float32).reshape(-1)
    if len(size) != count:
        raise ShapeError(f"There are {len(size):,} weights for {count:,} edges.")
    wrong = ~(size.isfinite() & (size > 0))
    if bool(wrong.any()):
        raise InputError(
            f"Weights of edges must be finite and above 0, but {int(wrong.sum()):,} of {count:,} "
            f"are not, such as {float(size[wrong][0]):g}; remove these edges."
        )
    return None if bool((size == 1).all()) else size


def _merged(codes: Tensor, unique: Tensor, size: Tensor, count: int) -> Tensor:
    """Weight of each stored edge, of which several may have been given."""
    place = torch.searchsorted(unique, codes)
    least = torch.full((len(unique),), torch.inf).scatter_reduce(0, place, size, "amin")
    most = torch.zeros(len(unique)).scatter_reduce(0, place, size, "amax")
    if bool((least != most).any()):
        odd = int((least != most).nonzero()[0])
        raise InputError(
            f"The edge between nodes {int(unique[odd]) // count} and {int(unique[odd]) % count} "
            f"has the weights {float(least[odd]):g} and {float(most[odd]):g}; give it once, or "
            "pass directed=True where the two directions differ."
        )
    return least


def _edges(count: int) -> str:
    return f"{count:,} edge" + ("" if count == 1 else "s")


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _go(count: int) -> str:
    return "goes" if count == 1 else "go"
