"""Graphs of other libraries, in and out: PyTorch Geometric and NetworkX."""

from collections import Counter
from typing import Any

import torch

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.graphs.graph import Graph
from goodviews.graphs.making import make_graph

_TIMES = ("t", "time", "timestamp", "edge_time")


def from_pyg(data: Any, *, directed: bool | None = None) -> Graph:
    """Convert a ``Data`` of PyTorch Geometric, without importing that library.

    Weights of edges are read from ``edge_weight``; other attributes of edges are not used, which
    a note says.

    Args:
        data: An object with ``edge_index``, and ``x`` or ``num_nodes``.
        directed: As in :func:`make_graph`; by default decided by the edges.

    Returns:
        The graph.

    Raises:
        InputError: The graph has several types of nodes, or times, or is not valid.

    Example:
        >>> from types import SimpleNamespace
        >>> both = torch.tensor([[0, 1], [1, 0]])
        >>> from_pyg(SimpleNamespace(edge_index=both, x=torch.ones(2, 3)))
        <Graph: 2 nodes, 1 edges, 3 features>
    """
    if isinstance(types := getattr(data, "node_types", None), list):
        raise InputError(
            f"The graph has the node types {', '.join(map(str, types))}, but graphs of one type "
            "are expected; choose one type, or convert it with .to_homogeneous()."
        )
    if not hasattr(data, "edge_index"):
        hint = "; call .to_dense() or pass edge_index" if hasattr(data, "adj_t") else ""
        raise InputError(f"A {type(data).__name__} has no edge_index{hint}.")
    for name in _TIMES:
        if getattr(data, name, None) is not None:
            raise InputError(
                f"The edges have times ({name}), but temporal graphs are not supported; remove "
                f"{name} to use the graph without them."
            )
    features = getattr(data, "x", None)
    nodes = len(features) if features is not None else getattr(data, "num_nodes", None)
    notes = []
    if getattr(data, "edge_attr", None) is not None:
        notes.append("Attributes of edges (edge_attr) are not used.")
    return make_graph(
        data.edge_index,
        features,
        nodes=nodes,
        directed=directed,
        weights=getattr(data, "edge_weight", None),
        notes=notes,
    )


def to_pyg(graph: Graph) -> Any:
    """Convert to a ``Data`` of PyTorch Geometric, with both directions of undirected edges.

    A batch becomes one ``Data`` with ``batch``.

    Raises:
        InputError: PyTorch Geometric is not installed.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> to_pyg(make_graph([[0], [1]], nodes=2)).is_undirected()  # doctest: +SKIP
        True
    """
    data = need("torch_geometric", "graphs").data.Data(
        x=graph.features if graph.features.shape[1] else None,
        edge_index=graph.edge_index,
        num_nodes=graph.nodes,
    )
    if graph.weights is not None:
        data.edge_weight = graph.edge_weights
    if graph.member is not None:
        data.batch = graph.member
    return data


def from_networkx(graph: Any, *, features: str | None = None, weight: str = "weight") -> Graph:
    """Convert a graph of NetworkX; its nodes are numbered in its own order.

    Args:
        graph: A ``Graph`` or ``DiGraph``.
        features: Attribute of nodes that holds their features, a number or a list of them.
        weight: Attribute of edges that holds their weights; where no edge has it, all are 1.

    Returns:
        The graph.

    Raises:
        InputError: Nodes lack the attribute, edges are parallel, or only some have a weight.

    Example:
        >>> import networkx as nx
        >>> from_networkx(nx.path_graph(3)).edges.tolist()
        [[0, 1], [1, 2]]
    """
    place = {node: number for number, node in enumerate(graph.nodes)}
    ends = [(place[u], place[v]) for u, v in graph.edges()]
    if graph.is_multigraph() and max(Counter(ends).values(), default=1) > 1:
        raise InputError("The graph has parallel edges; convert it with networkx.Graph(graph).")
    table = None
    if features is not None:
        rows = [attributes.get(features) for _, attributes in graph.nodes(data=True)]
        if lacking := sum(row is None for row in rows):
            raise InputError(f"{lacking:,} of {len(rows):,} nodes have no attribute {features!r}.")
        table = torch.as_tensor(rows, dtype=torch.float32).reshape(len(rows), -1)
    values = [found.get(weight) for _, _, found in graph.edges(data=True)]
    known = sum(value is not None for value in values)
    if 0 < known < len(values):
        raise InputError(
            f"{known:,} of {len(values):,} edges have the attribute {weight!r}; give it to all."
        )
    return make_graph(
        torch.tensor(ends, dtype=torch.int64).reshape(-1, 2).T,
        table,
        nodes=len(place),
        directed=graph.is_directed(),
        weights=values if known else None,
    )


def to_networkx(graph: Graph) -> Any:
    """Convert to a NetworkX ``Graph`` or ``DiGraph``, features in the attribute ``x`` of nodes.

    Raises:
        InputError: NetworkX is not installed.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> list(to_networkx(make_graph([[0], [1]], nodes=2)).edges)
        [(0, 1)]
    """
    nx = need("networkx", "graphs")
    made = nx.DiGraph() if graph.directed else nx.Graph()
    for number, row in enumerate(graph.features.tolist()):
        made.add_node(number, **({"x": row} if row else {}))
    if graph.weights is None:
        made.add_edges_from(graph.edges.T.tolist())
    else:
        ends = zip(graph.edges.T.tolist(), graph.weights.tolist(), strict=True)
        made.add_weighted_edges_from([(u, v, weight) for (u, v), weight in ends])
    return made
