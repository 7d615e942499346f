"""What a run trains on: examples whose views are made batch by batch.

Letters: B examples of a batch, N examples.
"""

import hashlib
from typing import Any, Protocol

import numpy as np
import torch

from goodviews.core.rng import Key
from goodviews.data import Images
from goodviews.training.learners import Batch
from goodviews.views import ViewPair, parse_view


class Source(Protocol):
    """Examples and the views that are made of them.

    Attributes:
        count: Number of examples N.
        noun: Word for several examples in messages.
        view: Spec of the views.
        shared: Whether one encoder can encode both views.
        classes: Number of classes of the labels; 0 without labels.
    """

    count: int
    noun: str
    view: str
    shared: bool
    classes: int

    @property
    def hash(self) -> str:
        """Hash of the data and of the part that is used."""
        ...

    def steps(self, batch: int) -> int:
        """Number of optimiser steps in an epoch."""
        ...

    def some(self, seed: int) -> tuple[Any, Any]:
        """Both views of some examples on the CPU, from which encoders are built."""
        ...

    def batch(
        self, places: np.ndarray, *, seed: int, epoch: int, step: int, device: torch.device
    ) -> Batch:
        """Views of the examples at (B,) places among the N."""
        ...


class ImageSource:
    """Images and a view pair; see :class:`Source`.

    Args:
        images: Dataset.
        index: (N,) indices of the images to pretrain on.
        pair: View pair that makes v1 and v2.
        jigsaw: Spec of a third view of patches; empty for none.
        labels: (N,) classes of those images.

    Raises:
        InputError: The views do not fit the images.
    """

    noun = "images"

    def __init__(
        self,
        images: Images,
        index: np.ndarray,
        pair: ViewPair,
        *,
        jigsaw: str = "",
        labels: np.ndarray | None = None,
    ) -> None:
        self.images, self.index, self.pair, self.labels = images, index, pair, labels
        self.count, self.view, self.shared = len(index), repr(pair), pair.alike
        self.classes = 0 if labels is None else int(labels.max()) + 1
        shape = (images.channels, images.height, images.width)
        pair.check(shape, images.least_shape)
        self.jigsaw = parse_view(jigsaw).first if jigsaw else None
        if self.jigsaw:
            self.jigsaw.check(shape, images.least_shape)

    @property
    def hash(self) -> str:
        """Hash of the dataset, and a short one of the training subset unless it is the default."""
        if np.array_equal(self.index, np.flatnonzero(self.images.part == 0)):
            return self.images.hash
        subset = hashlib.sha256(self.index.astype("<i8").tobytes()).hexdigest()[:8]
        return f"{self.images.hash} {subset}"

    def steps(self, batch: int) -> int:
        """See :meth:`Source.steps`: every image is in one batch at most."""
        return self.count // batch

    def some(self, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
        """See :meth:`Source.some`."""
        first = torch.from_numpy(self.index[: min(self.count, 1024)])
        some = self.images.for_views(first, torch.device("cpu"), floats=True)
        return self.pair(some, seed=seed, samples=first, epoch=0)

    def batch(
        self, places: np.ndarray, *, seed: int, epoch: int, step: int, device: torch.device
    ) -> Batch:
        """See :meth:`Source.batch`."""
        rows = self.index[places]
        x_BCHW = self.images.for_views(rows, device)  # uint8 if possible, which views read faster
        samples = torch.from_numpy(rows).to(device)
        v1, v2 = self.pair(x_BCHW, seed=seed, samples=samples, epoch=epoch)
        patches = None
        if self.jigsaw is not None:
            patches = self.jigsaw.apply(
                x_BCHW, self.jigsaw.draw(x_BCHW, self.pair.key(2, x_BCHW, seed, samples, epoch))
            )
        return Batch(
            v1,
            v2,
            torch.from_numpy(places).to(device),
            Key.of(seed=seed, samples=samples, epoch=epoch, view=3).words,
            step,
            None if self.labels is None else torch.from_numpy(self.labels[places]).to(device),
            patches,
        )
