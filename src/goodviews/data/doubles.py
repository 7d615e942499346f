"""Images that are nearly the same: a perceptual hash, and the correlation of small copies.

Letters: N images, n and m of them compared, P pixels of a small copy.
"""

import numpy as np
import torch
import torch.nn.functional as F

from goodviews.data.images import Images

BITS = 4
"""Maximum number of the 64 bits in which the hashes of near-doubles differ."""

ALIKE = 0.995
"""Minimum correlation of the small copies of near-doubles."""

SIDE = 16
"""Side of a small copy, in pixels."""

BLOCK = 1 << 22
"""Number of pairs that are compared together."""


def small_copies(images: Images, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Hashes of images, and small copies to compare those whose hashes are alike.

    The hash (dHash) has a bit for each of 8 x 8 pairs of neighbours in a row of a 9 x 8 copy of
    the mean over channels: whether the right one is brighter.

    Args:
        images: The images.
        rows: (n,) which of them.

    Returns:
        (n,) uint64 hashes, and (n, P) copies of norm 1 and mean 0, or of norm 0 for images of a
        single colour.
    """
    hashes, copies = [], []
    for start in range(0, len(rows), 1024):
        grey = images.batch(rows[start : start + 1024]).mean(dim=1, keepdim=True)
        cells = F.adaptive_avg_pool2d(grey, (8, 9))[:, 0]
        bits = (cells[:, :, 1:] > cells[:, :, :-1]).flatten(1).numpy()
        hashes.append(np.packbits(bits, axis=1).view(np.uint64)[:, 0])
        copy = F.adaptive_avg_pool2d(grey, (SIDE, SIDE)).flatten(1)
        copies.append(F.normalize(copy - copy.mean(dim=1, keepdim=True), dim=1, eps=1e-6))
    return np.concatenate(hashes), torch.cat(copies).numpy()


def near_doubles(images: Images, some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Find a near-double of each of some images among others.

    Args:
        images: The images.
        some: (n,) indices.
        others: (m,) indices.

    Returns:
        (n,) an index from ``others``, or -1 where none is nearly the same.

    Example:
        >>> from goodviews.data import load
        >>> one = np.random.default_rng(0).integers(0, 250, (16, 16))
        >>> images = load(np.stack([one, one.T, one + 3]).astype(np.uint8))
        >>> near_doubles(images, np.array([0]), np.array([1, 2]))
        array([2])
    """
    hashes, copies = small_copies(images, others)
    wanted, own = small_copies(images, some)
    found = np.full(len(some), -1, dtype=np.int64)
    step = max(1, BLOCK // max(len(others), 1))
    for start in range(0, len(some), step):
        apart = np.bitwise_count(wanted[start : start + step, None] ^ hashes)
        first, other = np.nonzero(apart <= BITS)
        alike = np.einsum("ip,ip->i", own[start + first], copies[other]) >= ALIKE
        found[start + first[alike]] = others[other[alike]]
    return found
