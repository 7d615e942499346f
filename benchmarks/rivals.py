"""The loop that a user of lightly writes: transforms on PIL images, a loader, two passes."""

import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms as T

from goodviews.data import Images
from goodviews.encoders import build_backbone
from goodviews.encoders.small import Projector
from goodviews.training import Settings

DIM = 64
"""Dimensions of the embedding, as in a study."""


class Photographs(Dataset[Any]):
    """Some of the images as PIL, through a transform."""

    def __init__(self, images: Images, index: np.ndarray, transform: Callable[[Any], Any]) -> None:
        self.images, self.index, self.transform = images, index, transform

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, place: int) -> Any:
        pixels = np.asarray(self.images.pixels[self.index[place]])
        shown = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
        return self.transform(Image.fromarray(shown))


def statistics_of(images: Images, index: np.ndarray) -> dict[str, list[float]]:
    """Mean and spread of each channel, as lightly's transforms take them."""
    some = images.batch(index[:1024]).transpose(0, 1).flatten(1)
    return {"mean": some.mean(dim=1).tolist(), "std": some.std(dim=1).tolist()}


def simclr_transform(
    size: int, least: float, norm: dict[str, list[float]], *, colour: bool, grey: float = 0.0
) -> Any:
    """Two views: a crop of at least a share of the area; of photographs, flip, jitter and grey."""
    from lightly.transforms import SimCLRTransform
    from lightly.transforms.multi_view_transform import MultiViewTransform

    if not colour:
        steps = [T.RandomResizedCrop(size, (least, 1.0)), T.ToTensor(), T.Normalize(**norm)]
        return MultiViewTransform([T.Compose(steps)] * 2)
    return SimCLRTransform(
        input_size=size,
        cj_strength=0.5,
        min_scale=least,
        random_gray_scale=grey,
        gaussian_blur=0.0,
        normalize=norm,
    )


def simclr_loop(
    images: Images,
    index: np.ndarray,
    transform: Any,
    settings: Settings,
    *,
    seed: int = 0,
    timed: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
) -> nn.Module:
    """SimCLR as lightly's examples write it, with AdamW: the backbone, in training mode.

    Args:
        images: Dataset.
        index: (N,) images to pretrain on.
        transform: Makes the list of two views of a PIL image.
        settings: Backbone, batch and number of epochs.
        seed: Random seed.
        timed: Context of each ``"views"`` and each ``"encoder"``, for a clock.
    """
    from lightly.loss import NTXentLoss

    torch.manual_seed(seed)
    size = min(images.height, images.width)
    photographs = Photographs(images, index, transform)
    loader = DataLoader(photographs, batch_size=settings.batch, shuffle=True, drop_last=True)
    backbone = build_backbone(settings.encoder, channels=images.channels, size=size)
    features: Any = backbone.features
    model = nn.Sequential(backbone, Projector(features, DIM))
    criterion = NTXentLoss(temperature=0.1)
    lr = 6e-3 * math.sqrt(settings.batch / 256)
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=1e-3)
    steps = settings.epochs * len(loader)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, lr, total_steps=steps, pct_start=0.1)
    for _ in range(settings.epochs):
        batches = iter(loader)
        while True:
            with timed("views"):
                batch = next(batches, None)
            if batch is None:
                break
            with timed("encoder"):
                simclr_step(model, criterion, optimiser, batch)
                rate.step()
    return backbone


def endless(loader: DataLoader[Any]) -> Iterator[Any]:
    """Batch after batch, epoch after epoch."""
    while True:
        yield from loader


def simclr_step(
    model: nn.Module,
    criterion: nn.Module,
    optimiser: torch.optim.Optimizer,
    batch: Any,
) -> float:
    """One step as lightly's examples write it: each view passes the model by itself."""
    loss = criterion(model(batch[0]), model(batch[1]))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss)
