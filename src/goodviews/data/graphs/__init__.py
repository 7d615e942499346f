"""Graphs from files and objects: known names, raw folders, tables, other libraries' graphs."""

from goodviews.data.graphs.doctor import examine_graphs
from goodviews.data.graphs.graph_set import Graphs
from goodviews.data.graphs.loading import is_graph_data, load_graphs

__all__ = ["Graphs", "examine_graphs", "is_graph_data", "load_graphs"]
