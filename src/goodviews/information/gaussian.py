"""Closed forms for jointly normal vectors; in nats.

Letters: D1, D2 dimensions of x and y, D = D1 + D2.
"""

import math

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_tensors


def gaussian_entropy(covariance: Tensor) -> Tensor:
    r"""Differential entropy of a normal vector, in nats.

    .. math:: h = \tfrac12 \log \det(2 \pi e \Sigma)

    Args:
        covariance: (D, D), symmetric and positive definite.

    Returns:
        (), of either sign.

    Raises:
        ShapeError: ``covariance`` is not square.
        InputError: ``covariance`` is not positive definite.

    References:
        Cover and Thomas, 2006, theorem 8.4.1.

    Example:
        >>> gaussian_entropy(torch.eye(2))  # log(2 pi e)
        tensor(2.8379)
    """
    dim = check_tensors("covariance: D D", covariance)["D"]
    return (_log_det(covariance) + dim * math.log(2 * math.pi * math.e)) / 2


def gaussian_mutual_information(covariance: Tensor, dim1: int) -> Tensor:
    r"""Information between the first ``dim1`` coordinates and the rest, in nats.

    .. math:: I(x; y) = \tfrac12 \log \frac{\det \Sigma_{xx} \det \Sigma_{yy}}{\det \Sigma}

    Args:
        covariance: (D, D), covariance of (x, y), symmetric and positive definite.
        dim1: Number D1 of coordinates of x, from 1 to D - 1.

    Returns:
        (), at least 0 up to rounding.

    Raises:
        ShapeError: ``covariance`` is not square, or one side has no coordinates.
        InputError: ``covariance`` is not positive definite.

    References:
        Cover and Thomas, 2006, example 8.5.1.

    Example:
        >>> gaussian_mutual_information(torch.tensor([[1.0, 0.6], [0.6, 1.0]]), 1)
        tensor(0.2231)
    """
    dim = check_tensors("covariance: D D", covariance)["D"]
    if not 0 < dim1 < dim:
        raise ShapeError(f"dim1 must be from 1 to D - 1 = {dim - 1}, but got {dim1}.")
    apart = _log_det(covariance[:dim1, :dim1]) + _log_det(covariance[dim1:, dim1:])
    return (apart - _log_det(covariance)) / 2


def gaussian_kl(mean1: Tensor, covariance1: Tensor, mean2: Tensor, covariance2: Tensor) -> Tensor:
    r"""Kullback-Leibler divergence between two normal distributions, in nats.

    .. math::
        KL = \tfrac12 \bigl[ \mathrm{tr}(\Sigma_2^{-1} \Sigma_1) - D + \delta^\top \Sigma_2^{-1}
        \delta + \log \tfrac{\det \Sigma_2}{\det \Sigma_1} \bigr], \quad \delta = \mu_2 - \mu_1

    Args:
        mean1: (D,), mean of the first.
        covariance1: (D, D), covariance of the first.
        mean2: (D,), mean of the second.
        covariance2: (D, D), covariance of the second.

    Returns:
        (), at least 0 up to rounding.

    Raises:
        ShapeError: The sizes of D differ.
        InputError: A covariance is not positive definite.

    References:
        Kullback, 1959, chapter 9.

    Example:
        >>> one = torch.eye(1)
        >>> gaussian_kl(torch.zeros(1), one, torch.full((1,), 2.0), one)  # 2^2 / 2
        tensor(2.)
    """
    dim = check_tensors(
        "mean1: D, covariance1: D D, mean2: D, covariance2: D D",
        mean1,
        covariance1,
        mean2,
        covariance2,
    )["D"]
    gap = (mean2 - mean1)[:, None]
    trace = torch.linalg.solve(covariance2, covariance1).diagonal().sum()
    distance = (gap.T @ torch.linalg.solve(covariance2, gap))[0, 0]
    nats: Tensor = (trace - dim + distance + _log_det(covariance2) - _log_det(covariance1)) / 2
    return nats


def _log_det(covariance: Tensor) -> Tensor:
    factor, failed = torch.linalg.cholesky_ex(covariance)
    if int(failed):
        raise InputError("covariance is not positive definite.")
    log_det: Tensor = 2 * factor.diagonal().log().sum()
    return log_det
