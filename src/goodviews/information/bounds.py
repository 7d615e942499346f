"""Lower bounds on information from a matrix of scores.

Row i holds the scores T of anchor i against every candidate; its own positive is
on the diagonal. Scores estimate the log density ratio log p(y|x) / p(y), in nats.
Letters: B pairs, K candidates (the positive included).
"""

import math

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_positive, check_shapes
from goodviews.information.estimate import Estimate, Side
from goodviews.information.functionals import (
    Functional,
    check_scores,
    dv_value,
    influence_error,
    infonce_push,
    interpolated_value,
    nwj_value,
    smile_value,
)


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
        van den Oord et al., 2018, arXiv:1807.03748; Poole et al., 2019,
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
    value, push = infonce_push(scores)
    if symmetric:
        other, back = infonce_push(scores.T)
        value, push = (value + other) / 2, (push + back) / 2
    own, rest = push[:pairs], push[pairs:]
    parts = [own - own.mean()]
    if len(rest):  # a second sample, of candidates only
        parts.append(rest - rest.mean())
    spread = torch.linalg.vector_norm(torch.cat(parts))
    return Estimate(
        nats=value.item(),
        stderr_nats=spread.item(),
        side="lower",
        candidates=candidates,
        ceiling_nats=math.log(candidates),
        pairs=pairs,
    )


def nwj_bound(scores: Tensor) -> Estimate:
    r"""Nguyen, Wainwright and Jordan's lower bound, in nats.

    .. math:: I \ge 1 + E_p[T] - E_q[e^T]

    Written for T = f - 1, so that the log density ratio is optimal here as in every
    other bound of this file. q is the off-diagonal. Unbiased, without a ceiling; its
    variance grows like exp(I), and a finite sample often misses the large scores that
    carry it, standard error included.

    Args:
        scores: (B, B), B >= 2.

    Returns:
        The bound and its jackknife error.

    Raises:
        ShapeError: Not square, or one pair only.

    References:
        Nguyen et al., 2010; Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> print(nwj_bound(torch.zeros(4, 4)))
        >= 0.00 ± 0.00 nats (lower bound, n = 4)
    """
    return _estimate(nwj_value, _square(scores), "lower")


def tuba_bound(scores: Tensor, log_baseline: Tensor) -> Estimate:
    r"""Unnormalised Barber and Agakov's lower bound with a baseline a(y), in nats.

    .. math:: I \ge E_p[f] - E_y\Bigl[ \frac{E_x[e^f]}{a(y)} + \log a(y) - 1 \Bigr]

    Args:
        scores: (B, B), f of anchor i (row) and candidate j (column).
        log_baseline: (B,), log a of each candidate; zeros give :func:`nwj_bound`.

    Returns:
        The bound and its jackknife error, the baseline taken as given.

    Raises:
        ShapeError: Not square, one pair only, or another number of baselines.

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> print(tuba_bound(torch.full((4, 4), 2.0), torch.full((4,), 2.0)))
        >= 0.00 ± 0.00 nats (lower bound, n = 4)
    """
    check_shapes("scores: B K, log_baseline: K", scores, log_baseline)
    return _estimate(nwj_value, _square(scores - log_baseline), "lower")


def dv_estimate(scores: Tensor) -> Estimate:
    r"""Donsker and Varadhan's estimate, in nats.

    .. math:: I \approx E_p[T] - \log E_q[e^T]

    A lower bound only with infinitely many pairs: the logarithm of a sample mean is too
    low on average, so the estimate is too high, and its side is ``none``.

    Args:
        scores: (B, B), B >= 2; a constant added to all scores changes nothing.

    Returns:
        The estimate and its jackknife error.

    Raises:
        ShapeError: Not square, or one pair only.

    References:
        Donsker and Varadhan, 1983; Belghazi et al., 2018, arXiv:1801.04062.

    Example:
        >>> print(dv_estimate(torch.full((4, 4), 3.0)))
        ≈ 0.00 ± 0.00 nats (no bound, n = 4)
    """
    return _estimate(dv_value, _square(scores), "none")


def smile_estimate(scores: Tensor, *, clip: float = 5.0) -> Estimate:
    r"""SMILE: Donsker and Varadhan with the partition's ratios clipped, in nats.

    .. math:: I \approx E_p[T] - \log E_q[\mathrm{clip}(e^T, e^{-t}, e^t)]

    For a critic trained on the Jensen-Shannon objective. Clipping trades variance for
    bias of either sign; no bound.

    Args:
        scores: (B, B), B >= 2.
        clip: t > 0 in nats; infinity gives :func:`dv_estimate`.

    Returns:
        The estimate and its jackknife error.

    Raises:
        ShapeError: Not square, or one pair only.
        InputError: ``clip`` is not above zero.

    References:
        Song and Ermon, 2020, arXiv:1910.06222.

    Example:
        >>> print(smile_estimate(torch.zeros(4, 4)))
        ≈ 0.00 ± 0.00 nats (no bound, n = 4)
    """
    if clip != math.inf:
        check_positive("clip", clip)
    return _estimate(lambda s, w: smile_value(s, w, clip=clip), _square(scores), "none")


def interpolated_bound(
    scores: Tensor, *, alpha: float = 0.01, log_baseline: Tensor | None = None
) -> Estimate:
    r"""Poole et al.'s bound between InfoNCE (alpha = 1) and NWJ or TUBA (alpha = 0), in nats.

    .. math::
        I \ge 1 + E_p\Bigl[\log \frac{e^f}{\alpha m + (1-\alpha) r(y)}\Bigr]
            - E_q\Bigl[\frac{e^f}{\alpha m + (1-\alpha) r(y)}\Bigr]

    m is the mean of exp f over the K anchors scored against y: all of them in the first
    term, those independent of y in the second. By concavity of the logarithm that keeps
    it a lower bound, and makes alpha = 1 InfoNCE exactly. Ceiling log(K / alpha) in
    expectation; one sample can report up to a nat more.

    Args:
        scores: (B, B), f of anchor i (row) and candidate j (column).
        alpha: Share of the multi-sample mean, within [0, 1].
        log_baseline: (B,), log r of each candidate; zeros by default.

    Returns:
        The bound and its jackknife error.

    Raises:
        ShapeError: Not square, one pair only, or another number of baselines.
        InputError: ``alpha`` is outside [0, 1].

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> print(interpolated_bound(torch.zeros(4, 4), alpha=0.5))
        >= 0.00 ± 0.00 nats (lower bound, K = 4, n = 4), ceiling 2.08
    """
    if not 0 <= alpha <= 1:
        raise InputError(f"alpha is {alpha}, but a share within [0, 1] is wanted.")
    scores = _square(scores)
    if log_baseline is not None:
        check_shapes("scores: B K, log_baseline: K", scores, log_baseline)
        scores = scores - log_baseline  # the same bound: numerators and mean divide by r(y)
    found = _estimate(lambda s, w: interpolated_value(s, w, alpha=alpha), scores, "lower")
    ceiling = math.log(len(scores) / alpha) if alpha else None
    return Estimate(
        found.nats, found.stderr_nats, "lower", len(scores), ceiling, pairs=len(scores)
    )


def _square(scores: Tensor) -> Tensor:
    pairs, candidates = check_scores(scores)
    if pairs != candidates or pairs < 2:
        raise ShapeError(
            f"scores is {tuple(scores.shape)}, but (B, B) with B >= 2 is wanted: every other "
            f"pair is a draw from the product of the marginals."
        )
    return scores.detach().double()


def _estimate(value: Functional, scores: Tensor, side: Side) -> Estimate:
    nats, stderr = influence_error(lambda w: value(scores, w), len(scores), scores.device)
    return Estimate(nats, stderr, side, pairs=len(scores))
