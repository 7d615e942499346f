"""How views are learned: every choice of the game in one flat record."""

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
    """Settings of view learning (Tian et al., 2020, 3.5; numbers not given there are ours).

    The generator g makes two views that share little, the encoders find what they still share,
    and two classifiers say whether each view keeps the label.

    Attributes:
        mode: ``unsupervised`` (information alone), ``semi`` (and both label terms) or
            ``supervised`` (the label terms alone).
        generator: Generator spec.
        views: What is done to images before g; drawn once for both views. Empty for nothing.
        split: Spec of one step about both views, which makes them of g's channels.
        encoder: Backbone of each of the two encoders, and of the classifiers.
        head: Projector of each encoder.
        bound: What the players play for: ``infonce``, ``nwj``, ``js``, or ``smile`` (the
            encoders by ``js``, the generator against SMILE).
        critic: ``cosine`` (fixed temperature; InfoNCE alone), ``separable``, ``bilinear`` or
            ``concatenated``.
        temperature: Of the cosine critic.
        generator_rate: Learning rate of g; none for what suits its kind.
        encoder_rate: Of the encoders, or g only dodges those of the moment: 3 times g's or more.
        classifier_rate: Of the classifiers.
        encoder_steps: Steps of the encoders for one of g.
        label_weight: Weight of the two label terms.
        steps: Steps of g.
        batch: Images per step.
        labelled_batch: Labelled images per step.
        warm_up: Steps in which g stands still while the others learn.
        average: Share that an average of g keeps at a step; the average is the result. 0 for
            none.
        settle: Whether the rate of g falls to 0, along half a cosine, till the last step.
        clip: Most that the norm of g's gradient may be; 0 for any.
        restart: Steps after which the encoders start anew; 0 for never.
        give: Share of the nats about the label in the image that a view may lose before the
            game stops; 0 for any. Needs labels.
        held_labels: Share of the labelled images that only watches.
        look_every: Steps between two looks at held-out images.
        candidates: K of the bound at a look; fewer where fewer images are held out.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: As Lightning Fabric names it.

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
                raise InputError(f"{name} is {value!r}, but a whole number above 0 is wanted.")
        for name in ("warm_up", "restart"):
            value = getattr(self, name)
            if not (type(value) is int and value >= 0):
                raise InputError(f"{name} is {value!r}, but a whole number from 0 is wanted.")
        for name in (*_RATES, "temperature", "label_weight", "clip"):
            value = getattr(self, name)
            if name == "generator_rate" and value is None:
                continue
            if not (math.isfinite(value) and (value > 0 or (name == "clip" and value == 0))):
                raise InputError(f"{name} is {value!r}, but a number above 0 is wanted.")
        for name in _SHARES:
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise InputError(f"{name} is {value!r}, but a share from 0 to below 1 is wanted.")
        if self.bound != "infonce" and self.critic == "cosine":
            raise InputError(
                f"bound={self.bound!r} needs scores without limits, which cosine's are not; "
                f"set critic=separable."
            )
        if self.mode != "unsupervised" and self.held_labels == 0 and self.give:
            raise InputError(
                "Without held_labels nobody sees whether a view loses the label; "
                "set held_labels=0.2, or give=0 to go without."
            )

    @property
    def uses_labels(self) -> bool:
        """Whether the generator is moved by labels."""
        return self.mode != "unsupervised"

    @property
    def uses_information(self) -> bool:
        """Whether the generator is moved by what the views share."""
        return self.mode != "supervised"
