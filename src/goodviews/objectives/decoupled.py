"""Decoupled contrastive learning: NT-Xent without the positive in its denominator.

Letters: B pairs, D embedding dims, 2B anchors, 2B - 2 negatives of each.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import ShapeError, check_positive, check_tensors
from goodviews.information.tiles import pool_logsumexp, worthwhile
from goodviews.objectives.catalogue import ASYMPTOTIC, register
from goodviews.objectives.ntxent import pooled_cosines
from goodviews.objectives.precision import check_temperature, full_precision, lift


@register("pair", side="sample", reason=ASYMPTOTIC)
def dcl(view1: Tensor, view2: Tensor, *, temperature: float | Tensor = 0.1) -> Tensor:
    r"""Decoupled contrastive loss of each of the 2B embeddings, in nats.

    .. math:: \ell_i = -s_{i p(i)} / \tau + \log \sum_{k \notin \{i, p(i)\}} \exp(s_{ik} / \tau)

    where :math:`s` is the cosine in the pool of both views. There are 2B - 2 negatives, so
    equal embeddings give :math:`\log(2B - 2)`. The loss can be negative.

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The temperature is not above zero.

    References:
        Yeh et al., 2022, section 3 (loss L_DC), arXiv:2110.06848.

    Example:
        >>> same = torch.ones(2, 3)  # two equal negatives: log 2 nats
        >>> dcl(same, same)
        tensor([0.6931, 0.6931, 0.6931, 0.6931])
    """
    check_tensors("view1: B D, view2: B D", view1, view2)
    check_temperature(temperature)
    with full_precision(view1):
        pool = 2 * len(view1)
        if worthwhile(pool, pool, lift(view1)):
            z = F.normalize(torch.cat([lift(view1), lift(view2)]), dim=1)
            return pool_logsumexp(z, temperature=temperature, mask_pair=True, less_positive=True)
        cosines, positive = pooled_cosines(view1, view2)
        repulsion = negatives_only(cosines / temperature).logsumexp(dim=1)
        return repulsion - positive / temperature


@register("pair", side="sample", reason=ASYMPTOTIC)
def dclw(
    view1: Tensor,
    view2: Tensor,
    *,
    temperature: float | Tensor = 0.1,
    sigma: float = 0.5,
) -> Tensor:
    r"""DCL with a larger weight for pairs that are further apart, in nats.

    .. math::
        \ell_i = -w_i s_{i p(i)} / \tau +
        \log \sum_{k \notin \{i, p(i)\}} \exp(s_{ik} / \tau), \quad
        w_i = 2 - B \, \mathrm{softmax}_i (s_{i p(i)} / \sigma)

    The mean weight over the batch is 1, and no gradient flows through the weights. If all pairs
    are equally close, this is :func:`dcl`.

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        temperature: Temperature tau > 0, dimensionless.
        sigma: Width sigma > 0 of the weights, dimensionless.

    Returns:
        (2B,), one loss per anchor in nats; the anchors of the first view come first.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: The temperature or sigma is not above zero.

    References:
        Yeh et al., 2022, section 3 (loss L_DCW), arXiv:2110.06848.

    Example:
        >>> same = torch.ones(2, 3)
        >>> dclw(same, same)
        tensor([0.6931, 0.6931, 0.6931, 0.6931])
    """
    batch = check_tensors("view1: B D, view2: B D", view1, view2)["B"]
    check_temperature(temperature)
    check_positive("sigma", sigma)
    with full_precision(view1):
        if worthwhile(2 * batch, 2 * batch, lift(view1)):
            z = F.normalize(torch.cat([lift(view1), lift(view2)]), dim=1)
            near = (z[:batch] * z[batch:]).sum(dim=1)
            positive = torch.cat([near, near])
            repulsion = pool_logsumexp(z, temperature=temperature, mask_pair=True)
        else:
            cosines, positive = pooled_cosines(view1, view2)
            repulsion = negatives_only(cosines / temperature).logsumexp(dim=1)
        pull = (positive.detach()[:batch] / sigma).softmax(dim=0)
        weight = 2 - batch * torch.cat([pull, pull])
        return repulsion - weight * positive / temperature


def negatives_only(logits: Tensor) -> Tensor:
    r"""Mask self and positive in the logits of a pool of two views with minus infinity.

    .. math:: s_{ik} \mapsto -\infty \text{ for } k \in \{i, p(i)\}

    Args:
        logits: (2B, 2B), the rows of the first view first; B at least 2.

    Returns:
        (2B, 2B), ready for a logsumexp over the 2B - 2 negatives of each row.

    Raises:
        ShapeError: ``logits`` is not square, has an odd size, or has only one pair.

    References:
        Yeh et al., 2022, section 3 (loss L_DC), arXiv:2110.06848.

    Example:
        >>> negatives_only(torch.zeros(4, 4))[0]
        tensor([-inf, 0., -inf, 0.])
    """
    pool = check_tensors("logits: N N", logits)["N"]
    if pool % 2 or pool < 4:
        raise ShapeError(
            f"Negatives need at least two pairs, an even number of at least 4 embeddings, but "
            f"the pool of both views holds {pool}. Raise the batch size."
        )
    row = torch.arange(pool, device=logits.device) % (pool // 2)
    return logits.masked_fill(row[:, None] == row[None, :], -torch.inf)
