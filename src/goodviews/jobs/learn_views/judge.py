"""How learned views are judged: with the generator frozen, by encoders that never met it.

Letters: M items, N images, F representation.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from goodviews.data import Images
from goodviews.encoders import PairEncoder
from goodviews.evaluation import fit_temperature, represent, shared_nats
from goodviews.evaluation.scores import Parts, knn, linear
from goodviews.information import Estimate
from goodviews.training import Settings, train
from goodviews.training.diagnostics.monitor import levelled_off
from goodviews.views import ViewPair, parse_view


@dataclass(frozen=True, eq=False)
class Judgement:
    """What new encoders say of a pair of views.

    Attributes:
        bound: InfoNCE on held-out images.
        right: (M,) 1 where the linear readout was right on a tested item, else 0.
        knn: (M,) the same for nearest neighbours.
        undertrained: Whether the encoders would have gone on improving.
        steps: They were trained for.
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
    """Pretrain new encoders on a view spec, measure what they share, and read them out.

    Args:
        images: The data.
        view: Spec of the two views, or the pair itself; a generator in it is frozen.
        pretrain_on: (N,) places.
        held_out: Places for the bound, none of them pretrained on.
        labelled: Places whose labels fit the readout.
        test: (M,) places that are tested.
        labels: Classes of all images; -1 where there is none.
        settings: Of the pretraining.
        candidates: K of the bound.
        seed: Number of the run.
    """
    pair = parse_view(view) if isinstance(view, str) else view
    looks: list[Estimate] = []

    def look(encoders: PairEncoder) -> tuple[float, float]:
        looks.append(_bound(images, pair, encoders, pretrain_on, held_out, candidates, seed))
        return looks[-1].nats, looks[-1].stderr_nats

    trained = train(images, pretrain_on, pair, settings=settings, seed=seed, look=look)
    encoders = trained.encoders

    def embed(x: Tensor, _: Tensor) -> Tensor:
        return encoders.represent(pair.plain(0, x), pair.plain(1, x))

    items = np.concatenate([labelled, test])
    features = represent(images, items, embed)
    parts = Parts(
        np.arange(len(labelled)), np.zeros(0, np.int64), np.arange(len(labelled), len(items))
    )
    own, classes = labels[items], int(labels.max()) + 1
    return Judgement(
        bound=looks[-1],
        right=linear(features, own, parts, classes=classes).right,
        knn=knn(features, own, parts, classes=classes, neighbours=20).right,
        undertrained=not levelled_off(trained.history),
        steps=trained.history.steps,
    )


def fresh_bound(
    images: Images,
    view: str,
    *,
    pretrain_on: np.ndarray,
    held_out: np.ndarray,
    settings: Settings,
    candidates: int,
    seed: int,
) -> Estimate:
    """What new encoders find that two views share: the bound that chooses a generator.

    The encoders of the game cannot say, for the generator has learned to dodge them.

    Args:
        images: The data.
        view: Spec of the two views.
        pretrain_on: (N,) places.
        held_out: (M,) places for the bound, none of them pretrained on.
        settings: Of the pretraining.
        candidates: K of the bound.
        seed: Number of the run.

    Returns:
        The InfoNCE bound on I(v1; v2), nats.
    """
    pair = parse_view(view)
    trained = train(images, pretrain_on, pair, settings=settings, seed=seed)
    return _bound(images, pair, trained.encoders, pretrain_on, held_out, candidates, seed)


def _bound(
    images: Images,
    pair: ViewPair,
    encoders: PairEncoder,
    pretrain_on: np.ndarray,
    held_out: np.ndarray,
    candidates: int,
    seed: int,
) -> Estimate:
    """The bound of a study: temperature from pretraining pairs, K held-out images at a time."""

    def one(which: int, draw: int, x: Tensor, samples: Tensor) -> Tensor:
        made = pair.view(which, x, seed=seed, samples=samples, epoch=-1 - draw)
        return encoders.embed(which, made)

    def embed(rows: np.ndarray, draw: int) -> tuple[Tensor, Tensor]:
        first, second = (represent(images, rows, partial(one, i, draw)) for i in (0, 1))
        return first, second

    was = encoders.training
    encoders.eval()
    with torch.no_grad():
        temperature = fit_temperature(*embed(pretrain_on[:1024], 9))
    found = shared_nats(embed, held_out, candidates=candidates, temperature=temperature)
    encoders.train(was)
    return found
