"""The training of a detector, the same for each backbone.

Letters: N images, B images of a batch, C H W one image, n objects of one image.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN

from goodviews.training.dense import CLIP, TUNED_FROM, warm_cosine

Objects = dict[str, Tensor]
"""``boxes`` (n, 4), ``labels`` (n,) from 1 and, for masks, ``masks`` (n, H, W) uint8."""


class Diverged(ArithmeticError):
    """The loss of a detector was not finite."""


@dataclass(frozen=True)
class Detector:
    """Settings of a detector and of its training.

    Attributes:
        kind: ``boxes`` or ``masks``.
        outputs: K, classes without the background.
        neck: ``fpn`` or ``c4``.
        steps: Optimiser steps.
        batch: Images per step, at most those there are.
        decay: Weight decay of AdamW.
    """

    kind: str
    outputs: int
    neck: str = "fpn"
    steps: int = 300
    batch: int = 4
    decay: float = 1e-4


def fit_detector(
    model: FasterRCNN,
    images: Tensor,
    objects: Callable[[int], Objects],
    *,
    settings: Detector,
    rate: float,
    seed: int,
    step: Callable[[], None] = lambda: None,
) -> None:
    """Train a detector: AdamW with warm-up, half a cosine and clipping; images are mirrored.

    Batch-norms of the backbone are tuned from 8 images per batch on; for smaller batches, and
    where their weights are frozen, they keep their statistics.

    Args:
        model: The detector, which is changed; frozen weights stay.
        images: (N, C, H, W) uint8.
        objects: Row of an image to its objects, in pixels of that image.
        settings: Settings of the training.
        rate: Largest learning rate.
        seed: Random seed of the order, the mirroring and the regions that are trained on.
        step: Called after each step.

    Raises:
        Diverged: The loss is not finite.
    """
    weights = [one for one in model.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(weights, lr=rate, weight_decay=settings.decay)
    schedule = warm_cosine(optimiser, settings.steps)
    rng, batch = np.random.default_rng([seed, 5]), min(settings.batch, len(images))
    model.train()
    _hold_norms(model, tuned=batch >= TUNED_FROM)
    order: list[int] = []
    devices = [images.device] if images.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        for number in range(settings.steps):
            if len(order) < batch:
                order += rng.permutation(len(images)).tolist()
            rows, order = order[:batch], order[batch:]
            given = [
                _example(images[row], objects(row), bool(flip))
                for row, flip in zip(rows, rng.integers(2, size=batch), strict=True)
            ]
            losses = model([one for one, _ in given], [target for _, target in given])
            loss = torch.stack(list(losses.values())).sum()
            if not math.isfinite(loss.item()):
                raise Diverged(f"The loss at step {number + 1} is not finite.")
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(weights, CLIP)
            optimiser.step()
            schedule.step()
            step()
    model.eval()


@torch.no_grad()
def predict_boxes(model: FasterRCNN, images: Tensor) -> list[Objects]:
    """What a detector finds in images (B, C, H, W) uint8.

    Returns:
        For each image ``boxes`` (n, 4) in its pixels, ``labels`` (n,) from 1, ``scores`` (n,)
        and, for masks, ``masks`` (n, 1, H, W) in [0, 1].
    """
    found: list[Objects] = model.eval()(list(images.float() / 255))
    return found


def _example(image: Tensor, target: Objects, mirrored: bool) -> tuple[Tensor, Objects]:
    pixels = image.float() / 255
    if not mirrored:
        return pixels, target
    wide = image.shape[-1]
    boxes = target["boxes"].clone()
    boxes[:, [0, 2]] = wide - boxes[:, [2, 0]]
    made = {**target, "boxes": boxes}
    if "masks" in target:
        made["masks"] = target["masks"].flip(-1)
    return pixels.flip(-1), made


def _hold_norms(model: nn.Module, *, tuned: bool) -> None:
    """Batch-norms that are frozen, or all of them, keep the statistics they have."""
    norms: Sequence[nn.Module] = [
        m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)
    ]
    for norm in norms:
        held = not any(one.requires_grad for one in norm.parameters())
        norm.train(tuned and not held)
