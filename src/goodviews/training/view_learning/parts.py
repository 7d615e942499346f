"""Which images take part in the game, and what is made of them before the generator.

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
    """Images as g is given them: read, and what stands before g drawn and applied."""

    def __init__(
        self, images: Images, chain: Chain | None, seed: int, device: torch.device
    ) -> None:
        self.images, self.chain, self.seed, self.device = images, chain, seed, device
        if chain is not None:
            chain.check((images.channels, images.height, images.width))

    def __call__(self, rows: np.ndarray, epoch: int, *, view: int = 0) -> Tensor:
        """(B, C, H, W) of some images, on the device."""
        if self.chain is None:
            return self.images.batch(rows, self.device)
        x_BCHW = self.images.raw(rows, self.device)
        samples = torch.from_numpy(rows).to(self.device)
        key = Key.of(seed=self.seed, samples=samples, epoch=epoch, view=view)
        return self.chain.apply(x_BCHW, self.chain.sample(tuple(x_BCHW.shape[1:]), key))

    def labelled(self, rows: np.ndarray, labels: np.ndarray, epoch: int) -> tuple[Tensor, Tensor]:
        """Labelled images (L, C, H, W), another draw of them than without labels, and labels."""
        return self(rows, epoch, view=99), torch.from_numpy(labels).to(self.device)


def hold_out(
    index: np.ndarray, held_out: np.ndarray | None, game: Game
) -> tuple[np.ndarray, np.ndarray]:
    """Images to learn from, and images that only watch; never the same ones.

    Args:
        index: (N,) places of the images without labels.
        held_out: (M,) places of those that watch; a tenth of ``index`` when left out.
        game: Its candidates say how many watch at most.

    Returns:
        Both, (N',) and (M',).

    Raises:
        InputError: Too few of either.

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
            f"{len(rest)} images to learn views from and {len(seen)} to watch with, but at least "
            f"32 and 8 are wanted."
        )
    return rest, seen


def teach_and_watch(
    labelled: np.ndarray | None, labels: np.ndarray | None, game: Game
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Labelled images that teach, and those that watch, class by class: places and labels.

    Args:
        labelled: (L,) places of images with labels, or none.
        labels: (L,) their classes.
        game: Its ``held_labels`` is the share that watches.

    Returns:
        Places and labels of those that teach, and of those that watch.

    Raises:
        InputError: There are no labels, or of one class alone, where g is moved by them.

    Example:
        >>> teach, watch = teach_and_watch(np.arange(20), np.arange(20) % 2, Game())
        >>> len(teach[0]), np.bincount(watch[1])
        (16, array([2, 2]))
    """
    if labelled is None or labels is None or not len(labelled):
        if game.uses_labels:
            raise InputError(
                f"mode={game.mode!r} learns from labels, but there are none; name some, or take "
                f"mode=unsupervised."
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
        raise InputError("All labels are of one class, but two or more are wanted.")
    one, other = np.concatenate(teach), np.concatenate(watch)
    return (labelled[one], labels[one]), (labelled[other], labels[other])
