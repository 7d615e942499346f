"""Small graphs whose communities are known, for tests of studies."""

import numpy as np
import torch

from goodviews.data.graphs import Graphs, load_graphs
from goodviews.data.graphs.graph_set import make_graphs
from goodviews.graphs import make_graph


def planted(nodes: int = 120, *, seed: int = 0, given: bool = True) -> Graphs:
    """Two communities, visible in the edges and, less surely, in the features."""
    rng = np.random.default_rng(seed)
    label = rng.permutation(np.arange(nodes) % 2)
    alike = label[:, None] == label
    joined = np.triu(rng.random((nodes, nodes)) < np.where(alike, 12 / nodes, 2 / nodes), 1)
    right = np.where(rng.random(nodes) < 0.7, label, 1 - label)
    own = np.eye(2)[right] * 2 + rng.standard_normal((nodes, 2)) * 0.3
    features = np.concatenate([own, rng.random((nodes, 6))], axis=1).astype(np.float32)
    graph = make_graph(np.stack(np.nonzero(joined)), torch.from_numpy(features))
    part = rng.permutation(nodes)
    masks = {}
    if given:
        cuts = np.split(part, [nodes // 5, nodes // 2])
        for name, rows in zip(("train", "val", "test"), cuts, strict=True):
            mask = np.zeros(nodes, bool)
            mask[rows] = True
            masks[name] = torch.from_numpy(mask)
    return make_graphs("planted", [graph], labels={"group": torch.from_numpy(label)}, masks=masks)


def rings_and_stars(count: int = 60) -> Graphs:
    """Graphs of two kinds."""
    graphs = []
    for number in range(count):
        size = 6 + number % 4
        ends = torch.arange(size)
        ring = torch.stack([ends, ends.roll(1)])
        star = torch.stack([torch.zeros(size - 1, dtype=torch.int64), ends[1:]])
        graphs.append(make_graph(star if number % 2 else ring, torch.ones(size, 1)))
    return load_graphs(
        make_graphs("shapes", graphs, labels={"kind": torch.arange(count) % 2}, level="graphs")
    )
