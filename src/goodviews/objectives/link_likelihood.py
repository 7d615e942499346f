"""Graph autoencoders: the likelihood of links, and the divergence of VGAE.

Letters: E links, M pairs without a link, N nodes, D embedding dims.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import check_tensors
from goodviews.objectives.catalogue import register
from goodviews.objectives.precision import full_precision, lift


class LinkTerms(NamedTuple):
    """Terms of the likelihood; the loss is the sum of their means.

    Example:
        >>> import torch
        >>> LinkTerms(torch.zeros(2), torch.zeros(3)).links
        tensor([0., 0.])
    """

    links: Tensor
    """Negative log probability of each link, (E,), in nats."""
    others: Tensor
    """Negative log probability that each other pair has no link, (M,), in nats."""


@register(
    "links",
    ranks="rows",
    side="outside",
    reason="It contrasts pairs of nodes, not two views of a sample.",
)
def link_likelihood(links: Tensor, others: Tensor) -> LinkTerms:
    r"""Negative log likelihood of links and of pairs without one, in nats.

    .. math:: -\log \sigma(z_u^\top z_v), \quad -\log(1 - \sigma(z_{u'}^\top z_{v'}))

    The paper sums over all pairs and weights the links; with as many drawn pairs as links the
    sum of both means is that loss up to a factor, as in common reimplementations.

    Args:
        links: (E,), inner products of the embeddings of both ends of links.
        others: (M,), inner products of the ends of pairs without a link.

    Returns:
        The terms ``links`` (E,) and ``others`` (M,), in nats.

    Raises:
        ShapeError: A tensor has several axes.

    References:
        Kipf and Welling, 2016, section 2, arXiv:1611.07308.

    Example:
        >>> import torch
        >>> link_likelihood(torch.zeros(1), torch.zeros(1))
        LinkTerms(links=tensor([0.6931]), others=tensor([0.6931]))
    """
    check_tensors("links: E, others: M", links, others)
    with full_precision(links):
        return LinkTerms(F.softplus(-lift(links)), F.softplus(lift(others)))


@register(kind="", ranks="rows", side="outside", reason="It contains one view only.")
def normal_divergence(mean: Tensor, log_std: Tensor) -> Tensor:
    r"""Divergence of the distribution of each node from a standard normal one, in nats.

    .. math:: \mathrm{KL} = \frac12 \sum_d (\mu_d^2 + \sigma_d^2 - 1 - 2 \log \sigma_d)

    Args:
        mean: (N, D), means.
        log_std: (N, D), logarithms of standard deviations.

    Returns:
        (N,), in nats, at least 0.

    Raises:
        ShapeError: The sizes of N or D differ.

    References:
        Kipf and Welling, 2016, eq. 4, arXiv:1611.07308.

    Example:
        >>> import torch
        >>> normal_divergence(torch.ones(1, 2), torch.zeros(1, 2))
        tensor([1.])
    """
    check_tensors("mean: N D, log_std: N D", mean, log_std)
    with full_precision(mean):
        mu, log = lift(mean), lift(log_std)
        return (mu.square() + (2 * log).exp() - 1 - 2 * log).sum(dim=1) / 2
