"""Rates at which edges and features are dropped, lower where nodes are central.

Letters: N nodes, E edges, F features, G graphs of a batch.
"""

import torch
from torch import Tensor

from goodviews.core.errors import unknown
from goodviews.graphs import CENTRALITIES, Graph, centrality
from goodviews.views.graphs.base import positions

MOST = 0.7
"""Highest rate of an edge or a feature, as in GCA's code."""


def check_by(step: str, by: str, others: tuple[str, ...]) -> None:
    """Check the name of what rates depend on.

    Raises:
        InputError: There is no such choice.
    """
    known = (*others, *CENTRALITIES)
    if by not in known:
        raise unknown(f"value of by in {step}", by, known)


def edge_rates(
    graph: Graph, whole: Graph, edges: Tensor, by: str, p: float, *, sink: bool
) -> Tensor:
    r"""Rate at which each edge is dropped: GCA's adaptive rates.

    .. math:: p_{uv} = \min\left(p\, \frac{s_{\max} - s_{uv}}{s_{\max} - \bar s},\ 0.7\right)

    with :math:`s = \log(1 + c)` of the centrality c, the mean of both ends of a pair (the paper)
    or the end that a message reaches (``sink``, the code). Maximum and mean are over the edges of
    the whole graph, separately for each graph of a batch.

    Args:
        graph: Graph whose edges are given.
        whole: Graph of which centralities are computed.
        edges: (2, E) edges of ``graph``.
        by: Name of the centrality.
        p: Mean rate, as far as the limit allows.
        sink: Whether only the end in row 1 counts.

    Returns:
        (E,) float32.

    References:
        Zhu et al., 2021, arXiv:2010.14945, eq. 2 and 3.
    """
    size = (1 + centrality(whole, by)).log().float().to(edges.device)
    place = positions(whole, graph.node_names)
    ends = whole.edge_index if sink else whole.edges
    everywhere = size[ends[1]] if sink else size[ends].mean(0)
    here = size[place[edges[1]]] if sink else size[place[edges]].mean(0)
    group = whole.graph_of[ends[0]]
    own = whole.graph_of[place[edges[0]]] if edges.numel() else edges[0]
    most, mean = _extent(everywhere, group, whole.graphs)
    return _rates(here, most[own], mean[own], p)


def column_rates(graph: Graph, whole: Graph, by: str, p: float) -> Tensor:
    """Rate at which each feature is masked in each graph, (G, F): GCA's adaptive rates.

    A feature counts by the centralities of the nodes that have it: with c the centrality,
    s = log(1 + sum of c times the size of x); otherwise as in :func:`edge_rates`.
    """
    features = whole.features.abs()
    weight = centrality(whole, by).float().to(features.device)[:, None] * features
    total = torch.zeros(whole.graphs, features.shape[1], device=features.device)
    size = (1 + total.index_add(0, whole.graph_of, weight)).log()
    rates = _rates(size, size.amax(1, keepdim=True), size.mean(1, keepdim=True), p)
    row = {number: place for place, number in enumerate(whole.graph_numbers.tolist())}
    return rates[[row[number] for number in graph.graph_numbers.tolist()]]


def _extent(values: Tensor, group: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Maximum and mean of the values of each group."""
    most = torch.zeros(count, device=values.device).scatter_reduce(0, group, values, "amax")
    total = torch.zeros(count, device=values.device).index_add(0, group, values)
    return most, total / torch.bincount(group, minlength=count).clamp(min=1)


def _rates(size: Tensor, most: Tensor, mean: Tensor, p: float) -> Tensor:
    spread = most - mean
    even = spread <= 1e-6 * most.abs()  # all alike: one rate
    share = torch.where(even, 1.0, (most - size) / torch.where(even, 1.0, spread))
    return (p * share).clamp(max=max(MOST, p) if bool(even.all()) else MOST)
