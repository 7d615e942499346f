"""Bounds that need only row sums: any number of candidates, one tile in memory.

Letters: B anchors, K candidates (the positive included), D dimensions.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_shapes
from goodviews.information.estimate import Estimate, Side
from goodviews.information.tiles import row_logsumexp


@torch.no_grad()
def infonce_bound_of_embeddings(
    anchors: Tensor, candidates: Tensor, *, temperature: float = 0.1, cosine: bool = True
) -> Estimate:
    r"""InfoNCE lower bound over any number of candidates, in nats; no matrix is kept.

    .. math:: I \ge \log K + \frac1B \sum_i \Bigl[ s_{ii} - \log \sum_{j=1}^{K} e^{s_{ij}} \Bigr]

    1,000 anchors against 1,000,000 candidates lift the ceiling to 13.8 nats. The error is
    over anchors; the candidates' share of it falls with K.

    Args:
        anchors: (B, D), embeddings of first views.
        candidates: (K, D), K >= B, embeddings of second views; row i belongs to anchor i.
        temperature: tau > 0, dimensionless.
        cosine: Normalise the embeddings first; otherwise scores are products.

    Returns:
        The bound, with its ceiling: log K, or less where the temperature caps it.

    Raises:
        ShapeError: The sizes of D disagree, or K < B.

    References:
        van den Oord et al., 2018, eq. 4, arXiv:1807.03748.

    Example:
        >>> print(infonce_bound_of_embeddings(torch.eye(4), torch.eye(4), temperature=0.01))
        >= 1.39 ± 0.00 nats (lower bound, K = 4, n = 4), at its ceiling of 1.39
    """
    sizes = check_shapes("anchors: B D, candidates: K D", anchors, candidates)
    if sizes["K"] < sizes["B"]:
        raise ShapeError(
            f"candidates has K = {sizes['K']}, but B = {sizes['B']} or more is wanted."
        )
    if cosine:
        anchors, candidates = F.normalize(anchors, dim=1), F.normalize(candidates, dim=1)
    lse = row_logsumexp(
        anchors, candidates, temperature=temperature, less_positive=True, bounded=cosine
    )
    ceiling = math.log(sizes["K"])
    if cosine:
        ceiling -= math.log1p((sizes["K"] - 1) * math.exp(-2 / temperature))
    return _mean(math.log(sizes["K"]) - lse, "lower", sizes["K"], ceiling)


def row_bounds(
    own: Tensor, others: Tensor, candidates: int, *, alpha: float = 0.01
) -> dict[str, Estimate]:
    r"""InfoNCE, NWJ, DV and the interpolated bound from each anchor's row sum, in nats.

    .. math:: \text{others}_i = \log \sum_{j \ne i} e^{s_{ij}}

    TUBA with a baseline per anchor is NWJ of ``own`` and ``others`` less its logarithm.
    Errors are over anchors.

    Args:
        own: (B,), score of each anchor's positive.
        others: (B,), from :func:`goodviews.information.tiles.row_logsumexp` with ``mask_own``.
        candidates: K, the positive included.
        alpha: Of the interpolated bound, within (0, 1].

    Returns:
        By name: ``infonce``, ``nwj``, ``dv``, ``interpolated``.

    Raises:
        ShapeError: The numbers of anchors disagree.
        InputError: Fewer than two candidates, or ``alpha`` outside (0, 1].

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> found = row_bounds(torch.zeros(3), torch.full((3,), math.log(7)), 8)
        >>> print(found["nwj"])
        >= 0.00 ± 0.00 nats (lower bound, K = 8, n = 3)
    """
    check_shapes("own: B, others: B", own, others)
    if candidates < 2 or not 0 < alpha <= 1:
        raise InputError(
            f"candidates = {candidates} and alpha = {alpha}: give K >= 2, 0 < a <= 1."
        )
    own, noise = own.detach().double(), others.detach().double() - math.log(candidates - 1)
    log_k = math.log(candidates)
    everyone = torch.logaddexp(own, noise + math.log(candidates - 1)) - log_k
    mean_noise = noise.logsumexp(0) - math.log(len(noise))
    keep = 1 - alpha
    joint = own - (alpha * everyone.exp() + keep).log()
    product = noise.exp() / (alpha * noise.exp() + keep)
    return {
        "infonce": _mean(own - everyone, "lower", candidates, log_k),
        "nwj": _mean(1 + own - noise.exp(), "lower", candidates, None),
        "dv": _mean(own + 1 - mean_noise - (noise - mean_noise).exp(), "none", candidates, None),
        "interpolated": _mean(1 + joint - product, "lower", candidates, log_k - math.log(alpha)),
    }


def _mean(terms: Tensor, side: Side, candidates: int, ceiling: float | None) -> Estimate:
    n = len(terms)
    stderr = float(terms.std()) / math.sqrt(n) if n > 1 else math.nan
    return Estimate(float(terms.mean()), stderr, side, candidates, ceiling, pairs=n)
