"""Bounds that need only row sums: any number of candidates, with one tile in memory.

Letters: B anchors, K candidates (the positive included), D dimensions.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_tensors
from goodviews.information.estimate import Estimate, Side
from goodviews.information.tiles import row_logsumexp


@torch.no_grad()
def infonce_bound_of_embeddings(
    anchors: Tensor, candidates: Tensor, *, temperature: float = 0.1, cosine: bool = True
) -> Estimate:
    r"""InfoNCE lower bound for any number of candidates, in nats, without storing the matrix.

    .. math:: I \ge \log K + \frac1B \sum_i \Bigl[ s_{ii} - \log \sum_{j=1}^{K} e^{s_{ij}} \Bigr]

    With 1,000 anchors and 1,000,000 candidates, the ceiling is 13.8 nats. The standard error
    is over anchors; the contribution of the candidates decreases with K.

    Args:
        anchors: (B, D), embeddings of first views.
        candidates: (K, D), K >= B, embeddings of second views; row i belongs to anchor i.
        temperature: Temperature tau > 0, dimensionless.
        cosine: Whether to normalise the embeddings first; otherwise scores are inner products.

    Returns:
        The bound with its ceiling: log K, or less if the temperature limits it.

    Raises:
        ShapeError: The sizes of D differ, or K < B.

    References:
        van den Oord et al., 2018, eq. 4, arXiv:1807.03748.

    Example:
        >>> print(infonce_bound_of_embeddings(torch.eye(4), torch.eye(4), temperature=0.01))
        >= 1.39 ± 0.00 nats (lower bound, K = 4, n = 4), at its ceiling of 1.39
    """
    sizes = check_tensors("anchors: B D, candidates: K D", anchors, candidates)
    if sizes["K"] < sizes["B"]:
        raise ShapeError(
            f"candidates needs at least B = {sizes['B']} rows, but has K = {sizes['K']}."
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
    r"""InfoNCE, NWJ, DV and the interpolated bound from the row sum of each anchor, in nats.

    .. math:: \text{others}_i = \log \sum_{j \ne i} e^{s_{ij}}

    To get TUBA with a baseline per anchor, subtract the logarithm of the baseline from ``own``
    and ``others`` and take NWJ. Standard errors are over anchors.

    Args:
        own: (B,), score of the positive of each anchor.
        others: (B,), from :func:`goodviews.information.tiles.row_logsumexp` with ``mask_own``.
        candidates: Number of candidates K, including the positive.
        alpha: Weight of the multi-sample mean in the interpolated bound, within (0, 1].

    Returns:
        Estimates by name: ``infonce``, ``nwj``, ``dv`` and ``interpolated``.

    Raises:
        ShapeError: The numbers of anchors differ.
        InputError: There are fewer than two candidates, or ``alpha`` is outside (0, 1].

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> found = row_bounds(torch.zeros(3), torch.full((3,), math.log(7)), 8)
        >>> print(found["nwj"])
        >= 0.00 ± 0.00 nats (lower bound, K = 8, n = 3)
    """
    check_tensors("own: B, others: B", own, others)
    if candidates < 2 or not 0 < alpha <= 1:
        raise InputError(
            f"Expected candidates >= 2 and 0 < alpha <= 1, but got candidates={candidates} and "
            f"alpha={alpha}."
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
