"""Effective rank: the number of directions that an embedding uses.

Letters: N examples, D embedding dimensions.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors


def effective_rank(embeddings: Tensor, *, centre: bool = False) -> float:
    r"""RankMe: the exponential of the entropy of the normalised singular values.

    .. math:: \exp\Bigl(-\sum_k p_k \log p_k\Bigr), \qquad p_k = \sigma_k / \sum_l \sigma_l

    It is 1 when all embeddings lie on a line through zero, and min(N, D) when all singular
    values are equal. It is invariant to rotations of either axis and to scale. The epsilon of
    1e-7 in the paper is omitted, since 0 log 0 = 0.

    Args:
        embeddings: (N, D), any norm.
        centre: Whether to subtract the mean embedding first; the paper does not.

    Returns:
        Between 1 and min(N, D), dimensionless; 0 when every embedding is zero.

    Raises:
        InputError: ``embeddings`` is empty, or a value is not finite.

    References:
        Garrido et al., 2023, arXiv:2210.02885; Roy and Vetterli, 2007.

    Example:
        >>> effective_rank(torch.eye(4))
        4.0
    """
    check_tensors("embeddings: N D", embeddings)
    z = embeddings.detach().double()
    if not z.numel() or not z.isfinite().all():
        raise InputError("embeddings is empty or holds values that are not finite.")
    if centre:
        z = z - z.mean(dim=0)
    values = torch.linalg.svdvals(z)
    total = values.sum()
    if total == 0:
        return 0.0
    share = values / total
    return float(torch.special.entr(share).sum().exp())
