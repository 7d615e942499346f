"""Views that are parts of a graph: nodes dropped, or those that a random walk meets.

Letters: N nodes, G graphs of a batch.
"""

from collections.abc import Iterator
from dataclasses import replace

import torch

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.graphs import Graph, adjacency, part_of
from goodviews.views.base import Params, register
from goodviews.views.graphs.base import GraphKey, GraphView
from goodviews.views.strength import check_strength

_PATIENCE = 50
_DRAWN = 1024


@register(
    "drop_nodes",
    "nodes dropped with probability p, with their edges",
    strength="the probability p",
    source="GraphCL, which drops an exact share",
)
class DropNodes(GraphView):
    """Nodes dropped at random, with their edges; each graph keeps at least one node.

    The nodes that stay keep their :attr:`goodviews.graphs.Graph.names`, by which
    :func:`goodviews.graphs.shared_nodes` finds them in another view.
    """

    p: float = 0.2

    def __post_init__(self) -> None:
        if not (isinstance(self.p, int | float) and 0 <= self.p < 1):
            raise InputError(f"drop_nodes has p={self.p!r}, but expected 0 to below 1.")

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:  # noqa: ARG002
        """Draw ``keep``, (N,) boolean."""
        uniform = key.nodes(graph).uniform(1)[:, 0]
        best = torch.zeros(graph.graphs, device=uniform.device)
        best = best.scatter_reduce(0, graph.graph_of, uniform, "amax")
        return {"keep": (uniform >= self.p) | (uniform == best[graph.graph_of])}

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Keep the nodes drawn."""
        return part_of(graph, params["keep"])

    def at(self, strength: float) -> "DropNodes":
        """Scale the probability."""
        return replace(self, p=self.p * check_strength("drop_nodes", strength))


@register(
    "walk",
    "nodes that a random walk meets, until it has met a share of them",
    strength="the share that is lost",
    source="GraphCL",
)
class Walk(GraphView):
    """The nodes of each graph that a random walk meets first, and the edges between them.

    The walk follows edges in either direction, weights do not count, and it begins at a random
    node. After 50 steps without a new node it continues at a random new neighbour of the nodes
    that it has met, or at a random node once their component is exhausted. It needs whole graphs:
    in a part, a walk is another one.
    """

    share: float = 0.8

    def __post_init__(self) -> None:
        if not (isinstance(self.share, int | float) and 0 < self.share <= 1):
            raise InputError(f"walk has share={self.share!r}, but expected above 0 and at most 1.")

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:  # noqa: ARG002
        """Draw ``keep``, (N,) boolean."""
        net = adjacency(graph)
        net = (net + net.T).tocsr()
        bounds, others = net.indptr.tolist(), net.indices.tolist()
        names = graph.node_names.tolist()
        keep = torch.zeros(graph.nodes, dtype=torch.bool, device=graph.edges.device)
        size = torch.bincount(graph.graph_of, minlength=graph.graphs).tolist()
        words, first = key.graphs(graph).words, 0
        for number, count in enumerate(size):
            order = sorted(range(first, first + count), key=names.__getitem__)
            numbers = _numbers(Key(words[number : number + 1]))
            met = _walk(order, bounds, others, names, max(1, round(self.share * count)), numbers)
            keep[torch.tensor(sorted(met), dtype=torch.int64)] = True
            first += count
        return {"keep": keep}

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Keep the nodes that were met."""
        return part_of(graph, params["keep"])

    def at(self, strength: float) -> "Walk":
        """Scale the share that is lost."""
        lost = (1 - self.share) * check_strength("walk", strength)
        if lost >= 1:
            raise InputError(
                f"walk has share={self.share}, so its strength must be below "
                f"{1 / (1 - self.share):.4g}, but got {strength}."
            )
        return self if strength == 1 else replace(self, share=1 - lost)


def _numbers(key: Key) -> Iterator[float]:
    """Uniform numbers without end, drawn in blocks."""
    block = 0
    while True:
        yield from key.fold(block).uniform(_DRAWN)[0].tolist()
        block += 1


def _walk(
    order: list[int],
    bounds: list[int],
    others: list[int],
    names: list[int],
    wanted: int,
    numbers: Iterator[float],
) -> set[int]:
    """Nodes met by a walk; ``order`` holds the nodes of the graph by their names."""
    met: set[int] = set()
    ranked: dict[int, list[int]] = {}

    def near(node: int) -> list[int]:
        if node not in ranked:
            own = others[bounds[node] : bounds[node + 1]]
            ranked[node] = sorted(own, key=names.__getitem__)
        return ranked[node]

    def pick(choice: list[int]) -> int:
        return choice[int(next(numbers) * len(choice))]

    at, tries = pick(order), 0
    while True:
        if at not in met:
            met.add(at)
            tries = 0
        if len(met) == wanted:
            return met
        tries += 1
        if near(at) and tries < _PATIENCE:
            at = pick(near(at))
            continue
        edge = {node for known in met for node in near(known)} - met
        left = edge or set(order) - met
        at = pick(sorted(left, key=names.__getitem__))
