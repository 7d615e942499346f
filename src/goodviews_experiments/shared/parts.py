"""How experiments divide a dataset once, so that no number is reported on what chose."""

from collections.abc import Sequence

import numpy as np

from goodviews.data import Images

_MOST = 4000


def three_parts(images: Images) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Images to pretrain on, images that choose, and the test part that judges the choice.

    The test part is the data's own, or a fifth where it has none; at most 4,000 images, a quarter
    of the others, are kept from pretraining to choose.

    Args:
        images: The data.

    Returns:
        Three arrays of places, ascending, without overlap.
    """
    order = np.random.default_rng(0).permutation(np.flatnonzero(images.part == 0))
    test: Sequence[int] | np.ndarray = np.flatnonzero(images.part == 1)
    if not len(test):
        order, test = order[len(order) // 5 :], order[: len(order) // 5]
    cut = min(len(order) // 4, _MOST)
    return np.sort(order[cut:]), np.sort(order[:cut]), np.sort(test)
