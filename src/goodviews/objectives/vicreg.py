"""VICReg: variance, invariance, covariance.

Letters: B pairs, D embedding dims.
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import ShapeError, check_tensors, unknown
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift

Scale = Literal["paper", "code", "summed"]


class VICRegTerms(NamedTuple):
    """Terms of the loss, multiplied by their weights; the loss is the sum of their means.

    Example:
        >>> VICRegTerms(torch.zeros(2), torch.tensor(1.0), torch.tensor(0.0)).variance
        tensor(1.)
    """

    invariance: Tensor
    """Distance of each pair, (B,)."""
    variance: Tensor
    """Hinge on the standard deviations of both views, ()."""
    covariance: Tensor
    """Sum of squared off-diagonal entries (or their logsumexp) of both views, ()."""


@register(
    "pair",
    side="dimension",
    reason="Its covariance term is L_nc of the centred dimensions.",
)
def vicreg(
    view1: Tensor,
    view2: Tensor,
    *,
    invariance: float = 25.0,
    variance: float = 25.0,
    covariance: float = 1.0,
    scale: Scale = "code",
) -> VICRegTerms:
    r"""Weighted terms of the VICReg loss, dimensionless.

    .. math::
        \lambda \tfrac1B \sum_i \|z_i - z'_i\|^2 + \mu [v(Z) + v(Z')] + \nu [c(Z) + c(Z')]

    where v is the mean of :func:`variance_hinge` over dims and c is
    :func:`covariance_penalty`. Embeddings are not normalised. Weights depend on the convention
    of the terms, and three are in use (:func:`vicreg_scales`):

    ========= ======================= ================== ====================
    scale     invariance              variance           covariance
    ========= ======================= ================== ====================
    "paper"   summed over dims        summed over views  summed over views
    "code"    averaged over dims (/D) mean of views (/2) summed over views
    "summed"  averaged over dims (/D) summed over views  summed over views
    ========= ======================= ================== ====================

    "code" is the implementation of the authors, "summed" that of another library; the weights
    25 / 25 / 1 define three different losses. The default is "code", for which these weights
    were tuned. With "paper", the invariance term is D times larger, and wide embeddings
    collapse.

    Args:
        view1: (B, D), embeddings of the first view; B at least 2.
        view2: (B, D), embeddings of the second view.
        invariance: Weight lambda of the invariance term.
        variance: Weight mu of the variance term.
        covariance: Weight nu of the covariance term.
        scale: Convention that the weights refer to.

    Returns:
        The terms ``invariance`` (B,), ``variance`` () and ``covariance`` (), multiplied by
        their weights. A weight of 1 gives the plain term.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The scale is unknown.

    References:
        Bardes et al., 2022, eqs. 1-6, arXiv:2105.04906; Garrido et al., 2023,
        arXiv:2206.02574.

    Example:
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # two equal dims: covariance 2
        >>> vicreg(z, z, variance=1.0)  # c = (4 + 4) / 2 per view
        VICRegTerms(invariance=tensor([0., 0.]), variance=tensor(0.), covariance=tensor(8.))
    """
    dims = check_tensors("view1: B D, view2: B D", view1, view2)["D"]
    share_invariance, share_variance = vicreg_scales(scale, dims=dims)
    with full_precision(view1):
        gap_B = (lift(view1) - lift(view2)).square().sum(dim=1)
        # One covariance per view is used for both terms: its diagonal holds the variances.
        covariances = [covariance_matrix(view) for view in (view1, view2)]
        hinge = sum(
            ((1 - (cov.diagonal() + 1e-4).sqrt()).relu().mean() for cov in covariances),
            start=gap_B.new_zeros(()),
        )
        spread = sum((_off_diagonal(cov) for cov in covariances), start=gap_B.new_zeros(()))
        return VICRegTerms(
            invariance * share_invariance * gap_B,
            variance * share_variance * hinge,
            covariance * spread,
        )


def vicreg_scales(scale: Scale, *, dims: int) -> tuple[float, float]:
    r"""Factors of a convention, by which it multiplies the invariance and variance terms.

    .. math:: (1, 1), \quad (1 / D, 1 / 2), \quad (1 / D, 1)

    Args:
        scale: "paper", "code" (implementation of the authors) or "summed" (another library).
        dims: Number of embedding dims D.

    Returns:
        Factor of the invariance term and factor of the variance term.

    Raises:
        InputError: The scale is unknown.

    References:
        Bardes et al., 2022, eqs. 1, 5 and 6 against algorithm 1, arXiv:2105.04906.

    Example:
        >>> vicreg_scales("code", dims=4)
        (0.25, 0.5)
    """
    factors = {"paper": (1.0, 1.0), "code": (1 / dims, 0.5), "summed": (1 / dims, 1.0)}
    if scale not in factors:
        raise unknown("VICReg scale", scale, factors)
    return factors[scale]


@register(
    kind="",
    side="outside",
    reason="It depends on single dimensions, not on pairs of samples or dimensions.",
)
def variance_hinge(embeddings: Tensor, *, target: float = 1.0, eps: float = 1e-4) -> Tensor:
    r"""Difference between a target and the standard deviation of each dimension, at least 0.

    .. math:: v_j = \max(0, \gamma - \sqrt{\mathrm{Var}(Z_{\cdot j}) + \epsilon})

    with the unbiased variance over the batch.

    Args:
        embeddings: (B, D), one view; B at least 2.
        target: Target gamma, in the unit of the embeddings.
        eps: Constant epsilon that keeps the gradient of a constant dimension finite.

    Returns:
        (D,), one value per dimension; the paper averages them.

    Raises:
        ShapeError: ``embeddings`` does not have two axes, or has only one row.

    References:
        Bardes et al., 2022, eqs. 1-2, arXiv:2105.04906.

    Example:
        >>> variance_hinge(torch.zeros(3, 1))  # 1 - sqrt(0.0001)
        tensor([0.9900])
    """
    check_at_least_two(embeddings)
    with full_precision(embeddings):
        return (target - (lift(embeddings).var(dim=0) + eps).sqrt()).relu()


@register(
    kind="",
    side="dimension",
    reason="It is L_nc of the centred dimensions, up to scale.",
)
def covariance_penalty(embeddings: Tensor) -> Tensor:
    r"""Squared off-diagonal entries of the covariance, summed and divided by D.

    .. math:: c(Z) = \frac1D \sum_{i \ne j} C_{ij}^2

    It is L_nc of the centred embeddings, divided by :math:`D (B - 1)^2`.

    Args:
        embeddings: (B, D), one view; B at least 2.

    Returns:
        (), in the unit of the embeddings to the fourth power.

    Raises:
        ShapeError: ``embeddings`` does not have two axes, or has only one row.

    References:
        Bardes et al., 2022, eqs. 3-4, arXiv:2105.04906.

    Example:
        >>> covariance_penalty(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
        tensor(4.)
    """
    check_at_least_two(embeddings)
    with full_precision(embeddings):
        return _off_diagonal(covariance_matrix(embeddings))


def _off_diagonal(cov_DD: Tensor) -> Tensor:
    itself = torch.eye(len(cov_DD), dtype=torch.bool, device=cov_DD.device)
    return cov_DD.square().masked_fill(itself, 0).sum() / len(cov_DD)


def covariance_matrix(embeddings: Tensor) -> Tensor:
    r"""Unbiased covariance of the dimensions over the batch.

    .. math:: C = \frac{1}{B - 1} \sum_i (z_i - \bar z)(z_i - \bar z)^\top

    Args:
        embeddings: (B, D), one view; B at least 2.

    Returns:
        (D, D), in the unit of the embeddings squared.

    Raises:
        ShapeError: ``embeddings`` does not have two axes, or has only one row.

    References:
        Bardes et al., 2022, eq. 3, arXiv:2105.04906.

    Example:
        >>> covariance_matrix(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]))
        tensor([[2., 2.],
                [2., 2.]])
    """
    batch = check_at_least_two(embeddings)
    with full_precision(embeddings):
        centred_BD = lift(embeddings) - lift(embeddings).mean(dim=0)
        return centred_BD.T @ centred_BD / (batch - 1)


def check_at_least_two(embeddings: Tensor) -> int:
    """Return the batch size after checking that it is at least 2, as a variance needs.

    Args:
        embeddings: (B, D), one view.

    Raises:
        ShapeError: ``embeddings`` does not have two axes, or has only one row.

    Example:
        >>> check_at_least_two(torch.ones(3, 2))
        3
    """
    batch = check_tensors("embeddings: B D", embeddings)["B"]
    if batch < 2:
        raise ShapeError("embeddings has B = 1, but a variance needs at least 2 rows.")
    return batch
