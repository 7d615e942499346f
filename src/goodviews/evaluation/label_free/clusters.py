"""Cluster learnability: how soon nearest neighbours predict the clusters of a representation.

Letters: N examples, F representation, K clusters.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors


def cluster_learnability(features: Tensor, *, clusters: int | None = None, seed: int = 0) -> float:
    r"""How soon a nearest-neighbour classifier learns the clusters of k-means.

    .. math:: \frac{1}{N - 1} \sum_{i=2}^{N} [\hat y_i = y_i], \qquad
        \hat y_i = y_{j(i)}, \quad j(i) = \arg\max_{j < i} \cos(x_i, x_j)

    with the clusters y of all examples, which come one by one in a random order. It is one part
    of CLID, and :func:`intrinsic_dimension` is the other. The paper adds both after standardising
    them over the representations that are compared; :data:`RANKERS` averages their ranks. Rows
    are normalised to unit length first, so it is invariant to the norms of the features and to
    rotations.

    Args:
        features: (N, F), representations, any norm; N at least 4.
        clusters: K; the square root of N by default.
        seed: Seed of k-means and of the order.

    Returns:
        Share of 1.

    Raises:
        ShapeError: ``features`` does not have two axes.
        InputError: Fewer than four examples, more clusters than examples, or a value is not
            finite.

    References:
        Lu et al., 2023, section 3, TMLR, arXiv:2206.01251.

    Example:
        >>> two = torch.eye(2).repeat(10, 1)  # only the first of the second cluster is wrong
        >>> round(cluster_learnability(two, clusters=2), 4) == round(18 / 19, 4)
        True
    """
    from sklearn.cluster import KMeans

    count = check_tensors("features: N F", features)["N"]
    chosen = clusters if clusters is not None else math.isqrt(max(count, 0))
    if count < 4 or not 1 <= chosen <= count or not features.isfinite().all():
        raise InputError(
            f"cluster_learnability needs at least 4 finite examples and 1 to N clusters, but got "
            f"{tuple(features.shape)} and {chosen} clusters, or values that are not finite."
        )
    order = torch.from_numpy(np.random.default_rng(seed).permutation(count))
    x = F.normalize(features.detach().cpu().double(), dim=1)[order]
    found = KMeans(chosen, n_init=1, random_state=seed).fit_predict(x.numpy())
    labels = torch.from_numpy(found)
    later = torch.ones(count, count, dtype=torch.bool).triu()
    nearest = (x @ x.T).masked_fill_(later, -torch.inf)[1:].argmax(dim=1)
    return float((labels[nearest] == labels[1:]).double().mean())
