"""How many nats two views of a graph share: pretrain, fit the temperature, score held-out pairs.

Of one graph, a pair is what both views show of a node. Nodes of one graph are not independent, and
their views share the edges that were drawn, so the value is an estimate about this graph and no
bound, and its standard error is taken over blocks of nodes. Of many graphs, a pair is a graph, and
the value is a lower bound as for images.

Letters: N nodes or graphs, B of them, D embedding, K candidates.
"""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.graphs import Graphs
from goodviews.encoders import GraphEncoders
from goodviews.encoders.graphs import Anchored
from goodviews.evaluation import fit_temperature, held_out_bound
from goodviews.graphs import Graph, batch_graphs, shared_nodes
from goodviews.information import Estimate
from goodviews.measurement.shared import Draws, SharedNats
from goodviews.training import Settings, train_graphs
from goodviews.views.graphs import GraphViewPair, parse_graph_view
from goodviews.views.graphs.base import positions

_FITTED = 1024
"""Pretraining pairs on which the temperature is fitted."""


def shared_graph_nats(
    view: str | GraphViewPair,
    data: Graph | Graphs,
    *,
    settings: Settings,
    seed: int,
    pretrain_on: np.ndarray,
    held_out: np.ndarray,
    candidates: int | None = None,
    blocks: np.ndarray | None = None,
    draws: Draws | None = None,
    tick: Callable[[], None] | None = None,
) -> SharedNats:
    """Estimate how many nats two views of a node or a graph share, I(v1; v2).

    Source: van den Oord et al., 2018, arXiv:1807.03748; Tian et al., 2020, arXiv:2005.10243.

    Args:
        view: Spec of the views, or the pair.
        data: A graph, whose nodes are the examples; or graphs, where the encoder pools.
        settings: How the encoder is pretrained.
        seed: Number of the run.
        pretrain_on: (N,) positions that are anchors and negatives in training.
        held_out: (N,) other positions, on which the value is measured. Held-out nodes stay in the
            graph and carry messages, but are neither anchors nor negatives of a step.
        candidates: K; all held-out items by default, at most 4,096.
        blocks: Block of each node, by its position, over which the standard error is taken.
        draws: Which draws of the views are used.
        tick: Called after each epoch.

    Returns:
        The estimate, never above log K, and the encoders. Its side is ``none`` for one graph.
        Nodes that a view drops are left out of a draw.

    Raises:
        InputError: The views and the graph do not fit each other, or too few held-out nodes are
            in both views.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(40)), [*range(1, 40), 0]], torch.eye(40))
        >>> settings = Settings(encoder="gcn(width=8)", objective="ntxent()", epochs=2, batch=16)
        >>> found = shared_graph_nats(
        ...     "drop_edges(0.2)", ring, settings=settings, seed=0,
        ...     pretrain_on=np.arange(20), held_out=np.arange(20, 40),
        ... )
        >>> found.estimate.side, found.nats <= math.log(20)
        ('none', True)
    """
    pair = parse_graph_view(view) if isinstance(view, str) else view
    draws = draws or Draws()
    most = candidates or min(len(held_out), 4096)
    place = np.linspace(0, len(pretrain_on) - 1, min(len(pretrain_on), _FITTED)).astype(int)
    fitted = pretrain_on[place]

    def bound(encoders: GraphEncoders, count: int) -> tuple[Estimate, float]:
        _, z1, z2 = embed_graph_views(
            encoders, pair, data, fitted, seed=seed, draw=draws.temperature
        )
        temperature = fit_temperature(z1, z2)
        found = []
        for number in range(draws.first, draws.first + count):
            rows, z1, z2 = embed_graph_views(
                encoders, pair, data, held_out, seed=seed, draw=number
            )
            found.append(_bound(rows, z1, z2, min(most, len(rows)), temperature, blocks))
        side = "none" if encoders.backbone.pooled is False else "lower"
        return _mean(found, side), temperature

    def look(encoders: GraphEncoders) -> tuple[float, float]:
        found, _ = bound(encoders, draws.looks)
        return found.nats, found.stderr_nats

    trained = train_graphs(
        data,
        settings=settings,
        pair=pair,
        seed=seed,
        index=pretrain_on,
        look=look if draws.looks else None,  # type: ignore[arg-type]
        tick=tick,
    )
    encoders = trained.encoders
    assert isinstance(encoders, GraphEncoders)
    estimate, temperature = bound(encoders, draws.count)
    return SharedNats(estimate, encoders, temperature, trained.history)


@torch.no_grad()
def embed_graph_views(
    encoders: GraphEncoders,
    pair: GraphViewPair,
    data: Graph | Graphs,
    rows: np.ndarray,
    *,
    seed: int,
    draw: int,
) -> tuple[np.ndarray, Tensor, Tensor]:
    """Embeddings of both views of some nodes or graphs, under a draw that training never took.

    Args:
        encoders: The trained encoders, in evaluation mode.
        pair: The views.
        data: A graph; or graphs, where the encoder pools.
        rows: (B,) positions of the nodes or graphs.
        seed: Number of the run.
        draw: Number of the draw, 0 or more.

    Returns:
        (b,) positions of those that are in both views, and two tensors (b, D).

    Raises:
        InputError: Fewer than two of the nodes are in both views.

    Example:
        >>> from goodviews.encoders import build_graph_encoders
        >>> from goodviews.graphs import make_graph
        >>> ring = make_graph([list(range(40)), [*range(1, 40), 0]], torch.eye(40))
        >>> encoders = build_graph_encoders("gcn(width=8)", ring, head="identity()", seed=0)
        >>> pair = parse_graph_view("drop_nodes(0.5)")
        >>> rows, z1, z2 = embed_graph_views(encoders, pair, ring, np.arange(20), seed=0, draw=1)
        >>> len(rows) < 20, z1.shape == z2.shape == (len(rows), 8)
        (True, True)
    """
    device = next(encoders.parameters()).device
    if encoders.backbone.pooled:
        assert isinstance(data, Graphs)
        both = pair(data.batch(rows.tolist()), seed=seed, epoch=-1 - draw)
        z1, z2 = (encoders.embed(0, view.to(device)) for view in both)
        return rows, z1, z2
    whole = data
    if isinstance(whole, Graphs):
        whole = whole.graphs[0] if len(whole) == 1 else batch_graphs(whole.graphs)
    v1, v2 = pair(whole, seed=seed, epoch=-1 - draw)
    first, second = shared_nodes(v1, v2)
    names = positions(whole, v1.node_names[first])
    asked = torch.zeros(whole.nodes, dtype=torch.bool)
    asked[torch.from_numpy(rows)] = True
    kept = asked[names]
    if int(kept.sum()) < 2:
        raise InputError(
            f"Both views keep {int(kept.sum())} of {len(rows):,} nodes to be compared; use weaker "
            "views."
        )
    z1, z2 = (
        encoders.embed(0, Anchored(view.to(device), place[kept].to(device)))
        for view, place in ((v1, first), (v2, second))
    )
    return names[kept].numpy(), z1, z2


def _bound(
    rows: np.ndarray,
    z1: Tensor,
    z2: Tensor,
    candidates: int,
    temperature: float,
    blocks: np.ndarray | None,
) -> Estimate:
    """The bound of one draw; ``rows`` are in any order, so candidates are mixed at random."""
    order = np.random.default_rng(0).permutation(len(rows))
    return held_out_bound(
        lambda some, _: (z1[some], z2[some]),
        order,
        candidates=candidates,
        temperature=temperature,
        draws=1,
        groups=None if blocks is None else blocks[rows],
    )


def _mean(found: list[Estimate], side: str) -> Estimate:
    """The mean of several draws, whose error is that of one, since the items are the same."""
    count = min(one.candidates or 0 for one in found)
    return replace(
        found[0],
        nats=sum(one.nats for one in found) / len(found),
        stderr_nats=(sum(one.stderr_nats**2 for one in found) / len(found)) ** 0.5,
        side=side,  # type: ignore[arg-type]
        candidates=count,
        ceiling_nats=math.log(count),
        pairs=min(one.pairs for one in found),
    )
