"""New encoders that measure views of graphs, and the fixed views beside learned ones.

Letters: N nodes or graphs, m tested items.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.intervals import NORMAL, items_interval, wilson
from goodviews.encoders import build_graph_encoders
from goodviews.encoders.graphs.backbones import pooled
from goodviews.evaluation.graph_readout import node_readout
from goodviews.evaluation.links import link_predictor, link_scores
from goodviews.graphs import Graph, batch_graphs
from goodviews.jobs.learn_views.compare import bound_record
from goodviews.jobs.learn_views.graphs.roles import GraphRoles
from goodviews.measurement import shared_graph_nats
from goodviews.methods import method
from goodviews.training import Settings

JUDGE_STEPS = 120
LEARNED = "learned"
RAW, RANDOM = "raw features", "random weights"
_COUNT = 20
"""Negatives of each tested link."""


def graph_judging(level: str, count: int, steps: int) -> Settings:
    """Settings of new encoders, for a number of steps.

    Args:
        level: ``nodes``, ``graphs`` or ``links``.
        count: Number of nodes or graphs they learn from.
        steps: Number of steps.

    Example:
        >>> graph_judging("nodes", 2000, 120).epochs, graph_judging("graphs", 1024, 120).epochs
        (120, 15)
    """
    if level == "graphs":
        usual = method("graphcl")
        batch = min(usual.batch, max(count // 4, 8))
        return replace(usual, batch=batch, epochs=max(steps // max(count // batch, 1), 1))
    return replace(
        method("grace"),
        encoder="gcn(width=64, hidden=128, layers=2)",
        head="mlp(dim=64)",
        optimiser="adam(lr=0.002, weight_decay=1e-05)",
        batch=min(384, count),
        epochs=steps,
    )


@dataclass(frozen=True)
class GraphJudges:
    """Everything that is the same for all views that are judged.

    Attributes:
        roles: Who does what.
        settings: Settings of the new encoders.
        candidates: K of the estimate.
        seed: Random seed of the new encoders.
    """

    roles: GraphRoles
    settings: Settings
    candidates: int
    seed: int

    def row(self, view: str) -> dict[str, Any]:
        """What new encoders find that two views share, and the readout of their representation."""
        found = shared_graph_nats(
            view,
            self.roles.data,
            settings=self.settings,
            seed=self.seed,
            pretrain_on=self.roles.learn,
            held_out=self.roles.held_out,
            candidates=self.candidates,
            blocks=self.roles.blocks,
        )
        encoders: Any = found.encoders
        return {**bound_record(found.estimate), **self._read(encoders.represent)}

    def baselines(self) -> list[dict[str, Any]]:
        """Readouts of the features themselves and of an encoder with random weights."""
        data = self.roles.data
        example = data if isinstance(data, Graph) else data.graphs[0]
        blank = build_graph_encoders(
            self.settings.encoder, example, head="identity()", seed=self.seed
        ).eval()
        return [
            {"name": RAW, **self._read(_features)},
            {"name": RANDOM, **self._read(blank.represent)},
        ]

    def _read(self, encode: Callable[[Graph], Tensor]) -> dict[str, Any]:
        roles = self.roles

        def plain(graph: Graph) -> Tensor:
            with torch.no_grad():
                return encode(graph).cpu()

        if roles.links is not None:
            predictor = link_predictor(plain, roles.links, decoder="cosine")
            scores = link_scores(predictor, count=_COUNT)
            above = scores.links[:, None] - scores.others
            wins = (np.sign(above).mean(1) + 1) / 2
            return {"score": scores.auc.value, "low": scores.auc.low, "high": scores.auc.high,
                    "items": wins}  # fmt: skip
        assert roles.split is not None
        whole = roles.data if isinstance(roles.data, Graph) else batch_graphs(roles.data.graphs)
        [right] = node_readout(plain(whole).numpy(), roles.labels, [roles.split])
        low, high = wilson(int(right.sum()), len(right))
        return {"score": float(right.mean()), "low": low, "high": high,
                "items": right.astype(float)}  # fmt: skip


def _features(graph: Graph) -> Tensor:
    return graph.features if graph.graphs == 1 else pooled(graph.features, graph, "sum")


def sides_of(game_sides: str, view: str) -> str:
    """The spec of both views, or of the graph itself and one view.

    Example:
        >>> sides_of("one", "drop_edges(0.3)")
        'identity() // drop_edges(0.3)'
    """
    return view if game_sides == "both" else f"identity() // {view}"


def fixed_drops(
    kept_edges: float, kept_features: float, *, sides: str = "both"
) -> list[tuple[str, str]]:
    """Fixed views that keep the same shares as the learned one, by name.

    Args:
        kept_edges: Share of the edges that the learned view keeps.
        kept_features: The same of the values of features.
        sides: As in :class:`goodviews.training.view_learning.GraphGame`.

    Example:
        >>> fixed_drops(0.7, 0.75)[0]
        ('fixed rates', 'drop_edges(0.3)|mask_features(0.25)')
    """
    edges, features = round(1 - kept_edges, 3) + 0.0, round(1 - kept_features, 3) + 0.0
    mask = f"|mask_features({features})" if features else ""
    return [
        ("fixed rates", sides_of(sides, f"drop_edges({edges}){mask}")),
        ("rates by degree", sides_of(sides, f"drop_edges({edges}, by='degree'){mask}")),
    ]


def add_gaps(rows: list[dict[str, Any]]) -> None:
    """Add to every other row how much the learned one differs: nats and points, 95 %.

    Points are paired by tested item; one run each, so that the interval holds for these runs.

    Args:
        rows: The learned view first, with ``nats``, ``stderr_nats`` and ``items``.
    """
    ours = rows[0]
    for row in rows[1:]:
        if "nats" in row:
            half = NORMAL * (ours["stderr_nats"] ** 2 + row["stderr_nats"] ** 2) ** 0.5
            less = row["nats"] - ours["nats"]
            row["less_nats"] = [less, less - half, less + half]
        gap = items_interval(ours["items"] - row["items"])
        row["more_points"] = [100 * gap.value, 100 * gap.low, 100 * gap.high]
