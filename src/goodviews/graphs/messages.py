"""Messages as sparse matrix products, and linear layers of sparse features.

A layer with a sparse matrix needs a fifth of the time of one that gathers a message for every
edge, and no memory for the messages.

Letters: N nodes, E edges, F features, D outputs.
"""

import warnings
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.weak import WeakTensorKeyDictionary

from goodviews.graphs.graph import Graph

_SPARSE = 0.05
"""Share of values that are not zero up to which a product with a sparse matrix is faster."""
_ROWS: MutableMapping[Tensor, Tensor | None] = WeakTensorKeyDictionary()
_SCALED: MutableMapping[Tensor, tuple[Tensor, Tensor]] = WeakTensorKeyDictionary()
_MADE: WeakKeyDictionary[Graph, dict[str, Tensor]] = WeakKeyDictionary()


def received(x: Tensor, graph: Graph, kind: str) -> Tensor:
    """What each node receives: the product of :func:`message_matrix` and values of the nodes.

    Where the weights of the edges require a gradient, as those of a view that is being learned,
    they get it.

    Args:
        x: (N, D), values of the nodes.
        graph: The graph.
        kind: ``sum``, ``mean`` or ``gcn``.

    Returns:
        (N, D).

    Example:
        >>> from goodviews.graphs import make_graph
        >>> received(torch.tensor([[1.0], [3.0]]), make_graph([[0], [1]], nodes=2), "sum")
        tensor([[3.],
                [1.]])
    """
    if graph.weights is None or not graph.weights.requires_grad:
        return message_matrix(graph, kind) @ x
    source, target, weights = _messages(graph, kind)
    return torch.zeros_like(x).index_add(0, target, weights[:, None] * x[source])


def message_matrix(graph: Graph, kind: str) -> Tensor:
    r"""Weights of the messages that each node receives, as a sparse matrix.

    Args:
        graph: The graph; the matrix is computed once and kept while the graph exists.
        kind: ``sum`` has the weight of the edge from node j in row i and column j. ``mean``
            divides each row by its sum, where that is not 0. ``gcn`` is
            :math:`D^{-1/2} (A + I) D^{-1/2}` with D the row sums of A + I.

    Returns:
        (N, N) float32 in compressed rows.

    References:
        Kipf and Welling, 2017, eq. 2, arXiv:1609.02907.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> message_matrix(make_graph([[0], [1]], nodes=2), "gcn").to_dense()
        tensor([[0.5000, 0.5000],
                [0.5000, 0.5000]])
    """
    made = _MADE.setdefault(graph, {})
    if kind not in made:
        made[kind] = _matrix(graph, kind)
    return made[kind]


def _messages(graph: Graph, kind: str) -> tuple[Tensor, Tensor, Tensor]:
    """Sender, receiver and weight of each message; weights may be 0, as in a relaxed view."""
    source, target = graph.edge_index
    weights = graph.edge_weights.float()
    if kind == "gcn":
        source, target, weights = with_loops(source, target, weights, graph.nodes)
    total = torch.zeros(graph.nodes, device=weights.device).index_add(0, target, weights)
    if kind == "gcn":
        weights = weights * (total[source] * total[target]).rsqrt()
    elif kind == "mean":
        weights = weights / total[target].clamp(min=torch.finfo(total.dtype).tiny)
    return source, target, weights


def _matrix(graph: Graph, kind: str) -> Tensor:
    source, target, weights = _messages(graph, kind)
    order = (target * graph.nodes + source).argsort()
    counts = torch.bincount(target, minlength=graph.nodes)
    starts = F.pad(counts.cumsum(0), (1, 0))
    size = (graph.nodes, graph.nodes)
    with _without_warnings():
        return torch.sparse_csr_tensor(starts, source[order], weights[order], size)


def with_loops(
    source: Tensor, target: Tensor, weights: Tensor, nodes: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Edges and an edge of weight 1 from each node to itself.

    Args:
        source: (E,) nodes that send.
        target: (E,) nodes that receive.
        weights: (E,) weights.
        nodes: Number of nodes N.

    Returns:
        The same three tensors with N more entries.
    """
    loops = torch.arange(nodes, device=source.device)
    ends = torch.cat([source, loops]), torch.cat([target, loops])
    return *ends, torch.cat([weights, weights.new_ones(nodes)])


class FeatureLinear(nn.Linear):
    """A linear layer that is fast where most of its inputs are 0, such as bags of words.

    Example:
        >>> layer, words = FeatureLinear(100, 2), torch.eye(100)
        >>> torch.allclose(layer(words), layer.weight.T + layer.bias, atol=1e-6)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        """Map features (N, F) to (N, D)."""
        if input in _SCALED:
            features, columns = _SCALED[input]
            rows = _compressed(features)
            if rows is not None and input.dtype == self.weight.dtype:
                made = rows @ (self.weight * columns).T
                return made if self.bias is None else made + self.bias
        constant = not input.requires_grad and input.dtype == self.weight.dtype
        if not constant or torch.is_autocast_enabled(input.device.type):
            return F.linear(input, self.weight, self.bias)
        rows = _compressed(input)
        if rows is None:
            return F.linear(input, self.weight, self.bias)
        made = rows @ self.weight.T
        return made if self.bias is None else made + self.bias


def scaled_columns(features: Tensor, columns: Tensor) -> Tensor:
    """Features times one number for each column, which may require a gradient.

    A :class:`FeatureLinear` of the result is as fast as one of the features themselves.

    Args:
        features: (N, F), features without a gradient.
        columns: (F,) factors.

    Returns:
        (N, F).

    Example:
        >>> scaled_columns(torch.ones(1, 2), torch.tensor([1.0, 0.0]))
        tensor([[1., 0.]])
    """
    made = features * columns
    _SCALED[made] = features, columns
    return made


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Without those of torch about compressed rows: a beta, and unchecked contents."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse (CSR|invariant)", category=UserWarning)
        yield


def _compressed(features: Tensor) -> Tensor | None:
    """Features in compressed rows, kept while the tensor exists; nothing if they are dense."""
    if features not in _ROWS:
        sparse = bool(torch.count_nonzero(features) <= _SPARSE * features.numel())
        with _without_warnings():
            _ROWS[features] = features.detach().to_sparse_csr() if sparse else None
    return _ROWS[features]
