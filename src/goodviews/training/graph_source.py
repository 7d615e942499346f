"""Graphs to train on: all nodes of one graph, or many graphs batch by batch.

Letters: B anchors or graphs of a batch, N anchors or graphs, V nodes.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.data.graphs import Graphs, load_graphs
from goodviews.encoders.graphs import Anchored
from goodviews.graphs import Graph, batch_graphs, sampled_part, shared_nodes
from goodviews.training.learners import Batch
from goodviews.views.graphs import GraphViewPair
from goodviews.views.graphs.base import positions


class NodeSource:
    """The nodes of a graph; each step draws both views of the whole graph.

    An epoch is one step, whose anchors are drawn from all nodes if the batch is smaller. Nodes
    that a view drops are not anchors of that step.

    Args:
        graph: The graph, or a batch of graphs.
        pair: Views.
        index: (N,) positions of the nodes that can be anchors (default: all).
        labels: (V,) classes of all nodes, -1 without a label: only labelled nodes are anchors.
        neighbours: Most neighbours that send messages at each step away from the anchors, one
            number for each layer; a step then draws views of that part only (default: all).

    Raises:
        InputError: There are no labelled nodes, or the number of labels is wrong.
    """

    noun, shared = "nodes", True

    def __init__(
        self,
        graph: Graph,
        pair: GraphViewPair,
        *,
        index: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        neighbours: Sequence[int] = (),
    ) -> None:
        self.neighbours = tuple(neighbours)
        index = np.arange(graph.nodes) if index is None else np.asarray(index)
        index, self.classes = _labelled(index, labels, graph.nodes, self.noun)
        self.graph, self.pair, self.labels = graph, pair, labels
        self.index = torch.from_numpy(index)
        self.count, self.view = len(index), repr(pair)
        self.rank = torch.full((graph.nodes,), -1)
        self.rank[self.index] = torch.arange(self.count)

    @property
    def hash(self) -> str:
        """See :meth:`goodviews.training.sources.Source.hash`."""
        found = _hash([self.graph], self.index, self.labels)
        return f"{found} {self.neighbours}" if self.neighbours else found

    def steps(self, batch: int) -> int:  # noqa: ARG002 - one step draws views of all nodes
        """One step is an epoch."""
        return 1

    def some(self, seed: int) -> tuple[Anchored, Anchored]:  # noqa: ARG002 - no statistics needed
        """The graph as it is."""
        return Anchored(self.graph, self.index), Anchored(self.graph, self.index)

    def batch(
        self, places: np.ndarray, *, seed: int, epoch: int, step: int, device: torch.device
    ) -> Batch:
        """See :meth:`goodviews.training.sources.Source.batch`."""
        chosen = torch.from_numpy(places)
        graph, first = self.graph, self.index[chosen]
        if self.neighbours:
            graph, first = sampled_part(
                graph, first, neighbours=self.neighbours, seed=seed, epoch=epoch
            )
        second = first
        v1, v2 = self.pair(graph, seed=seed, epoch=epoch, whole=self.graph)
        if min(v1.nodes, v2.nodes) < graph.nodes:
            chosen, first, second = self._in_both(chosen, v1, v2)
        names = self.graph.node_names[self.index[chosen]]
        labels = None if self.labels is None else torch.from_numpy(self.labels)[self.index[chosen]]
        whole = graph.to(device)
        return Batch(
            Anchored(v1.to(device), first.to(device), whole),
            Anchored(v2.to(device), second.to(device), whole),
            chosen.to(device),
            Key.of(seed=seed, samples=names, epoch=epoch, view=3).words.to(device),
            step,
            None if labels is None else labels.to(device),
        )

    def _in_both(self, chosen: Tensor, v1: Graph, v2: Graph) -> tuple[Tensor, Tensor, Tensor]:
        """The chosen anchors that both views have, and their positions in them."""
        first, second = shared_nodes(v1, v2)
        rank = self.rank[positions(self.graph, v1.node_names[first])]
        kept = torch.isin(rank, chosen)  # -1, a node that cannot be an anchor, is never chosen
        if int(kept.sum()) < 2:
            raise InputError(
                f"Both views keep {int(kept.sum())} of {len(chosen):,} anchors; use weaker views, "
                "or raise batch."
            )
        return rank[kept], first[kept], second[kept]


class GraphSource:
    """Many graphs; each step draws both views of the graphs of a batch.

    Args:
        graphs: The graphs.
        pair: Views.
        index: (N,) indices of the graphs to train on (default: all).
        labels: (G,) classes of all graphs, -1 without a label: only labelled ones are used.

    Raises:
        InputError: There are no labelled graphs, or the number of labels is wrong.
    """

    noun, shared = "graphs", True

    def __init__(
        self,
        graphs: Graphs,
        pair: GraphViewPair,
        *,
        index: np.ndarray | None = None,
        labels: np.ndarray | None = None,
    ) -> None:
        index = np.arange(len(graphs)) if index is None else np.asarray(index)
        self.index, self.classes = _labelled(index, labels, len(graphs), self.noun)
        self.graphs, self.pair, self.labels = graphs, pair, labels
        self.count, self.view = len(self.index), repr(pair)

    @property
    def hash(self) -> str:
        """See :meth:`goodviews.training.sources.Source.hash`."""
        chosen = [self.graphs.graphs[place] for place in self.index.tolist()]
        return _hash(chosen, torch.from_numpy(self.index), self.labels)

    def steps(self, batch: int) -> int:
        """Every graph is in one batch at most."""
        return self.count // batch

    def some(self, seed: int) -> tuple[Anchored, Anchored]:  # noqa: ARG002 - no statistics needed
        """The first graph as it is."""
        first = Anchored(self.graphs.batch(self.index[:1].tolist()))
        return first, first

    def batch(
        self, places: np.ndarray, *, seed: int, epoch: int, step: int, device: torch.device
    ) -> Batch:
        """See :meth:`goodviews.training.sources.Source.batch`."""
        rows = self.index[places]
        whole = self.graphs.batch(rows.tolist())
        v1, v2 = self.pair(whole, seed=seed, epoch=epoch)
        words = Key.of(seed=seed, samples=whole.graph_numbers, epoch=epoch, view=3).words
        labels = None if self.labels is None else torch.from_numpy(self.labels[rows]).to(device)
        whole = whole.to(device)
        return Batch(
            Anchored(v1.to(device), whole=whole),
            Anchored(v2.to(device), whole=whole),
            torch.from_numpy(places).to(device),
            words.to(device),
            step,
            labels,
        )


def graph_source(
    data: Graph | Graphs | Sequence[Graph],
    pair: GraphViewPair,
    *,
    pooled: bool,
    index: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    neighbours: Sequence[int] = (),
) -> NodeSource | GraphSource:
    """The examples of graphs: graphs where the encoder pools, nodes where it does not.

    Args:
        data: A graph, or several.
        pair: Views.
        pooled: Whether the encoder represents graphs.
        index: (N,) positions of the nodes or graphs to train on (default: all).
        labels: Classes of all nodes or graphs, -1 without a label.
        neighbours: As in :class:`NodeSource`; only where nodes are the examples.

    Raises:
        InputError: The encoder pools, but there is only one graph; or labels do not fit.
    """
    graphs = data if isinstance(data, Graphs | Graph) else load_graphs(list(data))
    if pooled:
        if isinstance(graphs, Graph) or len(graphs) == 1:
            raise InputError(
                "The encoder pools nodes into one representation of a graph, but there is only "
                "one graph; use an encoder without pool, such as gcn(width=256)."
            )
        if neighbours:
            raise InputError(
                "neighbours (--neighbours) are sampled around nodes, but the encoder pools whole "
                "graphs; leave them out."
            )
        return GraphSource(graphs, pair, index=index, labels=labels)
    if isinstance(graphs, Graphs):
        whole = graphs.graphs[0] if len(graphs) == 1 else batch_graphs(graphs.graphs)
    else:
        whole = graphs
    return NodeSource(whole, pair, index=index, labels=labels, neighbours=neighbours)


def _labelled(
    index: np.ndarray, labels: np.ndarray | None, count: int, noun: str
) -> tuple[np.ndarray, int]:
    """The places with a label, if there are labels, and the number of classes."""
    if labels is None:
        return index, 0
    if len(labels) != count:
        raise InputError(f"There are {len(labels):,} labels for {count:,} {noun}.")
    index = index[labels[index] >= 0]
    if not len(index):
        raise InputError(f"None of the {noun} has a label to learn from.")
    return index, int(labels.max()) + 1


def _hash(graphs: Sequence[Graph], index: Tensor, labels: np.ndarray | None) -> str:
    digest = hashlib.sha256()
    for graph in graphs:
        for tensor in (graph.features, graph.edges, graph.weights, graph.names):
            if tensor is not None:
                digest.update(str(tuple(tensor.shape)).encode() + tensor.cpu().numpy().tobytes())
    digest.update(index.numpy().tobytes())
    if labels is not None:
        digest.update(np.ascontiguousarray(labels).astype("<i8").tobytes())
    return digest.hexdigest()[:16]
