"""Settings of view learning on graphs in one flat record."""

import math
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

from goodviews.core.errors import InputError, unknown
from goodviews.training.view_learning.game import MODES

SIDES = ("both", "one")
_WHOLE = ("encoder_steps", "steps", "batch", "look_every", "candidates")
_POSITIVE = ("encoder_rate", "temperature", "relaxation")
_SHARES = ("average", "give", "held_labels")

Share = TypeVar("Share", float, Tensor)


@dataclass(frozen=True)
class GraphGame:
    """Settings of view learning on graphs.

    The generator g drops edges and columns of features so that two views share little
    information, the encoder maximises a bound on it, and a classifier measures whether the views
    keep the label. What is dropped costs.

    Attributes:
        mode: ``unsupervised`` (information and the cost of dropping), ``semi`` (and the label
            terms) or ``supervised`` (label terms and the cost).
        generator: Generator spec.
        sides: ``both`` views are drawn from g, or ``one``: the other is the graph itself, as in
            AD-GCL.
        encoder: Backbone of the encoder, and of the classifiers; ``gat`` does not use weights of
            edges and cannot be taken.
        head: Projector of the encoder.
        temperature: Temperature of the cosine critic.
        generator_rate: Learning rate of g (default: 0.005).
        encoder_rate: Learning rate of the encoder and of the classifiers.
        encoder_steps: Steps of the encoder per step of g.
        label_weight: Weight of the label terms.
        drop_weight: Cost of dropping everything, in nats: of the edges, and again of the features.
        keep: Share of the edges and of the features to keep, or ``None``: the cost is 10 times
            ``drop_weight`` times the squared distance from it, instead of the former.
        relaxation: Temperature of the relaxed draws.
        steps: Number of steps of g.
        batch: Nodes that are anchors of a step, or graphs per step.
        warm_up: Number of steps in which g is not updated while the others learn.
        average: Momentum of an average of g, which is the result; 0 for no average.
        clip: Maximum norm of the gradient of g; 0 for no limit.
        give: Share of the information about the label in the graph, in nats, that a view may lose
            before training stops; 0 for no limit. It needs labels.
        held_labels: Share of the labels that is used for measurements only.
        look_every: Steps between two measurements on held-out nodes or graphs.
        candidates: K of the bound in a measurement; at most the number of those.
        device: ``auto``, ``cpu`` or ``cuda``.

    References:
        Suresh et al., 2021, arXiv:2106.05819 (AD-GCL), for information and the cost; Tian et al.,
        2020, arXiv:2005.10243, section 3.5, for the label terms.

    Example:
        >>> GraphGame().uses_labels, GraphGame(mode="unsupervised").uses_labels
        (True, False)
    """

    mode: str = "semi"
    generator: str = "drops(width=32)"
    sides: str = "both"
    encoder: str = "gcn(width=64, layers=2)"
    head: str = "mlp(dim=64)"
    temperature: float = 0.2
    generator_rate: float | None = None
    encoder_rate: float = 5e-3
    encoder_steps: int = 1
    label_weight: float = 1.0
    drop_weight: float = 5.0
    keep: float | None = 0.7
    relaxation: float = 1.0
    steps: int = 200
    batch: int = 512
    warm_up: int = 20
    average: float = 0.9
    clip: float = 1.0
    give: float = 0.5
    held_labels: float = 0.2
    look_every: int = 20
    candidates: int = 512
    device: str = "auto"

    def __post_init__(self) -> None:
        for name, known in (("mode", MODES), ("sides", SIDES)):
            if getattr(self, name) not in known:
                raise unknown(name, getattr(self, name), known)
        for name in _WHOLE:
            value = getattr(self, name)
            if not (type(value) is int and value > 0):
                raise InputError(f"{name} must be a whole number above 0, but got {value!r}.")
        if not (type(self.warm_up) is int and self.warm_up >= 0):
            raise InputError(
                f"warm_up must be a whole number of at least 0, but got {self.warm_up!r}."
            )
        if self.generator_rate is not None and not self.generator_rate > 0:
            raise InputError(f"generator_rate must be above 0, but got {self.generator_rate!r}.")
        for name in _POSITIVE:
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} must be a number above 0, but got {value!r}.")
        for name in ("label_weight", "drop_weight", "clip"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} must be a number of at least 0, but got {value!r}.")
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise InputError(f"{name} must be at least 0 and below 1, but got {value!r}.")
        if self.keep is not None and not 0 < self.keep <= 1:
            raise InputError(f"keep must be a share above 0 and at most 1, but got {self.keep!r}.")
        if self.encoder.lstrip().startswith("gat"):
            raise InputError(
                "gat does not use weights of edges, so a generator gets no gradient from it; set "
                "encoder=gcn(width=64), gin(...) or sage(...)."
            )

    @property
    def uses_labels(self) -> bool:
        """Whether the generator learns from labels."""
        return self.mode != "unsupervised"

    @property
    def uses_information(self) -> bool:
        """Whether the generator minimises the shared information."""
        return self.mode != "supervised"

    def cost(self, dropped: Share) -> Share:
        """Cost in nats of dropping a share of the edges, or of the features.

        Example:
            >>> GraphGame(keep=None, drop_weight=4.0).cost(0.5), GraphGame(keep=0.5).cost(0.5)
            (2.0, 0.0)
        """
        if self.keep is None:
            return self.drop_weight * dropped
        return 10 * self.drop_weight * (1 - dropped - self.keep) ** 2
