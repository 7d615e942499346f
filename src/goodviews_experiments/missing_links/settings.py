"""Settings of the missing links: which graphs, what is missing, how long encoders train."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    """What happened to the training links before anything was trained.

    Attributes:
        axis: ``missing``, ``missing by degree``, ``missing by community`` or ``added``.
        level: Share of the training links.
    """

    axis: str
    level: float

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of :func:`goodviews.evaluation.split_links`."""
        if self.axis == "added":
            return {"added": self.level}
        return {"missing": self.level, "missing_by": self.axis.partition(" by ")[2] or "uniform"}


@dataclass(frozen=True)
class MissingLinks:
    """Settings of the run.

    Attributes:
        graphs: Known names, each with its choice of features.
        conditions: What is missing or added; the first is the whole training graph.
        splits: Numbers of the random splits.
        views: Name to the spec of the views of both sides; the pair of each graph is chosen by
            the AUC of validation links.
        encoder: Backbone of every arm.
        epochs: Steps of contrastive pretraining, whole graph.
        anchors: Nodes that are anchors in a step.
        gae_epochs: Steps of the graph autoencoder.
        label_epochs: Steps of the supervised encoder.
        count: Negatives of each test link.
    """

    graphs: tuple[tuple[str, str], ...] = (
        ("cora", "rows"),
        ("citeseer", "rows"),
        ("celegans", "structure"),
        ("yeast", "structure"),
    )
    conditions: tuple[Condition, ...] = (
        *(Condition("missing", level) for level in (0.0, 0.3, 0.5, 0.7, 0.9)),
        Condition("missing by degree", 0.7),
        Condition("missing by community", 0.7),
        *(Condition("added", level) for level in (0.5, 1.0)),
    )
    splits: tuple[int, ...] = (0, 1, 2, 3, 4)
    views: tuple[tuple[str, str], ...] = (
        ("edges .3, features .3", "drop_edges(0.3)|mask_features(0.3)"),
        ("edges .6, features .3", "drop_edges(0.6)|mask_features(0.3)"),
        ("edges .9, features .3", "drop_edges(0.9)|mask_features(0.3)"),
        ("features .3", "mask_features(0.3)"),
    )
    encoder: str = "gcn(width=64, hidden=128, layers=2, last=False)"
    epochs: int = 80
    anchors: int = 256
    gae_epochs: int = 200
    label_epochs: int = 100
    count: int = 20


_SHORT = MissingLinks(
    graphs=(("texas", "as given"),),
    conditions=(
        Condition("missing", 0.0),
        Condition("missing", 0.5),
        Condition("missing by degree", 0.5),
        Condition("missing by community", 0.5),
        Condition("added", 0.5),
    ),
    splits=(0, 1),
    views=MissingLinks().views[::3],
    encoder="gcn(width=8, hidden=8, layers=2, last=False)",
    epochs=2,
    anchors=64,
    gae_epochs=3,
    label_epochs=3,
)

SCALE = {"test": _SHORT, "cpu": MissingLinks(), "gpu": MissingLinks(splits=tuple(range(20)))}
