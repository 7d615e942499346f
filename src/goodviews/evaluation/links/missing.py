"""Which links of a graph are made missing, and false links that are added.

Letters: N nodes, E edges.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from goodviews.core.errors import unknown
from goodviews.core.rng import Key
from goodviews.graphs import Graph, communities

_UNSEEN = 9.0
"""How much more readily a link within a poorly observed community is missing."""


def _uniform(graph: Graph, _: int) -> Tensor:
    return torch.ones(graph.edges.shape[1], dtype=torch.float64)


def _by_degree(graph: Graph, _: int) -> Tensor:
    rate: Tensor = graph.degree.double()[graph.edges].prod(0).rsqrt()
    return rate


def _by_community(graph: Graph, seed: int) -> Tensor:
    member = communities(graph, seed=seed)
    unseen = Key.of(seed=seed, samples=member, view=1).uniform(1)[:, 0] < 0.5
    rate: Tensor = _UNSEEN ** (unseen.double()[graph.edges].sum(0) / 2)
    return rate


REASONS: dict[str, Callable[[Graph, int], Tensor]] = {
    "uniform": _uniform,
    "degree": _by_degree,
    "community": _by_community,
}
"""Name: how readily each link is missing, (E,) positive rates."""


def missing_order(graph: Graph, *, by: str, seed: int, draws: Tensor) -> Tensor:
    r"""Time at which each link goes missing: the links with the smallest times go first.

    Link e has a time that is exponential with rate :math:`w_e`, so that each share that is missing
    is a sample without replacement, and larger shares contain smaller ones. The rates are

    * ``uniform``: 1;
    * ``degree``: :math:`(d_u d_v)^{-1/2}`, links of nodes with few links are missed more often;
    * ``community``: half of the communities, at random, are poorly observed: 9 for a link in
      one of them, 3 for a link that leaves it, and 1 for all others.

    Args:
        graph: The graph with all links.
        by: One of :data:`REASONS`.
        seed: Random seed.
        draws: (E,) uniform numbers in [0, 1), one for each link.

    Returns:
        (E,) float64.

    Raises:
        InputError: There is no such reason.

    References:
        Efraimidis and Spirakis, 2006, for weighted sampling without replacement.

    Example:
        >>> star = Graph(torch.ones(3, 0), torch.tensor([[0, 0], [1, 2]]))
        >>> missing_order(star, by="uniform", seed=0, draws=torch.tensor([0.5, 0.25])).tolist()
        [0.6931471805599453, 1.3862943611198906]
    """
    if by not in REASONS:
        raise unknown("reason of missing links", by, REASONS)
    return -draws.double().clamp(min=2.0**-25).log() / REASONS[by](graph, seed)
