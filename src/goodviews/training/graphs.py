"""Pretraining on graphs, with the loop of images.

Letters: N nodes or graphs.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.graphs import Graphs
from goodviews.encoders import PairEncoder
from goodviews.encoders.graphs.backbones import is_pooled
from goodviews.graphs import Graph
from goodviews.spec.grammar import parse_spec
from goodviews.training.diagnostics.monitor import History
from goodviews.training.graph_source import graph_source
from goodviews.training.learners import Learner
from goodviews.training.loop import FEWEST, Look, TrainResult, train_source
from goodviews.training.settings import Settings
from goodviews.views.graphs import GraphViewPair, parse_graph_view

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class _Given:
    """A function that loads weights, as a :class:`goodviews.training.state.Start`."""

    name = "given weights"

    def __init__(self, load: Callable[[Any], None]) -> None:
        self.load = load
        self.name = getattr(load, "name", self.name)
        self.identity = getattr(load, "identity", self.name)

    def __call__(self, encoders: PairEncoder) -> None:
        self.load(encoders)


def train_graphs(
    data: Graph | Graphs | Sequence[Graph],
    *,
    settings: Settings,
    seed: int,
    pair: GraphViewPair | None = None,
    index: np.ndarray | None = None,
    labels: Any = None,
    neighbours: Sequence[int] = (),
    start: Any = None,
    folder: Path | None = None,
    save_every: int = 0,
    look: Look | None = None,
    watch: Callable[[Learner, History], None] | None = None,
    tick: Callable[[], None] | None = None,
    fabric: "Fabric | None" = None,
) -> TrainResult:
    """Pretrain an encoder of graphs.

    Of one graph, the examples are its nodes: a step encodes the whole graph, an epoch is one
    step, and ``batch`` is the number of nodes that are anchors in it. Where the encoder pools,
    the examples are the graphs.

    Args:
        data: A graph, or several.
        settings: Settings of the method, such as ``goodviews.methods.method("grace")``.
        seed: Random seed of the run.
        pair: Views (default: those of the settings).
        index: (N,) positions of the nodes or graphs that are examples (default: all).
        labels: (N,) class numbers, -1 where there is no label, for methods that learn from them.
        neighbours: Most neighbours that send messages at each step away from the anchors, one
            number for each layer, such as ``(10, 10)``: a step then encodes a part of the graph,
            so that large graphs fit (default: all neighbours).
        start: Function that loads weights into new encoders.
        folder: Folder for checkpoints; a run stored there is resumed.
        save_every: Steps between checkpoints (default: a tenth of the run).
        look: Measures a bound and its error of the encoders, twice on the way.
        watch: Called after every step with the learner and the history.
        tick: Called after each epoch.
        fabric: Devices and processes, if they are already set up.

    Returns:
        Encoders in evaluation mode, and the history. ``result.encoders.represent(graph)`` is
        (N, F).

    Raises:
        InputError: The settings, the views and the graphs do not fit each other.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> import torch
        >>> ends = torch.arange(20)
        >>> ring = make_graph(torch.stack([ends, ends.roll(1)]), torch.eye(20))
        >>> settings = Settings(
        ...     encoder="gcn(width=8)", views="drop_edges(0.2)", objective="ntxent()", epochs=3,
        ... )
        >>> made = train_graphs(ring, settings=settings, seed=0)
        >>> made.history.steps, made.encoders.represent(ring).shape
        (3, torch.Size([20, 8]))
    """
    if pair is None:
        if not settings.views:
            raise InputError(f"{settings.name} has no views of its own; name some with --views.")
        pair = parse_graph_view(settings.views)
    if settings.jigsaw or settings.memory:
        name = parse_spec(settings.jigsaw or settings.memory)[0].name
        raise InputError(f"{name} is for images, but these are graphs; leave it empty.")
    source = graph_source(
        data,
        pair,
        pooled=is_pooled(settings.encoder),
        index=index,
        labels=None if labels is None else np.asarray(labels, dtype=np.int64),
        neighbours=neighbours,
    )
    if source.count < FEWEST:
        raise InputError(
            f"Pretraining needs at least {FEWEST} {source.noun}, but got {source.count}."
        )
    per_epoch = source.steps(min(settings.batch, source.count))
    return train_source(
        source,
        settings=settings,
        seed=seed,
        start=None if start is None else _Given(start),
        folder=folder,
        save_every=save_every or max(settings.epochs // 10, 1) * per_epoch,
        look=look,
        watch=watch,
        tick=tick,
        fabric=fabric,
    )
