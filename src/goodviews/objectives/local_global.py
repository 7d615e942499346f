"""Deep graph infomax: tell a graph's nodes from corrupted ones by its summary.

Letters: N nodes, M corrupted nodes, F representation dims.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_shapes
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift


class LocalGlobalTerms(NamedTuple):
    """Both halves of the discrimination; the loss is the sum of their means.

    Example:
        >>> import torch
        >>> LocalGlobalTerms(torch.zeros(2), torch.zeros(2)).real
        tensor([0., 0.])
    """

    real: Tensor
    """(N,), half the cross-entropy of each real node, nats."""
    corrupted: Tensor
    """(M,), half the cross-entropy of each corrupted node, nats."""


@register(
    kind="",
    ranks="rows",
    shared=1,
    side="outside",
    reason="It contrasts nodes with a summary of the graph, not samples.",
)
def local_global(
    nodes: Tensor, corrupted: Tensor, summary: Tensor, *, weight: Tensor | None = None
) -> LocalGlobalTerms:
    r"""Binary cross-entropy of real and corrupted nodes against the summary, in nats.

    .. math::
        -\tfrac12 \log \sigma(h_i^\top W s), \quad
        -\tfrac12 \log (1 - \sigma(\tilde h_j^\top W s))

    The halves make the sum of both means the mean over real and corrupted nodes alike,
    so an uninformed discriminator gives log 2.

    Args:
        nodes: (N, F), representations of the graph's nodes.
        corrupted: (M, F), representations of the nodes of a corrupted graph.
        summary: (F,), see :func:`summarise`.
        weight: (F, F), the discriminator's bilinear form W; None for the identity.

    Returns:
        The terms ``real`` (N,) and ``corrupted`` (M,), nats.

    Raises:
        ShapeError: The sizes of F disagree.

    References:
        Veličković et al., 2019 (DGI), sections 3 and 4.2, arXiv:1809.10341.

    Example:
        >>> import torch
        >>> local_global(torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(2))
        LocalGlobalTerms(real=tensor([0.3466]), corrupted=tensor([0.3466]))
    """
    check_shapes(
        "nodes: N F, corrupted: M F, summary: F, weight: F F", nodes, corrupted, summary, weight
    )
    with full_precision(nodes):
        direction = lift(summary) if weight is None else lift(weight) @ lift(summary)
        return LocalGlobalTerms(
            F.softplus(-(lift(nodes) @ direction)) / 2,
            F.softplus(lift(corrupted) @ direction) / 2,
        )


def summarise(nodes: Tensor) -> Tensor:
    r"""Summary of a graph: the logistic function of its nodes' mean.

    .. math:: s = \sigma\left(\frac1N \sum_i h_i\right)

    Args:
        nodes: (N, F), representations of the graph's nodes.

    Returns:
        (F,), within (0, 1).

    Raises:
        ShapeError: Not two axes.

    References:
        Veličković et al., 2019 (DGI), section 4.2, arXiv:1809.10341.

    Example:
        >>> import torch
        >>> summarise(torch.zeros(3, 2))
        tensor([0.5000, 0.5000])
    """
    check_shapes("nodes: N F", nodes)
    with full_precision(nodes):
        return lift(nodes).mean(dim=0).sigmoid()
