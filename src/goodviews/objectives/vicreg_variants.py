"""VICReg-exp and VICReg-ctr, the variants between VICReg and SimCLR.

Letters: B pairs, D embedding dims.
"""

import torch
from torch import Tensor

from goodviews.core.errors import ShapeError, check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import check_temperature, full_precision, lift
from goodviews.objectives.vicreg import (
    Scale,
    VICRegTerms,
    covariance_matrix,
    variance_hinge,
    vicreg_scales,
)


@register(
    "pair",
    side="dimension",
    reason="Its logsumexp runs over covariances of dimensions.",
)
def vicreg_exp(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    invariance: float = 1.0,
    variance: float = 1.0,
    covariance: float = 1.0,
    scale: Scale = "code",
) -> VICRegTerms:
    r"""Weighted terms of VICReg-exp: VICReg with a logsumexp as its covariance term.

    .. math:: c_{\exp}(Z) = \frac1D \sum_i \log \sum_{j \ne i} \exp(C_{ij} / \tau)

    where C is the covariance of the dimensions: one logsumexp per row, then the mean. The
    weights of VICReg do not apply, and there are no established ones: the defaults are 1.

    Args:
        view1: (B, D), embeddings of the first view; B and D at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, in the unit of a covariance.
        invariance: Weight of the invariance term.
        variance: Weight of the variance term.
        covariance: Weight of the logsumexp term, which is in nats.
        scale: Convention that the weights refer to, as in :func:`vicreg`.

    Returns:
        The terms ``invariance`` (B,), ``variance`` () and ``covariance`` (), multiplied by
        their weights.

    Raises:
        ShapeError: The sizes of B or D differ, or one of them is 1.
        InputError: The temperature is not above zero, or the scale is unknown.

    References:
        Garrido et al., 2023 (VICReg-exp), arXiv:2206.02574.

    Example:
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # C_12 = 2: 2 / 0.5 per view
        >>> vicreg_exp(z, z, temperature=0.5)
        VICRegTerms(invariance=tensor([0., 0.]), variance=tensor(0.), covariance=tensor(8.))
    """
    dims = check_tensors("view1: B D, view2: B D", view1, view2)["D"]
    factors = vicreg_scales(scale, dims=dims)
    weights = (invariance * factors[0], variance * factors[1], covariance)
    return _with_logsumexp(view1, view2, (view1, view2), temperature, weights)


@register(
    "pair",
    side="sample",
    reason="VICReg-exp transposed: its entries are products of samples.",
)
def vicreg_ctr(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    invariance: float = 1.0,
    variance: float = 1.0,
    covariance: float = 1.0,
    scale: Scale = "code",
    centre_dims: bool = False,
) -> VICRegTerms:
    r"""Weighted terms of VICReg-ctr: variance and covariance terms of transposed embeddings.

    .. math::
        v(Z^\top) = \frac1B \sum_i \max(0, 1 - \sqrt{\mathrm{Var}(Z_{i \cdot}) + \epsilon}),
        \quad c_{\exp}(Z^\top) = \frac1B \sum_i \log \sum_{j \ne i} \exp(G_{ij} / \tau)

    where the variance is that of each sample over its dims, and G is the Gram matrix of the
    samples, each centred over its dims, divided by D - 1. If the standard deviations are 1, its
    entries are correlations, and tau has the same meaning as in SimCLR. There are no
    established weights: the defaults are 1.

    Args:
        view1: (B, D), embeddings of the first view; B and D at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, in the unit of G.
        invariance: Weight of the invariance term.
        variance: Weight of the variance term.
        covariance: Weight of the logsumexp term, which is in nats.
        scale: Convention that the weights refer to, as in :func:`vicreg`.
        centre_dims: Whether to subtract the mean of each dimension over the batch first, a
            possible interpretation of the table of normalisations in the paper.

    Returns:
        The terms ``invariance`` (B,), ``variance`` () and ``covariance`` (), multiplied by
        their weights.

    Raises:
        ShapeError: The sizes of B or D differ, or one of them is 1.
        InputError: The temperature is not above zero, or the scale is unknown.

    References:
        Garrido et al., 2023 (VICReg-ctr), arXiv:2206.02574.

    Example:
        >>> z = torch.tensor([[1.0, -1.0], [1.0, -1.0]])  # G_12 = 2: 2 / 0.5 per view
        >>> vicreg_ctr(z, z, temperature=0.5)
        VICRegTerms(invariance=tensor([0., 0.]), variance=tensor(0.), covariance=tensor(8.))
    """
    dims = check_tensors("view1: B D, view2: B D", view1, view2)["D"]
    factors = vicreg_scales(scale, dims=dims)
    weights = (invariance * factors[0], variance * factors[1], covariance)
    first, second = lift(view1), lift(view2)
    if centre_dims:
        first, second = first - first.mean(dim=0), second - second.mean(dim=0)
    return _with_logsumexp(view1, view2, (first.T, second.T), temperature, weights)


def logsumexp_penalty(matrix: Tensor, *, temperature: float | Tensor = 0.1) -> Tensor:
    r"""Logsumexp of the off-diagonal entries of each row, in nats.

    .. math:: \ell_i = \log \sum_{j \ne i} \exp(C_{ij} / \tau)

    Args:
        matrix: (D, D), covariance or Gram matrix; D at least 2.
        temperature: Temperature tau > 0, in the unit of the matrix.

    Returns:
        (D,), one value per row in nats; VICReg-exp averages them.

    Raises:
        ShapeError: ``matrix`` is not square, or has only one row.
        InputError: The temperature is not above zero.

    References:
        Garrido et al., 2023 (VICReg-exp), arXiv:2206.02574.

    Example:
        >>> logsumexp_penalty(torch.zeros(3, 3))  # two zeros per row: log 2
        tensor([0.6931, 0.6931, 0.6931])
    """
    size = check_tensors("matrix: D D", matrix)["D"]
    check_temperature(temperature)
    if size < 2:
        raise ShapeError("matrix is (1, 1), so nothing is off its diagonal: use at least 2 rows.")
    with full_precision(matrix):
        itself = torch.eye(size, dtype=torch.bool, device=matrix.device)
        return (lift(matrix) / temperature).masked_fill(itself, -torch.inf).logsumexp(dim=1)


def _with_logsumexp(
    view1: Tensor,
    view2: Tensor,
    regularised: tuple[Tensor, Tensor],
    temperature: float | Tensor,
    weights: tuple[float, float, float],
) -> VICRegTerms:
    """Invariance of the views, and variance and logsumexp terms of their (transposed) forms."""
    with full_precision(view1):
        gap_B = (lift(view1) - lift(view2)).square().sum(dim=1)
        hinge = torch.stack([variance_hinge(z).mean() for z in regularised]).sum()
        spread = torch.stack(
            [
                logsumexp_penalty(covariance_matrix(z), temperature=temperature).mean()
                for z in regularised
            ]
        ).sum()
        return VICRegTerms(weights[0] * gap_B, weights[1] * hinge, weights[2] * spread)
