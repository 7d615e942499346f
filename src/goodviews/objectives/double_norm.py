"""Doubly normalised embeddings, for which the two families of criteria differ by a constant.

Letters: N samples, M embedding dims. Embeddings are Z of shape (N, M), rows are samples.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_tensors
from goodviews.objectives.precision import lift


def criterion_gap(samples: int, dims: int) -> float:
    r"""Difference L_nc - L_c for doubly normalised embeddings with unit samples.

    .. math:: L_{nc} - L_c = N - N^2 / M

    With unit samples, equal dimension norms must be :math:`\sqrt{N / M}`. The N - M of the
    paper is the case in which all norms are 1, which requires N = M.

    Args:
        samples: Number of samples N.
        dims: Number of dimensions M.

    Returns:
        The constant, dimensionless.

    Raises:
        InputError: A size is not above zero.

    References:
        Garrido et al., 2023, corollary for rows and columns both normalised,
        arXiv:2206.02574, extended here to N other than M.

    Example:
        >>> criterion_gap(8, 4), criterion_gap(4, 4)
        (-8.0, 0.0)
    """
    check_positive("samples", samples)
    check_positive("dims", dims)
    return samples - samples**2 / dims


def doubly_normalise(
    embeddings: Tensor, *, tolerance: float = 1e-13, iterations: int = 100_000
) -> Tensor:
    r"""Normalise samples to unit norm and dimensions to equal norms.

    .. math:: z_{ij} \mapsto r_i z_{ij} c_j, \quad \|z_i\| = 1, \quad \|z_{\cdot j}\| = \sqrt{N/M}

    Rows and columns are scaled in turn (Sinkhorn scaling of the squared entries), which
    preserves zeros and signs.

    Args:
        embeddings: (N, M), one row per sample; enough entries must be nonzero for a scaling to
            exist.
        tolerance: Largest relative error of the norm of a dimension; values below about ten
            times the precision of the dtype are raised to that.
        iterations: Maximum number of rounds.

    Returns:
        (N, M), doubly normalised.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: A row or a column is zero, or the maximum number of rounds is reached.

    References:
        Sinkhorn and Knopp, 1967; Garrido et al., 2023, arXiv:2206.02574.

    Example:
        >>> doubly_normalise(torch.tensor([[2.0, -5.0], [2.0, 5.0]])).abs()
        tensor([[0.7071, 0.7071],
                [0.7071, 0.7071]])
    """
    sizes = check_tensors("embeddings: N M", embeddings)
    z: Tensor = lift(embeddings)
    if not ((z != 0).any(dim=0).all() and (z != 0).any(dim=1).all()):
        raise InputError("embeddings has a zero row or column, which no scaling can normalise.")
    goal = (sizes["N"] / sizes["M"]) ** 0.5
    enough = max(tolerance, 10 * torch.finfo(z.dtype).eps)
    for _ in range(iterations):
        z = z * (goal / torch.linalg.vector_norm(z, dim=0))
        z = z / torch.linalg.vector_norm(z, dim=1, keepdim=True)
        if (torch.linalg.vector_norm(z, dim=0) / goal - 1).abs().max() <= enough:
            return z
    raise InputError(
        f"Rows and columns could not both be normalised in {iterations} rounds: raise "
        "iterations, or use embeddings with fewer zeros."
    )


def project_to_tangent(embeddings: Tensor, ambient: Tensor) -> Tensor:
    r"""Component of a gradient that preserves all sample and dimension norms to first order.

    .. math:: P(G) = G - \mathrm{diag}(\alpha) Z - Z \, \mathrm{diag}(\beta)

    where alpha and beta are such that each row and each column of the result is orthogonal to
    that of Z. This is the orthogonal projection onto the tangent space of the set of matrices
    with the norms of Z. The ambient gradients of L_nc and L_c differ by
    :math:`4 (\mathrm{diag}(a_i^2) Z - Z \, \mathrm{diag}(b_j^2))`, where a are the norms of
    the samples and b those of the dimensions. This difference is normal to the set, so the
    projected gradients are equal. If all a and all b are equal (doubly normalised embeddings),
    the difference is :math:`4 (a^2 - b^2) Z`.

    Args:
        embeddings: (N, M), embeddings Z, one row per sample.
        ambient: (N, M), gradient G at Z.

    Returns:
        (N, M), projected gradient, in the unit of the gradient.

    Raises:
        ShapeError: The sizes of N or M differ.

    References:
        Garrido et al., 2023, on equal gradients of both criteria, arXiv:2206.02574.

    Example:
        >>> z = torch.eye(2)
        >>> project_to_tangent(z, torch.tensor([[5.0, 1.0], [2.0, 7.0]])).round(decimals=4)
        tensor([[0., 1.],
                [2., 0.]])
    """
    check_tensors("embeddings: N M, ambient: N M", embeddings, ambient)
    z, g = lift(embeddings), lift(ambient)
    squares = z.square()
    system = torch.cat(
        [
            torch.cat([torch.diag(squares.sum(dim=1)), squares], dim=1),
            torch.cat([squares.T, torch.diag(squares.sum(dim=0))], dim=1),
        ]
    )
    # Rows and columns share one constraint (the Frobenius norm), so the system is singular but
    # consistent, and every solution gives the same projection.
    wanted = torch.cat([(g * z).sum(dim=1), (g * z).sum(dim=0)])
    alpha, beta = (torch.linalg.pinv(system, hermitian=True) @ wanted).split(list(z.shape))
    gradient: Tensor = g - alpha[:, None] * z - z * beta
    return gradient
