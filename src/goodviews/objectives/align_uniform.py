"""Alignment and uniformity on the sphere.

Letters: B pairs, D embedding dims.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_positive, check_tensors
from goodviews.objectives.catalogue import OUTSIDE, register
from goodviews.objectives.precision import full_precision, lift


class AlignUniformTerms(NamedTuple):
    """Terms of the loss, multiplied by their weights; the loss is the sum of their means.

    Example:
        >>> AlignUniformTerms(torch.zeros(2), torch.tensor(-1.0)).uniformity
        tensor(-1.)
    """

    alignment: Tensor
    """Distance of each pair, (B,)."""
    uniformity: Tensor
    """Mean uniformity of both views, ()."""


@register(kind="", ranks="rows", side="outside", reason=OUTSIDE)
def alignment(view1: Tensor, view2: Tensor, *, alpha: float = 2.0) -> Tensor:
    r"""Distance of each pair on the unit sphere, to the power alpha; dimensionless.

    .. math:: \ell_i = \| z_i - z'_i \|_2^\alpha

    Args:
        view1: (B, D), embeddings of the first view, any norm.
        view2: (B, D), embeddings of the second view.
        alpha: Power, at least 1.

    Returns:
        (B,), one distance per pair, within [0, 2 ** alpha].

    Raises:
        ShapeError: The sizes of B or D differ.
        InputError: alpha is below 1, where the gradient of equal pairs is infinite.

    References:
        Wang and Isola, 2020, section 4.1.1, arXiv:2005.10242.

    Example:
        >>> alignment(torch.eye(2), torch.eye(2).flip(0))  # orthogonal pairs
        tensor([2., 2.])
    """
    check_tensors("view1: B D, view2: B D", view1, view2)
    if not alpha >= 1:
        raise InputError(f"alpha is {alpha}, but must be at least 1.")
    with full_precision(view1):
        gap = F.normalize(lift(view1), dim=1) - F.normalize(lift(view2), dim=1)
        if alpha == 2:
            return gap.square().sum(dim=1)
        distance: Tensor = torch.linalg.vector_norm(gap, dim=1) ** alpha
        return distance


@register(
    kind="",
    side="sample",
    reason="It is what the repulsion of InfoNCE tends to; unit samples.",
)
def uniformity(embeddings: Tensor, *, t: float = 2.0) -> Tensor:
    r"""Logarithm of the mean Gaussian potential of all pairs, in nats.

    .. math:: U = \log \frac{1}{B (B - 1)} \sum_{i \ne j} e^{-t \|z_i - z_j\|^2}

    It is between -4t and 0; 0 is the value of a collapsed batch.

    Args:
        embeddings: (B, D), one view, any norm; B at least 2.
        t: Inverse width of the kernel, > 0.

    Returns:
        (), in nats.

    Raises:
        ShapeError: ``embeddings`` does not have two axes, or has only one row.
        InputError: t is not above zero.

    References:
        Wang and Isola, 2020, section 4.1.2, arXiv:2005.10242.

    Example:
        >>> uniformity(torch.eye(2))  # one pair at squared distance 2: -2 t
        tensor(-4.)
    """
    batch = check_tensors("embeddings: B D", embeddings)["B"]
    check_positive("t", t)
    if batch < 2:
        raise ShapeError("embeddings has B = 1, but pairs need at least 2 rows.")
    with full_precision(embeddings):
        z = F.normalize(lift(embeddings), dim=1)
        exponent = 2 * t * (z @ z.T - 1)  # unit rows: |a - b|^2 = 2 - 2 a.b
        itself = torch.eye(batch, dtype=torch.bool, device=z.device)
        total = exponent.masked_fill(itself, -torch.inf).flatten().logsumexp(dim=0)
        return total - math.log(batch * (batch - 1))


@register(
    "pair",
    side="sample",
    reason="Its uniformity is what the repulsion of InfoNCE tends to.",
)
def align_uniform(
    view1: Tensor,
    view2: Tensor,
    *,
    alpha: float = 2.0,
    t: float = 2.0,
    alignment_weight: float = 1.0,
    uniformity_weight: float = 1.0,
) -> AlignUniformTerms:
    r"""Weighted alignment of the pairs and uniformity of both views.

    .. math:: \lambda_a \| z_i - z'_i \|^\alpha, \quad \lambda_u \tfrac12 (U(Z) + U(Z'))

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        alpha: Power of the distance, at least 1.
        t: Inverse width of the kernel, > 0.
        alignment_weight: Weight lambda_a of the alignment.
        uniformity_weight: Weight lambda_u of the uniformity.

    Returns:
        The terms ``alignment`` (B,) and ``uniformity`` (), multiplied by their weights.

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: alpha is below 1 or t is not above zero.

    References:
        Wang and Isola, 2020, section 4.1 and figure 5, arXiv:2005.10242.

    Example:
        >>> align_uniform(torch.eye(2), torch.eye(2))
        AlignUniformTerms(alignment=tensor([0., 0.]), uniformity=tensor(-4.))
    """
    spread = (uniformity(view1, t=t) + uniformity(view2, t=t)) / 2
    return AlignUniformTerms(
        alignment_weight * alignment(view1, view2, alpha=alpha), uniformity_weight * spread
    )
