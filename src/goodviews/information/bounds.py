"""Bounds on information from a matrix of scores.

Row i holds the scores of anchor i against every candidate; its own positive is
on the diagonal. Letters: B pairs, K candidates (the positive included).
"""

import math

from torch import Tensor

from goodviews.core.checks import ShapeError
from goodviews.information.estimate import Estimate

__all__ = ["infonce_bound"]


def infonce_bound(scores: Tensor, *, symmetric: bool = True) -> Estimate:
    r"""InfoNCE lower bound on the information between two views, in nats.

    .. math:: I \ge \log K + \frac1B \sum_i \Bigl[ s_{ii} - \log \sum_{j=1}^{K} e^{s_{ij}} \Bigr]

    It holds in expectation for candidates drawn independently, and can never
    exceed log K. On the pairs a critic was fitted on it is too high: score
    held-out pairs. The standard error is the infinitesimal jackknife, for which
    a pair counts both as an anchor and as everyone's candidate: with P the row
    softmax, the influence of pair k is :math:`s_{kk} - \mathrm{lse}_k - \sum_i P_{ik}`
    up to a constant.

    Args:
        scores: (B, K), K >= B, logits (divided by the temperature already); the positive
            of row i is in column i.
        symmetric: Take the mean of both directions; needs K = B.

    Returns:
        The bound, with log K as its ceiling.

    Raises:
        ShapeError: K < B, or both directions are wanted and K is not B.

    References:
        van den Oord et al., 2018, arXiv:1807.03748; Poole et al., 2019, eq. 10,
        arXiv:1905.06922. Standard error ours.

    Example:
        >>> print(infonce_bound(torch.zeros(8, 8)))  # a critic that knows nothing
        >= 0.00 ± 0.00 nats (lower bound, K = 8, n = 8), ceiling 2.08
    """
    pairs, candidates = check_scores(scores)
    if symmetric and pairs != candidates:
        raise ShapeError(
            f"scores is {(pairs, candidates)}, but both directions need as many candidates as "
            f"anchors. Use symmetric=False."
        )
    scores = scores.detach().double()
    value, push = _one_way(scores)
    if symmetric:
        other, back = _one_way(scores.T)
        value, push = (value + other) / 2, (push + back) / 2
    own, rest = push[:pairs], push[pairs:]
    spread = (own - own.mean()).square().sum()
    if len(rest):
        spread = spread + (rest - rest.mean()).square().sum()
    return Estimate(
        nats=value.item(),
        stderr_nats=spread.sqrt().item(),
        side="lower",
        candidates=candidates,
        ceiling_nats=math.log(candidates),
        pairs=pairs,
    )


def _one_way(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The bound and how far each candidate's pair pushes it, up to a constant."""
    pairs, candidates = scores.shape
    lse = scores.logsumexp(dim=1)
    terms = scores.diagonal() - lse
    push = -(scores - lse[:, None]).exp().sum(dim=0) / pairs
    push[:pairs] += terms / pairs
    return terms.mean() + math.log(candidates), push


def check_scores(scores: Tensor) -> tuple[int, int]:
    """Rows and columns of a score matrix.

    Raises:
        ShapeError: It is no matrix, or has more anchors than candidates.
    """
    if scores.ndim != 2 or scores.shape[0] > scores.shape[1] or not scores.numel():
        raise ShapeError(
            f"scores is {tuple(scores.shape)}, but (B, K) with K >= B >= 1 is wanted: one row per "
            f"anchor, its positive on the diagonal."
        )
    return scores.shape[0], scores.shape[1]
