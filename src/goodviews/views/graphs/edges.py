"""Views that drop and add edges.

Letters: N nodes, E edges.
"""

from dataclasses import replace

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs import Graph
from goodviews.views.base import Params, check_probability, register
from goodviews.views.graphs.base import GraphKey, GraphView, positions, scaled
from goodviews.views.graphs.rates import check_by, edge_rates


@register(
    "drop_edges",
    "edges dropped with probability p, or less where nodes are central",
    strength="the probability p",
    source="GRACE; GCA for rates by centrality",
)
class DropEdges(GraphView):
    """Edges dropped at random: both directions of an undirected edge together.

    ``by`` is ``uniform``, or a centrality: ``degree``, ``pagerank`` or ``eigenvector``, with the
    rates of GCA. With ``each_way``, each direction is dropped by itself, as in the public code of
    GRACE, GCA and BGRL: the view of an undirected graph is then directed.
    """

    p: float = 0.3
    by: str = "uniform"
    each_way: bool = False

    def __post_init__(self) -> None:
        check_probability("drop_edges", self.p)
        check_by("drop_edges", self.by, ("uniform",))

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:
        """Draw ``keep``, (E,) boolean, or one for each column of ``edge_index``."""
        apart = graph.directed or self.each_way
        edges = graph.edge_index if apart else graph.edges
        own = key.arrows(graph, edges) if apart else key.pairs(graph, edges)
        rate: Tensor | float = self.p
        if self.by != "uniform":
            rate = edge_rates(graph, whole, edges, self.by, self.p, sink=apart)
        return {"keep": own.uniform(1)[:, 0] >= rate}

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Keep the edges drawn."""
        keep, apart = params["keep"], graph.directed or self.each_way
        edges, weights = graph.edges, graph.weights
        if apart:
            edges, weights = graph.edge_index, weights if weights is None else graph.edge_weights
        return replace(
            graph,
            edges=edges[:, keep],
            directed=apart,
            weights=None if weights is None else weights[keep],
        )

    def at(self, strength: float) -> "DropEdges":
        """Scale the probability."""
        return replace(self, p=scaled("drop_edges", self.p, strength))


@register(
    "add_edges",
    "new edges between random nodes, p times as many as there are",
    strength="the share p",
    source="GraphCL",
)
class AddEdges(GraphView):
    """Edges added at random: each pair of nodes without one gets one with equal probability.

    In expectation, p times as many are added as the graph has. Each node proposes a Poisson number
    of partners from the whole graph, so that a part of the graph gets exactly the edges that the
    whole graph gets between its nodes. An edge that an earlier step dropped can be added again.
    In weighted graphs, new edges have the mean weight.
    """

    p: float = 0.1

    def __post_init__(self) -> None:
        if not (isinstance(self.p, int | float) and 0 <= self.p < 1e6):
            raise InputError(f"add_edges has p={self.p!r}, but expected a share of at least 0.")

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:
        """Draw ``added``, (2, A) positions of the ends of new edges."""
        size = torch.bincount(whole.graph_of, minlength=whole.graphs)
        first = size.cumsum(0) - size
        edges = torch.bincount(whole.graph_of[whole.edges[0]], minlength=whole.graphs)
        free = size * (size - 1) // (1 if whole.directed else 2) - edges
        wanted = self.p * edges.double()
        if bool((wanted >= free.clamp(min=1)).logical_and(wanted > 0).any()):
            which = int((wanted >= free).nonzero()[0])
            raise InputError(
                f"add_edges(p={self.p}) would add {float(wanted[which]):.0f} edges, but only "
                f"{int(free[which])} pairs of nodes have none; lower p."
            )
        chance = wanted / free.clamp(min=1)
        rate = -(1 - chance).log() * size / (1 if whole.directed else 2)
        place = positions(whole, graph.node_names)
        own = whole.graph_of[place]
        uniform = key.nodes(graph)
        count = _poisson(uniform.uniform(1)[:, 0].double(), rate[own])
        most = int(count.max()) if len(count) else 0
        order = whole.node_names.argsort()
        order = order[whole.graph_of[order].argsort(stable=True)]  # by graph, then by number
        pick = (uniform.fold(1).uniform(most).double() * size[own][:, None]).long()
        asked = torch.arange(most, device=count.device) < count[:, None]
        start = torch.arange(graph.nodes, device=count.device)[:, None].expand(-1, most)[asked]
        target = order[(first[own][:, None] + pick)[asked]]
        back = torch.full((whole.nodes,), -1, device=count.device)
        back[place] = torch.arange(graph.nodes, device=count.device)
        return {"added": _new(graph, start, back[target])}

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Add the edges drawn."""
        added, weights = params["added"], graph.weights
        if weights is not None and added.shape[1]:
            mean = weights.mean() if len(weights) else weights.new_tensor(1.0)
            weights = torch.cat([weights, mean.expand(added.shape[1])])
        return replace(graph, edges=torch.cat([graph.edges, added], 1), weights=weights)

    def at(self, strength: float) -> "AddEdges":
        """Scale the share."""
        from goodviews.views.strength import check_strength

        return replace(self, p=self.p * check_strength("add_edges", strength))


def _poisson(uniform: Tensor, rate: Tensor) -> Tensor:
    """Poisson numbers at given rates from uniform numbers, by the inverse distribution."""
    top = float(rate.max()) if len(rate) else 0.0
    steps = torch.arange(int(top + 12 * top**0.5 + 30), device=rate.device, dtype=torch.float64)
    safe = rate.clamp(min=1e-300)[:, None]
    below = (steps * safe.log() - safe - torch.lgamma(steps + 1)).exp().cumsum(1)
    return (uniform[:, None] >= below).sum(1)


def _new(graph: Graph, start: Tensor, end: Tensor) -> Tensor:
    """Proposed pairs within the graph, each once, without loops and edges that exist."""
    inside = (end >= 0) & (end != start)
    pair = torch.stack([start[inside], end[inside]])
    if not graph.directed:
        pair = pair.sort(0).values
    codes = (pair[0] * graph.nodes + pair[1]).unique()
    codes = codes[~torch.isin(codes, graph.edges[0] * graph.nodes + graph.edges[1])]
    return torch.stack([codes // max(graph.nodes, 1), codes % max(graph.nodes, 1)])
