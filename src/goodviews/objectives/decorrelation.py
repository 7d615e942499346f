"""CCA-SSG: equal standardised embeddings with uncorrelated dimensions.

Letters: B pairs, D embedding dims.
"""

from typing import NamedTuple

from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.barlow import standardise
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift
from goodviews.objectives.vicreg import check_at_least_two


class DecorrelationTerms(NamedTuple):
    """Terms of the loss, the second multiplied by its weight; the loss is their sum.

    Example:
        >>> import torch
        >>> DecorrelationTerms(torch.tensor(0.5), torch.tensor(0.0)).invariance
        tensor(0.5000)
    """

    invariance: Tensor
    """Squared distance of the standardised views, ()."""
    decorrelation: Tensor
    """Squared distance of both correlation matrices from the identity, times lambda, ()."""


@register(
    "pair",
    side="dimension",
    reason="It squares the correlations of the dims of each view, D x D.",
)
def decorrelation(
    view1: Tensor, view2: Tensor, *, weight: float = 1e-3, eps: float = 1e-5
) -> DecorrelationTerms:
    r"""Terms of the loss of CCA-SSG, dimensionless.

    .. math::
        \frac1B \Vert \tilde Z_1 - \tilde Z_2 \Vert_F^2, \quad
        \lambda \sum_{v=1}^{2} \Bigl\Vert \frac1B \tilde Z_v^\top \tilde Z_v - I \Bigr\Vert_F^2

    where each dimension of :math:`\tilde Z` has mean 0 and biased variance 1 over the batch. The
    paper divides :math:`\tilde Z` by :math:`\sqrt B`, which gives the same. Its code standardises
    with the unbiased deviation, a factor of (B - 1) / B on the correlations.

    Args:
        view1: (B, D), embeddings of the first view; B at least 2.
        view2: (B, D), embeddings of the second view.
        weight: Weight lambda of the second term.
        eps: Constant added to the variances, so that constant dimensions give finite values.

    Returns:
        The terms ``invariance`` () and ``decorrelation`` (), the second multiplied by its weight.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.

    References:
        Zhang et al., 2021, eq. 5, arXiv:2106.12484.

    Example:
        >>> import torch
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, -1.0]])  # two equal dimensions
        >>> decorrelation(z, z, weight=0.5, eps=0.0)
        DecorrelationTerms(invariance=tensor(0.), decorrelation=tensor(2.))
    """
    check_tensors("view1: B D, view2: B D", view1, view2)
    batch = check_at_least_two(view1)
    with full_precision(view1):
        one, two = (standardise(lift(z), eps) for z in (view1, view2))
        apart = one.new_zeros(())
        for z_BD in (one, two):
            corr_DD = z_BD.T @ z_BD / batch
            corr_DD.diagonal().sub_(1)
            apart = apart + corr_DD.square().sum()
        return DecorrelationTerms((one - two).square().sum() / batch, weight * apart)
