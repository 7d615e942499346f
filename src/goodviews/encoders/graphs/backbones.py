"""Backbones of graphs by their spec: layers with activations, and pooling.

Letters: N nodes, G graphs, F representation.
"""

from collections.abc import Callable
from functools import partial
from inspect import signature

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.core.errors import InputError, check_whole, unknown
from goodviews.encoders.graphs.layers import GATLayer, GCNLayer, GINLayer, NodeLayer, SAGELayer
from goodviews.graphs import Graph
from goodviews.spec.grammar import parse_spec

_MOST = 65536
_ACTIVATIONS: dict[str, Callable[[int], nn.Module]] = {
    "relu": lambda _: nn.ReLU(),
    "prelu": lambda _: nn.PReLU(),
    "elu": lambda _: nn.ELU(),
}
POOLS = ("sum", "mean", "max")


class GraphBackbone(nn.Module):
    """Layers of one kind, each with batch norm, activation and dropout as asked for.

    Args:
        layer: Maker of a layer from its numbers of inputs and outputs.
        inputs: Number of features of a node.
        width: Number of outputs of the last layer.
        hidden: Number of outputs of the layers before (default: ``width``).
        layers: Number of layers.
        act: ``relu``, ``prelu`` or ``elu``, after each layer.
        last: Whether the last layer has an activation and batch norm as well.
        norm: Whether batch norm follows each layer.
        dropout: Share of the inputs of each layer that is dropped in training.
        jump: Whether the representation has the outputs of all layers, one after the other.
        pool: ``sum``, ``mean`` or ``max`` over the nodes of each graph; empty for nodes.
        spread: Whether the last layer also has the logarithm of a standard deviation for each
            output (VGAE), see :meth:`moments`.

    Attributes:
        features: Number of outputs F.
        pooled: Whether an output belongs to a graph instead of a node.

    Raises:
        InputError: A value is not valid.
    """

    def __init__(
        self,
        layer: Callable[[int, int], nn.Module],
        *,
        inputs: int,
        width: int = 256,
        hidden: int | None = None,
        layers: int = 2,
        act: str = "relu",
        last: bool = True,
        norm: bool = False,
        dropout: float = 0.0,
        jump: bool = False,
        pool: str = "",
        spread: bool = False,
    ) -> None:
        super().__init__()
        hidden = width if hidden is None else hidden
        for name, value in (("width", width), ("hidden", hidden), ("layers", layers)):
            check_whole(name, value, 1, _MOST)
        if act not in _ACTIVATIONS:
            raise unknown("act", str(act), _ACTIVATIONS)
        if pool and pool not in POOLS:
            raise unknown("pool", str(pool), POOLS)
        if not (isinstance(dropout, int | float) and 0 <= dropout < 1):
            raise InputError(f"dropout must be a share from 0 to below 1, but got {dropout!r}.")
        if spread and (jump or pool or last):
            raise InputError("spread=True needs last=False, and neither jump nor pool.")
        widths = [hidden] * (layers - 1) + [width * (1 + spread)]
        self.layers, self.after = nn.ModuleList(), nn.ModuleList()
        for number, size in enumerate(widths, start=1):
            self.layers.append(layer(inputs, size))
            steps: list[nn.Module] = []
            if last or number < layers:
                steps = [nn.BatchNorm1d(size)] if norm else []
                steps.append(_ACTIVATIONS[act](size))
            self.after.append(nn.Sequential(*steps))
            inputs = size
        self.dropout, self.jump, self.pool, self.spread = float(dropout), jump, pool, spread
        self.features = sum(widths) if jump else width

    @property
    def pooled(self) -> bool:
        """Whether an output belongs to a graph instead of a node."""
        return bool(self.pool)

    def forward(self, graph: Graph) -> Tensor:
        """Representation (N, F) of the nodes, or (G, F) of the graphs."""
        x = self._nodes(graph)
        if self.spread:
            x = x[:, : self.features]
        return pooled(x, graph, self.pool) if self.pool else x

    def moments(self, graph: Graph) -> tuple[Tensor, Tensor]:
        """Means and logarithms of standard deviations of the nodes, (N, F) each."""
        mean, log_std = self._nodes(graph).chunk(2, dim=1)
        return mean, log_std

    def _nodes(self, graph: Graph) -> Tensor:
        graph.need_features("An encoder of graphs")
        x, found = graph.features, []
        for layer, after in zip(self.layers, self.after, strict=True):
            x = after(layer(F.dropout(x, self.dropout, self.training), graph))
            found.append(x)
        return torch.cat(found, dim=1) if self.jump else x


def pooled(x: Tensor, graph: Graph, how: str) -> Tensor:
    """Sum, mean or maximum of the nodes of each graph.

    Args:
        x: (N, F), values of the nodes.
        graph: The graphs as a batch.
        how: One of :data:`POOLS`.

    Returns:
        (G, F); 0 for a graph without nodes.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> pooled(torch.ones(3, 2), make_graph([[0], [1]], nodes=3), "sum")
        tensor([[3., 3.]])
    """
    total = x.new_zeros(graph.graphs, x.shape[1])
    if how == "max":
        place = graph.graph_of[:, None].expand_as(x)
        return total.scatter_reduce(0, place, x, "amax", include_self=False)
    total = total.index_add(0, graph.graph_of, x)
    if how == "mean":
        count = torch.bincount(graph.graph_of, minlength=graph.graphs)
        total = total / count.clamp(min=1)[:, None]
    return total


def _gat(*, inputs: int, width: int = 256, heads: int = 4, **more: object) -> GraphBackbone:
    check_whole("heads", heads, 1, _MOST)
    for name, size in (("width", width), ("hidden", more.get("hidden"))):
        if isinstance(size, int) and size % heads:
            raise InputError(f"gat has {name}={size}, which is not a multiple of heads={heads}.")
    layer = partial(GATLayer, heads=heads)
    return GraphBackbone(layer, inputs=inputs, width=width, **more)  # type: ignore[arg-type]


GRAPH_BACKBONES: dict[str, Callable[..., GraphBackbone]] = {
    "gcn": partial(GraphBackbone, GCNLayer),
    "gin": partial(GraphBackbone, GINLayer),
    "sage": partial(GraphBackbone, SAGELayer),
    "gat": _gat,
    "mlp": partial(GraphBackbone, NodeLayer),
}
"""Backbones of graphs by their name in specs."""


def build_graph_backbone(text: str, *, inputs: int) -> GraphBackbone:
    """Make a backbone of graphs from its spec.

    Args:
        text: ``gcn``, ``gin``, ``sage``, ``gat`` or ``mlp`` (no edges) with named arguments,
            such as ``"gcn(width=256, layers=2)"`` or ``"gin(width=32, layers=3, pool='sum',
            jump=True, norm=True)"``; :class:`GraphBackbone` has them all, and ``gat`` has
            ``heads``.
        inputs: Number of features of a node.

    Returns:
        Module from a :class:`goodviews.graphs.Graph` to (N, F), or (G, F) with ``pool``; its F
        is in ``features``.

    Raises:
        InputError: The name or an argument is unknown, or a value is not valid.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> graph = make_graph([[0, 1], [1, 2]], torch.eye(3))
        >>> build_graph_backbone("gcn(width=8)", inputs=3)(graph).shape
        torch.Size([3, 8])
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            f"Encoder {text!r} is not one name with named arguments, as gcn(width=256)."
        )
    call = calls[0]
    if call.name not in GRAPH_BACKBONES:
        raise unknown("encoder of graphs", call.name, GRAPH_BACKBONES)
    known = [name for name in signature(GraphBackbone).parameters if name not in _GIVEN]
    known += ["heads"] if call.name == "gat" else []
    for name, _ in call.kwargs:
        if name not in known:
            raise unknown(f"argument of {call.name}", name, known)
    return GRAPH_BACKBONES[call.name](inputs=inputs, **dict(call.kwargs))


_GIVEN = ("layer", "inputs")


def is_pooled(text: str) -> bool:
    """Whether an encoder of this spec represents graphs instead of nodes.

    Example:
        >>> is_pooled("gin(pool='sum')"), is_pooled("gcn()")
        (True, False)
    """
    return build_graph_backbone(text, inputs=1).pooled
