"""Generator of views of graphs: a learned rate of dropping for each edge and each feature.

Letters: N nodes, E edges, F features, D width.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, check_whole, unknown
from goodviews.graphs import Graph
from goodviews.graphs.messages import FeatureLinear, received
from goodviews.spec.grammar import parse_spec

_START = 0.3
"""Rate of every edge and feature before anything is learned."""
_FAST = 5.0
"""Factor of the parameters of columns, which learn as fast as the rates of edges by it."""
_FAR = 4.0
"""Largest distance of a logit from the start."""
_MOST_WIDTH = 4096


class DropGenerator(nn.Module):
    """Rates at which edges and columns of features are dropped.

    The rate of an edge depends on its two ends in the same way: on linear maps of their own
    features and of those one and two steps away, and on their degrees. The rate of a column is a
    parameter. All rates are 0.3 at first.

    Args:
        inputs: F, the number of features of a node.
        width: D, the number of channels.
        hops: Steps over which features are averaged.
        features: Whether columns of features are dropped; otherwise only edges are.
        most: Highest rate.

    Attributes:
        rate: Default of its learning rate.
        text: Spec with all arguments.

    References:
        Suresh et al., 2021, arXiv:2106.05819, whose rates are of edges only and without a limit.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> graph = make_graph([[0, 1], [1, 2]], torch.eye(3))
        >>> made = build_drop_generator("drops(width=4)", inputs=3)
        >>> made.edge_rates(graph), made.column_rates()
        (tensor([0.3000, 0.3000], grad_fn=...), tensor([0.3000, 0.3000, 0.3000], grad_fn=...))
    """

    rate = 0.005

    def __init__(
        self,
        inputs: int,
        *,
        width: int = 32,
        hops: int = 2,
        features: bool = True,
        most: float = 0.9,
    ) -> None:
        super().__init__()
        check_whole("width", width, 1, _MOST_WIDTH)
        check_whole("hops", hops, 0, 16)
        if not (isinstance(most, int | float) and _START < most < 1):
            raise InputError(f"most must be above {_START} and below 1, but got {most!r}.")
        self.inputs, self.most = inputs, float(most)
        self.text = f"drops(width={width}, hops={hops}, features={bool(features)}, most={most})"
        self.maps = FeatureLinear(inputs, (hops + 1) * width, bias=False)
        self.norm = nn.LayerNorm(width)
        self.score = nn.Sequential(nn.Linear(3 * width + 2, width), nn.ReLU(), nn.Linear(width, 1))
        self.begin = math.log(_START / (most - _START))
        for parameter in self.score[2].parameters():
            nn.init.zeros_(parameter)
        self.columns = nn.Parameter(torch.zeros(inputs)) if features else None

    def nodes(self, graph: Graph) -> Tensor:
        """What rates depend on, (N, D + 1): mapped features and the logarithm of 1 + degree."""
        graph.need_features("A view generator of graphs")
        if graph.features.shape[1] != self.inputs:
            raise InputError(
                f"The generator was learned on graphs of {self.inputs:,} features, but this one "
                f"has {graph.features.shape[1]:,}; learn one on this graph."
            )
        # The sum of x0, A x1 and A A x2 is x0 + A (x1 + A x2).
        *nearer, total = self.maps(graph.features).split(self.norm.normalized_shape[0], dim=1)
        for x in reversed(nearer):
            total = x + received(total, graph, "gcn")
        return torch.cat([self.norm(total), graph.degree.float().log1p()[:, None]], dim=1)

    def rates_of(self, nodes_ND: Tensor, edges: Tensor) -> Tensor:
        """Rates (E,) of edges (2, E) from the values of :meth:`nodes`."""
        first, second = nodes_ND[edges[0]], nodes_ND[edges[1]]
        both = torch.cat(
            [first + second, (first - second).abs(), first[:, :-1] * second[:, :-1]], dim=1
        )
        return self._rate(self.score(both)[:, 0])

    def edge_rates(self, graph: Graph) -> Tensor:
        """Rate (E,) of each edge of a graph."""
        return self.rates_of(self.nodes(graph), graph.edges)

    def column_rates(self) -> Tensor | None:
        """Rate (F,) of each column of features; ``None`` where they are not dropped."""
        return None if self.columns is None else self._rate(_FAST * self.columns)

    def _rate(self, score: Tensor) -> Tensor:
        """Rate of a score: 0.3 at 0, and never so near to its limits that it cannot turn back."""
        return self.most * (self.begin + _FAR * (score / _FAR).tanh()).sigmoid()

    def extra_repr(self) -> str:
        """Return the spec and the number of features."""
        return f"{self.text}, inputs={self.inputs}"


def relaxed(rates: Tensor, uniform: Tensor, *, temperature: float) -> Tensor:
    r"""Whether something is kept, 0 or 1, with the gradient of a relaxed draw.

    .. math:: \sigma\left(\frac{\log\frac{1 - p}{p} + \log\frac{u}{1 - u}}{\tau}\right)

    has the gradient; what is kept is the same as in a draw with these rates and numbers.

    Args:
        rates: (n,) rates p of dropping.
        uniform: (n,) numbers u, uniform on [0, 1).
        temperature: Temperature tau of the relaxation.

    References:
        Maddison et al., 2017, arXiv:1611.00712; Bengio et al., 2013, arXiv:1308.3432, for the
        gradient of a hard draw. The code of AD-GCL uses the relaxed draw itself.

    Example:
        >>> relaxed(torch.tensor([0.3, 0.3]), torch.tensor([0.2, 0.9]), temperature=1.0)
        tensor([0., 1.])
    """
    p, u = rates.clamp(1e-4, 1 - 1e-4), uniform.clamp(1e-6, 1 - 1e-6)
    soft = ((1 - p).logit() + u.logit()).div(temperature).sigmoid()
    hard = (uniform >= rates).to(soft.dtype)
    return hard + (soft - soft.detach()) if soft.requires_grad else hard


_ARGUMENTS = ("width", "hops", "features", "most")


def build_drop_generator(text: str, *, inputs: int, seed: int = 0) -> DropGenerator:
    """Make a generator of views of graphs from its spec.

    Args:
        text: ``drops(width=32, hops=2, features=True, most=0.9)``.
        inputs: Number of features F of a node.
        seed: Random seed of the initialisation.

    Raises:
        InputError: The name, an argument or a value is not valid.

    Example:
        >>> build_drop_generator("drops(width=8)", inputs=3).text
        'drops(width=8, hops=2, features=True, most=0.9)'
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            f"Generator {text!r} is not one name with named arguments, such as drops(width=32)."
        )
    given = dict[str, Any](calls[0].kwargs)
    if calls[0].name != "drops":
        raise unknown("generator of views of graphs", calls[0].name, ("drops",))
    for name in given:
        if name not in _ARGUMENTS:
            raise unknown("argument of drops", name, _ARGUMENTS)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return DropGenerator(inputs, **given)
