"""Graphs as plain tensors: the type, its parts and batches, and other libraries' graphs."""

from goodviews.graphs.blocks import blocks
from goodviews.graphs.centrality import CENTRALITIES, adjacency, centrality
from goodviews.graphs.communities import communities
from goodviews.graphs.convert import from_networkx, from_pyg, to_networkx, to_pyg
from goodviews.graphs.graph import Graph
from goodviews.graphs.making import make_graph
from goodviews.graphs.non_links import draw_non_links
from goodviews.graphs.parts import batch_graphs, part_of, shared_nodes
from goodviews.graphs.sampling import sampled_part

__all__ = [
    "CENTRALITIES",
    "Graph",
    "adjacency",
    "batch_graphs",
    "blocks",
    "centrality",
    "communities",
    "draw_non_links",
    "from_networkx",
    "from_pyg",
    "make_graph",
    "part_of",
    "sampled_part",
    "shared_nodes",
    "to_networkx",
    "to_pyg",
]
