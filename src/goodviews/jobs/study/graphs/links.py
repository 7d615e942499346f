"""Readout of links: how often a link scores above pairs without one, link by link.

Letters: m links, K negatives of each.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor

from goodviews.encoders import GraphEncoders
from goodviews.evaluation.links import LinkSplit, link_predictor, link_scores
from goodviews.evaluation.links.probabilities import Calibration
from goodviews.graphs import Graph
from goodviews.jobs.study.graphs.plan import GraphPlan
from goodviews.jobs.study.plan import Task
from goodviews.measurement import train_on_links
from goodviews.methods import method

_COUNT = 100
_FLOOR = 1e-6


def link_arrays(
    split: LinkSplit, encode: Callable[[Graph], Tensor], task: Task, *, decoder: str
) -> dict[str, np.ndarray]:
    """Scores of the links of a task, whose mean over test links is the AUC.

    Args:
        split: The split; the encoder sees its training links only.
        encode: From a graph to (N, F).
        task: The task of the links: validation links, then test links.
        decoder: As in :func:`goodviews.evaluation.link_predictor`.

    Returns:
        ``right`` (M,), the share of negatives that score below each link, ties half; ``nats``
        (M,), log probability of the link and of one negative, their mean; ``null`` (M,), as
        ``right`` where half of the links change places with one of their negatives;
        ``draws`` and ``nats_draws`` (1,).
    """
    predictor = link_predictor(encode, split, decoder=decoder)
    tested = link_scores(predictor, count=_COUNT)
    pairs = split.val_negatives.view(2, -1, split.ratio)
    val = predictor(split.val).numpy()
    val_pairs = predictor(pairs).numpy()
    right = np.concatenate(
        [_above(val, val_pairs.ravel()), _above(tested.links, tested.others.ravel())]
    )
    first = np.concatenate([val_pairs[:, 0], tested.others[:, 0]])
    links = np.concatenate([val, tested.links])
    scale = tested.calibration or Calibration(0.0, 0.0, 0)
    chance = scale.probability(links).clip(_FLOOR, 1), (1 - scale.probability(first))
    nats = (np.log(chance[0]) + np.log(chance[1].clip(_FLOOR, 1))) / 2
    null = np.concatenate(
        [_shuffled(val, val_pairs, 0), _shuffled(tested.links, tested.others, 1)]
    )
    report = ~task.choose
    return {
        "right": right,
        "nats": nats,
        "null": null,
        "draws": right[report].mean(keepdims=True),
        "nats_draws": nats[report].mean(keepdims=True),
    }


def _above(links: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(m,) share of the negatives that score below each link, ties half."""
    order = np.sort(others)
    below = np.searchsorted(order, links), np.searchsorted(order, links, side="right")
    return (below[0] + below[1]) / (2 * len(order))


def _shuffled(links: np.ndarray, others: np.ndarray, seed: int) -> np.ndarray:
    """As :func:`_above`, where half of the links and one of their negatives change places."""
    swap = np.random.default_rng(seed).random(len(links)) < 0.5
    one, rest = np.where(swap, others[:, 0], links), others.copy()
    rest[:, 0] = np.where(swap, links, others[:, 0])
    return _above(one, rest[:, 0])


def trained_on_links(plan: GraphPlan, seed: int) -> GraphEncoders:
    """A graph autoencoder of the study's encoder, trained on the training links from scratch.

    Args:
        plan: A study of links.
        seed: Random seed of the run.
    """
    assert plan.links is not None
    settings = replace(
        method("gae"), encoder=_without_last(plan.settings.encoder), device=plan.settings.device
    )
    return train_on_links(plan.links, settings=settings, seed=seed)


def _without_last(encoder: str) -> str:
    """The encoder without the activation of its last layer, as inner products need."""
    if "last=" in encoder or not encoder.endswith(")"):
        return encoder
    inside = encoder.partition("(")[2].removesuffix(")")
    return f"{encoder.removesuffix(')')}{', ' if inside else ''}last=False)"
