"""The doubly normalised set, where both families of criteria differ by a constant.

Letters: N samples, M embedding dims. Embeddings are Z of shape (N, M), rows are samples.
"""

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_shapes
from goodviews.objectives.precision import lift


def criterion_gap(samples: int, dims: int) -> float:
    r"""L_nc minus L_c on the doubly normalised set of unit samples.

    .. math:: L_{nc} - L_c = N - N^2 / M

    Unit samples and equal dimension norms force the latter to be :math:`\sqrt{N / M}`.
    The paper's N - M is the case of norms all 1, which needs N = M.

    Args:
        samples: N.
        dims: M.

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
    r"""Unit samples and dimensions of one norm, by scaling rows and columns in turn.

    .. math:: z_{ij} \mapsto r_i z_{ij} c_j, \quad \|z_i\| = 1, \quad \|z_{\cdot j}\| = \sqrt{N/M}

    Sinkhorn's scaling of the squared entries; zeros stay zeros and signs stay.

    Args:
        embeddings: (N, M), rows are samples; enough nonzero entries for a scaling to exist.
        tolerance: Largest relative error of a dimension's norm; no less than about ten
            times the precision of the dtype is taken.
        iterations: Rounds after which it is given up.

    Returns:
        (N, M), doubly normalised.

    Raises:
        ShapeError: Not two axes.
        InputError: A row or a column is zero, or the rounds are used up.

    References:
        Sinkhorn and Knopp, 1967; Garrido et al., 2023, arXiv:2206.02574.

    Example:
        >>> doubly_normalise(torch.tensor([[2.0, -5.0], [2.0, 5.0]])).abs()
        tensor([[0.7071, 0.7071],
                [0.7071, 0.7071]])
    """
    sizes = check_shapes("embeddings: N M", embeddings)
    z = lift(embeddings)
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
        f"rows and columns could not both be normalised in {iterations} rounds: "
        "the embeddings have too many zeros, or raise iterations."
    )


def project_to_tangent(embeddings: Tensor, ambient: Tensor) -> Tensor:
    r"""The part of a gradient that keeps all sample and dimension norms, to first order.

    .. math:: P(G) = G - \mathrm{diag}(\alpha) Z - Z \, \mathrm{diag}(\beta)

    with alpha and beta chosen so that each row and each column of the result is
    orthogonal to that of Z: the orthogonal projection on the tangent space of the set of
    matrices with the norms of Z. The ambient gradients of L_nc and L_c differ by
    :math:`4 (\mathrm{diag}(a_i^2) Z - Z \, \mathrm{diag}(b_j^2))`, with a the norms of
    the samples and b those of the dimensions, which is normal to that set: projected,
    they are equal. On the doubly normalised set, where all a and all b are equal, the
    difference is :math:`4 (a^2 - b^2) Z`.

    Args:
        embeddings: (N, M), a point Z; rows are samples.
        ambient: (N, M), a gradient G there.

    Returns:
        (N, M), in the gradient's unit.

    Raises:
        ShapeError: The sizes of N or M disagree.

    References:
        Garrido et al., 2023, on equal gradients of both criteria, arXiv:2206.02574.

    Example:
        >>> z = torch.eye(2)
        >>> project_to_tangent(z, torch.tensor([[5.0, 1.0], [2.0, 7.0]])).round(decimals=4)
        tensor([[0., 1.],
                [2., 0.]])
    """
    check_shapes("embeddings: N M, ambient: N M", embeddings, ambient)
    z, g = lift(embeddings), lift(ambient)
    squares = z.square()
    system = torch.cat(
        [
            torch.cat([torch.diag(squares.sum(dim=1)), squares], dim=1),
            torch.cat([squares.T, torch.diag(squares.sum(dim=0))], dim=1),
        ]
    )
    # Rows and columns share one constraint (the Frobenius norm): the system is singular,
    # consistent, and any solution gives the same projection.
    wanted = torch.cat([(g * z).sum(dim=1), (g * z).sum(dim=0)])
    alpha, beta = (torch.linalg.pinv(system, hermitian=True) @ wanted).split(list(z.shape))
    return g - alpha[:, None] * z - z * beta
