"""Training on moving digits: clip against image with InfoNCE, or an image with its labels.

Letters: B examples of a batch, T frames, C H W image, F representation, D embedding.
"""

import copy
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.encoders import SequenceEncoder
from goodviews.objectives import infonce_two_sided
from goodviews.training import build_optimiser, build_schedule
from goodviews.training.diagnostics import History, levelled_off
from goodviews.worlds import MovingDigits

WIDTHS = (8, 16, 32, 64)
"""Filters of the four layers, as in the paper."""


@dataclass(frozen=True)
class MovingSettings:
    """How each network is trained.

    Attributes:
        steps: Optimiser steps.
        batch: B.
        optimiser: As :func:`goodviews.training.optim.build_optimiser` reads it.
        schedule: As :func:`goodviews.training.schedule.build_schedule` reads it.
        temperature: Temperature of InfoNCE.
        embedding: D.
        stride: Stride of the first layer; the other three have 2.
        task_steps: Steps of each supervised network.
    """

    steps: int = 400
    batch: int = 128
    optimiser: str = "adamw(lr=0.004, rule='none', weight_decay=0.001)"
    schedule: str = "trapezoid()"
    temperature: float = 0.1
    embedding: int = 64
    stride: int = 1
    task_steps: int = 400


class FourConvs(nn.Module):
    """Four convolutions of 8, 16, 32 and 64 filters and the mean of what they give.

    Args:
        channels: C.
        stride: Stride of the first layer; the others have 2.

    References:
        Tian et al., 2020, appendix (Colorful Moving-MNIST), arXiv:2005.10243; strides, norm
        and activation are ours.

    Example:
        >>> FourConvs(3)(torch.zeros(2, 3, 32, 32)).shape
        torch.Size([2, 64])
    """

    def __init__(self, channels: int, *, stride: int = 1) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, width in enumerate(WIDTHS):
            step = 2 if number else stride
            layers += [
                nn.Conv2d(channels, width, 3, stride=step, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
            channels = width
        self.layers = nn.Sequential(*layers)
        self.features = WIDTHS[-1]

    def forward(self, images: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] to representations (B, F)."""
        return self.layers((images - 0.5) / 0.25).mean(dim=(-2, -1))


@dataclass
class MovingRun:
    """A trained image encoder and how it got there.

    Attributes:
        encoder: (B, C, H, W) to (B, F), in evaluation mode.
        history: Loss of each step and looks at held-out pairs, nats.
        ceiling: log B; the loss of guessing.
        seconds: Wall time.
        snapshots: Step to a copy of the encoder then.
    """

    encoder: nn.Module
    history: History
    ceiling: float
    seconds: float
    snapshots: dict[int, nn.Module] = field(default_factory=dict)

    @property
    def left(self) -> int | None:
        """The first step at which the loss, a mean of 20 steps, lay 0.25 nats below guessing."""
        losses = np.array(self.history.losses)
        if len(losses) < 20:
            return None
        means = np.convolve(losses, np.full(20, 1 / 20), mode="valid")
        below = np.flatnonzero(means < self.ceiling - 0.25)
        return int(below[0]) + 20 if len(below) else None

    @property
    def undertrained(self) -> bool:
        """Whether the run never left the plateau of guessing, or was still moving at its end."""
        return self.left is None or not levelled_off(self.history)


def train_shared(
    worlds: Sequence[MovingDigits],
    shared: Sequence[str],
    settings: MovingSettings,
    *,
    seed: int,
    device: torch.device,
    progress: Callable[[int, float], None] | None = None,
    keep: Sequence[int] = (),
) -> MovingRun:
    """Train a sequence encoder on clips and an image encoder on images that share factors.

    Every batch is drawn afresh; no pair is seen twice. At 35, 70 and 100 % of the run the
    bound of InfoNCE is read on pairs of the second world.

    Args:
        worlds: To learn from, and to look at.
        shared: Names of the shared factors.
        settings: How.
        seed: Number of the run: initial weights and draws.
        device: Where.
        progress: Called with a step and its loss.
        keep: Steps after which a copy of the image encoder is kept.

    Returns:
        The run.
    """
    world, held_out = (one.to(device) for one in worlds)
    channels = int(world.photos.shape[1])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        image = FourConvs(channels, stride=settings.stride)
        clip = SequenceEncoder(FourConvs(channels, stride=settings.stride), hidden=64)
        heads = [nn.Linear(one.features, settings.embedding) for one in (clip, image)]
    model = nn.ModuleList([clip, image, *heads]).to(device)
    memory = torch.empty(
        settings.batch, world.frames, channels, world.size, world.size, device=device
    )

    def loss_of(source: MovingDigits, number: int, key: int) -> Tensor:
        rows = number * settings.batch + torch.arange(settings.batch, device=device)
        pair = source.pair(rows, shared, seed=key, out=memory)
        z1, z2 = heads[0](clip(pair.clip)), heads[1](image(pair.image))
        return infonce_two_sided(z1, z2, temperature=settings.temperature)

    def look() -> tuple[float, float]:
        model.eval()
        with torch.no_grad():
            each = torch.cat([loss_of(held_out, number, seed) for number in range(4)])
        model.train()
        error = float(each.std()) / len(each) ** 0.5
        return float(np.log(settings.batch)) - float(each.mean()), error

    history, seconds, kept = _descend(
        model,
        lambda number: loss_of(world, number, seed).mean(),
        look,
        settings,
        settings.steps,
        image,
        progress=progress,
        keep=keep,
    )
    return MovingRun(image.eval(), history, float(np.log(settings.batch)), seconds, kept)


def train_task(
    worlds: Sequence[MovingDigits],
    task: str,
    settings: MovingSettings,
    *,
    seed: int,
    device: torch.device,
) -> MovingRun:
    """Train an image encoder with labels: cross-entropy of classes, squares of the centre.

    Args:
        worlds: To learn from, and to look at.
        task: ``digit``, ``background`` or ``position``.
        settings: How.
        seed: Number of the run.
        device: Where.

    Returns:
        The run; its ceiling is the loss of the best constant, its looks are what it gained.
    """
    world, held_out = (one.to(device) for one in worlds)
    place = task == "position"
    classes = world.digit_classes if task == "digit" else world.photo_classes
    outputs = 2 if place else int(classes.max()) + 1
    middle, spread = 32.0, world.room * 64 / world.size / 12**0.5
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        image = FourConvs(int(world.photos.shape[1]), stride=settings.stride)
        head = nn.Linear(image.features, outputs)
    model = nn.ModuleList([image, head]).to(device)

    def loss_of(source: MovingDigits, number: int) -> Tensor:
        rows = number * settings.batch + torch.arange(settings.batch, device=device)
        scene = source.draw(rows, seed=seed)
        made, said = head(image(source.render(scene)[:, 0])), source.columns(scene)
        if not place:
            return F.cross_entropy(made, said[task], reduction="none")
        centre = torch.stack([said["row"], said["column"]], dim=1).float()
        return (made - (centre - middle) / spread).square().mean(dim=1)

    counts = torch.bincount(classes.long()).float()
    share = counts / counts.sum()
    ceiling = 1.0 if place else float(-(share * share.clamp(min=1e-9).log()).sum())

    def look() -> tuple[float, float]:
        model.eval()
        with torch.no_grad():
            each = torch.cat([loss_of(held_out, number) for number in range(4)])
        model.train()
        return ceiling - float(each.mean()), float(each.std()) / len(each) ** 0.5

    history, seconds, _ = _descend(
        model,
        lambda number: loss_of(world, number).mean(),
        look,
        settings,
        settings.task_steps,
        image,
    )
    return MovingRun(image.eval(), history, ceiling, seconds)


def _descend(
    model: nn.Module,
    loss_of: Callable[[int], Tensor],
    look: Callable[[], tuple[float, float]],
    settings: MovingSettings,
    total: int,
    image: nn.Module,
    *,
    progress: Callable[[int, float], None] | None = None,
    keep: Sequence[int] = (),
) -> tuple[History, float, dict[int, nn.Module]]:
    begin = time.perf_counter()
    optimiser, rule = build_optimiser(settings.optimiser, model.parameters(), batch=settings.batch)
    base = [group["lr"] for group in optimiser.param_groups]
    factor = build_schedule(settings.schedule, total)
    looks = {round(part * total) for part in (0.35, 0.7, 1)}
    history = History(total=total, rule=rule)
    kept: dict[int, nn.Module] = {}
    for step in range(total):
        for group, rate in zip(optimiser.param_groups, base, strict=True):
            group["lr"] = rate * factor(step)
        loss = loss_of(step)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        history.losses.append(loss.item())
        history.steps = step + 1
        if progress is not None:
            progress(step + 1, history.losses[-1])
        if history.steps in looks:
            history.bounds.append((history.steps, *look()))
        if history.steps in keep:
            kept[history.steps] = copy.deepcopy(image).eval()
    return history, time.perf_counter() - begin, kept
