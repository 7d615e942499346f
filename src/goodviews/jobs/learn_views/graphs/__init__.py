"""Learn at which rates views of a graph drop edges and features."""

from goodviews.jobs.learn_views.graphs.judge import GraphJudges, fixed_drops, graph_judging
from goodviews.jobs.learn_views.graphs.record import rates_of
from goodviews.jobs.learn_views.graphs.roles import GraphRoles, share_out_graphs

__all__ = [
    "GraphJudges",
    "GraphRoles",
    "fixed_drops",
    "graph_judging",
    "rates_of",
    "share_out_graphs",
]
