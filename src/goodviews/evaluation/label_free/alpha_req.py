"""alpha-ReQ: how fast the eigenvalues of a representation's covariance decay.

Letters: N examples, F representation.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_tensors

_ZERO = 1e-12
"""Share of the largest eigenvalue below which an eigenvalue of float32 features is zero."""


def spectrum_decay(features: Tensor, *, first: int = 6, last: int = 100) -> float:
    r"""Exponent alpha of the power law :math:`\lambda_i \propto i^{-\alpha}` of the eigenvalues.

    .. math:: \alpha = -\frac{\sum_i w_i (x_i - \bar x)(y_i - \bar y)}
        {\sum_i w_i (x_i - \bar x)^2}, \qquad x_i = \log i, \; y_i = \log \lambda_i, \; w_i = 1/i

    over the ranks ``first`` to ``last``; the means have the same weights. The first eigenvalues
    are left out because only the tail follows a power law. The ranks and the weights are those of
    the authors' package. It is invariant to scale, to a shift and to rotations of the features.

    Args:
        features: (N, F), representations, any norm.
        first: Rank of the first eigenvalue that is fitted, counted from 1.
        last: Rank of the last one; at most as many as are above zero are used.

    Returns:
        alpha, dimensionless; 0 where the eigenvalues do not decay.

    Raises:
        ShapeError: ``features`` does not have two axes.
        InputError: A value is not finite, or fewer than two eigenvalues can be fitted.

    References:
        Agrawal et al., 2022, section 3, NeurIPS; the weights are those of Stringer et al., 2019.

    Example:
        >>> decay = torch.arange(1.0, 9) ** -0.5  # deviations, so that the variances are 1 / i
        >>> features = torch.cat([torch.diag(decay), -torch.diag(decay)])
        >>> round(spectrum_decay(features, first=1), 4)
        1.0
    """
    check_tensors("features: N F", features)
    z = features.detach().double()
    if not z.numel() or not z.isfinite().all():
        raise InputError("features is empty or has values that are not finite.")
    values = torch.linalg.svdvals(z - z.mean(dim=0)).square()
    values = values[values > _ZERO * values.max()][first - 1 : last]
    if first < 1 or len(values) < 2:
        raise InputError(
            f"A power law needs at least 2 eigenvalues above zero from rank {first} on, but got "
            f"{len(values)}; give more examples, or a smaller first (1 or more)."
        )
    rank = torch.arange(first, first + len(values), dtype=z.dtype, device=z.device)
    weight = 1 / rank / (1 / rank).sum()
    x, y = rank.log(), values.log()
    x, y = x - (weight * x).sum(), y - (weight * y).sum()
    return -float((weight * x * y).sum() / (weight * x.square()).sum())


def alpha_req(features: Tensor, *, first: int = 6, last: int = 100) -> float:
    r"""alpha-ReQ as a score: :math:`-|\alpha - 1|`, so that more is better and 0 is the best.

    Args:
        features: (N, F), representations, any norm.
        first: Rank of the first eigenvalue that is fitted; see :func:`spectrum_decay`.
        last: Rank of the last one.

    Returns:
        At most 0, dimensionless.

    Raises:
        ShapeError: ``features`` does not have two axes.
        InputError: See :func:`spectrum_decay`.

    References:
        Agrawal et al., 2022, NeurIPS: representations with alpha close to 1 generalise best.

    Example:
        >>> flat = torch.cat([torch.eye(8), -torch.eye(8)])  # no decay: alpha is 0
        >>> round(alpha_req(flat, first=1), 4)
        -1.0
    """
    return -abs(spectrum_decay(features, first=first, last=last) - 1)
