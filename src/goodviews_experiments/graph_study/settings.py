"""Settings of the study of graphs: which graphs, which views, how many runs."""

from dataclasses import dataclass

from goodviews.jobs.study import DEFAULT_VIEWS

PLANTED_VIEWS = (
    "drop_edges(0.2)|mask_features(0.2)",
    "drop_edges(0.95)|mask_features(0.2)",
    "drop_edges(0.2)|mask_features(0.95)",
    "drop_edges(0.95)|mask_features(0.95)",
)
"""Weak views, edges gone, features gone, both gone."""


@dataclass(frozen=True)
class GraphStudy:
    """Settings of the run.

    Attributes:
        graphs: Known name and number of seeds of each graph.
        views: Views of the known graphs.
        split: Split of their nodes, where it is not the default.
        worlds: Numbers of the planted graphs of each kind.
        world_seeds: Runs of each view of a planted graph.
        nodes: Nodes of a planted graph.
        epochs: Steps of each run.
        label_draws: Drawn splits of the graphs without given ones.
        encoder: Backbone; empty for that of a study.
    """

    graphs: tuple[tuple[str, int], ...] = (
        ("cora", 10),
        ("citeseer", 5),
        ("photo", 3),
        ("actor", 3),
        ("chameleon", 3),
    )
    views: tuple[str, ...] = DEFAULT_VIEWS
    worlds: tuple[int, ...] = tuple(range(10))
    world_seeds: int = 3
    nodes: int = 400
    epochs: int = 120
    label_draws: int = 5
    encoder: str = ""


_SHORT = GraphStudy(
    graphs=(("texas", 1),),
    views=DEFAULT_VIEWS[::8],
    worlds=(0,),
    world_seeds=1,
    nodes=60,
    epochs=3,
    label_draws=2,
    encoder="gcn(width=8)",
)

SCALE = {"test": _SHORT, "cpu": GraphStudy(), "gpu": GraphStudy(worlds=tuple(range(50)))}
