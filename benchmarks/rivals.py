"""The loop that a user of lightly writes: transforms on PIL images, a loader, two passes."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset

from goodviews.data import Images


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
