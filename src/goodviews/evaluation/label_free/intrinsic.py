"""Intrinsic dimension of a representation, from the two nearest neighbours of each example.

Letters: N examples, F representation.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors


def intrinsic_dimension(features: Tensor) -> float:
    r"""TwoNN: dimension of the surface on which the examples lie.

    .. math:: \hat d = (N - 1) \Big/ \sum_i \log \frac{r_{i2}}{r_{i1}}

    with the distances from example i to its nearest and its second nearest neighbour. Where the
    density hardly changes between them, the logarithm of their ratio is exponential with mean
    1 / d, and this is the unbiased form of its maximum likelihood; the standard error is about
    d / sqrt(N). Examples that have a copy are left out. It is invariant to scale, to a shift and
    to rotations of the features. It is the part for expressiveness of CLID; see
    :func:`cluster_learnability` for the other.

    Args:
        features: (N, F), representations; N at least 3.

    Returns:
        Above 0, dimensionless; 0 where fewer than two examples are left.

    Raises:
        ShapeError: ``features`` does not have two axes.
        InputError: Fewer than three examples, or a value is not finite.

    References:
        Facco et al., 2017, Scientific Reports 7; in CLID: Lu et al., 2023, arXiv:2206.01251.

    Example:
        >>> line = torch.tensor([[0.0], [1.0], [3.0]])  # ratios 3, 2 and 3/2: 2 / log 9
        >>> round(intrinsic_dimension(line), 4)
        0.9102
    """
    count = check_tensors("features: N F", features)["N"]
    z = features.detach().double()
    if count < 3 or not z.isfinite().all():
        raise InputError(
            f"intrinsic_dimension needs at least 3 finite examples, but got {tuple(z.shape)} or "
            f"values that are not finite."
        )
    distances = torch.cdist(z, z, compute_mode="donot_use_mm_for_euclid_dist")
    distances.fill_diagonal_(torch.inf)
    near = distances.topk(2, dim=1, largest=False).values
    near = near[near[:, 0] > 0]
    total = float((near[:, 1] / near[:, 0]).log().sum())
    return (len(near) - 1) / total if len(near) > 1 and total > 0 else 0.0
