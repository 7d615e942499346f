"""Supervised training from scratch on few labels, a baseline of pretraining.

Letters: B examples of a batch, N labelled images, C classes.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from goodviews.data import Images
from goodviews.encoders import build_pair
from goodviews.training.machine import make_fabric
from goodviews.training.settings import Settings
from goodviews.views import ViewPair


def train_supervised(
    images: Images,
    index: np.ndarray,
    labels: np.ndarray,
    pair: ViewPair,
    *,
    classes: int,
    settings: Settings,
    seed: int,
    steps: int = 200,
    batch: int = 64,
) -> nn.Module:
    """Train the encoder of a study, with a linear layer on top, on labelled images only.

    Args:
        images: Dataset.
        index: (N,) indices of the labelled images.
        labels: (N,) class numbers, below ``classes``.
        pair: View pair; its first view augments the images.
        classes: C, the number of classes.
        settings: Settings with encoder, device and precision, as for pretraining.
        seed: Random seed of initialisation, order and draws.
        steps: Number of optimiser steps.
        batch: Images per step; at most the number of images.

    Returns:
        A module in evaluation mode, from pixels (B, C, H, W) in [0, 1] to logits (B, C).
    """
    fabric = make_fabric(settings.device, settings.precision, devices=1)
    x = images.batch(index, torch.device("cpu"))
    encoders = build_pair(settings.encoder, x, x, shared=True, head=settings.head, seed=seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(encoders.backbones[0], nn.LazyLinear(classes))
        model.eval()(x[:2])
    model = model.train().to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: 0.5 * (1 + math.cos(math.pi * step / steps))
    )
    wrapped, optimiser = fabric.setup(model, optimiser)
    x, y = x.to(fabric.device), torch.from_numpy(labels).to(fabric.device)
    places = torch.from_numpy(index)
    rng, batch = np.random.default_rng((seed, 0)), min(batch, len(index))
    for step in range(steps):
        rows = torch.from_numpy(rng.choice(len(index), batch, replace=False))
        view = pair.view(0, x[rows], seed=seed, samples=places[rows], epoch=step + 1)
        loss = F.cross_entropy(wrapped(view), y[rows])
        optimiser.zero_grad()
        fabric.backward(loss)
        optimiser.step()
        schedule.step()
    return model.eval()
