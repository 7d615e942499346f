"""A dataset of graphs: one graph whose nodes are labelled, or many graphs with a label each.

Letters: N nodes of all graphs, G graphs, R given splits.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.graphs import Graph, batch_graphs


@dataclass(frozen=True, eq=False, repr=False)
class Graphs:
    """Graphs with their labels and given splits.

    Attributes:
        name: Name in records.
        graphs: The graphs; their nodes and numbers count through the dataset.
        labels: Task to class numbers, -1 where there is no label: (N,) int64 where ``level`` is
            ``nodes``, (G,) where it is ``graphs``.
        classes: Task to the names of its classes.
        level: What the labels belong to: ``nodes``, ``graphs``, or ``links`` without labels.
        masks: Given splits of the labelled items: ``train``, ``val`` and ``test``, (R, N) boolean.
        hash: Hash of the content.
        source: One sentence about where the data come from.
        notes: What was changed or not used when reading.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> graph = make_graph([[0, 1], [1, 2]], nodes=3)
        >>> Graphs("path", (graph,), labels={"label": torch.tensor([0, 1, 0])}, level="nodes")
        <Graphs 'path': 1 graph, 3 nodes, 2 edges, 0 features, labels of nodes>
    """

    name: str
    graphs: tuple[Graph, ...]
    labels: Mapping[str, Tensor] = field(default_factory=dict)
    classes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    level: str = "links"
    masks: Mapping[str, Tensor] = field(default_factory=dict)
    hash: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.graphs:
            raise InputError(f"{self.name} holds no graphs.")
        sizes = {"nodes": self.nodes, "graphs": len(self.graphs)}
        for task, column in self.labels.items():
            if len(column) != sizes.get(self.level, -1):
                other = next((kind for kind, size in sizes.items() if size == len(column)), None)
                hint = (
                    f"; they have the length of {other}, so pass level={other!r}" if other else ""
                )
                raise InputError(
                    f"Task {task!r} of {self.name} has {len(column):,} labels for "
                    f"{sizes.get(self.level, 0):,} {self.level}{hint}."
                )
        for part, mask in self.masks.items():
            if mask.ndim != 2 or mask.shape[1] != sizes.get(self.level, -1):
                raise InputError(
                    f"The {part} masks of {self.name} must be (R, {sizes.get(self.level, 0):,}), "
                    f"but are {tuple(mask.shape)}."
                )

    @property
    def nodes(self) -> int:
        """Number of nodes N of all graphs."""
        return sum(graph.nodes for graph in self.graphs)

    @property
    def graph(self) -> Graph:
        """The only graph.

        Raises:
            InputError: There are several.
        """
        if len(self.graphs) > 1:
            raise InputError(
                f"{self.name} holds {len(self.graphs):,} graphs, but one graph is expected here."
            )
        return self.graphs[0]

    def batch(self, places: Sequence[int] | Tensor) -> Graph:
        """Some of the graphs as one batch, which keeps their numbers in the dataset."""
        chosen = torch.as_tensor(places).tolist()
        return batch_graphs([self.graphs[place] for place in chosen])

    def __len__(self) -> int:
        return len(self.graphs)

    def __repr__(self) -> str:
        """Return a line with the sizes."""
        count = len(self.graphs)
        edges = sum(graph.edges.shape[1] for graph in self.graphs)
        what = f"labels of {self.level}" if self.labels else "no labels"
        return (
            f"<Graphs {self.name!r}: {count:,} graph{'' if count == 1 else 's'}, {self.nodes:,} "
            f"nodes, {edges:,} edges, {self.graphs[0].features.shape[1]:,} features, {what}>"
        )


def make_graphs(
    name: str,
    graphs: Sequence[Graph],
    *,
    labels: Mapping[str, Any] | None = None,
    classes: Mapping[str, Sequence[str]] | None = None,
    level: str | None = None,
    masks: Mapping[str, Any] | None = None,
    source: str = "",
    notes: Sequence[str] = (),
) -> Graphs:
    """Make a dataset of graphs: number nodes and graphs, and hash the content.

    Args:
        name: Name in records.
        graphs: The graphs.
        labels: Task to labels: whole numbers (negative: no label) or texts.
        classes: Task to class names, where labels are numbers of them.
        level: ``nodes`` or ``graphs``; by default ``nodes`` for one graph.
        masks: ``train``, ``val`` and ``test`` to (N,) or (R, N) booleans.
        source: One sentence about where the data come from.
        notes: What was changed or not used.

    Raises:
        InputError: Labels or masks do not fit, or there is no edge at all.
    """
    named, node, digest = [], 0, hashlib.sha256()
    for number, graph in enumerate(graphs):
        named.append(
            Graph(
                graph.features,
                graph.edges,
                graph.directed,
                graph.weights,
                torch.arange(node, node + graph.nodes),
                graph.member,
                torch.tensor([number]),
            )
        )
        node += graph.nodes
        for tensor in (graph.features, graph.edges, graph.weights):
            if tensor is not None:
                digest.update(str(tuple(tensor.shape)).encode() + tensor.numpy().tobytes())
    if not sum(graph.edges.shape[1] for graph in graphs):
        raise InputError(f"{name} has no edges: all of its {node:,} nodes are isolated.")
    found, texts = {}, {}
    for task, column in (labels or {}).items():
        found[task], texts[task] = _classes(task, column, (classes or {}).get(task))
        digest.update(task.encode() + found[task].numpy().tobytes())
    if level is None:
        level = "links" if not found else "nodes" if len(graphs) == 1 else "graphs"
    rows = {
        part: torch.atleast_2d(torch.as_tensor(mask).bool())
        for part, mask in (masks or {}).items()
    }
    own = [note for graph in graphs for note in graph.notes] if len(graphs) == 1 else []
    return Graphs(
        name,
        tuple(named),
        found,
        texts,
        level,
        rows,
        digest.hexdigest()[:16],
        source,
        (*notes, *own),
    )


def _classes(
    task: str, column: Any, names: Sequence[str] | None
) -> tuple[Tensor, tuple[str, ...]]:
    """Class numbers from 0 on, and the names of the classes."""
    values = column.numpy() if isinstance(column, Tensor) else np.asarray(column)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise InputError(
            f"Task {task!r} must have one class per item, but its labels are {values.shape}."
        )
    if values.dtype.kind == "f" and (values == np.floor(values)).all():
        values = values.astype(np.int64)
    if values.dtype.kind == "b":
        values = values.astype(np.int64)
    if values.dtype.kind == "f":
        raise InputError(
            f"Task {task!r} must have classes, but its labels are numbers such as "
            f"{values[values != np.floor(values)][0]:g}."
        )
    known = values >= 0 if values.dtype.kind in "iu" else np.array([v != "" for v in values])
    if names is not None:
        if known.any() and int(values[known].max()) >= len(names):
            raise InputError(
                f"Task {task!r} has class {int(values[known].max())}, but {len(names)} classes "
                "are named."
            )
        return torch.as_tensor(np.where(known, values, -1)).long(), tuple(names)
    kinds, place = np.unique(values[known], return_inverse=True)
    numbers = np.full(len(values), -1)
    numbers[known] = place
    return torch.as_tensor(numbers).long(), tuple(str(kind) for kind in kinds)
