"""Fine-tuning: an encoder is trained further on labels, by the loop that pretrains.

The head starts at the exact linear probe of the frozen representation, so that a rate of 0 is
that probe, and the encoder is not spoilt by a random head (Kumar et al., 2022).

Letters: B images, n fitted, F representation, C classes.
"""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
from torch import nn

from goodviews.core.errors import InputError, unknown
from goodviews.data import Images
from goodviews.encoders import PairEncoder
from goodviews.evaluation.logistic import LinearProbe
from goodviews.training import Settings, train
from goodviews.training.learners import TunedLearner
from goodviews.training.objective import build_objective
from goodviews.training.supervised import Head
from goodviews.views import Chain, ViewPair, parse_view

FINETUNE = Settings(
    name="finetune",
    source="ours; the head first: Kumar et al., 2022, arXiv:2202.10054",
    head="probe()",
    objective="cross_entropy()",
    optimiser="adamw(lr=0.002, weight_decay=0.01, rule='none')",
    schedule="cosine()",
    encoder_rate=0.1,
    batch=64,
    epochs=20,
)
"""The encoder's rate is a share of the head's; views: see :func:`fitted_views`."""

HEADS = ("probe()", "zeros()")
"""Where a head starts: at the linear probe, or at zero."""

_FEWEST = 8
"""Images below which the loop trains nothing; fewer are given several times."""


def fitted_views(images: Images) -> str:
    """The default augmentation: one that hardly any task is sensitive to."""
    return "crop(scale=(0.35, 1))|flip()" if images.channels == 3 else "translate(0.1)"


def finetune(
    images: Images,
    index: np.ndarray,
    labels: np.ndarray,
    encoder: nn.Module,
    *,
    start: LinearProbe,
    settings: Settings = FINETUNE,
    seed: int = 0,
    folder: Path | None = None,
    tick: Callable[[], None] | None = None,
) -> nn.Module:
    """Train an encoder further, with a linear head, on labelled images.

    Args:
        images: The data.
        index: (n,) labelled images.
        labels: (n,) their classes.
        encoder: Pixels (B, C, H, W) in [0, 1] to (B, F), in evaluation mode; it stays as it is.
        start: The linear probe of its representation: the head's first weights, and in any
            case how features are standardised.
        settings: How; ``encoder_rate`` is the encoder's share of the learning rate.
        seed: Random seed of the order of images and of the views.
        folder: Where checkpoints go; a run that is stored there is resumed.
        tick: Called after each epoch.

    Returns:
        A copy with its head, in evaluation mode: pixels (B, C, H, W) to logits (B, C).

    Raises:
        InputError: The settings cannot be used, or nothing in the encoder can be trained.
        Interrupted: The run was asked to stop; its state is in ``folder``.
    """
    if settings.head not in HEADS:
        raise unknown("head to start from", settings.head, HEADS)
    if settings.predictor or settings.memory or settings.jigsaw or settings.momentum is not None:
        raise InputError(
            "finetune classifies one view: leave out predictor, memory, jigsaw and momentum."
        )
    if not any(one.requires_grad for one in encoder.parameters()):
        raise InputError("finetune trains an encoder, but this one has no weights.")
    both = parse_view(settings.views or fitted_views(images))
    if not both.same:
        raise InputError(f"finetune augments one view, but {both} makes two: name one spec.")
    pair = ViewPair(both.first, Chain(()), False, repr(both))
    rows = np.resize(np.arange(len(index)), max(len(index), _FEWEST))
    frozen = settings.encoder_rate == 0
    root = start.weight.shape[0] ** 0.5
    head = Head(start.centre, start.spread / root, start.weight / root, start.bias)
    if settings.head == "zeros()":
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
    encoders = PairEncoder([deepcopy(encoder)], [head])
    objective = build_objective(settings.objective)
    if objective.kind != "classes":
        raise InputError(f"finetune classifies, but the objective is {settings.objective}.")
    learner = TunedLearner(encoders, objective, frozen=frozen).train()
    train(
        images,
        index[rows],
        pair,
        settings=settings,
        seed=seed,
        labels=labels[rows],
        learner=learner,
        folder=folder,
        tick=tick,
    )
    kept = learner.result()
    return nn.Sequential(kept.backbones[0], kept.projectors[0]).eval()
