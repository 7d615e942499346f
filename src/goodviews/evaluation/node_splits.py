"""Splits of labelled nodes: given masks, and the random splits of papers.

Letters: N nodes, R given splits, C classes.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

from goodviews.core.errors import InputError, check_whole, unknown
from goodviews.data.graphs import Graphs

SPLITS = ("public", "masks", "10/90", "10/10/80")
"""``public`` is the first given split, ``masks`` are all given ones; the others are drawn."""
_FEWEST = 2


@dataclass(frozen=True, eq=False)
class NodeSplit:
    """Nodes for training, for the choice of settings, and for the test.

    Attributes:
        train: (n,) positions of the nodes that a readout is fitted on.
        val: (v,) positions that choose its penalty; empty where folds of ``train`` do.
        test: (m,) positions of the reported nodes.

    Example:
        >>> split = NodeSplit(np.arange(2), np.arange(0), np.arange(2, 9))
        >>> len(split.train), len(split.test), len(split.hash)
        (2, 7, 16)
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray

    def __post_init__(self) -> None:
        every = np.concatenate([self.train, self.val, self.test])
        assert len(np.unique(every)) == len(every), "parts of a split overlap"

    @property
    def hash(self) -> str:
        """Hash of the three parts."""
        digest = hashlib.sha256()
        for part in (self.train, self.val, self.test):
            digest.update(np.sort(part).astype("<i8").tobytes() + b"|")
        return digest.hexdigest()[:16]


def default_split(graphs: Graphs) -> str:
    """The default split of labelled nodes: the given masks, or else 10/10/80."""
    return "masks" if graphs.masks else "10/10/80"


def labels_split(graphs: Graphs) -> str:
    """The split from whose first training part methods with labels learn."""
    return "public" if graphs.masks else "10/10/80"


def node_splits(
    graphs: Graphs, kind: str, *, task: str | None = None, count: int = 20, seed: int = 0
) -> list[NodeSplit]:
    """Splits of the labelled nodes of a graph.

    ``10/90`` trains on a tenth of the nodes, drawn at random and not by class, and tests on the
    others, as the code of GRACE; settings are chosen on folds of the tenth. ``10/10/80`` has
    another tenth that chooses, as BGRL.

    Args:
        graphs: A graph with labels of nodes.
        kind: One of :data:`SPLITS`.
        task: Name of the labels (default: the first).
        count: Number of random splits; given masks are used as they are.
        seed: Random seed of the splits.

    Returns:
        The splits; nodes without a label are in none of their parts.

    Raises:
        InputError: There are no labels of nodes, no masks where split is masks, or fewer than
            two classes have two nodes.

    Example:
        >>> import torch
        >>> from goodviews.data.graphs import Graphs
        >>> from goodviews.graphs import make_graph
        >>> ends = torch.arange(40)
        >>> ring = make_graph(torch.stack([ends, ends.roll(1)]), nodes=40)
        >>> data = Graphs("ring", (ring,), labels={"label": ends % 2}, level="nodes")
        >>> [len(part) for part in vars(node_splits(data, "10/10/80", count=1)[0]).values()]
        [4, 4, 32]
    """
    if kind not in SPLITS:
        raise unknown("split", kind, SPLITS)
    check_whole("count", count, 1, 10_000)
    labels = node_labels(graphs, task)
    known = np.flatnonzero(labels >= 0)
    if kind in ("public", "masks"):
        return _given(graphs, kind, labels)
    _, sizes = np.unique(labels[known], return_counts=True)
    if (sizes >= _FEWEST).sum() < 2:
        raise InputError(
            f"Split {kind} needs at least two classes with {_FEWEST} nodes or more, but "
            f"{graphs.name} has {len(sizes)} classes, and "
            f"{(sizes >= _FEWEST).sum()} of them are as large."
        )
    tenth = max(len(known) // 10, 2)
    found = []
    for number in range(count):
        draw = np.random.default_rng((seed, number))
        for _ in range(1000):
            order = draw.permutation(known)
            if len(np.unique(labels[order[:tenth]])) > 1:
                break
        ends = (tenth, 2 * tenth if kind == "10/10/80" else tenth)
        found.append(NodeSplit(*np.split(order, ends)))
    return found


def node_labels(graphs: Graphs, task: str | None) -> np.ndarray:
    """Class numbers of the nodes, (N,), -1 where there is no label.

    Raises:
        InputError: There are no labels of nodes, or none of this name.
    """
    if graphs.level != "nodes" or not graphs.labels:
        what = f"labels of {graphs.level}" if graphs.labels else "no labels"
        raise InputError(
            f"Labels of nodes are expected, but {graphs.name} has {what}; choose another level."
        )
    if task is not None and task not in graphs.labels:
        raise unknown("task", task, graphs.labels)
    column: np.ndarray = graphs.labels[task or next(iter(graphs.labels))].numpy()
    return column


def _given(graphs: Graphs, kind: str, labels: np.ndarray) -> list[NodeSplit]:
    if not {"train", "test"} <= graphs.masks.keys():
        raise InputError(
            f"{graphs.name} has no given split; choose --split 10/90 or --split 10/10/80."
        )
    rows = graphs.masks["train"].shape[0]
    found = []
    for row in range(1 if kind == "public" else rows):
        parts = []
        for part in ("train", "val", "test"):
            mask = graphs.masks.get(part)
            chosen = np.zeros(0, int) if mask is None else np.flatnonzero(mask[row].numpy())
            parts.append(chosen[labels[chosen] >= 0])
        if len(np.unique(labels[parts[0]])) < 2 or not len(parts[2]):
            raise InputError(
                f"Given split {row} of {graphs.name} has {len(parts[0])} training and "
                f"{len(parts[2])} test nodes with a label; it needs two classes and a test node."
            )
        found.append(NodeSplit(*parts))
    return found
