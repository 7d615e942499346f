"""The type of a graph: what views, encoders and evaluation exchange.

Letters: N nodes, E edges, F features, G graphs of a batch.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_tensor, check_tensors


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """One graph, or a batch of graphs in one disconnected graph, as plain tensors.

    :func:`make_graph` makes one from edges as they are found in files: in any order, in both
    directions, with loops and duplicates.

    Attributes:
        features: (N, F) float32; F is 0 for a graph without features.
        edges: (2, E) int64, node numbers below N, without loops. In an undirected graph each edge
            is stored once, with its smaller number first.
        directed: Whether edges have a direction, from row 0 to row 1.
        weights: (E,) float32, positive; ``None`` where all are 1.
        names: (N,) int64, number of each node in the whole dataset, from which random draws are
            keyed; ``None`` for 0 to N - 1.
        member: (N,) int64, which graph of the batch each node belongs to, in ascending order;
            ``None`` for one graph.
        numbers: (G,) int64, number of each graph in the whole dataset; ``None`` for 0 to G - 1.
        notes: What was changed when the graph was read, one sentence each.

    Raises:
        InputError: A tensor has the wrong shape or type, or an edge is not valid.

    Example:
        >>> Graph(torch.ones(3, 2), torch.tensor([[0, 0], [1, 2]]))
        <Graph: 3 nodes, 2 edges, 2 features>
    """

    features: Tensor
    edges: Tensor
    directed: bool = False
    weights: Tensor | None = None
    names: Tensor | None = None
    member: Tensor | None = None
    numbers: Tensor | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_tensors(
            "features: N F, edges: two E, weights: E, names: N, member: N, numbers: G",
            *(self.features, self.edges, self.weights, self.names, self.member, self.numbers),
        )
        if len(self.edges) != 2:
            raise ShapeError(
                f"edges must be (2, E), one column per edge, but is {tuple(self.edges.shape)}."
            )
        for name in ("edges", "names", "member", "numbers"):
            value = getattr(self, name)
            if value is not None and value.dtype != torch.int64:
                raise InputError(
                    f"{name} must be int64, but is {value.dtype}; convert with .long()."
                )
        if self.edges.numel():
            _check_ends(self.edges, self.nodes, self.directed)
        if self.member is not None and bool((self.member.diff() < 0).any()):
            raise InputError("member must be in ascending order: first all nodes of graph 0.")

    @property
    def nodes(self) -> int:
        """Number of nodes N."""
        return len(self.features)

    @property
    def graphs(self) -> int:
        """Number of graphs G."""
        if self.numbers is not None:
            return len(self.numbers)
        return 1 if self.member is None else int(self.member.max()) + 1 if self.nodes else 0

    @property
    def node_names(self) -> Tensor:
        """(N,) int64, number of each node in the whole dataset."""
        if self.names is not None:
            return self.names
        return torch.arange(self.nodes, device=self.edges.device)

    @property
    def graph_of(self) -> Tensor:
        """(N,) int64, which graph of the batch each node belongs to."""
        if self.member is not None:
            return self.member
        return torch.zeros(self.nodes, dtype=torch.int64, device=self.edges.device)

    @property
    def graph_numbers(self) -> Tensor:
        """(G,) int64, number of each graph in the whole dataset."""
        if self.numbers is not None:
            return self.numbers
        return torch.arange(self.graphs, device=self.edges.device)

    @property
    def edge_index(self) -> Tensor:
        """(2, E'), the edges as messages pass: both directions of each undirected edge."""
        return self.edges if self.directed else torch.cat([self.edges, self.edges.flip(0)], 1)

    @property
    def edge_weights(self) -> Tensor:
        """(E',) float32, the weight of each column of :attr:`edge_index`."""
        one = self.weights
        if one is None:
            one = torch.ones(self.edges.shape[1], device=self.edges.device)
        return one if self.directed else torch.cat([one, one])

    @property
    def degree(self) -> Tensor:
        """(N,) int64, number of edges that end at each node."""
        return torch.bincount(self.edge_index[1], minlength=self.nodes)

    def to(self, device: torch.device | str) -> "Graph":
        """The same graph on a device."""
        if self.edges.device == torch.device(device):
            return self
        moved: dict[str, Any] = {
            name: None if value is None else value.to(device)
            for name in ("features", "edges", "weights", "names", "member", "numbers")
            for value in (getattr(self, name),)
        }
        return replace(self, **moved)

    def need_features(self, step: str) -> None:
        """Check that the graph has features.

        Raises:
            InputError: It has none.
        """
        if not self.features.shape[1]:
            raise InputError(
                f"{step} needs features of nodes, but this graph has none; load it with "
                "features='degree' or features='one' (--features degree)."
            )

    def __repr__(self) -> str:
        """Return a line with the sizes."""
        kind = "directed edges" if self.directed else "edges"
        batch = "" if self.graphs == 1 else f"{self.graphs:,} graphs, "
        return (
            f"<Graph: {batch}{self.nodes:,} nodes, {self.edges.shape[1]:,} {kind}, "
            f"{self.features.shape[1]:,} features>"
        )


def _check_ends(edges: Tensor, nodes: int, directed: bool) -> None:
    low, high = int(edges.min()), int(edges.max())
    if low < 0 or high >= nodes:
        wrong = low if low < 0 else high
        raise InputError(
            f"An edge ends at node {wrong}, but there are {nodes:,} nodes, numbered from 0 to "
            f"{nodes - 1}; numbers that begin at 1 must be lowered by 1."
        )
    first, second = edges
    if directed and bool((first == second).any()):
        raise InputError("An edge joins a node to itself; make_graph drops such loops.")
    if not directed and bool((first >= second).any()):
        raise InputError(
            "An undirected graph stores each edge once, with its smaller number first; "
            "make_graph makes one from edges in any order."
        )


def check_is_graph(value: object) -> None:
    """Check that an argument is a :class:`Graph`.

    Raises:
        InputError: It is something else; the message says how to convert it.
    """
    if isinstance(value, Graph):
        return
    if hasattr(value, "edge_index"):
        raise InputError(
            f"Expected a goodviews Graph, but got a {type(value).__name__}; convert it with "
            "goodviews.graphs.from_pyg."
        )
    check_tensor("graph", value)
    raise InputError(
        f"This is a view of graphs, but it was given a tensor {tuple(getattr(value, 'shape'))}; "  # noqa: B009
        "views of images are made by goodviews.parse_view."
    )
