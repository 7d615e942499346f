"""A linear head on feature maps for a class or a depth of each pixel, the encoder frozen or not.

Letters: B images of a batch, N images, C H W one image, F features of a map, h w a map, K outputs.
"""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from goodviews.encoders.maps import Maps

RATES = {"all": (1e-3, 1e-2), "none": (1e-4, 1e-3)}
"""Learning rates to try: of a head on a frozen encoder, and of an encoder with its head."""

CLIP = 10.0
"""Largest norm of a gradient."""
WARM_UP = 0.1
"""Share of the steps in which the learning rate rises."""
MEASURED = 64
"""Images that statistics are measured on, before anything is trained."""
TUNED_FROM = 8
"""Images of a batch from which batch-norms are tuned; for smaller ones they keep the measured
statistics."""


@dataclass(frozen=True)
class Dense:
    """Settings of the training of a dense head.

    Attributes:
        kind: ``pixels`` or ``depth``.
        outputs: K: classes; 1 for depth.
        steps: Optimiser steps.
        batch: Images per step, at most those there are.
        decay: Weight decay of AdamW.
    """

    kind: str
    outputs: int
    steps: int = 300
    batch: int = 8
    decay: float = 1e-4


class Readable(nn.Module):
    """The maps of an encoder, each channel standardised with statistics that were measured.

    Args:
        maps: The encoder.
        images: (N, C, H, W), to measure the statistics on: uint8, or float32 in [0, 1].
    """

    def __init__(self, maps: Maps, images: Tensor) -> None:
        super().__init__()
        self.maps = maps.eval()
        sums: list[list[Tensor]] = []
        with torch.no_grad():
            for some in images[:MEASURED].split(8):
                levels = self.maps(unit(some))
                sums.append(
                    [torch.stack([x.mean((0, 2, 3)), (x**2).mean((0, 2, 3))]) for x in levels]
                )
        for k in range(len(maps.channels)):
            mean, square = torch.stack([one[k] for one in sums]).mean(dim=0)
            spread = (square - mean**2).clamp(min=0).sqrt() + 1e-4
            self.register_buffer(f"mean{k}", mean[:, None, None])
            self.register_buffer(f"std{k}", spread[:, None, None])

    def forward(self, images: Tensor) -> list[Tensor]:
        """Standardised maps (B, F, h, w) of images (B, C, H, W) in [0, 1]."""
        levels = self.maps(images)
        return [
            (x - self.get_buffer(f"mean{k}")) / self.get_buffer(f"std{k}")
            for k, x in enumerate(levels)
        ]


class DenseHead(nn.Module):
    """A linear readout of all maps at the place of each pixel.

    The maps are brought to the size of the finest by bilinear interpolation. Since that is linear
    as well, the linear layers come first, which is the same and cheaper.

    Args:
        channels: F of each map.
        outputs: K.
        seed: Random seed of the weights.

    Example:
        >>> head = DenseHead([4, 8], 3, seed=0)
        >>> head([torch.zeros(2, 4, 8, 8), torch.zeros(2, 8, 4, 4)]).shape
        torch.Size([2, 3, 8, 8])
    """

    def __init__(self, channels: Sequence[int], outputs: int, *, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.levels = nn.ModuleList(nn.Conv2d(one, outputs, 1) for one in channels)
        for level in self.levels:
            nn.init.normal_(level.weight, std=0.01, generator=torch.Generator().manual_seed(seed))  # type: ignore[arg-type]
            nn.init.zeros_(level.bias)  # type: ignore[arg-type]

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Maps (B, F, h, w), finest first, to (B, K, h, w) of the finest."""
        size = maps[0].shape[-2:]
        read = [level(one) for level, one in zip(self.levels, maps, strict=True)]
        return torch.stack([resized(one, size) for one in read]).sum(dim=0)


Levels = list[Tensor]
Inputs = Tensor | Levels
"""Images (N, C, H, W) uint8, or float32 in [0, 1]; or their standardised maps where the encoder is
frozen."""


def unit(images: Tensor) -> Tensor:
    """Images (B, C, H, W) as float32 in [0, 1]; of uint8, 255 means 1.

    Example:
        >>> unit(torch.tensor([[255, 51]], dtype=torch.uint8))
        tensor([[1.0000, 0.2000]])
    """
    return images.float() / 255 if images.dtype == torch.uint8 else images


def read_maps(encoder: Readable, images: Tensor, *, batch: int = 16) -> Levels:
    """The standardised maps of all images, in half precision.

    Args:
        encoder: The encoder, which is not trained.
        images: (N, C, H, W) uint8, or float32 in [0, 1].
        batch: Images at a time.
    """
    with torch.no_grad():
        made = [[x.half() for x in encoder(unit(some))] for some in images.split(batch)]
    return [torch.cat(level) for level in zip(*made, strict=True)]


def fit_dense(
    encoder: Readable,
    inputs: Inputs,
    targets: Tensor,
    *,
    settings: Dense,
    rate: float,
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> Callable[[Inputs], Tensor]:
    """Fit a linear head on maps; with images instead of maps, the encoder is trained as well.

    AdamW with warm-up, half a cosine and clipping; all arms of a comparison have the same. In
    training the encoder, images are mirrored at random.

    Args:
        encoder: The encoder; it is changed where it is trained.
        inputs: Images (N, C, H, W), or what :func:`read_maps` gives of them.
        targets: (N, H, W) int64 classes, -1 where a pixel does not count; or float32 depth, 0
            where it is unknown.
        settings: Settings of the training.
        rate: Learning rate; of the head ten times that where the encoder is trained.
        seed: Random seed of the head's weights and of the order.
        step: Called after each step.

    Returns:
        A function from such inputs to (B, K, h, w): logits of the classes, or the logarithm of
        the depth.
    """
    tuned = isinstance(inputs, Tensor)
    device = targets.device
    head = DenseHead(encoder.maps.channels, settings.outputs, seed=seed).to(device)
    if settings.kind == "depth":
        known = targets[targets > 0]
        nn.init.constant_(head.levels[0].bias, float(known.log().mean()))  # type: ignore[arg-type]
    groups = [{"params": list(head.parameters()), "lr": 10 * rate if tuned else rate}]
    if tuned:
        groups.append({"params": list(encoder.parameters()), "lr": rate})
    optimiser = torch.optim.AdamW(groups, weight_decay=settings.decay)
    schedule = warm_cosine(optimiser, settings.steps)
    rng, count = np.random.default_rng([seed, 5]), len(targets)
    batch = min(settings.batch, count)
    encoder.train(tuned and batch >= TUNED_FROM)
    every = [p for group in groups for p in group["params"]]  # type: ignore[attr-defined]
    order: list[int] = []
    for _ in range(settings.steps):
        if len(order) < batch:
            order += rng.permutation(count).tolist()
        rows, order = torch.tensor(order[:batch], device=device), order[batch:]
        truth, mirrored = targets[rows], tuned and bool(rng.integers(2))
        if isinstance(inputs, Tensor):
            pixels = unit(inputs[rows])
            maps = encoder(pixels.flip(-1) if mirrored else pixels)
        else:
            maps = [level[rows].float() for level in inputs]
        loss = _loss(head(maps), truth.flip(-1) if mirrored else truth, settings.kind)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(every, CLIP)
        optimiser.step()
        schedule.step()
        step()
    encoder.eval()

    @torch.no_grad()
    def predict(given: Inputs) -> Tensor:
        if isinstance(given, Tensor):
            return head(encoder(unit(given)))
        return head([level.float() for level in given])

    return predict


@dataclass(frozen=True, eq=False)
class Fitted:
    """A dense head at the learning rate that was chosen.

    Attributes:
        predict: From inputs to (B, K, h, w), as :func:`fit_dense` returns it.
        rate: The learning rate.
        trained_weights: Number of weights of the encoder that were trained.
    """

    predict: Callable[[Inputs], Tensor]
    rate: float
    trained_weights: int


def fit_best(
    encoder: Readable,
    inputs: Inputs,
    targets: Tensor,
    *,
    settings: Dense,
    rates: Sequence[float],
    score: Callable[[Callable[[Inputs], Tensor]], float],
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> Fitted:
    """Fit with each learning rate, and keep the best; the encoder that is given stays as it is.

    Args:
        encoder: The encoder.
        inputs: Images (N, C, H, W) or maps, see :func:`fit_dense`.
        targets: (N, H, W), see :func:`fit_dense`.
        settings: Settings of the training.
        rates: Learning rates to try.
        score: How good a function of inputs is, on images that are not reported; not called with
            a single rate.
        seed: See :func:`fit_dense`.
        step: Called after each step.
    """
    tried: list[tuple[float, Fitted]] = []
    for rate in rates:
        own = copy.deepcopy(encoder) if isinstance(inputs, Tensor) else encoder
        predict = fit_dense(
            own, inputs, targets, settings=settings, rate=rate, seed=seed, step=step
        )
        moved = sum(p.numel() for p in own.parameters() if p.grad is not None)
        reached = score(predict) if len(rates) > 1 else 0.0
        tried.append((reached, Fitted(predict, rate, moved)))
    return max(tried, key=lambda one: one[0])[1]


def warm_cosine(optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.LambdaLR:
    """Learning rates that rise over a tenth of the steps, then fall as half a cosine.

    Args:
        optimiser: Holds the largest rates.
        steps: Number of steps of the whole training.
    """
    warm = max(round(WARM_UP * steps), 1)
    return torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min((k + 1) / warm, (1 + math.cos(math.pi * k / steps)) / 2)
    )


def at_size(outputs: Tensor, size: Sequence[int], kind: str) -> np.ndarray:
    """What was predicted of one image at the size of its labels.

    Args:
        outputs: (K, h, w), of the function that :func:`fit_dense` returns.
        size: H and W.
        kind: ``pixels`` or ``depth``.

    Returns:
        (H, W) class numbers, or depth.
    """
    full = resized(outputs[None], size)[0]
    made = full.argmax(dim=0) if kind == "pixels" else full[0].clamp(-20, 20).exp()
    return made.cpu().numpy()


def _loss(outputs: Tensor, truth: Tensor, kind: str) -> Tensor:
    full = resized(outputs, truth.shape[-2:])
    if kind == "pixels":
        known = (truth >= 0).sum().clamp(min=1)
        return F.cross_entropy(full, truth, ignore_index=-1, reduction="sum") / known
    known = truth > 0
    return (full[:, 0][known] - truth[known].log()).abs().sum() / known.sum().clamp(min=1)


def resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Maps (B, F, h, w) at another size, by bilinear interpolation."""
    if tuple(maps.shape[-2:]) == tuple(size):
        return maps
    return F.interpolate(maps, size=tuple(size), mode="bilinear", align_corners=False)
