"""LiDAR: the number of directions in which images differ by more than their own views do.

Letters: N images, Q views of each, D embedding dims.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_tensors


def lidar(embeddings: Tensor, *, delta: float = 1e-4) -> float:
    r"""LiDAR: effective rank of the matrix of linear discriminant analysis.

    .. math:: \exp\Bigl(-\sum_k p_k \log p_k\Bigr), \quad p_k = \lambda_k / \sum_l \lambda_l,
        \quad \lambda = \mathrm{eig}(\Sigma_w^{-1/2} \Sigma_b \Sigma_w^{-1/2})

    Each image is a class of its own, and its views are the examples of the class:

    .. math:: \Sigma_b = \frac1N \sum_n (\mu_n - \mu)(\mu_n - \mu)^\top, \quad
        \Sigma_w = \frac1{NQ} \sum_{n,q} (z_{nq} - \mu_n)(z_{nq} - \mu_n)^\top + \delta I

    It is invariant to rotations and a shift of the embeddings, and for ``delta`` near zero to any
    invertible linear map of them. The epsilon that the paper adds to each p is omitted, since
    0 log 0 = 0. The paper uses 1,000 images and 50 views of each.

    Args:
        embeddings: (N, Q, D), embeddings of Q views of each image; N and Q at least 2.
        delta: Ridge of the within-class covariance, > 0, in squared units of the embeddings.

    Returns:
        Between 1 and min(N - 1, D), dimensionless; 0 where all images have one mean.

    Raises:
        ShapeError: ``embeddings`` does not have three axes.
        InputError: Fewer than two images or views, or a value is not finite.

    References:
        Thilak et al., 2024, section 3, arXiv:2312.04000.

    Example:
        >>> means = torch.cat([torch.eye(3), -torch.eye(3)])
        >>> embeddings = torch.stack([means + 0.1, means - 0.1], dim=1)
        >>> round(lidar(embeddings, delta=100.0), 2)  # with a large ridge, the rank of the means
        3.0
    """
    sizes = check_tensors("embeddings: N Q D", embeddings)
    check_positive("delta", delta)
    z = embeddings.detach().double()
    if sizes["N"] < 2 or sizes["Q"] < 2 or not sizes["D"] or not z.isfinite().all():
        raise InputError(
            f"lidar needs finite embeddings of at least 2 images and 2 views of each, but got "
            f"{tuple(embeddings.shape)} or values that are not finite."
        )
    means = z.mean(dim=1)
    inside = (z - means[:, None]).flatten(0, 1)
    between = means - means.mean(dim=0)
    within = inside.T @ inside / len(inside)
    within.diagonal().add_(delta)
    root = torch.linalg.cholesky(within)
    # The eigenvalues are the squared singular values of the whitened means.
    white = torch.linalg.solve_triangular(root, between.T, upper=False)
    values = torch.linalg.svdvals(white).square()
    total = values.sum()
    if float(total) <= torch.finfo(z.dtype).eps:
        return 0.0
    return float(torch.special.entr(values / total).sum().exp())
