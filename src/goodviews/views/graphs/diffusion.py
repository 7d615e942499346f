"""Diffusion: the graph of where random walks end, as a second form of a graph.

Letters: N nodes.
"""

from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

import torch

from goodviews.core.errors import InputError, check_positive, check_whole, unknown
from goodviews.graphs import Graph, adjacency
from goodviews.views.base import Params, register
from goodviews.views.graphs.base import GraphKey, GraphView

KINDS = ("ppr", "heat")
_COLUMNS = 512
_TOLERANCE = 1e-8
_MADE: WeakKeyDictionary[Graph, dict["Diffuse", Graph]] = WeakKeyDictionary()


@register(
    "diffuse",
    "weighted edges to the nodes that a walk reaches: personalised PageRank or heat",
    source="GDC, MVGRL",
)
class Diffuse(GraphView):
    r"""Edges replaced by those of a diffusion, which are weighted; nothing is random.

    .. math:: S = \sum_k \theta_k T^k, \quad
        T = \tilde D^{-1/2} (A + I) \tilde D^{-1/2}

    with :math:`\theta_k = \alpha (1 - \alpha)^k` (``ppr``) or :math:`e^{-t} t^k / k!` (``heat``).
    Each node keeps its ``top`` largest entries to other nodes; an edge stays if either end keeps
    it. The work is N times the number of edges for each power, and whole graphs are needed.

    References:
        Gasteiger et al., 2019, arXiv:1911.05485; Hassani and Khasahmadi, 2020, arXiv:2006.05582.
    """

    kind: str = "ppr"
    alpha: float = 0.15
    t: float = 5.0
    top: int = 64

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise unknown("kind of diffuse", self.kind, KINDS)
        if not (isinstance(self.alpha, int | float) and 0 < self.alpha < 1):
            raise InputError(f"diffuse has alpha={self.alpha!r}, but expected between 0 and 1.")
        check_positive("t", self.t)
        check_whole("top", self.top, 1, 1_000_000)

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:  # noqa: ARG002
        """Draw nothing."""
        return {}

    def apply(self, graph: Graph, params: Params) -> Graph:  # noqa: ARG002
        """Replace the edges; the result is computed once and kept while the graph exists."""
        if graph.directed:
            raise InputError("diffuse needs an undirected graph; write it before other steps.")
        made = _MADE.setdefault(graph, {})
        if self not in made:
            made[self] = self._made(graph)
        return made[self]

    def _made(self, graph: Graph) -> Graph:
        import numpy as np
        import scipy.sparse as sp

        step = transition(graph)
        found = []
        for start in range(0, graph.nodes, _COLUMNS):
            width = min(_COLUMNS, graph.nodes - start)
            power = np.zeros((graph.nodes, width))
            power[start + np.arange(width), np.arange(width)] = 1
            total = np.zeros_like(power)
            for theta in self.coefficients():
                total += theta * power
                power = step @ power
            total[start + np.arange(width), np.arange(width)] = 0
            best = np.argsort(-total, axis=0, kind="stable")[: self.top]
            values = np.take_along_axis(total, best, 0)
            column = np.broadcast_to(start + np.arange(width), best.shape)
            keep = values > _TOLERANCE
            found.append((best[keep], column[keep], values[keep]))
        row, column, values = (np.concatenate(part) for part in zip(*found, strict=True))
        net = sp.coo_matrix((values, (row, column)), shape=step.shape).tocsr()
        net = sp.triu(net.maximum(net.T), k=1).tocoo()
        return replace(
            graph,
            edges=torch.from_numpy(np.stack([net.row, net.col]).astype(np.int64)),
            weights=torch.from_numpy(net.data.astype(np.float32)),
        )

    def coefficients(self) -> list[float]:
        """The weight theta of each power, until the rest is below 1e-8 of the whole."""
        found, left, k = [], 1.0, 0
        now = self.alpha if self.kind == "ppr" else float(torch.tensor(-self.t).double().exp())
        while left > _TOLERANCE and k < 10_000:
            found.append(now)
            left -= now
            k += 1
            now *= 1 - self.alpha if self.kind == "ppr" else self.t / k
        return found


def transition(graph: Graph) -> Any:
    """The matrix T of :class:`Diffuse`, (N, N) sparse."""
    import numpy as np
    import scipy.sparse as sp

    net = adjacency(graph) + sp.identity(graph.nodes, format="csr")
    scale = sp.diags(np.asarray(net.sum(axis=1)).ravel() ** -0.5)
    return (scale @ net @ scale).tocsr()
