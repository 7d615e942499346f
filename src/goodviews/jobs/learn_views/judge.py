"""How learned views are judged: the generator is frozen and new encoders are trained on it.

The encoders of the game cannot judge, since the generator has learned to mislead them.

Letters: M tested images, N images to pretrain on.
"""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from goodviews.data import Images
from goodviews.evaluation import represent
from goodviews.evaluation.scores import Parts, knn, linear
from goodviews.information import Estimate
from goodviews.measurement import Draws, shared_nats
from goodviews.training import Settings
from goodviews.views import ViewPair, parse_view

DRAWS = Draws(temperature=9, first=0, looks=2, floats=True)
"""Draws of the views on which new encoders are judged."""


@dataclass(frozen=True, eq=False)
class Judgement:
    """What new encoders find in a pair of views.

    Attributes:
        bound: InfoNCE on held-out images.
        right: (M,) 1 where the linear readout is right on a tested image, else 0.
        knn: (M,) the same for nearest neighbours.
        undertrained: Whether longer training would have improved the encoders.
        steps: Optimiser steps the encoders were trained for.
    """

    bound: Estimate
    right: np.ndarray
    knn: np.ndarray
    undertrained: bool
    steps: int


def judge(
    images: Images,
    view: str | ViewPair,
    *,
    pretrain_on: np.ndarray,
    held_out: np.ndarray,
    labelled: np.ndarray,
    test: np.ndarray,
    labels: np.ndarray,
    settings: Settings,
    candidates: int,
    seed: int,
) -> Judgement:
    """Pretrain new encoders on a view spec, measure what they share, and train readouts.

    Args:
        images: The data.
        view: Spec of the two views, or the pair itself; a generator in it is frozen.
        pretrain_on: (N,) places.
        held_out: Places for the bound, none of them pretrained on.
        labelled: Places whose labels fit the readout.
        test: (M,) places that are tested.
        labels: Classes of all images; -1 where there is none.
        settings: Settings of the pretraining.
        candidates: K of the bound.
        seed: Random seed of the run.
    """
    pair = parse_view(view) if isinstance(view, str) else view
    found = shared_nats(
        pair,
        images,
        settings=settings,
        seed=seed,
        candidates=candidates,
        pretrain_on=pretrain_on,
        held_out=held_out,
        draws=DRAWS,
    )

    def embed(x: Tensor, _: Tensor) -> Tensor:
        return found.encoders.represent(pair.plain(0, x), pair.plain(1, x))

    items = np.concatenate([labelled, test])
    features = represent(images, items, embed)
    parts = Parts(
        np.arange(len(labelled)), np.zeros(0, np.int64), np.arange(len(labelled), len(items))
    )
    own, classes = labels[items], int(labels.max()) + 1
    return Judgement(
        bound=found.estimate,
        right=linear(features, own, parts, classes=classes).right,
        knn=knn(features, own, parts, classes=classes, neighbours=20).right,
        undertrained=not found.levelled_off,
        steps=found.history.steps,
    )
