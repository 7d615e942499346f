"""Upper bounds on information from a conditional density.

Row i holds log r(y_j | x_i), the log density of every y given anchor i; the diagonal holds the
log density of its own y. Letters: B pairs, D2 dimensions of y.
"""

import math

import torch
from torch import Tensor, nn

from goodviews.core.errors import ShapeError
from goodviews.information.critics import mlp
from goodviews.information.estimate import Estimate
from goodviews.information.functionals import check_scores, influence_error


def club_bound(log_conditional: Tensor) -> Estimate:
    r"""CLUB: contrastive log-ratio upper bound, in nats.

    .. math:: I \le E_p[\log r(y|x)] - E_q[\log r(y|x)]

    It is an upper bound when r is the true conditional density; with a fitted r, it is only an
    estimate. The bound is loose when information is high: use it to minimise information, not
    to report it.

    Args:
        log_conditional: (B, B), log r(y_j | x_i), B >= 2; a term that depends only on y cancels.

    Returns:
        The bound and its jackknife error.

    Raises:
        ShapeError: ``log_conditional`` is not square, or has only one pair.

    References:
        Cheng et al., 2020, arXiv:2006.12013.

    Example:
        >>> print(club_bound(torch.zeros(4, 4)))
        <= 0.00 ± 0.00 nats (upper bound, n = 4)
    """
    scores = _square(log_conditional)
    off = _off_diagonal(scores)

    def value(w: Tensor) -> Tensor:
        mass = (w[:, None] * w[None, :]) * off
        return (w * scores.diagonal()).sum() - (mass * scores).sum() / mass.sum()

    nats, stderr = influence_error(value, len(scores), scores.device)
    return Estimate(nats, stderr, "upper", pairs=len(scores))


def leave_one_out_bound(log_conditional: Tensor) -> Estimate:
    r"""Leave-one-out upper bound, in nats.

    .. math::
        I \le \frac1B \sum_i \Bigl[ \log p(y_i|x_i)
            - \log \frac{1}{B-1} \sum_{j \ne i} p(y_i|x_j) \Bigr]

    p(y) is approximated by the mixture of the conditionals of the other anchors. It is an upper
    bound for the true conditional density; with a fitted one, it is only an estimate.

    Args:
        log_conditional: (B, B), log p(y_j | x_i), B >= 2.

    Returns:
        The bound and its jackknife error.

    Raises:
        ShapeError: ``log_conditional`` is not square, or has only one pair.

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> print(leave_one_out_bound(torch.zeros(4, 4)))
        <= 0.00 ± 0.00 nats (upper bound, n = 4)
    """
    scores = _square(log_conditional)
    off = _off_diagonal(scores).log()

    def value(w: Tensor) -> Tensor:
        mass = w.log()[:, None] + off
        others = (scores + mass).logsumexp(dim=0) - mass.logsumexp(dim=0)
        return (w * (scores.diagonal() - others)).sum()

    nats, stderr = influence_error(value, len(scores), scores.device)
    return Estimate(nats, stderr, "upper", pairs=len(scores))


class GaussianConditional(nn.Module):
    r"""A normal density of y whose mean and standard deviation a network predicts from x.

    .. math:: r(y \mid x) = N(y; \mu(x), \mathrm{diag}\, \sigma(x)^2)

    Fit it by maximising the mean of the diagonal of :meth:`forward`.

    Args:
        dim1: Dimensions of x.
        dim2: Dimensions D2 of y.
        hidden: Width of the two hidden layers.
        generator: Random generator of the initial weights; torch's global one by default.

    Example:
        >>> GaussianConditional(3, 2)(torch.zeros(4, 3), torch.zeros(5, 2)).shape
        torch.Size([4, 5])
    """

    def __init__(
        self,
        dim1: int,
        dim2: int,
        *,
        hidden: int = 256,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.net = mlp([dim1, hidden, hidden, 2 * dim2], generator)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Log density of each y (columns) given each x (rows), in nats."""
        mean, log_std = self.net(x).chunk(2, dim=1)
        log_std = 5 * torch.tanh(log_std / 5)  # keeps the density finite
        inverse = (-2 * log_std).exp()
        squares = (
            (mean.square() * inverse).sum(1)[:, None]
            - 2 * (mean * inverse) @ y.T
            + inverse @ y.square().T
        )
        logs: Tensor = (
            -(squares + y.shape[1] * math.log(2 * math.pi)) / 2 - log_std.sum(1)[:, None]
        )
        return logs


def _square(scores: Tensor) -> Tensor:
    pairs, candidates = check_scores(scores)
    if pairs != candidates or pairs < 2:
        raise ShapeError(
            f"Expected log_conditional of shape (B, B) with B >= 2, but got {tuple(scores.shape)}."
        )
    return scores.detach().double()


def _off_diagonal(scores: Tensor) -> Tensor:
    return torch.ones_like(scores).fill_diagonal_(0)
