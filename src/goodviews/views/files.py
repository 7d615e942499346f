"""Views of image files, each decoded no larger than its crops need.

Letters: B examples, C channels, H and W pixels.
"""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.views.compiled.files import FileBatch, starts_with_crop
from goodviews.views.compose import ViewPair


@runtime_checkable
class Source(Protocol):
    """Whatever can be decoded at a reduced size, such as :class:`goodviews.data.ImageFile`."""

    shape: tuple[int, int, int]

    def read(self, factor: int = 1, into: np.ndarray | None = None) -> Any:
        """Return ``(pixels, factor, top, left)``; see :class:`goodviews.data.ImageFile`."""


def views_of_files(
    pair: ViewPair, files: Sequence[Source], *, seed: int, samples: Tensor, epoch: int
) -> tuple[Tensor, Tensor]:
    """Draw and make both views of files of any sizes.

    The draws are those of the decoded images. Where both views start with ``crop(size=...)``, a
    JPEG file is decoded at a half, a quarter or an eighth of its size, if both sides of each crop
    still have at least 1.5 times as many pixels as its view. Values of the views then differ by
    less than 2 levels of 255 on average, and 99 of 100 by less than 8. Files are shared out over
    torch's threads.

    Args:
        pair: The views.
        files: (B,) files with the same channels.
        seed: Random seed of the run.
        samples: (B,) integers, index of each file in its dataset.
        epoch: Number of the epoch.

    Returns:
        v1 and v2, each (B, C', H', W').

    Raises:
        InputError: Channels differ, or the views of files of several sizes do.

    Example:
        >>> import io
        >>> from PIL import Image
        >>> from goodviews.views import parse_view
        >>> class Blank:
        ...     shape = (3, 30, 40)
        ...     def read(self, factor=1, into=None):
        ...         return np.zeros((30, 40, 3), np.uint8), 1, 0.0, 0.0
        >>> pair = parse_view("crop(size=8)|flip()")
        >>> v1, v2 = views_of_files(pair, [Blank()], seed=0, samples=torch.arange(1), epoch=0)
        >>> v1.shape
        torch.Size([1, 3, 8, 8])
    """
    if not files or len(samples) != len(files):
        raise InputError(
            f"Expected one sample number per file and at least one file, but got "
            f"{counted(len(files), 'file')} and {len(samples)} numbers."
        )
    shapes = [tuple(file.shape) for file in files]
    for shape in dict.fromkeys(shapes):
        pair.check(shape)
    if len(channels := {shape[0] for shape in shapes}) > 1:
        raise InputError(
            f"Files of one batch must have the same channels, but they have {sorted(channels)}; "
            "give channels=3 to each ImageFile."
        )
    chains = (pair.first, pair.second)
    if pair.once is None and all(starts_with_crop(chain.steps) for chain in chains):
        keys = [pair.key(which, samples, seed, samples, epoch) for which in (0, 1)]
        params = [chain.sample_each(shapes, key) for chain, key in zip(chains, keys, strict=True)]
        batch = FileBatch.of([chain.steps for chain in chains], params, shapes)
        batch.render(files)
        one, two = (
            chain.apply(batch.out[which], params[which], begin=batch.done(which))
            for which, chain in enumerate(chains)
        )
        return one, two
    made = [
        pair(_whole(file), seed=seed, samples=samples[b : b + 1], epoch=epoch)
        for b, file in enumerate(files)
    ]
    return _joined([one for one, _ in made], pair), _joined([two for _, two in made], pair)


def _whole(file: Source) -> Tensor:
    pixels = np.array(file.read()[0])  # read-only memory makes torch warn
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def _joined(views: list[Tensor], pair: ViewPair) -> Tensor:
    if len({view.shape for view in views}) > 1:
        raise InputError(
            f"The files have several sizes, and so have their views by {pair!r}; give its crop a "
            "size, such as crop(size=224)."
        )
    return torch.cat(views)
