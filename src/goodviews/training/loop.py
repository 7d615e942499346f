"""Pretraining, read from the top: data, views, encoders, objective, step, log.

Letters: B examples of a batch, N pretraining images.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from lightning_fabric import Fabric

from goodviews.core.checks import InputError
from goodviews.data import Images
from goodviews.encoders import PairEncoder, build_pair
from goodviews.training.monitor import History, check_finite
from goodviews.training.objective import build_objective
from goodviews.views import ViewPair

__all__ = ["Settings", "Trained", "pretrain"]


_STEADY = 0.7
"""Share of training at the peak rate, so that levelling off is not the schedule's doing."""


@dataclass(frozen=True)
class Settings:
    """How an encoder is pretrained; the same for every view of a study.

    Attributes:
        encoder: Backbone spec.
        objective: Objective spec.
        epochs: Passes over the pretraining images.
        batch: Images per step; fewer when there are fewer.
        embedding: D, the projector's output.
        lr: Peak learning rate of AdamW; by default 6e-3 times sqrt(batch / 256).
        weight_decay: Of AdamW.
        warmup: Share of the steps in which the rate rises; then it falls as a cosine.
        device: ``auto``, ``cpu`` or ``cuda``.
        precision: As Lightning Fabric names it.
    """

    encoder: str = "convnet(width=16)"
    objective: str = "infonce(temperature=0.1)"
    epochs: int = 80
    batch: int = 250
    embedding: int = 64
    lr: float | None = None
    weight_decay: float = 1e-3
    warmup: float = 0.1
    device: str = "auto"
    precision: str = "32-true"


@dataclass(frozen=True)
class Trained:
    """What pretraining leaves: the encoders and what happened."""

    encoders: PairEncoder
    history: History


def pretrain(
    images: Images,
    index: np.ndarray,
    pair: ViewPair,
    *,
    settings: Settings,
    seed: int,
    look: Callable[[PairEncoder], tuple[float, float]] | None = None,
    tick: Callable[[], None] | None = None,
) -> Trained:
    """Pretrain the encoders of a pair of views.

    Initialisation, order of the images and draws of the views depend on the seed alone, so
    that two views with one seed differ in nothing else (common random numbers).

    Args:
        images: The data.
        index: (N,) which images to pretrain on.
        pair: Makes v1 and v2.
        settings: How.
        seed: Number of the run.
        look: Held-out bound of the encoders and its standard error, in nats; called halfway
            through the steady part, at its end and at the end.
        tick: Called after each epoch.

    Returns:
        Encoders in evaluation mode, and the history.

    Raises:
        InputError: Fewer than 8 images, or a step whose loss is not finite.
    """
    count = len(index)
    if count < 8:
        raise InputError(f"Only {count} images to pretrain on, but at least 8 are wanted.")
    pair.check((images.channels, images.height, images.width))
    fabric = Fabric(accelerator=settings.device, devices=1, precision=settings.precision)
    batch = min(settings.batch, count)
    objective = build_objective(settings.objective)

    some = images.batch(index[: min(count, 1024)], torch.device("cpu"))
    v1, v2 = pair(some, seed=seed, samples=torch.from_numpy(index[: len(some)]), epoch=0)
    encoders = build_pair(
        settings.encoder, v1, v2, shared=pair.alike, embedding=settings.embedding, seed=seed
    ).to(memory_format=torch.channels_last)
    lr = 6e-3 * math.sqrt(batch / 256) if settings.lr is None else settings.lr
    optimiser = torch.optim.AdamW(encoders.parameters(), lr=lr, weight_decay=settings.weight_decay)
    total = settings.epochs * (count // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _rate(total, settings.warmup))
    model, optimiser = fabric.setup(encoders, optimiser)

    history = History()
    looks = {round(part * total) for part in (_STEADY / 2, _STEADY, 1)}
    for epoch in range(1, settings.epochs + 1):
        order = np.random.default_rng((seed, epoch)).permutation(count)
        for start in range(0, count - batch + 1, batch):
            rows = index[order[start : start + batch]]
            x_BCHW = images.batch(rows, fabric.device)
            v1, v2 = pair(x_BCHW, seed=seed, samples=torch.from_numpy(rows), epoch=epoch)
            loss = objective(*model(v1, v2)).mean()
            check_finite(loss, seed=seed, epoch=epoch, step=history.steps, view=repr(pair))
            optimiser.zero_grad()
            fabric.backward(loss)
            optimiser.step()
            schedule.step()
            history.steps += 1
            history.losses.append(loss.item())
            if look and history.steps in looks:
                encoders.eval()
                history.bounds.append((history.steps, *look(encoders)))
                encoders.train()
        if tick:
            tick()
    return Trained(encoders.eval(), history)


def _rate(total: int, warmup: float) -> Callable[[int], float]:
    rise = max(round(total * warmup), 1)
    fall = max(total - round(total * _STEADY), 1)

    def at(step: int) -> float:
        return max(min((step + 1) / rise, (total - step) / fall, 1.0), 0.0)

    return at
