"""Training as one would write it by hand: a loop, torch's optimiser and someone's loss.

Nothing of our learners, memories, optimisers, schedules or loop takes part. The initial weights,
the views and the order of the images are those of our run with the same seed, so that runs are
paired. Each view passes the encoder alone.

Letters: B images of a batch, D embedding.
"""

import math
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn

from goodviews.data import Images
from goodviews.encoders import PairEncoder
from goodviews.training import Settings
from goodviews.training.learners import build_learner
from goodviews.views import parse_view
from goodviews_experiments.training_parity.peer import MakeLoss

RATE, DECAY, FLOOR = 0.006, 0.001, 0.001
"""Learning rate of AdamW at 256 images, its weight decay, and the last rate as a share."""


def train_plain(
    settings: Settings, images: Images, index: np.ndarray, *, seed: int, make_loss: MakeLoss
) -> tuple[PairEncoder, list[float]]:
    """Train an encoder with a loss.

    Args:
        settings: The method; its optimiser is AdamW with the numbers above, its schedule a cosine
            after one epoch of warm-up.
        images: The data.
        index: (N,) places of the images to train on.
        seed: Random seed of the run.
        make_loss: Makes the loss.

    Returns:
        The encoder in evaluation mode, and the loss of each step.
    """
    pair, batch = parse_view(settings.views), min(settings.batch, len(index))
    some = torch.from_numpy(index[:1024])
    v1, v2 = pair(images.batch(some), seed=seed, samples=some, epoch=0)
    per_epoch = len(index) // batch
    total = settings.epochs * per_epoch
    learner: Any = build_learner(
        settings, v1, v2, shared=True, images=len(index), steps=total, seed=seed
    )
    net = nn.Sequential(learner.encoders.backbones[0], learner.encoders.projectors[0]).train()
    slow = deepcopy(net).requires_grad_(False)
    predictor = learner.predictor if settings.name == "byol" else nn.Identity()
    dim = learner.encoders.embedding
    stored = len(learner.queues[0].keys) if settings.name == "mocov2" else 0
    loss_of = make_loss(settings.name, learner.objective.options, (stored, dim))
    optimiser = torch.optim.AdamW([*net.parameters(), *predictor.parameters()], weight_decay=DECAY)
    rng, losses = torch.Generator().manual_seed(seed), []
    for step in range(total):
        epoch, place = divmod(step, per_epoch)
        order = np.random.default_rng((seed, epoch + 1)).permutation(len(index))
        rows = index[order[place * batch : (place + 1) * batch]]
        samples = torch.from_numpy(rows)
        v1, v2 = pair(images.batch(rows), seed=seed, samples=samples, epoch=epoch + 1)
        if settings.name == "byol":
            loss = 2 * loss_of(predictor(net(v1)), slow(v2))
            loss = loss + 2 * loss_of(predictor(net(v2)), slow(v1))
        elif settings.name == "mocov2":
            query = torch.cat([net(part) for part in v1.chunk(settings.shuffle)])
            mixed = torch.randperm(batch, generator=rng)
            keys = torch.cat([slow(part) for part in v2[mixed].chunk(settings.shuffle)])
            loss = loss_of(query, keys[torch.argsort(mixed)])
        else:
            loss = loss_of(net(v1), net(v2))
        for group in optimiser.param_groups:
            group["lr"] = _rate(step, batch, per_epoch, total)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if settings.momentum is not None:
            _follow(slow, net, _momentum(settings, step, total))
        losses.append(float(loss.detach()))
    return learner.encoders.eval(), losses


def _rate(step: int, batch: int, per_epoch: int, total: int) -> float:
    """Learning rate of a step: it rises for an epoch, then falls as a cosine."""
    peak = RATE * math.sqrt(batch / 256)
    if step < per_epoch:
        return peak * (step + 1) / per_epoch
    part = (step - per_epoch) / (total - per_epoch)
    return peak * (FLOOR + (1 - FLOOR) * (1 + math.cos(math.pi * part)) / 2)


def _momentum(settings: Settings, step: int, total: int) -> float:
    """Share of the old weights that the slow encoder keeps in a step."""
    base = settings.momentum or 0.0
    if not settings.momentum_rises:
        return base
    return 1 - (1 - base) * (math.cos(math.pi * step / total) + 1) / 2


@torch.no_grad()
def _follow(slow: nn.Module, fast: nn.Module, momentum: float) -> None:
    for old, new in zip(slow.parameters(), fast.parameters(), strict=True):
        old.mul_(momentum).add_(new, alpha=1 - momentum)
