"""Views of graphs, keyed by the numbers of nodes in the dataset and named by a spec."""

from goodviews.views.graphs.base import GraphKey, GraphView
from goodviews.views.graphs.compose import GraphChain, GraphViewPair, parse_graph_view

__all__ = ["GraphChain", "GraphKey", "GraphView", "GraphViewPair", "parse_graph_view"]
