"""Measurements of view learning on graphs, and their verdict in words.

Letters: B held-out nodes or graphs, L labelled.
"""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from goodviews.graphs import Graph
from goodviews.information import infonce_bound
from goodviews.training.view_learning.graph_players import Aim, GraphPlayers
from goodviews.training.view_learning.looks import (
    FINE,
    GAME_VERDICTS,
    GameHistory,
    label_known,
    lost_too_much,
)
from goodviews.views.graphs import GraphKey

_LOST = ("the encoders lost", "the label is lost")
GRAPH_GAME_VERDICTS = {
    FINE: GAME_VERDICTS[FINE],
    **{name: GAME_VERDICTS[name] for name in _LOST},
    "nothing is dropped": "Dropping costs more than it gains: lower drop_weight, or set keep=0.7.",
    "everything is dropped": "Dropping costs less than it gains: raise drop_weight, or set "
    "keep=0.7.",
}
"""Verdict: what to do next."""


@dataclass(frozen=True)
class GraphLook:
    """Measurements of view learning at one step, on held-out nodes or graphs.

    Attributes:
        step: Number of steps taken.
        shared_nats: InfoNCE estimate between the views of the current g. It is not a result,
            because g is trained against this encoder and new ones may find more.
        shared_stderr: Its standard error over nodes or graphs.
        kept_edges: Expected share of the edges that the average of g keeps.
        kept_features: The same of the values of features that are not 0; 1 if none are dropped.
        first_nats: Information about the label that the classifier finds in view 1, in nats.
        second_nats: The same for view 2.
        image_nats: The same for the graph itself.
        lost_nats: Difference between the graph and the worse view.
        lost_stderr: Its standard error.

    Example:
        >>> GraphLook(50, 3.2, 0.1, 0.6, 0.7).dropped
        (0.4, 0.30000000000000004)
    """

    step: int
    shared_nats: float
    shared_stderr: float
    kept_edges: float
    kept_features: float
    first_nats: float | None = None
    second_nats: float | None = None
    image_nats: float | None = None
    lost_nats: float | None = None
    lost_stderr: float | None = None

    @property
    def dropped(self) -> tuple[float, float]:
        """Shares of edges and features that are dropped."""
        return 1 - self.kept_edges, 1 - self.kept_features


@dataclass
class GraphHistory(GameHistory):
    """Record of view learning on graphs; its looks are of :class:`GraphLook`.

    Example:
        >>> GraphHistory(per_epoch=1, total=200).looks
        []
    """

    look: ClassVar[Callable[..., Any]] = GraphLook


@torch.no_grad()
def look_at_graphs(
    players: GraphPlayers,
    step: int,
    held_out: tuple[Graph, Tensor | None],
    key: GraphKey,
    watched: tuple[Graph, Aim] | None = None,
) -> GraphLook:
    """Measure view learning on held-out nodes or graphs.

    Args:
        players: All networks.
        step: Number of steps taken.
        held_out: A graph and the positions (B,) of its held-out nodes, or held-out graphs.
        key: Random key of the draws.
        watched: A graph and the labels that are used for measurements only.
    """
    graph, rows = held_out
    # Encoders in training mode: they are fitted to the current g, and so are their statistics.
    encoders = deepcopy(players.encoders).train()
    draws = players.views(graph, key, players.rates(graph))
    views = [graph if one is None else one.apply(graph) for one in draws]
    bound = infonce_bound(players.scores(encoders, views, rows))
    training = players.training
    players.eval()
    edges, features = players.dropped(graph, players.rates(graph, smooth=True))
    known: dict[str, float | None] = {}
    if watched is not None:
        graph, aim = watched
        draws = players.views(graph, key, players.rates(graph, smooth=True))
        parts = [graph if one is None else one.apply(graph) for one in draws]
        nets = [players.classifiers[0], players.classifiers[0], players.classifiers[1]]
        places = None if players.encoders.backbone.pooled else aim.places
        logits = [net(part, places) for net, part in zip(nets, [*parts, graph], strict=True)]
        known = label_known(logits, aim.labels)
    players.train(training)
    kept = 1.0 if features is None else 1 - float(features)
    return GraphLook(step, bound.nats, bound.stderr_nats, 1 - float(edges), kept, **known)


def graph_verdict(looks: Sequence[GraphLook], *, give: float, ceiling: float) -> str:
    """Verdict about the looks, one of :data:`GRAPH_GAME_VERDICTS`; the most serious that applies.

    Args:
        looks: Looks in the order of their steps; the first is before any change of the generator.
        give: Same as in :class:`GraphGame`.
        ceiling: Log K of the looks, nats.

    Example:
        >>> looks = [GraphLook(0, 4.0, 0.1, 0.7, 0.7), GraphLook(200, 3.9, 0.1, 0.99, 1.0)]
        >>> graph_verdict(looks, give=0.5, ceiling=6.0)
        'nothing is dropped'
    """
    last = looks[-1]
    if lost_too_much(last, give):
        return "the label is lost"
    if max(last.dropped) < 0.03:
        return "nothing is dropped"
    if min(last.dropped) > 0.85 and math.isfinite(last.shared_nats):
        return "everything is dropped"
    best = max(look.shared_nats for look in looks)
    if last.shared_nats < 0.1 * ceiling < best:
        return "the encoders lost"
    return FINE
