"""Spectral contrastive learning.

Letters: B pairs, D embedding dims.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from goodviews.core.errors import ShapeError, check_positive, check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift


class SpectralTerms(NamedTuple):
    """Terms of the spectral loss; the loss is the sum of their means.

    Example:
        >>> SpectralTerms(torch.tensor([-2.0]), torch.tensor([0.5])).attraction
        tensor([-2.])
    """

    attraction: Tensor
    """Inner product of each pair, times -2, (B,)."""
    repulsion: Tensor
    """Mean squared inner product of each anchor and the second views of other pairs, (B,)."""


@register(
    "pair",
    side="sample",
    reason="Its repulsion is L_c across the views, on a ball.",
)
def spectral(view1: Tensor, view2: Tensor, *, mu: float = 1.0) -> SpectralTerms:
    r"""Terms of the spectral contrastive loss of each pair, dimensionless.

    .. math::
        -\frac2B \sum_i f_i \cdot f'_i +
        \frac{1}{B (B - 1)} \sum_{i \ne j} (f_i \cdot f'_j)^2

    on embeddings projected to the ball of radius :math:`\sqrt\mu`; embeddings inside the ball
    do not change. The repulsion is the criterion L_c between the two views. The terms per
    anchor are not symmetric in the views, but their means are.

    Args:
        view1: (B, D), embeddings of the first view, any norm; B at least 2.
        view2: (B, D), embeddings of the second view.
        mu: Squared radius mu > 0 of the ball.

    Returns:
        The terms ``attraction`` (B,) and ``repulsion`` (B,).

    Raises:
        ShapeError: The sizes of B or D differ, or there is only one pair.
        InputError: mu is not above zero.

    References:
        HaoChen et al., 2021, section 3.2 and algorithm 1, arXiv:2106.04156; Garrido et al.,
        2023, arXiv:2206.02574.

    Example:
        >>> unit = torch.eye(2)  # equal views, orthogonal pairs: the optimum
        >>> spectral(unit, unit)
        SpectralTerms(attraction=tensor([-2., -2.]), repulsion=tensor([0., 0.]))
    """
    batch = check_tensors("view1: B D, view2: B D", view1, view2)["B"]
    check_positive("mu", mu)
    if batch < 2:
        raise ShapeError("view1 has B = 1, but needs at least 2 rows: raise the batch size.")
    with full_precision(view1):
        inner = project_to_ball(view1, radius=mu**0.5) @ project_to_ball(view2, radius=mu**0.5).T
        itself = torch.eye(batch, dtype=torch.bool, device=inner.device)
        repulsion = inner.square().masked_fill(itself, 0).sum(dim=1) / (batch - 1)
        return SpectralTerms(-2 * inner.diagonal(), repulsion)


def project_to_ball(embeddings: Tensor, *, radius: float = 1.0) -> Tensor:
    r"""Project each row onto a ball, by scaling it if it is outside.

    .. math:: z_i \mapsto z_i \min(1, r / \|z_i\|)

    Args:
        embeddings: (B, D), one row per embedding.
        radius: Radius r > 0, in the unit of the embeddings.

    Returns:
        (B, D), rows of norm at most r.

    Raises:
        ShapeError: ``embeddings`` does not have two axes.
        InputError: The radius is not above zero.

    References:
        HaoChen et al., 2021, algorithm 1, arXiv:2106.04156.

    Example:
        >>> project_to_ball(torch.tensor([[3.0, 4.0], [0.3, 0.4]]))
        tensor([[0.6000, 0.8000],
                [0.3000, 0.4000]])
    """
    check_tensors("embeddings: B D", embeddings)
    check_positive("radius", radius)
    with full_precision(embeddings):
        rows = lift(embeddings)
        norm = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
        capped: Tensor = rows * (radius / norm.clamp_min(radius))
        return capped
