"""Tables of features that are kept in a file where they are large, so that memory stays bounded.

A table above :data:`LARGE` values is a memory map of a file without a name in the cache folder,
which the system may evict from memory and which is gone when nothing uses it. Functions of rows
work on blocks of :data:`BLOCK` values of it; smaller tables are worked on at once.

Letters: N items, n of them, F representation.
"""

import math
import os
import tempfile
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.cache_folder import cache_root

LARGE = 1 << 25
"""Values (128 MiB) above which a table goes to a file."""

BLOCK = 1 << 22
"""Values of a large table that are worked on together."""


def room(*shape: int) -> Tensor:
    """An empty table of float32, such as (N, F), in a file where it is large.

    Raises:
        InputError: The cache folder has too little space.
    """
    count = math.prod(shape)
    if count <= LARGE:
        return torch.empty(shape)
    folder = cache_root()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        size = 4 * count
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
        except OSError as error:
            raise InputError(
                f"{folder} needs {size / 1e9:.1f} GB for the representations of these images "
                f"({error.strerror}); name a folder with more space in GOODVIEWS_CACHE."
            ) from error
        return torch.from_numpy(np.memmap(file, np.float32, "w+", shape=shape))


def is_large(features: Tensor) -> bool:
    """Whether a table (N, F) is in the memory of this machine, with over :data:`LARGE` values."""
    return features.device.type == "cpu" and features.numel() > LARGE


def take(features: Tensor, rows: np.ndarray | slice) -> Tensor:
    """Some rows (n, F) of a table; a copy in a file where they are many.

    Args:
        features: (N, F).
        rows: (n,) which of them.

    Example:
        >>> take(torch.eye(2), np.array([1, 1])).tolist()
        [[0.0, 1.0], [0.0, 1.0]]
    """
    if isinstance(rows, slice):
        rows = np.arange(len(features))[rows]
    width = features.shape[1]
    if len(rows) * width <= LARGE or features.device.type != "cpu":
        return features[rows]
    made = room(len(rows), width)
    for part in blocks(len(rows), width):
        made[part] = features[rows[part]]
    return made


def blocks(rows: int, width: int) -> Iterator[slice]:
    """Slices of a table: one where it is small, otherwise as many rows as :data:`BLOCK` holds.

    Example:
        >>> list(blocks(3, 2))
        [slice(0, 3, None)]
    """
    step = rows if rows * width <= LARGE else max(1, BLOCK // width)
    for start in range(0, max(rows, 1), max(step, 1)):
        yield slice(start, min(start + step, rows))


def all_finite(features: Tensor) -> bool:
    """Whether every value of a table (N, F) is finite."""
    parts = blocks(len(features), features.shape[1])
    return all(bool(features[part].isfinite().all()) for part in parts)


def mean_of(features: Tensor, *, squared: bool = False) -> Tensor:
    """Mean (F,) of the values of each column, or of their squares.

    Example:
        >>> mean_of(torch.tensor([[1.0], [3.0]]), squared=True).tolist()
        [5.0]
    """
    parts = list(blocks(len(features), features.shape[1]))
    if len(parts) == 1:
        return (features.square() if squared else features).mean(dim=0)
    total = torch.zeros(features.shape[1], dtype=torch.float64, device=features.device)
    for part in parts:
        x = features[part].double()
        total += (x.square() if squared else x).sum(dim=0)
    return (total / len(features)).to(features.dtype)
