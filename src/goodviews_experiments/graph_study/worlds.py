"""Planted graphs whose classes are in the edges only, or in the features only.

Letters: N nodes.
"""

import torch

from goodviews.data.graphs import Graphs
from goodviews.graphs import make_graph
from goodviews.worlds import Blocks

KINDS = ("edges", "features")
_NOISE = 14
"""Number of features that do not depend on the class."""


def planted(kind: str, number: int, nodes: int) -> Graphs:
    """A graph of two communities, which are the classes.

    With ``edges``, nodes of one community are joined six times as often, and no feature depends on
    it. With ``features``, pairs of nodes are joined alike, and one feature is the community with
    probability 0.9.

    Args:
        kind: One of :data:`KINDS`.
        number: Random seed of the world.
        nodes: Number of nodes N.
    """
    degree = 12 / nodes
    inside, across = (12 / 7 * degree, 2 / 7 * degree) if kind == "edges" else (degree, degree)
    fidelity = 0.5 if kind == "edges" else 0.9
    world = Blocks(nodes=nodes, degrees=1, within=inside, between=across, fidelity=fidelity)
    drawn = world.sample(torch.arange(1), seed=number)
    rng = torch.Generator().manual_seed(number)
    noise = torch.rand(nodes, _NOISE, generator=rng)
    source, target = drawn.edge_index
    once = source < target
    features = torch.cat([drawn.features, noise], dim=1)
    graph = make_graph(torch.stack([source[once], target[once]]), features)
    return Graphs(
        f"{kind}-{number}",
        (graph,),
        labels={"community": drawn.community},
        classes={"community": ("first", "second")},
        level="nodes",
        hash=f"planted {kind} {number} {nodes}",
        source=f"Planted: two communities, in the {kind} only.",
    )
