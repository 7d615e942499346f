"""Barlow Twins.

Letters: B pairs, D embedding dims.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift
from goodviews.objectives.vicreg import check_at_least_two


class BarlowTerms(NamedTuple):
    """Terms of the loss, the second multiplied by its weight; the loss is their sum.

    Example:
        >>> BarlowTerms(torch.tensor(0.5), torch.tensor(0.0)).invariance
        tensor(0.5000)
    """

    invariance: Tensor
    """Squared distance of the diagonal from one, ()."""
    redundancy: Tensor
    """Sum of the squared off-diagonal entries, times lambda, ()."""


@register(
    "pair",
    side="dimension",
    reason="It squares the off-diagonal correlations of standardised dims.",
)
def barlow(
    view1: Tensor, view2: Tensor, *, redundancy: float = 5e-3, eps: float = 1e-5
) -> BarlowTerms:
    r"""Terms of the Barlow Twins loss, dimensionless.

    .. math:: \sum_i (1 - C_{ii})^2, \quad \lambda \sum_{i \ne j} C_{ij}^2

    where C is the cross-correlation of the dimensions of the two views over the batch.
    Implementations differ in a factor of the whole loss; here it is 1, as in the paper.

    Args:
        view1: (B, D), embeddings of the first view; B at least 2.
        view2: (B, D), embeddings of the second view.
        redundancy: Weight lambda of the second term.
        eps: Constant added to the variances, so that constant dimensions give finite values.

    Returns:
        The terms ``invariance`` () and ``redundancy`` (), the second multiplied by its weight.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.

    References:
        Zbontar et al., 2021, eqs. 1-2, arXiv:2103.03230.

    Example:
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # two equal dimensions
        >>> barlow(z, z, redundancy=0.5, eps=0.0)
        BarlowTerms(invariance=tensor(0.), redundancy=tensor(1.))
    """
    corr_DD = cross_correlation(view1, view2, eps=eps)
    with full_precision(view1):
        itself = torch.eye(len(corr_DD), dtype=torch.bool, device=corr_DD.device)
        return BarlowTerms(
            (1 - corr_DD.diagonal()).square().sum(),
            redundancy * corr_DD.square().masked_fill(itself, 0).sum(),
        )


def cross_correlation(view1: Tensor, view2: Tensor, *, eps: float = 1e-5) -> Tensor:
    r"""Cross-correlation of the dimensions of two views over the batch.

    .. math:: C_{ij} = \frac1B \sum_b \hat z_{bi} \hat z'_{bj}

    where each dimension is standardised with its mean and biased standard deviation, so that
    equal views give a diagonal of ones.

    Args:
        view1: (B, D), embeddings of the first view; B at least 2.
        view2: (B, D), embeddings of the second view.
        eps: Constant added to the variances.

    Returns:
        (D, D), dimensionless, within [-1, 1].

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.

    References:
        Zbontar et al., 2021, eq. 2, arXiv:2103.03230.

    Example:
        >>> z = torch.tensor([[1.0], [-1.0]])
        >>> cross_correlation(z, -z, eps=0.0)
        tensor([[-1.]])
    """
    check_tensors("view1: B D, view2: B D", view1, view2)
    batch = check_at_least_two(view1)
    with full_precision(view1):
        return standardise(lift(view1), eps).T @ standardise(lift(view2), eps) / batch


def standardise(z: Tensor, eps: float) -> Tensor:
    """Values (B, D) with mean 0 and biased variance 1 in each dimension; eps can be 0."""
    # Batch norm without state or scale is one fused kernel.
    return torch.batch_norm(z, None, None, None, None, True, 0.0, eps, False)
