"""Parts of a graph and batches of graphs, whose nodes keep their numbers in the dataset."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs.graph import Graph


def part_of(graph: Graph, nodes: Tensor) -> Graph:
    """The nodes of a part and the edges between them.

    The nodes keep their :attr:`Graph.names`, so that a view draws for the part what it draws for
    the whole graph.

    Args:
        graph: The whole graph.
        nodes: (n,) positions of nodes, or (N,) boolean mask.

    Returns:
        The part; its nodes are in the order of the whole graph.

    Raises:
        InputError: A position is not that of a node.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> part = part_of(make_graph([[0, 1, 2], [1, 2, 3]], nodes=4), torch.tensor([3, 1, 2]))
        >>> part.edges.tolist(), part.names.tolist()
        ([[0, 1], [1, 2]], [1, 2, 3])
    """
    keep = torch.zeros(graph.nodes, dtype=torch.bool, device=graph.edges.device)
    if nodes.dtype == torch.bool and len(nodes) != graph.nodes:
        raise InputError(f"The mask has {len(nodes):,} values for {graph.nodes:,} nodes.")
    if nodes.dtype != torch.bool and len(nodes):
        low, high = int(nodes.min()), int(nodes.max())
        if low < 0 or high >= graph.nodes:
            raise InputError(
                f"Node {low if low < 0 else high} is not in a graph of {graph.nodes:,} nodes."
            )
    keep[nodes] = True
    rank = keep.cumsum(0) - 1
    inside = keep[graph.edges].all(0)
    return replace(
        graph,
        features=graph.features[keep],
        edges=rank[graph.edges[:, inside]],
        weights=None if graph.weights is None else graph.weights[inside],
        names=graph.node_names[keep],
        member=None if graph.member is None else graph.member[keep],
        numbers=graph.graph_numbers,
    )


def batch_graphs(graphs: Sequence[Graph]) -> Graph:
    """Join graphs to a batch, one disconnected graph.

    Args:
        graphs: Graphs of one kind. Where they have no :attr:`Graph.numbers`, they are numbered in
            their order, and so are their nodes.

    Returns:
        The batch, with :attr:`Graph.member`.

    Raises:
        InputError: There are no graphs, or some differ in features, direction or weights.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> pair = make_graph([[0], [1]], nodes=2)
        >>> batch_graphs([pair, pair]).edges.tolist()
        [[0, 2], [1, 3]]
    """
    if not graphs:
        raise InputError("A batch needs at least one graph.")
    widths = {graph.features.shape[1] for graph in graphs}
    if len(widths) > 1 or len({graph.directed for graph in graphs}) > 1:
        raise InputError(
            "Graphs of a batch must have the same number of features and be all directed or all "
            f"undirected, but the numbers of features are {sorted(widths)}."
        )
    named = [graph.names is not None and graph.numbers is not None for graph in graphs]
    if any(named) and not all(named):
        raise InputError("Some graphs of the batch have names and numbers, and others have none.")
    sizes = torch.tensor([graph.nodes for graph in graphs])
    counts = torch.tensor([graph.graphs for graph in graphs])
    start, first = sizes.cumsum(0) - sizes, counts.cumsum(0) - counts
    weighted = any(graph.weights is not None for graph in graphs)
    return Graph(
        torch.cat([graph.features for graph in graphs]),
        torch.cat([g.edges + at for g, at in zip(graphs, start.tolist(), strict=True)], 1),
        graphs[0].directed,
        torch.cat([g.edge_weights[: g.edges.shape[1]] for g in graphs]) if weighted else None,
        torch.cat([graph.node_names for graph in graphs]) if named[0] else None,
        torch.cat([g.graph_of + at for g, at in zip(graphs, first.tolist(), strict=True)]),
        torch.cat([g.graph_numbers for g in graphs]) if named[0] else None,
    )


def shared_nodes(first: Graph, second: Graph) -> tuple[Tensor, Tensor]:
    """Positions of the nodes that two views of a graph both have.

    Args:
        first: A view with N nodes.
        second: Another view of the same graph.

    Returns:
        (n,) positions in ``first`` and (n,) positions in ``second``, the same node in each row.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> whole = make_graph([[0, 1], [1, 2]], nodes=3)
        >>> shared_nodes(whole, part_of(whole, torch.tensor([0, 2])))
        (tensor([0, 2]), tensor([0, 1]))
    """
    names, order = second.node_names.sort()
    wanted = first.node_names
    place = torch.searchsorted(names, wanted).clamp(max=max(len(names) - 1, 0))
    found = names[place] == wanted if len(names) else torch.zeros_like(wanted, dtype=torch.bool)
    return found.nonzero()[:, 0], order[place[found]]
