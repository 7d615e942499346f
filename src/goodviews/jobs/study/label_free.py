"""Scores of a trained pair of views that need no labels: columns of a study's rows.

Letters: N held-out images, T turns, F representation, D embedding.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data import Images
from goodviews.encoders import PairEncoder
from goodviews.evaluation import label_free, represent
from goodviews.information import effective_rank
from goodviews.measurement import embed_views
from goodviews.objectives import alignment, uniformity
from goodviews.views import ViewPair

_EMBEDDED, _REPRESENTED, _TURNED, _DRAWN = 2048, 1024, 768, 256
"""Images whose views are embedded, that are represented, that are turned, and whose views LiDAR
compares: spread evenly, since images are often in the order of their classes."""
_DRAWS = 4
"""Draws of LiDAR; where both views come from one spec, each gives two views of an image."""
_FIRST_DRAW = 11
"""Number of LiDAR's first draw; the bound and its temperature use smaller ones."""


def label_free_scores(
    encoders: PairEncoder,
    pair: ViewPair,
    images: Images,
    held_out: np.ndarray,
    *,
    seed: int,
    embeddings: tuple[Tensor, Tensor] | None = None,
) -> dict[str, float]:
    """Score a trained pair of views on images that it was not trained on.

    Args:
        encoders: The trained encoders, in evaluation mode.
        pair: The views that they were trained with.
        images: The data.
        held_out: (N,) places of the images.
        seed: Number of the run.
        embeddings: What :func:`embedded` gives, where it is known already.

    Returns:
        The scores by the names of their columns, which are those of
        :data:`goodviews.evaluation.label_free.RANKERS` without ``estimate_nats``; nan where a
        score is not defined, such as with too few images.
    """
    z1_ND, z2_ND = embeddings or embedded(encoders, pair, images, held_out, seed=seed)
    device = next(encoders.parameters()).device

    def whole(x: Tensor) -> Tensor:
        return encoders.represent(pair.plain(0, x), pair.plain(1, x))

    def turned(x: Tensor, _: Tensor) -> Tensor:
        return torch.stack([whole(turn) for turn in label_free.rotated(x)], dim=1)

    h_NF = represent(images, spread(held_out, _REPRESENTED), lambda x, _: whole(x), device=device)
    turns_NTF = represent(images, spread(held_out, _TURNED), turned, device=device)
    views: list[Tensor] = []
    few = spread(held_out, _DRAWN)
    for draw in range(_FIRST_DRAW, _FIRST_DRAW + _DRAWS):
        both = embed_views(encoders, pair, images, few, seed=seed, draw=draw)
        views += both if pair.same else both[:1]
    return {
        "effective_rank": effective_rank(z1_ND),
        "alignment": float(alignment(z1_ND, z2_ND).mean()),
        "uniformity": float(uniformity(z1_ND).mean()),
        "spectrum_decay": _or_nan(label_free.spectrum_decay, h_NF),
        "lidar": _or_nan(label_free.lidar, torch.stack(views, dim=1)),
        "learnability": _or_nan(label_free.cluster_learnability, h_NF),
        "intrinsic_dimension": _or_nan(label_free.intrinsic_dimension, h_NF),
        "rotation_top1": _or_nan(label_free.rotation_accuracy, turns_NTF.transpose(0, 1)),
    }


def embedded(
    encoders: PairEncoder, pair: ViewPair, images: Images, held_out: np.ndarray, *, seed: int
) -> tuple[Tensor, Tensor]:
    """Embeddings of both views of some held-out images, under one draw: two of (N, D)."""
    some = spread(held_out, _EMBEDDED)
    return embed_views(encoders, pair, images, some, seed=seed, draw=1)


def spread(rows: np.ndarray, count: int) -> np.ndarray:
    """At most ``count`` of (N,) places, evenly spaced.

    Example:
        >>> spread(np.arange(10), 4)
        array([0, 3, 6, 9])
    """
    if len(rows) <= count:
        return rows
    return np.asarray(rows[np.linspace(0, len(rows) - 1, count).round().astype(int)])


def _or_nan(score: Callable[[Tensor], float], given: Tensor) -> float:
    try:
        return score(given)
    except InputError:
        return np.nan
