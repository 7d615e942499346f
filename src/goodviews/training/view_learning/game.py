"""Settings of view learning in one flat record."""

import math
from dataclasses import dataclass

from goodviews.core.errors import InputError, unknown

MODES = ("unsupervised", "semi", "supervised")
BOUNDS = ("infonce", "nwj", "js", "smile")
_WHOLE = ("encoder_steps", "steps", "batch", "labelled_batch", "look_every", "candidates")
_RATES = ("generator_rate", "encoder_rate", "classifier_rate")
_SHARES = ("average", "give", "held_labels")


@dataclass(frozen=True)
class Game:
    """Settings of view learning (Tian et al., 2020, 3.5; other numbers were chosen for goodviews).

    The generator g makes two views that share little information, the encoders maximise a bound
    on it, and two classifiers measure whether each view keeps the label.

    Attributes:
        mode: ``unsupervised`` (information alone), ``semi`` (and both label terms) or
            ``supervised`` (the label terms alone).
        generator: Generator spec.
        views: View spec applied to images before g, drawn once for both views; may be empty.
        split: Spec of one step that makes both views from the channels of g.
        encoder: Backbone of each of the two encoders, and of the classifiers.
        head: Projector of each encoder.
        bound: Bound that the players optimise: ``infonce``, ``nwj``, ``js``, or ``smile``
            (encoders with ``js``, generator with SMILE).
        critic: ``cosine`` (fixed temperature; InfoNCE only), ``separable``, ``bilinear`` or
            ``concatenated``.
        temperature: Temperature of the cosine critic.
        generator_rate: Learning rate of g (default: depends on the kind of generator).
        encoder_rate: Learning rate of the encoders; at least 3 times that of g, otherwise g only
            evades the current encoders.
        classifier_rate: Learning rate of the classifiers.
        encoder_steps: Steps of the encoders per step of g.
        label_weight: Weight of the two label terms.
        steps: Number of steps of g.
        batch: Images per step.
        labelled_batch: Labelled images per step.
        warm_up: Number of steps in which g is not updated while the others learn.
        average: Momentum of an average of g, which is the result; 0 for no average.
        settle: Whether the learning rate of g falls to 0 at the last step, along half a cosine.
        clip: Maximum norm of the gradient of g; 0 for no limit.
        restart: Steps after which the encoders are initialised again; 0 for never.
        give: Share of the information about the label in the image, in nats, that a view may lose
            before training stops; 0 for no limit. It needs labels.
        held_labels: Share of the labelled images that is used for measurements only.
        look_every: Steps between two measurements on held-out images.
        candidates: K of the bound in a measurement; at most the number of held-out images.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: Precision by its name in Lightning Fabric.

    Example:
        >>> Game(mode="unsupervised").uses_labels, Game().uses_information
        (False, True)
    """

    mode: str = "semi"
    generator: str = "nvp(blocks=6, width=32)"
    views: str = "crop(scale=(0.3, 1))|flip()"
    split: str = "split(1)"
    encoder: str = "convnet(width=16)"
    head: str = "projector(dim=64)"
    bound: str = "infonce"
    critic: str = "cosine"
    temperature: float = 0.1
    generator_rate: float | None = None
    encoder_rate: float = 2e-3
    classifier_rate: float = 2e-3
    encoder_steps: int = 1
    label_weight: float = 1.0
    steps: int = 300
    batch: int = 256
    labelled_batch: int = 128
    warm_up: int = 20
    average: float = 0.95
    settle: bool = False
    clip: float = 1.0
    restart: int = 0
    give: float = 0.5
    held_labels: float = 0.2
    look_every: int = 25
    candidates: int = 512
    device: str = "auto"
    precision: str = "32-true"

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise unknown("mode", self.mode, MODES)
        if self.bound not in BOUNDS:
            raise unknown("bound", self.bound, BOUNDS)
        for name in _WHOLE:
            value = getattr(self, name)
            if not (type(value) is int and value > 0):
                raise InputError(f"{name} must be a whole number above 0, but got {value!r}.")
        for name in ("warm_up", "restart"):
            value = getattr(self, name)
            if not (type(value) is int and value >= 0):
                raise InputError(
                    f"{name} must be a whole number of at least 0, but got {value!r}."
                )
        for name in (*_RATES, "temperature", "label_weight", "clip"):
            value = getattr(self, name)
            if name == "generator_rate" and value is None:
                continue
            if not (math.isfinite(value) and (value > 0 or (name == "clip" and value == 0))):
                raise InputError(f"{name} must be a number above 0, but got {value!r}.")
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise InputError(f"{name} must be at least 0 and below 1, but got {value!r}.")
        if self.bound != "infonce" and self.critic == "cosine":
            raise InputError(
                f"bound={self.bound!r} needs unbounded scores, but those of critic=cosine are "
                "bounded; set critic=separable."
            )
        if self.mode != "unsupervised" and self.held_labels == 0 and self.give:
            raise InputError(
                f"give={self.give} needs held_labels to measure whether a view loses the label; "
                "set held_labels=0.2, or give=0."
            )

    @property
    def uses_labels(self) -> bool:
        """Whether the generator learns from labels."""
        return self.mode != "unsupervised"

    @property
    def uses_information(self) -> bool:
        """Whether the generator minimises the shared information."""
        return self.mode != "supervised"
