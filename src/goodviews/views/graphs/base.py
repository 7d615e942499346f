"""The base class of views of graphs, and their random keys.

Letters: N nodes, E edges, G graphs of a batch.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.graphs import Graph
from goodviews.views.base import Params, Step
from goodviews.views.strength import check_strength


@dataclass(frozen=True)
class GraphKey:
    """Source of randomness for a view of a graph.

    Numbers are keyed by the numbers of nodes and graphs in the dataset, so that a node, an edge or
    a graph has the same ones in the whole graph, in a part of it and in any batch.

    Attributes:
        seed: Number of the run.
        epoch: Number of the pass over the data.
        view: 0 for v1, 1 for v2.
        place: Place of the step in its chain.

    Example:
        >>> from goodviews.graphs import make_graph, part_of
        >>> import torch
        >>> whole, key = make_graph([[0, 1], [1, 2]], nodes=3), GraphKey(seed=0)
        >>> part = part_of(whole, torch.tensor([1, 2]))
        >>> bool((key.nodes(part).words == key.nodes(whole).words[1:]).all())
        True
    """

    seed: int
    epoch: int = 0
    view: int = 0
    place: int = 0

    def nodes(self, graph: Graph) -> Key:
        """One word for each node."""
        return self._of(graph.node_names, 0)

    def pairs(self, graph: Graph, edges: Tensor) -> Key:
        """One word for each pair of nodes (2, E), the same in both directions."""
        ends = graph.node_names[edges]
        return self._of(ends.amax(0) ** 2 + ends.amin(0), 1)

    def arrows(self, graph: Graph, edges: Tensor) -> Key:
        """One word for each ordered pair of nodes (2, E)."""
        first, second = graph.node_names[edges]
        up = first < second
        code = up * (second**2 + first) + ~up * (first**2 + first + second)
        return self._of(code, 2)

    def graphs(self, graph: Graph) -> Key:
        """One word for each graph of a batch."""
        return self._of(graph.graph_numbers, 3)

    def _of(self, samples: Tensor, kind: int) -> Key:
        key = Key.of(seed=self.seed, samples=samples, epoch=self.epoch, view=self.view)
        return key.fold(4 * self.place + kind)


class GraphView(Step):
    """Abstract base of one step of a view of graphs.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> from goodviews.views.graphs import parse_graph_view
        >>> [step] = parse_graph_view("drop_edges(1.0)").first.steps
        >>> graph = make_graph([[0], [1]], nodes=2)
        >>> step.apply(graph, step.sample(graph, GraphKey(seed=0), graph))
        <Graph: 2 nodes, 0 edges, 0 features>
    """

    takes: ClassVar[str] = "graphs"
    methods: ClassVar[tuple[tuple[str, str], ...]] = (
        ("sample", "graph, key, whole"),
        ("apply", "graph, params"),
    )

    @abstractmethod
    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:
        """Draw parameters.

        Args:
            graph: The graph, a part of it or a batch, perhaps after other steps.
            key: Random key.
            whole: The graph before all steps, or the whole graph of a part: centralities and the
                pairs that could become edges are those of this graph.

        Returns:
            Tensors with one value per node, edge or graph; empty if nothing is random.
        """

    @abstractmethod
    def apply(self, graph: Graph, params: Params) -> Graph:
        """Make the view. The same parameters give the same view."""


def scaled(name: str, p: float, strength: float) -> float:
    """A rate times a strength.

    Raises:
        InputError: The strength is not valid, or the rate becomes larger than 1.
    """
    rate = p * check_strength(name, strength)
    if rate > 1:
        raise InputError(
            f"{name} has p={p}, so its strength can be at most {1 / p:.4g}, but got {strength}."
        )
    return rate


def positions(whole: Graph, names: Tensor) -> Tensor:
    """Position in a whole graph of nodes given by their numbers in the dataset.

    Args:
        whole: The graph.
        names: (n,) numbers of nodes.

    Returns:
        (n,) positions.

    Raises:
        InputError: A node is not in the whole graph.
    """
    if whole not in _ORDERS:
        order = whole.node_names.argsort()
        _ORDERS[whole] = order, whole.node_names[order]
    order, known = _ORDERS[whole]
    place = order[torch.searchsorted(known, names).clamp(max=max(len(known) - 1, 0))]
    if bool((whole.node_names[place] != names).any()):
        raise InputError("The graph has nodes that are not in the whole graph.")
    return place


_ORDERS: WeakKeyDictionary[Graph, tuple[Tensor, Tensor]] = WeakKeyDictionary()
"""Order of the nodes by their numbers, and these, kept while the graph exists."""
