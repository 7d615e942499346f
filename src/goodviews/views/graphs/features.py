"""Views that mask features of nodes.

Letters: N nodes, F features, G graphs of a batch.
"""

from dataclasses import replace

from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.graphs import Graph
from goodviews.views.base import Params, check_probability, register
from goodviews.views.graphs.base import GraphKey, GraphView, scaled
from goodviews.views.graphs.rates import check_by, column_rates

FILLS = ("zero", "noise")


@register(
    "mask_features",
    "features masked with probability p: whole columns, single entries or all of a node",
    strength="the probability p",
    source="GRACE (columns), GCA (by centrality), GraphCL (nodes)",
)
class MaskFeatures(GraphView):
    """Features replaced by 0 or noise.

    ``by`` is ``column`` (one draw for each feature of a graph), ``entry``, ``node``, or a
    centrality, ``degree``, ``pagerank`` or ``eigenvector``: columns at the rates of GCA, lower
    where central nodes have the feature. ``fill`` is ``zero``, or ``noise``, normal with mean and
    standard deviation 0.5 as in GraphCL's code.
    """

    p: float = 0.3
    by: str = "column"
    fill: str = "zero"

    def __post_init__(self) -> None:
        check_probability("mask_features", self.p)
        check_by("mask_features", self.by, ("column", "entry", "node"))
        if self.fill not in FILLS:
            raise unknown("value of fill in mask_features", self.fill, FILLS)

    def sample(self, graph: Graph, key: GraphKey, whole: Graph) -> Params:
        """Draw ``keep``, (N, F), (N, 1) or (G, F) boolean, and ``noise``, (N, F), if needed."""
        graph.need_features("mask_features")
        width = graph.features.shape[1]
        if self.by in ("entry", "node"):
            uniform = key.nodes(graph).uniform(width if self.by == "entry" else 1)
            keep = uniform >= self.p
        else:
            rate: Tensor | float = self.p
            if self.by != "column":
                rate = column_rates(graph, whole, self.by, self.p)
            keep = key.graphs(graph).uniform(width) >= rate
        if self.fill == "zero":
            return {"keep": keep}
        return {"keep": keep, "noise": 0.5 + 0.5 * key.nodes(graph).fold(1).normal(width)}

    def apply(self, graph: Graph, params: Params) -> Graph:
        """Replace the features that are not kept."""
        keep = params["keep"]
        if self.by not in ("entry", "node"):
            keep = keep[graph.graph_of]
        if len(keep) != graph.nodes:
            raise InputError("These parameters were drawn for another graph.")
        fill = params["noise"] if "noise" in params else graph.features.new_zeros(())
        return replace(graph, features=graph.features.where(keep, fill))

    def at(self, strength: float) -> "MaskFeatures":
        """Scale the probability."""
        return replace(self, p=scaled("mask_features", self.p, strength))
