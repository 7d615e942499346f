"""Which nodes, graphs and links are for learning views, and which for measuring.

Letters: N nodes or graphs, B blocks.
"""

from dataclasses import dataclass

import numpy as np
import torch

from goodviews.core.errors import InputError, unknown
from goodviews.data.graphs import Graphs
from goodviews.evaluation.links import LinkSplit, split_links
from goodviews.evaluation.node_splits import NodeSplit, labels_split, node_splits
from goodviews.graphs import Graph, blocks
from goodviews.training.view_learning import Aim

HELD_MOST = 1024
LEVELS = ("nodes", "graphs", "links")
LINK_SHARES = {"val": 0.1, "test": 0.1}
"""Links that the views must keep, and links that are reported: shares of all links."""
_TEST = 3
"""One labelled graph in three is tested."""


@dataclass(frozen=True, eq=False)
class GraphRoles:
    """Who does what in learning views of graphs.

    Attributes:
        level: ``nodes``, ``graphs`` or ``links``.
        data: The graph that is trained on, without the links set apart; or the graphs.
        learn: (N,) positions that are anchors of the game and of new encoders.
        held_out: (N,) other positions, for the estimates.
        aim: Labels or links that views must keep; ``None`` where there are none.
        split: Labelled items that fit and test the readout; ``None`` for links.
        labels: (N,) classes, -1 where there is none.
        links: The split of links; ``None`` for labels.
        blocks: (N,) block of each node; ``None`` for graphs.
        task: Name of the label, or ``links``; empty without either.
        summary: All of this in one sentence.
    """

    level: str
    data: Graph | Graphs
    learn: np.ndarray
    held_out: np.ndarray
    aim: Aim | None
    split: NodeSplit | None
    labels: np.ndarray
    links: LinkSplit | None
    blocks: np.ndarray | None
    task: str
    summary: str


def share_out_graphs(
    data: Graphs, *, mode: str, task: str | None, level: str | None, seed: int
) -> GraphRoles:
    """Divide nodes, graphs or links; the same data are always divided in the same way.

    A fifth of the nodes or graphs is held out for the estimates, at most 1,024. Of nodes, labels
    of the training part of the first given split (or of a tenth of the nodes) teach and fit, and
    its test part is reported. Of graphs, a third of the labelled ones is tested. Of links, a
    tenth must be kept by the views and another tenth is reported; neither carries messages.

    Args:
        data: The graphs.
        mode: Mode of the game; only ``unsupervised`` needs no labels or links.
        task: Name of the label; the first one when left out.
        level: What is predicted (default: what the labels belong to, or links).
        seed: Random seed of the split of links.

    Raises:
        InputError: The level does not fit the graphs, or labels are missing.
    """
    level = level or data.level
    if level not in LEVELS:
        raise unknown("level", level, LEVELS)
    if task is not None and task not in data.labels:
        raise unknown("task", task, data.labels)
    if level == "links":
        return _links(data, seed)
    if level != data.level:
        raise InputError(
            f"level is {level}, but the labels of {data.name} belong to {data.level}; leave level "
            "out, or choose level=links."
        )
    name = task or next(iter(data.labels))
    labels = data.labels[name].numpy()
    if level == "nodes":
        split = node_splits(data, labels_split(data), task=name, count=1)[0]
        graph: Graph | Graphs = data.graph
        count, own = data.graph.nodes, blocks(data.graph).numpy()
    else:
        graph, own, count = data, None, len(data)
        split = _graph_split(labels)
    learn, held = _held_out(count, taken=split.test if level == "graphs" else None)
    places = torch.from_numpy(split.train)
    aim = None if mode == "unsupervised" else Aim(places, torch.from_numpy(labels[split.train]))
    said = (
        f"Learning from {len(learn):,} {level}, measuring on {len(held):,} others; "
        f"{len(split.train):,} labels of {name} fit the readout and {len(split.test):,} test it."
    )
    if aim is not None:
        said += " The views must keep the former."
    return GraphRoles(level, graph, learn, held, aim, split, labels, None, own, name, said)


def _links(data: Graphs, seed: int) -> GraphRoles:
    split = split_links(data.graph, **LINK_SHARES, seed=seed)  # type: ignore[arg-type]
    learn, held = _held_out(data.graph.nodes, taken=None)
    pairs = torch.cat([split.val, split.val_negatives], dim=1)
    truth = torch.cat(
        [torch.ones(split.val.shape[1]), torch.zeros(split.val_negatives.shape[1])]
    ).long()
    said = (
        f"Learning from {len(learn):,} nodes and {split.train.shape[1]:,} links, measuring on "
        f"{len(held):,} other nodes; {split.val.shape[1]:,} links are set apart for the views to "
        f"keep, and {split.test.shape[1]:,} are tested."
    )
    return GraphRoles(
        "links", split.graph, learn, held, Aim(pairs, truth), None,
        np.full(data.graph.nodes, -1), split, blocks(split.graph).numpy(), "links", said,
    )  # fmt: skip


def _held_out(count: int, taken: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    order = np.random.default_rng(0).permutation(count)
    if taken is not None:  # graphs that are tested later are not learned from
        order = order[~np.isin(order, taken)]
    cut = min(len(order) // 5, HELD_MOST)
    if cut < 8:
        raise InputError(
            f"Learned views need at least 40 nodes or graphs to learn from, but got {len(order)}."
        )
    return np.sort(order[cut:]), np.sort(order[:cut])


def _graph_split(labels: np.ndarray) -> NodeSplit:
    rng, train, test = np.random.default_rng(0), [], []
    for one in np.unique(labels[labels >= 0]):
        own = rng.permutation(np.flatnonzero(labels == one))
        test.append(own[: len(own) // _TEST])
        train.append(own[len(own) // _TEST :])
    if len(train) < 2 or not sum(map(len, test)):
        raise InputError("Learned views of graphs need two classes with 3 graphs or more.")
    return NodeSplit(np.concatenate(train), np.zeros(0, int), np.concatenate(test))
