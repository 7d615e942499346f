"""One pretrained encoder: representations of the test images, and what needs no labels."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core import Key
from goodviews.data import Images
from goodviews.encoders import PairEncoder
from goodviews.evaluation import Factor, as_factors, drawn_factors, factor_readout, represent
from goodviews.information import effective_rank
from goodviews.measurement import Draws, SharedNats, embed_views, shared_nats
from goodviews.objectives import alignment, uniformity
from goodviews.views import ViewPair, parse_view

SURROGATES = {
    "rank of embeddings": 1.0,
    "rank of representations": 1.0,
    "alignment": -1.0,
    "uniformity": -1.0,
    "most shared nats": 1.0,
    "fewest shared nats": 1.0,
    "parameter leakage": -1.0,
}
"""Choosers without labels: name, and 1 where more is taken for better."""

_BLOCK = 4


def pretrained(
    images: Images,
    pretrain_on: np.ndarray,
    items: np.ndarray,
    view: str,
    seed: int,
    epochs: int,
) -> dict[str, Any]:
    """Pretrain with a view.

    Args:
        images: The data.
        pretrain_on: (N,) places of the images to pretrain on.
        items: Places of the images to represent; none of them is pretrained on.
        view: Spec of the view.
        seed: Number of the run.
        epochs: Passes over the images.

    Returns:
        ``features`` (N, F) of the items, and the scores that need no labels by their name.
    """
    pair = parse_view(view)
    found = shared_nats(
        pair,
        images,
        epochs=epochs,
        seed=seed,
        candidates=min(len(items), 4096),
        pretrain_on=pretrain_on,
        held_out=items,
        draws=Draws(temperature=9, looks=0, floats=True),
    )
    encoders = found.encoders
    features = represent(images, items, lambda x, _: encoders.represent(x)).numpy()
    return {"features": features, **_surrogates(images, items, pair, found, seed, features)}


@torch.no_grad()
def _surrogates(
    images: Images,
    items: np.ndarray,
    pair: ViewPair,
    found: SharedNats,
    seed: int,
    features: np.ndarray,
) -> dict[str, float]:
    encoders, nats = found.encoders, found.nats
    z1, z2 = embed_views(encoders, pair, images, items[:4096], seed=seed, draw=0, floats=True)
    return {
        "rank of embeddings": effective_rank(z1),
        "rank of representations": effective_rank(torch.from_numpy(features)),
        "alignment": float(alignment(z1, z2).mean()),
        "uniformity": float(uniformity(z1).mean()),
        "most shared nats": nats,
        "fewest shared nats": -nats,
        "parameter leakage": _leakage(images, items, pair, encoders, seed),
    }


def _leakage(
    images: Images, items: np.ndarray, pair: ViewPair, encoders: PairEncoder, seed: int
) -> float:
    """How well the drawn parameters of v1 can be read from its representation, from 0 to 1."""
    shape = (images.channels, images.height, images.width)
    key = Key.of(seed=seed, samples=torch.from_numpy(items), epoch=-99, view=0)
    params = pair.first.sample(shape, key)
    factors, _ = drawn_factors(params)
    for name, words in params.items():
        if name.endswith("noise.word"):
            factors += _blocks(name, words, shape)

    def view(x: Tensor, samples: Tensor) -> Tensor:
        return encoders.represent(pair.view(0, x, seed=seed, samples=samples, epoch=-99))

    features = represent(images, items, view).numpy()
    half = len(items) // 2
    fit, test = np.arange(half), np.arange(half, len(items))
    skills = []
    for factor in factors:
        found = factor_readout.read_factor(features, factor, fit=fit, test=test)
        skills.append(max((found.score - found.chance) / (1 - found.chance), 0.0))
    return float(np.mean(skills)) if skills else 0.0


def _blocks(name: str, words: Tensor, shape: tuple[int, int, int]) -> list[Factor]:
    """A field of noise as numbers: its means over squares of four pixels."""
    channels, height, width = shape
    field = Key(words).normal(channels * height * width).view(-1, channels, height, width)
    means = F.avg_pool2d(field.mean(dim=1, keepdim=True), _BLOCK).flatten(1)
    return as_factors({name: means}, unknown=None)[0]
