"""Deep graph infomax: discriminate the nodes of a graph from corrupted ones by its summary.

Letters: N nodes, M corrupted nodes, F representation dims.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift


class LocalGlobalTerms(NamedTuple):
    """Terms of the discrimination; the loss is the sum of their means.

    Example:
        >>> import torch
        >>> LocalGlobalTerms(torch.zeros(2), torch.zeros(2)).real
        tensor([0., 0.])
    """

    real: Tensor
    """Half the cross-entropy of each real node, (N,), in nats."""
    corrupted: Tensor
    """Half the cross-entropy of each corrupted node, (M,), in nats."""


@register(
    "summary",
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

    The factors of 1/2 make the sum of both means the average over real and corrupted nodes, so
    the chance level is log 2.

    Args:
        nodes: (N, F), representations of the nodes of the graph.
        corrupted: (M, F), representations of the nodes of a corrupted graph.
        summary: (F,), summary of the graph, see :func:`summarise`.
        weight: (F, F), bilinear form W of the discriminator; None for the identity.

    Returns:
        The terms ``real`` (N,) and ``corrupted`` (M,), in nats.

    Raises:
        ShapeError: The sizes of F differ.

    References:
        Veličković et al., 2019 (DGI), sections 3 and 4.2, arXiv:1809.10341.

    Example:
        >>> import torch
        >>> local_global(torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(2))
        LocalGlobalTerms(real=tensor([0.3466]), corrupted=tensor([0.3466]))
    """
    check_tensors(
        "nodes: N F, corrupted: M F, summary: F, weight: F F", nodes, corrupted, summary, weight
    )
    with full_precision(nodes):
        direction = lift(summary) if weight is None else lift(weight) @ lift(summary)
        return LocalGlobalTerms(
            F.softplus(-(lift(nodes) @ direction)) / 2,
            F.softplus(lift(corrupted) @ direction) / 2,
        )


def summarise(nodes: Tensor) -> Tensor:
    r"""Summary of a graph: the logistic function of the mean of its nodes.

    .. math:: s = \sigma\left(\frac1N \sum_i h_i\right)

    Args:
        nodes: (N, F), representations of the nodes of the graph.

    Returns:
        (F,), within (0, 1).

    Raises:
        ShapeError: ``nodes`` does not have two axes.

    References:
        Veličković et al., 2019 (DGI), section 4.2, arXiv:1809.10341.

    Example:
        >>> import torch
        >>> summarise(torch.zeros(3, 2))
        tensor([0.5000, 0.5000])
    """
    check_tensors("nodes: N F", nodes)
    with full_precision(nodes):
        return lift(nodes).mean(dim=0).sigmoid()
