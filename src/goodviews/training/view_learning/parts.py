"""Images for view learning: their roles, and the views applied before the generator.

Letters: B images of a batch, N images, L labelled ones, C channels, H and W pixels.
"""

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.rng import Key
from goodviews.data import Images
from goodviews.training.view_learning.game import Game
from goodviews.views import Chain


class Maker:
    """Maker of the inputs of g: reads images, then draws and applies the views before g."""

    def __init__(
        self, images: Images, chain: Chain | None, seed: int, device: torch.device
    ) -> None:
        self.images, self.chain, self.seed, self.device = images, chain, seed, device
        if chain is not None:
            chain.check((images.channels, images.height, images.width), images.least_shape)

    def __call__(self, rows: np.ndarray, epoch: int, *, view: int = 0) -> Tensor:
        """(B, C, H, W) inputs of some images, on the device."""
        if self.chain is None:
            return self.images.batch(rows, self.device)
        x_BCHW = self.images.for_views(rows, self.device)
        there = self.device if self.images.originals is None else "cpu"
        samples = torch.from_numpy(rows).to(there)
        key = Key.of(seed=self.seed, samples=samples, epoch=epoch, view=view)
        return self.chain.apply(x_BCHW, self.chain.draw(x_BCHW, key))

    def labelled(self, rows: np.ndarray, labels: np.ndarray, epoch: int) -> tuple[Tensor, Tensor]:
        """Labelled images (L, C, H, W), with another draw than without labels, and labels."""
        return self(rows, epoch, view=99), torch.from_numpy(labels).to(self.device)


def hold_out(
    index: np.ndarray, held_out: np.ndarray | None, game: Game
) -> tuple[np.ndarray, np.ndarray]:
    """Split images into those to learn from and those for measurements only.

    Args:
        index: (N,) indices of the images without labels.
        held_out: (M,) indices of images for measurements (default: a tenth of ``index``).
        game: Settings; ``candidates`` is the maximum number of images for measurements.

    Returns:
        Both index arrays, (N',) and (M',).

    Raises:
        InputError: There are too few images of either kind.

    Example:
        >>> rest, seen = hold_out(np.arange(100), None, Game())
        >>> len(rest), len(seen)
        (90, 10)
    """
    if held_out is None:
        order = np.random.default_rng(0).permutation(index)
        held_out = order[: max(len(order) // 10, 2)]
    rest = np.setdiff1d(index, held_out)
    seen = held_out[: game.candidates]
    if len(rest) < 32 or len(seen) < 8:
        raise InputError(
            "View learning needs at least 32 images to learn from and 8 for measurements, but "
            f"got {len(rest)} and {len(seen)}."
        )
    return rest, seen


def split_labelled(
    labelled: np.ndarray | None, labels: np.ndarray | None, game: Game
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Split labelled images, class by class, into those for training and for measurements.

    Args:
        labelled: (L,) indices of images with labels, or none.
        labels: (L,) class numbers.
        game: Settings; ``held_labels`` is the share for measurements.

    Returns:
        Indices and labels for training, and for measurements.

    Raises:
        InputError: There are no labels, or labels of one class only, but g learns from labels.

    Example:
        >>> teach, watch = split_labelled(np.arange(20), np.arange(20) % 2, Game())
        >>> len(teach[0]), np.bincount(watch[1])
        (16, array([2, 2]))
    """
    if labelled is None or labels is None or not len(labelled):
        if game.uses_labels:
            raise InputError(
                f"mode={game.mode!r} learns from labels, but there are none; pass labels with "
                "--labels, or set mode=unsupervised."
            )
        none = np.zeros(0, np.int64)
        return (none, none), (none, none)
    rng = np.random.default_rng(0)
    teach, watch = [], []
    for one in np.unique(labels):
        own = rng.permutation(np.flatnonzero(labels == one))
        cut = min(round(game.held_labels * len(own)), len(own) - 1)
        watch.append(own[:cut])
        teach.append(own[cut:])
    if len(teach) < 2:
        raise InputError("View learning needs labels of two or more classes, but got one class.")
    one, other = np.concatenate(teach), np.concatenate(watch)
    return (labelled[one], labels[one]), (labelled[other], labels[other])
