"""The training loop of view learning on graphs.

Letters: B anchors or graphs of a step, N nodes or graphs, L labelled.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError
from goodviews.data.graphs import Graphs
from goodviews.encoders.graphs.backbones import is_pooled
from goodviews.graphs import Graph
from goodviews.training.diagnostics.monitor import check_finite
from goodviews.training.machine import make_fabric
from goodviews.training.state import Checkpoints
from goodviews.training.view_learning.graph_game import GraphGame
from goodviews.training.view_learning.graph_looks import (
    GraphHistory,
    graph_verdict,
    look_at_graphs,
)
from goodviews.training.view_learning.graph_players import Aim, GraphPlayers
from goodviews.training.view_learning.looks import label_is_lost, lost_too_much
from goodviews.views.graphs import GraphKey
from goodviews.views.graphs.generator import DropGenerator

_WATCHING = 2**20
"""Number of the pass whose draws are those of the measurements."""


@dataclass(frozen=True)
class GraphGameResult:
    """Result of view learning on graphs.

    Attributes:
        generator: The average of g at its last look that had not lost the label, in evaluation
            mode. Judge its views with new encoders, not with those trained against it.
        history: Record of the run.
        verdict: A key of :data:`goodviews.training.view_learning.graph_looks.GRAPH_GAME_VERDICTS`.
        candidates: K of the looks.

    Example:
        >>> from goodviews.views.graphs.generator import build_drop_generator
        >>> made = build_drop_generator("drops()", inputs=3)
        >>> GraphGameResult(made, GraphHistory(total=200), "fine", candidates=64).verdict
        'fine'
    """

    generator: DropGenerator
    history: GraphHistory
    verdict: str
    candidates: int


def learn_graph_views(
    data: Graph | Graphs,
    index: np.ndarray,
    *,
    game: GraphGame,
    seed: int,
    held_out: np.ndarray,
    aim: Aim | None = None,
    hash: str = "",
    folder: Path | None = None,
    watch: Callable[[GraphPlayers, GraphHistory], None] | None = None,
) -> GraphGameResult:
    r"""Learn at which rates edges and features of a graph are dropped for good views.

    .. math:: \min_{g, c} \max_f I^f(v_1; v_2) + \lambda\, d(g)
              + \mu \sum_{i} \mathrm{CE}(c(v_i), y), \qquad v_i \sim g(G)

    with d the shares of edges and features that are dropped. All networks are updated together,
    with the gradient of the information reversed where it enters g. Draws are hard, and their
    gradient is that of a relaxed draw.

    Args:
        data: A graph whose nodes are the examples, or many graphs, if the encoder pools.
        index: (N,) positions of the nodes or graphs that can be anchors.
        game: Settings of view learning.
        seed: Random seed of initialisation, batches and draws.
        held_out: (M,) positions that are for measurements only.
        aim: Labels that views must keep; without any, ``game.mode`` must be ``unsupervised``.
        hash: Hash of the data, for checkpoints.
        folder: Folder for checkpoints; a run stored there is resumed with the same steps.
        watch: Called after every step.

    Returns:
        The generator and a record of the run.

    Raises:
        InputError: There are too few examples, labels are missing, or a loss is not finite.
        Interrupted: The run was stopped by a signal; its state is in ``folder``.

    References:
        Suresh et al., 2021, arXiv:2106.05819 (AD-GCL); Tian et al., 2020, arXiv:2005.10243, 3.5.

    Example:
        >>> from goodviews.graphs import make_graph
        >>> ends = torch.arange(60)
        >>> ring = make_graph(torch.stack([ends, ends.roll(1)]), torch.eye(60))
        >>> game = GraphGame(mode="unsupervised", encoder="gcn(width=8)", steps=2, batch=16)
        >>> places = np.arange(60)
        >>> made = learn_graph_views(ring, places[:48], game=game, seed=0, held_out=places[48:])
        >>> made.generator.inputs, made.history.steps
        (60, 2)
    """
    if game.uses_labels and aim is None:
        raise InputError(
            f"mode={game.mode!r} learns from labels or links, but there are none; set "
            "mode=unsupervised."
        )
    seen = held_out[: game.candidates]
    if len(index) < 8 or len(seen) < 8:
        raise InputError(
            "View learning needs at least 8 nodes or graphs to learn from and 8 for measurements, "
            f"but got {len(index)} and {len(seen)}."
        )
    fabric = make_fabric(game.device, "32-true", devices=1)
    examples = _Examples(data, pooled=is_pooled(game.encoder), device=fabric.device)
    teach, watching = _divided(aim, game)
    first, _ = examples.some(index[:2])
    players = GraphPlayers(game, first, aim=teach, seed=seed).to(fabric.device)
    rate = game.generator_rate or players.generator.rate
    optimiser = torch.optim.Adam(
        [
            {"params": list(players.generator.parameters()), "lr": rate},
            {"params": list(players.encoders.parameters()), "lr": game.encoder_rate},
            {"params": list(players.classifiers.parameters()), "lr": game.encoder_rate},
        ]
    )
    history = GraphHistory(per_epoch=1, total=game.steps)
    checkpoints = Checkpoints(folder, settings=game, view="", seed=seed, data=hash)
    checkpoints.attach(players, optimiser, history)

    def look() -> None:
        watched = None if watching is None else examples.labelled(watching)
        key = GraphKey(seed, epoch=_WATCHING)
        found = look_at_graphs(players, history.steps, examples.some(seen), key, watched)
        history.looks.append(found)
        history.bounds.append((found.step, found.shared_nats, found.shared_stderr))
        state = {name: one.detach().clone() for name, one in players.smooth.state_dict().items()}
        history.snapshots.append((found.step, state))
        if game.uses_labels and label_is_lost(history.looks, game.give):
            history.stopped = (
                f"In three measurements up to step {found.step} a view had lost more than "
                f"{game.give:.0%} of the information about the label and did not recover."
            )

    if not history.looks:
        look()
    with checkpoints.stoppable() as saved:
        for step in range(history.steps, game.steps):
            if history.stopped:
                break
            rng = np.random.default_rng((seed, step))
            for extra in range(game.encoder_steps):
                rows = rng.choice(index, min(game.batch, len(index)), replace=False)
                key = GraphKey(seed, epoch=step * game.encoder_steps + extra)
                last = extra == game.encoder_steps - 1
                few = None
                if last and teach is not None:
                    few = _few(teach, examples, rng, game.batch)
                still = not last or step < game.warm_up
                loss = _step(players, optimiser, examples.some(rows), few, key, still=still)
                check_finite(loss, seed=seed, epoch=0, step=step, view=game.generator)
            players.after()
            history.steps = step + 1
            history.losses.append(float(loss))
            if history.steps % game.look_every == 0 or history.steps == game.steps:
                look()
            if watch:
                watch(players, history)
            saved(due=history.steps % game.look_every == 0)
    good = [
        number
        for number, one in enumerate(history.looks)
        if not (game.uses_labels and lost_too_much(one, game.give))
    ]
    players.smooth.load_state_dict(history.snapshots[good[-1] if good else 0][1])
    found = graph_verdict(history.looks, give=game.give, ceiling=math.log(len(seen)))
    return GraphGameResult(players.smooth.eval().cpu(), history, found, len(seen))


def _step(
    players: GraphPlayers,
    optimiser: torch.optim.Optimizer,
    anchors: tuple[Graph, Tensor | None],
    few: tuple[Graph, Aim] | None,
    key: GraphKey,
    *,
    still: bool,
) -> Tensor:
    """Update all networks, or all but g; return the loss of the encoder."""
    game, (graph, rows) = players.game, anchors
    rates = players.rates(graph)
    draws: list[Any] = players.views(graph, key, rates)
    if still:
        draws = [one and one.detach() for one in draws]
    against = draws if game.uses_information else [one and one.detach() for one in draws]
    raised = players.shared(
        [graph if one is None else one.apply(graph, turned=True) for one in against], rows
    )
    loss = -raised
    if not still:
        dropped = players.dropped(graph, rates)
        loss = loss + sum(game.cost(share) for share in dropped if share is not None)
    if few is not None:
        part, aim = few
        if part is not graph:
            draws = players.views(part, key, players.rates(part))
        if still or not game.uses_labels:
            draws = [one and one.detach() for one in draws]
        places = None if players.encoders.backbone.pooled else aim.places
        views = [part if one is None else one.apply(part) for one in draws]
        nets = [players.classifiers[0], players.classifiers[0], players.classifiers[1]]
        terms = [
            nn.functional.cross_entropy(net(view, places), aim.labels)
            for net, view in zip(nets, [*views, part], strict=True)
        ]
        loss = loss + game.label_weight * (terms[0] + terms[1]) + terms[2]
    optimiser.zero_grad()
    loss.backward()
    if game.clip and not still:
        nn.utils.clip_grad_norm_(players.generator.parameters(), game.clip)
    optimiser.step()
    return -raised.detach()


class _Examples:
    """Nodes of one graph, or many graphs."""

    def __init__(self, data: Graph | Graphs, *, pooled: bool, device: torch.device) -> None:
        self.device, self.graphs = device, data if pooled else None
        if pooled and not (isinstance(data, Graphs) and len(data) > 1):
            raise InputError(
                "The encoder pools nodes, but there is only one graph; set encoder=gcn(width=64)."
            )
        whole = data.graph if isinstance(data, Graphs) and not pooled else data
        self.whole = whole.to(device) if isinstance(whole, Graph) else None

    def some(self, places: np.ndarray) -> tuple[Graph, Tensor | None]:
        """The graph and positions of nodes, or a batch of graphs."""
        if self.whole is not None:
            return self.whole, torch.from_numpy(np.asarray(places)).to(self.device)
        assert isinstance(self.graphs, Graphs)
        return self.graphs.batch(np.sort(places).tolist()).to(self.device), None

    def labelled(self, aim: Aim) -> tuple[Graph, Aim]:
        """The graph that holds what is labelled, and the labels."""
        moved = Aim(aim.places.to(self.device), aim.labels.to(self.device))
        if self.whole is not None:
            return self.whole, moved
        assert isinstance(self.graphs, Graphs)
        return self.graphs.batch(aim.places).to(self.device), moved


def _few(
    teach: Aim, examples: _Examples, rng: np.random.Generator, batch: int
) -> tuple[Graph, Aim]:
    """At most a batch of the labels."""
    count = len(teach.labels)
    chosen = rng.choice(count, min(batch, count), replace=False)
    return examples.labelled(teach.part(torch.from_numpy(np.sort(chosen))))


def _divided(aim: Aim | None, game: GraphGame) -> tuple[Aim | None, Aim | None]:
    """Labels that teach, and labels for measurements only, class by class."""
    if aim is None:
        return None, None
    rng, teach, watch = np.random.default_rng(0), [], []
    labels = aim.labels.numpy()
    for one in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == one))
        cut = min(round(game.held_labels * len(own)), len(own) - 1)
        watch.append(own[:cut])
        teach.append(own[cut:])
    if len(teach) < 2:
        raise InputError("View learning needs labels of two or more classes, but got one class.")
    rows = [torch.from_numpy(np.concatenate(part)) for part in (teach, watch)]
    return aim.part(rows[0]), aim.part(rows[1]) if len(rows[1]) else None
