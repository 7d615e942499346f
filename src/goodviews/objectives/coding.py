"""Coding rates and whitening: TCR, MCR² and W-MSE.

Letters: B pairs, D embedding dims, C classes.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError, check_positive, check_tensors
from goodviews.objectives.catalogue import RATE, register
from goodviews.objectives.precision import full_precision, lift


class TCRTerms(NamedTuple):
    """Terms of the loss; the loss is the sum of their means.

    Example:
        >>> TCRTerms(torch.tensor(-1.0), torch.zeros(2)).rate
        tensor(-1.)
    """

    rate: Tensor
    """Negative mean coding rate of the two views, (), in nats."""
    invariance: Tensor
    """Negative cosine of each pair, times gamma, (B,)."""


class MCR2Terms(NamedTuple):
    """Terms of the loss; the loss is their sum.

    Example:
        >>> MCR2Terms(torch.tensor(-2.0), torch.tensor(1.0)).compression
        tensor(1.)
    """

    expansion: Tensor
    """Negative coding rate of the whole batch, (), in nats."""
    compression: Tensor
    """Coding rate of the batch given the classes, (), in nats."""


@register(kind="", side="dimension", reason=RATE)
def coding_rate(embeddings: Tensor, *, eps_squared: float = 0.5) -> Tensor:
    r"""Coding rate of the unit embeddings at a given distortion, in nats: their spread.

    .. math:: R = \tfrac12 \log\det\left(I + \frac{D}{B \epsilon^2} Z^\top Z\right)

    where the rows of Z have norm 1. The determinant with :math:`Z Z^\top` has the same value,
    so the smaller of the two matrices is used.

    Args:
        embeddings: (B, D), one view, any norm.
        eps_squared: Squared distortion, > 0; usually 0.2 to 0.5.

    Returns:
        (), in nats.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: The distortion is not above zero.

    References:
        Yu et al., 2020 (MCR²), section 2.1, arXiv:2006.08558.

    Example:
        >>> coding_rate(torch.eye(2), eps_squared=1.0)  # log det(I + I) / 2 = log 2
        tensor(0.6931)
    """
    sizes = check_tensors("embeddings: B D", embeddings)
    check_positive("eps_squared", eps_squared)
    with full_precision(embeddings):
        z = F.normalize(lift(embeddings), dim=1)
        gram = z @ z.T if sizes["B"] < sizes["D"] else z.T @ z
        return _half_logdet(gram * (sizes["D"] / (sizes["B"] * eps_squared)))


@register("pair", side="dimension", reason=RATE)
def tcr(view1: Tensor, view2: Tensor, *, eps_squared: float = 0.5, gamma: float = 1.0) -> TCRTerms:
    r"""Terms of the total coding rate with invariance.

    .. math:: -\tfrac12 (R(Z) + R(Z')), \quad -\gamma \cos(z_i, z'_i)

    where R is :func:`coding_rate`. There is no established value of gamma; the default of 1
    is chosen here.

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view.
        eps_squared: Squared distortion, > 0.
        gamma: Weight of the invariance term.

    Returns:
        The terms ``rate`` (), in nats, and ``invariance`` (B,), dimensionless.

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The distortion is not above zero.

    References:
        Li et al., 2022, section 3, arXiv:2201.10000; Garrido et al., 2023,
        arXiv:2206.02574.

    Example:
        >>> tcr(torch.eye(2), torch.eye(2), eps_squared=1.0)
        TCRTerms(rate=tensor(-0.6931), invariance=tensor([-1., -1.]))
    """
    check_tensors("view1: B D, view2: B D", view1, view2)
    rate = coding_rate(view1, eps_squared=eps_squared) + coding_rate(
        view2, eps_squared=eps_squared
    )
    with full_precision(view1):
        cosine = (F.normalize(lift(view1), dim=1) * F.normalize(lift(view2), dim=1)).sum(dim=1)
        return TCRTerms(-rate / 2, -gamma * cosine)


@register(kind="", side="dimension", reason=RATE)
def mcr2(
    embeddings: Tensor, labels: Tensor, *, classes: int, eps_squared: float = 0.5
) -> MCR2Terms:
    r"""Terms of the loss that maximises the coding rate reduction, in nats.

    .. math::
        -R(Z), \quad \sum_c \frac{B_c}{2B}
        \log\det\left(I + \frac{D}{B_c \epsilon^2} Z_c^\top Z_c\right)

    where :math:`Z_c` holds the :math:`B_c` unit rows of class c. The loss is at most 0, and
    exactly 0 with a single class.

    Args:
        embeddings: (B, D), any norm.
        labels: (B,), integers from 0 to ``classes`` - 1.
        classes: Number of classes C.
        eps_squared: Squared distortion, > 0.

    Returns:
        The terms ``expansion`` () and ``compression`` (), in nats.

    Raises:
        ShapeError: The sizes of B differ.
        InputError: The distortion or the number of classes is not above zero.

    References:
        Yu et al., 2020, section 2, arXiv:2006.08558.

    Example:
        >>> one_class = mcr2(torch.eye(2), torch.tensor([0, 0]), classes=1)
        >>> one_class.expansion + one_class.compression
        tensor(0.)
    """
    sizes = check_tensors("embeddings: B D, labels: B", embeddings, labels)
    check_positive("classes", classes)
    rate = coding_rate(embeddings, eps_squared=eps_squared)
    with full_precision(embeddings):
        z_BD = F.normalize(lift(embeddings), dim=1)
        member_BC = F.one_hot(labels, classes).to(z_BD.dtype)
        count_C = member_BC.sum(dim=0)
        scatter_CDD = torch.einsum("bc,bd,be->cde", member_BC, z_BD, z_BD)
        scale_C = sizes["D"] / (count_C.clamp_min(1) * eps_squared)
        rate_C = _half_logdet(scatter_CDD * scale_C[:, None, None])
        return MCR2Terms(-rate, (rate_C * count_C).sum() / sizes["B"])


@register(
    "pair",
    side="dimension",
    reason="Whitening makes L_nc of each sub-batch zero by construction; the paper cites it "
    "beside its formal proposition.",
)
def wmse(
    view1: Tensor, view2: Tensor, *, sub_batch: int | None = None, eps: float = 0.0
) -> Tensor:
    r"""Squared distance of each pair after whitening, on the unit sphere; dimensionless.

    .. math:: \ell_i = \left\| \frac{w_i}{\|w_i\|} - \frac{w'_i}{\|w'_i\|} \right\|^2

    where w is :func:`whiten`, applied to each view separately. The rows are divided in the
    given order into sub-batches of equal size: shuffle them first for another partition.

    Args:
        view1: (B, D), embeddings of the first view.
        view2: (B, D), embeddings of the second view.
        sub_batch: Number of rows whitened together, more than D; None for the whole batch.
        eps: Weight of the identity in the covariance, within [0, 1].

    Returns:
        (B,), within [0, 4].

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: The sub-batches have unequal sizes, or at most D rows with eps = 0.

    References:
        Ermolov et al., 2021, section 3, arXiv:2007.06346.

    Example:
        >>> z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -2.0]])
        >>> wmse(z, 3 * z).abs().max() < 1e-5  # whitening removes the scale
        tensor(True)
    """
    batch = check_tensors("view1: B D, view2: B D", view1, view2)["B"]
    size = batch if sub_batch is None else sub_batch
    if size < 1 or batch % size:
        raise InputError(
            f"A batch of {batch} cannot be divided into sub-batches of {size}: "
            "choose a sub_batch that divides the batch size."
        )
    with full_precision(view1):
        first, second = (
            F.normalize(torch.cat([whiten(part, eps=eps) for part in view.split(size)]), dim=1)
            for view in (view1, view2)
        )
        return (first - second).square().sum(dim=1)


def whiten(embeddings: Tensor, *, eps: float = 0.0) -> Tensor:
    r"""Whiten embeddings, so that their covariance is the identity.

    .. math:: w_i = L^{-1} (z_i - \bar z), \quad L L^\top = (1 - \epsilon) C + \epsilon I

    where C is the unbiased covariance over the rows and L a lower Cholesky factor, as in the
    authors' implementation: its inverse W satisfies :math:`W^\top W = C^{-1}` if eps is 0.

    Args:
        embeddings: (B, D), one view; B must exceed D, unless eps is above 0.
        eps: Weight of the identity in the covariance, within [0, 1].

    Returns:
        (B, D), dimensionless, with covariance I if eps = 0.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: There are at most D rows and eps = 0, or eps is outside [0, 1].

    References:
        Ermolov et al., 2021, section 3, arXiv:2007.06346.

    Example:
        >>> z = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -2.0]])
        >>> torch.allclose(whiten(z).T.cov(), torch.eye(2), atol=1e-5)
        True
    """
    sizes = check_tensors("embeddings: B D", embeddings)
    if not 0 <= eps <= 1:
        raise InputError(f"eps is {eps}, but must be within [0, 1].")
    if sizes["B"] < 2 or (eps == 0 and sizes["B"] <= sizes["D"]):
        raise InputError(
            f"{sizes['B']} rows cannot be whitened in {sizes['D']} dimensions: use more than "
            f"{sizes['D']} rows (usually twice as many), or eps above 0."
        )
    with full_precision(embeddings):
        z_BD = lift(embeddings)
        centred_BD = z_BD - z_BD.mean(dim=0)
        cov_DD = centred_BD.T @ centred_BD / (sizes["B"] - 1)
        mixed_DD = (1 - eps) * cov_DD + eps * torch.eye(sizes["D"]).to(cov_DD)
        factor_DD = torch.linalg.cholesky(mixed_DD)
        white: Tensor = torch.linalg.solve_triangular(factor_DD, centred_BD.T, upper=False).T
        return white


def _half_logdet(scatter: Tensor) -> Tensor:
    """Half the log-determinant of I + scatter, by Cholesky; leading axes are batch axes."""
    shifted = scatter + torch.eye(scatter.shape[-1]).to(scatter)
    log_det: Tensor = torch.linalg.cholesky(shifted).diagonal(dim1=-2, dim2=-1).log().sum(dim=-1)
    return log_det
