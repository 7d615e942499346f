"""The formulas of the bounds, differentiable in the scores and in the weight of each pair.

Weights sum to 1 and stand for the sample. The derivative with respect to the weight of a pair
is the influence of the pair, from which every bound computes its standard error.
Letters: B pairs, K candidates.
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core.errors import ShapeError, check_tensor

Functional = Callable[[Tensor, Tensor | None], Tensor]


def check_scores(scores: Tensor) -> tuple[int, int]:
    """Return the numbers of rows and columns of a score matrix (B, K).

    Raises:
        InputError: It is not a tensor.
        ShapeError: It is not a matrix, or has more anchors than candidates.
    """
    check_tensor("scores", scores)
    if scores.ndim != 2 or scores.shape[0] > scores.shape[1] or not scores.numel():
        raise ShapeError(
            f"Expected scores of shape (B, K) with K >= B >= 1, one row per anchor with its "
            f"positive on the diagonal, but got {tuple(scores.shape)}."
        )
    return scores.shape[0], scores.shape[1]


def influence_error(
    value: Callable[[Tensor], Tensor], pairs: int, device: torch.device | None = None
) -> tuple[float, float]:
    r"""Value of a statistic of weighted pairs and its infinitesimal-jackknife standard error.

    .. math:: \mathrm{se}^2 = B^{-2} \sum_k U_k^2, \quad U_k = \partial T / \partial w_k

    at equal weights. The weights are normalised inside, so that the mean influence is 0.

    Args:
        value: Statistic T, a function of (B,) weights that sum to 1.
        pairs: Number of pairs B.
        device: Device of the weights.

    References:
        Jaeckel, 1972; Efron, 1982, chapter 6.

    Example:
        >>> x = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
        >>> influence_error(lambda w: (w * x).sum(), 4)  # mean, and its standard deviation / 2
        (3.0, 0.9354143466934853)
    """
    weights = torch.full((pairs,), 1 / pairs, dtype=torch.float64, device=device)
    weights.requires_grad_()
    with torch.enable_grad():
        result = value(weights / weights.sum())
        (push,) = torch.autograd.grad(result, weights)
    return float(result.detach()), float(push.square().sum().sqrt()) / pairs


def _weights(scores: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return scores.new_full((len(scores),), 1 / len(scores))
    return weights


def log_mean_exp_off_diagonal(scores: Tensor, weights: Tensor | None = None) -> Tensor:
    """Log of the mean of exp(scores) over pairs i != j: (), in nats."""
    log_w = _weights(scores, weights).log()
    itself = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    mass = (log_w[:, None] + log_w[None, :]).masked_fill(itself, -torch.inf)
    return (scores + mass).flatten().logsumexp(0) - mass.flatten().logsumexp(0)


def infonce_value(scores: Tensor, weights: Tensor | None = None) -> Tensor:
    """InfoNCE of each row against its columns: (), in nats."""
    w = _weights(scores, weights)
    return (w * (scores.diagonal() - (scores + w.log()).logsumexp(dim=1))).sum()


def infonce_left_out(scores: Tensor) -> tuple[Tensor, Tensor]:
    """InfoNCE of scores (B, K), and its value without each candidate in turn.

    Without one of the first B candidates, its anchor is left out as well. A candidate that holds
    nearly all of an anchor's probability, at most one for each anchor, is left out of the sum
    itself: the difference of the two sums would lose its digits.

    Args:
        scores: (B, K).

    Returns:
        The value, and (K,) values of K - 1 candidates; all in nats. A single anchor leaves nothing
        without it (NaN).

    Example:
        >>> value, left_out = infonce_left_out(torch.zeros(3, 4, dtype=torch.float64))
        >>> value.round(decimals=9) + 0, left_out.round(decimals=9) + 0
        (tensor(0., dtype=torch.float64), tensor([0., 0., 0., 0.], dtype=torch.float64))
    """
    pairs, candidates = scores.shape
    lse = scores.logsumexp(dim=1)
    terms = scores.diagonal() - lse
    lowered = torch.log1p(-(scores - lse[:, None]).exp().clamp(max=0.5))
    top = scores.argmax(dim=1, keepdim=True)
    rest = scores.scatter(1, top, -torch.inf).logsumexp(dim=1, keepdim=True)
    lowered.scatter_(1, top, rest - lse[:, None]).fill_diagonal_(0.0)
    total = terms.sum() - lowered.sum(dim=0)
    total[:pairs] -= terms
    kept = torch.full_like(total, pairs)
    kept[:pairs] -= 1
    return terms.mean() + math.log(candidates), total / kept + math.log(max(candidates - 1, 1))


def nwj_value(scores: Tensor, weights: Tensor | None = None) -> Tensor:
    """Value of the NWJ bound, 1 + E_p[T] - E_q[exp T]: (), in nats."""
    joint = (_weights(scores, weights) * scores.diagonal()).sum()
    return 1 + joint - log_mean_exp_off_diagonal(scores, weights).exp()


def dv_value(scores: Tensor, weights: Tensor | None = None) -> Tensor:
    """Value of the DV estimate, E_p[T] - log E_q[exp T]: (), in nats."""
    joint = (_weights(scores, weights) * scores.diagonal()).sum()
    return joint - log_mean_exp_off_diagonal(scores, weights)


def smile_value(scores: Tensor, weights: Tensor | None = None, *, clip: float) -> Tensor:
    """Value of the SMILE estimate, E_p[T] - log E_q[exp clip(T, -t, t)]: (), in nats."""
    joint = (_weights(scores, weights) * scores.diagonal()).sum()
    return joint - log_mean_exp_off_diagonal(scores.clamp(-clip, clip), weights)


def js_value(scores: Tensor, weights: Tensor | None = None) -> Tensor:
    r"""Jensen-Shannon objective of a critic, at most 0; the optimal critic is the log ratio.

    .. math:: E_p[-\mathrm{softplus}(-T)] - E_q[\mathrm{softplus}(T)]

    Its value is not an amount of information: evaluate the critic with another bound.

    References:
        Nowozin et al., 2016, arXiv:1606.00709; Hjelm et al., 2019, arXiv:1808.06670.
    """
    w = _weights(scores, weights)
    mass = (w[:, None] * w[None, :]).fill_diagonal_(0)
    noise = (mass * F.softplus(scores)).sum() / mass.sum()
    return -(w * F.softplus(-scores.diagonal())).sum() - noise


def interpolated_value(scores: Tensor, weights: Tensor | None = None, *, alpha: float) -> Tensor:
    """Interpolated bound with baseline 1, each candidate against all anchors: (), in nats."""
    w = _weights(scores, weights)
    log_w = w.log()[:, None]
    itself = torch.eye(len(scores), dtype=torch.bool, device=scores.device)
    rest = (log_w + torch.zeros_like(scores)).masked_fill(itself, -torch.inf)
    rest = rest - rest.logsumexp(dim=0)
    rest_mean = (scores + rest).logsumexp(dim=0)
    joint = scores.diagonal() - _mix((scores + log_w).logsumexp(dim=0), alpha)
    product = (rest_mean - _mix(rest_mean, alpha)).exp()
    return 1 + (w * (joint - product)).sum()


def _mix(log_mean: Tensor, alpha: float) -> Tensor:
    """Compute log(alpha exp(log_mean) + 1 - alpha)."""
    if alpha == 0:
        return torch.zeros_like(log_mean)
    if alpha == 1:
        return log_mean
    return torch.logaddexp(log_mean + math.log(alpha), log_mean.new_tensor(math.log1p(-alpha)))
