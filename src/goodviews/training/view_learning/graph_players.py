"""Networks of view learning on graphs: the generator, an encoder and classifiers.

Letters: N nodes, E edges, F features, G graphs, B anchors, L labelled, Y classes.
"""

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.encoders.graphs import build_graph_backbone, build_graph_encoders
from goodviews.graphs import Graph
from goodviews.graphs.messages import scaled_columns
from goodviews.information.critics import CosineCritic
from goodviews.training.view_learning.graph_game import GraphGame
from goodviews.training.view_learning.players import VALUES, reverse_gradient
from goodviews.views.graphs import GraphKey
from goodviews.views.graphs.generator import DropGenerator, build_drop_generator, relaxed
from goodviews.views.graphs.learned import column_numbers, edge_numbers


@dataclass(frozen=True, eq=False)
class Aim:
    """What views must keep: classes of nodes or graphs, or links set apart.

    Attributes:
        places: (L,) positions of nodes or graphs; (2, L) of pairs of nodes for links.
        labels: (L,) class numbers; of pairs 1 for a link and 0 for none.

    Example:
        >>> Aim(torch.arange(4), torch.tensor([0, 1, 0, 2])).classes
        3
    """

    places: Tensor
    labels: Tensor

    @property
    def links(self) -> bool:
        """Whether pairs of nodes are classified."""
        return self.places.ndim == 2

    @property
    def classes(self) -> int:
        """Number of classes Y."""
        return 2 if self.links else int(self.labels.max()) + 1

    def part(self, rows: Tensor) -> "Aim":
        """Some of them, by position (n,)."""
        return Aim(self.places[..., rows], self.labels[rows])


class Classifier(nn.Module):
    """A backbone with a linear layer; for links, the scaled product of both ends.

    Args:
        backbone: Spec of the backbone.
        inputs: Number of features of a node.
        aim: What it classifies.
    """

    def __init__(self, backbone: str, *, inputs: int, aim: Aim) -> None:
        super().__init__()
        self.backbone = build_graph_backbone(backbone, inputs=inputs)
        self.links = aim.links
        self.last = nn.Linear(self.backbone.features, 64 if aim.links else aim.classes)
        self.scale = nn.Parameter(torch.tensor([1.0, 0.0])) if aim.links else None

    def forward(self, graph: Graph, places: Tensor | None) -> Tensor:
        """Logits (L, Y) of nodes or pairs at their places, or of all graphs of a batch."""
        x = self.last(self.backbone(graph))
        if self.scale is None:
            return x if places is None else x[places]
        assert places is not None
        ends = F.normalize(x, dim=1)[places]
        score = 5 * self.scale[0] * (ends[0] * ends[1]).sum(1) + self.scale[1]
        return torch.stack([torch.zeros_like(score), score], dim=1)


class GraphPlayers(nn.Module):
    """All networks of view learning on graphs; the seed decides the initialisation.

    Args:
        game: Settings of view learning.
        graph: A graph, or a batch of some.
        aim: What views must keep; none without labels.
        seed: Random seed of the run.

    Attributes:
        generator: The generator g.
        smooth: The running average of g, or g itself.
        encoders: The encoder of both views.
        classifiers: One for the views and one for the graph itself; none without labels.
    """

    generator: DropGenerator

    def __init__(self, game: GraphGame, graph: Graph, *, aim: Aim | None, seed: int) -> None:
        super().__init__()
        self.game, self.seed = game, seed
        inputs = graph.features.shape[1]
        self.encoders = build_graph_encoders(game.encoder, graph, head=game.head, seed=seed)
        self.generator = build_drop_generator(game.generator, inputs=inputs, seed=seed)
        self.critic = CosineCritic(game.temperature)
        self._used: WeakKeyDictionary[Graph, Tensor] = WeakKeyDictionary()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 1)
            count = 0 if aim is None else 2
            self.classifiers = nn.ModuleList(
                Classifier(game.encoder, inputs=inputs, aim=aim)  # type: ignore[arg-type]
                for _ in range(count)
            )
        self.smooth: DropGenerator = deepcopy(self.generator) if game.average else self.generator
        self.smooth.requires_grad_(not game.average)

    def rates(self, graph: Graph, *, smooth: bool = False) -> tuple[Tensor, Tensor | None]:
        """Rates at which g, or its average, drops edges (E,) and columns (F,)."""
        generator = self.smooth if smooth else self.generator
        return generator.edge_rates(graph), generator.column_rates()

    def views(
        self, graph: Graph, key: GraphKey, rates: tuple[Tensor, Tensor | None]
    ) -> list["Draw | None"]:
        """Draws of both views; ``None`` is the graph itself."""
        made: list[Draw | None] = []
        for view in (0, 1):
            if self.game.sides == "one" and not view:
                made.append(None)
                continue
            own = replace(key, view=view)
            kept = [
                None if one is None else relaxed(one, numbers, temperature=self.game.relaxation)
                for one, numbers in zip(
                    rates, (edge_numbers(graph, own), column_numbers(graph, own)), strict=True
                )
            ]
            assert kept[0] is not None
            made.append(Draw(kept[0], kept[1]))
        return made

    def shared(self, views: list[Graph], rows: Tensor | None) -> Tensor:
        """Bound on the information that both views share at the anchors, in nats."""
        return VALUES["infonce"][0](self.scores(self.encoders, views, rows))

    def scores(self, encoders: Any, views: list[Graph], rows: Tensor | None) -> Tensor:
        """Scores (B, B) of the anchors of both views, in nats."""
        z1, z2 = (
            encoders.projectors[0](h if rows is None else h[rows])
            for h in map(encoders.backbone, views)
        )
        scores: Tensor = self.critic(z1, z2)
        return scores

    def dropped(
        self, graph: Graph, rates: tuple[Tensor, Tensor | None]
    ) -> tuple[Tensor, Tensor | None]:
        """Expected shares of the edges, and of the values of features not 0, that are dropped."""
        edges, columns = rates[0].mean(), rates[1]
        if columns is None:
            return edges, None
        if graph not in self._used:
            used = (graph.features != 0).sum(0).float()
            self._used[graph] = used / used.sum().clamp(min=1)
        return edges, (columns * self._used[graph]).sum()

    @torch.no_grad()
    def after(self) -> None:
        """Update the average of g."""
        if self.smooth is self.generator:
            return
        for kept, now in zip(self.smooth.parameters(), self.generator.parameters(), strict=True):
            kept.lerp_(now, 1 - self.game.average)


@dataclass(frozen=True, eq=False)
class Draw:
    """What is kept of a graph, 0 or 1, perhaps with a gradient.

    Attributes:
        edges: (E,).
        columns: (G, F); ``None`` where all features are kept.
    """

    edges: Tensor
    columns: Tensor | None

    def apply(self, graph: Graph, *, turned: bool = False) -> Graph:
        """The view: an edge that is dropped has weight 0.

        Args:
            graph: The graph.
            turned: Whether the gradient is reversed where it leaves the view.
        """
        edges, columns = (
            reverse_gradient(one) if turned and one is not None else one
            for one in (self.edges, self.columns)
        )
        assert edges is not None
        features = graph.features
        if columns is not None:
            features = (
                scaled_columns(features, columns[0])
                if len(columns) == 1
                else features * columns[graph.graph_of]
            )
        weights = edges if graph.weights is None else edges * graph.weights
        return replace(graph, features=features, weights=weights)

    def detach(self) -> "Draw":
        """The same draw without a gradient."""
        return Draw(self.edges.detach(), None if self.columns is None else self.columns.detach())
