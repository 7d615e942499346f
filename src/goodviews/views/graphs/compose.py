"""Chains and pairs of views of graphs, and parsing of their specs."""

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import replace as changed

from goodviews.core.errors import InputError
from goodviews.graphs import Graph
from goodviews.graphs.graph import check_is_graph
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.grammar import Call, expand, format_calls
from goodviews.spec.names import bind, spell
from goodviews.views.base import Params
from goodviews.views.compose import make_step
from goodviews.views.graphs.base import GraphKey, GraphView


class GraphChain:
    """Steps that are applied to a graph one after the other.

    Parameters are named ``<place>.<step>.<parameter>``, such as ``0.drop_edges.keep``.

    Args:
        steps: Views of graphs, in order.
        text: Spec as it was written; by default, made from the steps.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> chain = parse_graph_view("drop_edges(0.5)|drop_nodes(0.5)").first
        >>> graph = make_graph([[0, 1, 2], [1, 2, 3]], nodes=4)
        >>> params = chain.sample(graph, GraphKey(seed=0))
        >>> sorted(params), chain.apply(graph, params).nodes < 4
        (['0.drop_edges.keep', '1.drop_nodes.keep'], True)
    """

    def __init__(self, steps: Sequence[GraphView], *, text: str = "") -> None:
        self.steps = tuple(steps)
        self._text = text

    def sample(self, graph: Graph, key: GraphKey, whole: Graph | None = None) -> Params:
        """Draw the parameters of every step; see :meth:`GraphView.sample`."""
        check_is_graph(graph)
        whole = graph if whole is None else whole
        params: Params = {}
        for place, step in enumerate(self.steps):
            own = step.sample(graph, changed(key, place=place), whole)
            params |= {f"{place}.{step.name}.{name}": value for name, value in own.items()}
            if place < len(self.steps) - 1:
                graph = step.apply(graph, own)
        return params

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Apply every step; the same parameters give the same view."""
        check_is_graph(graph)
        for place, step in enumerate(self.steps):
            prefix = f"{place}.{step.name}."
            own = {
                name.removeprefix(prefix): value
                for name, value in params.items()
                if name.startswith(prefix)
            }
            graph = step.apply(graph, own)
        return graph

    def __repr__(self) -> str:
        """Return the spec."""
        return self._text or "|".join(map(repr, self.steps))


@dataclass(frozen=True)
class GraphViewPair:
    """Two views of a graph: one spec drawn twice, or two specs.

    Attributes:
        first: Chain that makes v1.
        second: Chain that makes v2.
        text: Spec as it was written.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> pair = parse_graph_view("drop_edges(0.2) // diffuse(alpha=0.2)")
        >>> v1, v2 = pair(make_graph([[0, 1], [1, 2]], nodes=3), seed=0, epoch=0)
        >>> v1.weights is None, v2.weights is None, pair
        (True, False, drop_edges(0.2) // diffuse(alpha=0.2))
    """

    first: GraphChain
    second: GraphChain
    text: str

    def __call__(
        self, graph: Graph, *, seed: int, epoch: int, whole: Graph | None = None
    ) -> tuple[Graph, Graph]:
        """Draw and apply both views.

        Args:
            graph: A graph, a part of one, or a batch.
            seed: Random seed of the run.
            epoch: Number of the epoch.
            whole: The whole graph, where ``graph`` is a part of it: rates by centrality and added
                edges depend on the whole graph.

        Returns:
            v1 and v2; :func:`goodviews.graphs.shared_nodes` matches their nodes.
        """
        check_is_graph(graph)
        views = []
        for which, chain in enumerate((self.first, self.second)):
            params = chain.sample(graph, GraphKey(seed, epoch, which), whole)
            views.append(chain.apply(graph, params))
        return views[0], views[1]

    def __repr__(self) -> str:
        """Return the spec."""
        return self.text


def parse_graph_view(text: str) -> GraphViewPair:
    """Make the two views of a graph that a spec describes.

    Args:
        text: One spec for both views, or two separated by ``//``. ``identity()`` is the graph as
            it is.

    Returns:
        The pair, whose ``repr`` is the spec.

    Raises:
        InputError: The spec cannot be parsed, names a view of images, or a value is not valid.

    Example:
        >>> parse_graph_view("drop_edges(.2) | mask_features(.3, by='entry')")
        drop_edges(0.2)|mask_features(0.3, by='entry')
        >>> parse_graph_view("grace(strength=.5)").first.steps
        (drop_edges(p=0.1, each_way=True), mask_features(p=0.15))
    """
    if expand(text):
        raise InputError(f"{text!r} is a family of views; choose one of its values here.")
    written, sides = spell(text)
    first, second = (
        GraphChain([_step(call) for call in calls if call.name != "identity"],
                   text=format_calls(calls))
        for calls in sides
    )  # fmt: skip
    return GraphViewPair(first, second, written)


def _step(call: Call) -> GraphView:
    bind(call)
    if VIEWS[call.name].takes != "graphs":
        raise InputError(
            f"{call} is a view of images, but a view of graphs is expected here, such as "
            "drop_edges(0.3)."
        )
    step = make_step(call)
    assert isinstance(step, GraphView)
    return step
