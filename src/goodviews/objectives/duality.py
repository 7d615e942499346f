"""The duality of sample-contrastive and dimension-contrastive criteria, as functions.

Letters: N samples, M embedding dims. Embeddings are Z of shape (N, M), rows are samples;
the paper's matrix is K = Zᵀ, whose columns are samples. "Sample norms" are the rows of Z
(columns of K), "dimension norms" the columns of Z (rows of K).
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_tensors, unknown
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift


class Identity(NamedTuple):
    """Four quantities of the identity: ``sample + sample_fourth`` is the sum of the others.

    Example:
        >>> Identity(*torch.tensor([10.0, 8.0, 27.0, 29.0])).dimension
        tensor(8.)
    """

    sample: Tensor
    """Sample criterion L_c, ()."""
    dimension: Tensor
    """Dimension criterion L_nc, ()."""
    sample_fourth: Tensor
    """Sum of the sample norms to the fourth power, ()."""
    dimension_fourth: Tensor
    """Sum of the dimension norms to the fourth power, ()."""


class Bounds(NamedTuple):
    """Smallest and largest possible value of a quantity.

    Example:
        >>> Bounds(1.0, 2.0).upper
        2.0
    """

    lower: float
    upper: float


@register(kind="", side="sample", reason="It is the criterion L_c itself.")
def sample_criterion(embeddings: Tensor) -> Tensor:
    r"""Sample criterion L_c: sum of the squared inner products of all pairs of samples.

    .. math:: L_c = \|K^\top K - \mathrm{diag}(K^\top K)\|_F^2 = \sum_{i \ne j} (z_i \cdot z_j)^2

    Args:
        embeddings: (N, M), one row per sample, not normalised.

    Returns:
        (), in the unit of the embeddings to the fourth power.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.

    References:
        Garrido et al., 2023, definition of L_c, arXiv:2206.02574.

    Example:
        >>> paper = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])  # 2 dims, 3 samples
        >>> sample_criterion(paper.T)
        tensor(10.)
    """
    check_tensors("embeddings: N M", embeddings)
    with full_precision(embeddings):
        z_NM = lift(embeddings)
        return _off_diagonal(z_NM @ z_NM.T)


@register(kind="", side="dimension", reason="It is the criterion L_nc itself.")
def dimension_criterion(embeddings: Tensor) -> Tensor:
    r"""Dimension criterion L_nc: sum of the squared inner products of all pairs of dimensions.

    .. math:: L_{nc} = \|K K^\top - \mathrm{diag}(K K^\top)\|_F^2

    Args:
        embeddings: (N, M), one row per sample, not normalised.

    Returns:
        (), in the unit of the embeddings to the fourth power.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.

    References:
        Garrido et al., 2023, definition of L_nc, arXiv:2206.02574.

    Example:
        >>> paper = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])  # 2 dims, 3 samples
        >>> dimension_criterion(paper.T)
        tensor(8.)
    """
    check_tensors("embeddings: N M", embeddings)
    with full_precision(embeddings):
        z_NM = lift(embeddings)
        return _off_diagonal(z_NM.T @ z_NM)


def identity(embeddings: Tensor) -> Identity:
    r"""Both criteria and both sums of fourth powers, which satisfy an identity.

    .. math:: L_{nc} + \sum_j \|K_{j\cdot}\|^4 = L_c + \sum_i \|K_{\cdot i}\|^4

    Args:
        embeddings: (N, M), one row per sample, of any norm.

    Returns:
        ``sample`` L_c, ``dimension`` L_nc, ``sample_fourth`` and ``dimension_fourth``, each ()
        and computed independently.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.

    References:
        Garrido et al., 2023, theorem on the identity of both criteria, arXiv:2206.02574.

    Example:
        >>> paper = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
        >>> [int(part) for part in identity(paper.T)]  # 10 + 27 = 8 + 29
        [10, 8, 27, 29]
    """
    check_tensors("embeddings: N M", embeddings)
    with full_precision(embeddings):
        squares = lift(embeddings).square()
        return Identity(
            sample_criterion(embeddings),
            dimension_criterion(embeddings),
            squares.sum(dim=1).square().sum(),
            squares.sum(dim=0).square().sum(),
        )


def norm_correction(embeddings: Tensor) -> Tensor:
    r"""Correction L_reg between the sample criterion and the dimension criterion.

    .. math:: L_{reg} = \sum_i \|K_{\cdot i}\|^4 - \sum_j \|K_{j \cdot}\|^4 = L_{nc} - L_c

    Args:
        embeddings: (N, M), one row per sample.

    Returns:
        (), in the unit of the embeddings to the fourth power; can be negative.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.

    References:
        Garrido et al., 2023, section on VICReg as a contrastive loss, arXiv:2206.02574.

    Example:
        >>> paper = torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]])
        >>> norm_correction(paper.T)  # 27 - 29
        tensor(-2.)
    """
    check_tensors("embeddings: N M", embeddings)
    with full_precision(embeddings):
        squares = lift(embeddings).square()
        return squares.sum(dim=1).square().sum() - squares.sum(dim=0).square().sum()


def vicreg_covariance_by_samples(embeddings: Tensor) -> Tensor:
    r"""Covariance term of VICReg, written as a sample-contrastive loss and a correction.

    .. math:: c = \frac{L_c(\bar K) + L_{reg}(\bar K)}{M (N - 1)^2}

    where :math:`\bar K` are the embeddings after centring each dimension over the batch. Value
    and gradient equal those of :func:`goodviews.objectives.covariance_penalty`, but no
    covariance matrix is computed.

    Args:
        embeddings: (N, M), one view; N at least 2.

    Returns:
        (), in the unit of the embeddings to the fourth power.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: There is only one sample.

    References:
        Garrido et al., 2023, section on VICReg as a contrastive loss, arXiv:2206.02574.

    Example:
        >>> vicreg_covariance_by_samples(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
        tensor(4.)
    """
    sizes = check_tensors("embeddings: N M", embeddings)
    if sizes["N"] < 2:
        raise InputError("embeddings has N = 1, but a covariance needs at least 2 samples.")
    with full_precision(embeddings):
        centred = lift(embeddings) - lift(embeddings).mean(dim=0)
        both = sample_criterion(centred) + norm_correction(centred)
        return both / (sizes["M"] * (sizes["N"] - 1) ** 2)


def fourth_power_bounds(
    samples: int,
    dims: int,
    *,
    unit: Literal["samples", "dims"] = "samples",
    norm: float = 1.0,
) -> Bounds:
    r"""Bounds on the sum of fourth powers of one side, if the other side has equal norms.

    .. math::
        \tfrac{N^2}{M} a^4 \le \sum_j \|K_{j \cdot}\|^4 \le N^2 a^4, \qquad
        \tfrac{M^2}{N} a^4 \le \sum_i \|K_{\cdot i}\|^4 \le M^2 a^4

    for all samples of norm a (left) or all dimensions of norm a (right).

    Args:
        samples: Number of samples N.
        dims: Number of dimensions M.
        unit: Side that has equal norms, "samples" or "dims".
        norm: Norm a > 0 of that side.

    Returns:
        Lower and upper bound, in the unit of the embeddings to the fourth power.

    Raises:
        InputError: A size or the norm is not above zero, or the side is unknown.

    References:
        Garrido et al., 2023, lemma on one-sided normalisation, arXiv:2206.02574.

    Example:
        >>> fourth_power_bounds(8, 4)
        Bounds(lower=16.0, upper=64.0)
    """
    for name, value in (("samples", samples), ("dims", dims), ("norm", norm)):
        check_positive(name, value)
    if unit not in ("samples", "dims"):
        raise unknown("side", unit, ("samples", "dims"))
    many, few = (samples, dims) if unit == "samples" else (dims, samples)
    return Bounds(many**2 / few * norm**4, many**2 * norm**4)


def criterion_bounds(
    other: float, samples: int, dims: int, *, unit: Literal["samples", "dims"] = "samples"
) -> Bounds:
    r"""Bounds on one criterion given the other, if one side has unit norms.

    .. math::
        L_{nc} - N + \tfrac{N^2}{M} \le L_c \le L_{nc} - N + N^2, \qquad
        L_c - M + \tfrac{M^2}{N} \le L_{nc} \le L_c - M + M^2

    for unit samples (left: on L_c, given L_nc) or unit dimensions (right: on L_nc, given L_c).

    Args:
        other: Given criterion: L_nc for unit samples, L_c for unit dimensions.
        samples: Number of samples N.
        dims: Number of dimensions M.
        unit: Side that has unit norms, "samples" or "dims".

    Returns:
        Lower and upper bound on L_c (unit samples) or on L_nc (unit dimensions).

    Raises:
        InputError: A size is not above zero, or the side is unknown.

    References:
        Garrido et al., 2023, corollary of the lemma on one-sided normalisation,
        arXiv:2206.02574.

    Example:
        >>> criterion_bounds(0.0, 8, 4)  # L_nc = 0: L_c is at least 8 - 4 + ... = 8
        Bounds(lower=8.0, upper=56.0)
    """
    fourth = fourth_power_bounds(samples, dims, unit=unit)
    own = samples if unit == "samples" else dims
    return Bounds(other - own + fourth.lower, other - own + fourth.upper)


def _off_diagonal(square: Tensor) -> Tensor:
    itself = torch.eye(len(square), dtype=torch.bool, device=square.device)
    return square.square().masked_fill(itself, 0).sum()
