"""Lower bounds on information from a matrix of scores.

Row i holds the scores T of anchor i against every candidate; its positive is on the diagonal.
Scores estimate the log density ratio log p(y|x) / p(y), in nats.
Letters: B pairs, K candidates (the positive included).
"""

import math

import torch
from torch import Tensor

from goodviews.core.errors import InputError, ShapeError, check_positive, check_tensors
from goodviews.information.estimate import Estimate, Side
from goodviews.information.functionals import (
    Functional,
    check_scores,
    dv_value,
    influence_error,
    infonce_left_out,
    interpolated_value,
    nwj_value,
    smile_value,
)


def infonce_bound(scores: Tensor, *, symmetric: bool = True) -> Estimate:
    r"""InfoNCE lower bound on the information between two views, in nats.

    .. math:: I \ge \log K + \frac1B \sum_i \Bigl[ s_{ii} - \log \sum_{j=1}^{K} e^{s_{ij}} \Bigr]

    The bound holds in expectation for independent candidates and never exceeds log K. It is
    too high on the pairs that a critic was fitted on: score held-out pairs. The standard
    error is the jackknife: the bound is computed again without each pair, which is left out both
    as an anchor and as a candidate of every other anchor, exactly and in one pass,

    .. math:: \mathrm{se}^2 = \frac{K-1}{K} \sum_k (I_{(k)} - \bar I)^2.

    It is about the spread over fresh samples, or a little more, for normal variables of 2 to
    log K - 0.5 nats and their optimal critic (``goodviews reproduce calibration_sentences``).

    Args:
        scores: (B, K), K >= B, logits, already divided by the temperature; the positive of
            row i is in column i.
        symmetric: Whether to average both directions; requires K = B.

    Returns:
        The bound, with log K as its ceiling. Fewer than three pairs leave its error unknown
        (NaN).

    Raises:
        ShapeError: K < B, or ``symmetric`` is set and K is not B.

    References:
        van den Oord et al., 2018, arXiv:1807.03748; Poole et al., 2019,
        arXiv:1905.06922. Standard error: Efron and Stein, 1981.

    Example:
        >>> print(infonce_bound(torch.zeros(8, 8)))  # an uninformative critic
        >= 0.00 ± 0.00 nats (lower bound, K = 8, n = 8), ceiling 2.08
    """
    pairs, candidates = check_scores(scores)
    if symmetric and pairs != candidates:
        raise ShapeError(
            f"symmetric=True needs as many candidates as anchors, but scores has shape "
            f"{(pairs, candidates)}. Use symmetric=False."
        )
    value, error = _jackknife(scores.detach().double(), symmetric)
    return Estimate(
        nats=value,
        stderr_nats=error,
        side="lower",
        candidates=candidates,
        ceiling_nats=math.log(candidates),
        pairs=pairs,
    )


def infonce_pairs(scores: Tensor) -> Tensor:
    """Pseudo-values of the symmetric bound, one for each pair, in nats.

    The bound is B times itself less B - 1 times the bound without a pair: the mean of these
    values is the jackknife's, and the variance of that mean its square error. Pairs that are
    alike, such as those of one patient, are added up before.

    Args:
        scores: (B, B) logits, the positives on the diagonal.

    Returns:
        (B,).

    Example:
        >>> scores = torch.randn(6, 6, generator=torch.Generator().manual_seed(0))
        >>> error = float(infonce_pairs(scores).std() / 6**0.5)
        >>> abs(error - infonce_bound(scores).stderr_nats) < 1e-9
        True
    """
    pairs, _ = check_scores(scores)
    both = [infonce_left_out(one.detach().double()) for one in (scores, scores.T)]
    value, left_out = (sum(parts) / 2 for parts in zip(*both, strict=True))
    found: Tensor = pairs * value - (pairs - 1) * left_out
    return found


def _jackknife(scores: Tensor, symmetric: bool) -> tuple[float, float]:
    pairs = len(scores)
    value, left_out = infonce_left_out(scores)
    if symmetric:
        other, back = infonce_left_out(scores.T)
        value, left_out = (value + other) / 2, (left_out + back) / 2
    square = 0.0
    for part in (left_out[:pairs], left_out[pairs:]):  # the rest are a sample of their own
        if len(part) > 1:
            away = torch.linalg.vector_norm(part - part.mean())
            square += float(away) ** 2 * (len(part) - 1) / len(part)
    return float(value), math.sqrt(square) if pairs > 2 else math.nan


def nwj_bound(scores: Tensor) -> Estimate:
    r"""Nguyen, Wainwright and Jordan's lower bound, in nats.

    .. math:: I \ge 1 + E_p[T] - E_q[e^T]

    The formula is written for T = f - 1, so that the log density ratio is optimal, as in the
    other bounds of this module. Pairs off the diagonal are samples of q. The bound is unbiased
    and has no ceiling. Its variance grows like exp(I), and a finite sample often misses the
    few large scores that dominate it; the standard error is then too small as well.

    Args:
        scores: (B, B), B >= 2, score of anchor i (row) and candidate j (column).

    Returns:
        The bound and its jackknife error.

    Raises:
        ShapeError: ``scores`` is not square, or has only one pair.

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
        The bound and its jackknife error for a fixed baseline.

    Raises:
        ShapeError: ``scores`` is not square, has only one pair, or ``log_baseline`` has
            another size.

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> print(tuba_bound(torch.full((4, 4), 2.0), torch.full((4,), 2.0)))
        >= 0.00 ± 0.00 nats (lower bound, n = 4)
    """
    check_tensors("scores: B K, log_baseline: K", scores, log_baseline)
    return _estimate(nwj_value, _square(scores - log_baseline), "lower")


def dv_estimate(scores: Tensor) -> Estimate:
    r"""Donsker and Varadhan's estimate, in nats.

    .. math:: I \approx E_p[T] - \log E_q[e^T]

    It is a lower bound only in the limit of infinitely many pairs: the logarithm of a sample
    mean is too low on average, so the estimate is too high. Its side is therefore ``none``.

    Args:
        scores: (B, B), B >= 2, score of anchor i (row) and candidate j (column); a constant
            added to all scores changes nothing.

    Returns:
        The estimate and its jackknife error.

    Raises:
        ShapeError: ``scores`` is not square, or has only one pair.

    References:
        Donsker and Varadhan, 1983; Belghazi et al., 2018, arXiv:1801.04062.

    Example:
        >>> print(dv_estimate(torch.full((4, 4), 3.0)))
        ≈ 0.00 ± 0.00 nats (no bound, n = 4)
    """
    return _estimate(dv_value, _square(scores), "none")


def smile_estimate(scores: Tensor, *, clip: float = 5.0) -> Estimate:
    r"""SMILE: Donsker and Varadhan's estimate with clipped density ratios, in nats.

    .. math:: I \approx E_p[T] - \log E_q[\mathrm{clip}(e^T, e^{-t}, e^t)]

    It is meant for a critic trained with the Jensen-Shannon objective. Clipping trades
    variance for bias of either sign, so the estimate is not a bound.

    Args:
        scores: (B, B), B >= 2, score of anchor i (row) and candidate j (column).
        clip: Clipping threshold t > 0 in nats; infinity gives :func:`dv_estimate`.

    Returns:
        The estimate and its jackknife error.

    Raises:
        ShapeError: ``scores`` is not square, or has only one pair.
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

    where m is the mean of exp f over the K anchors scored against y: all of them in the first
    term, only those independent of y in the second. Because the logarithm is concave, the
    result is still a lower bound, and alpha = 1 gives exactly InfoNCE. The ceiling is
    log(K / alpha) in expectation; a single sample can exceed it by up to a nat.

    Args:
        scores: (B, B), f of anchor i (row) and candidate j (column).
        alpha: Weight of the multi-sample mean, within [0, 1].
        log_baseline: (B,), log r of each candidate; zeros by default.

    Returns:
        The bound and its jackknife error.

    Raises:
        ShapeError: ``scores`` is not square, has only one pair, or ``log_baseline`` has
            another size.
        InputError: ``alpha`` is outside [0, 1].

    References:
        Poole et al., 2019, arXiv:1905.06922.

    Example:
        >>> print(interpolated_bound(torch.zeros(4, 4), alpha=0.5))
        >= 0.00 ± 0.00 nats (lower bound, K = 4, n = 4), ceiling 2.08
    """
    if not 0 <= alpha <= 1:
        raise InputError(f"alpha must be within [0, 1], but got {alpha}.")
    scores = _square(scores)
    if log_baseline is not None:
        check_tensors("scores: B K, log_baseline: K", scores, log_baseline)
        scores = scores - log_baseline  # equivalent: r(y) divides every term
    found = _estimate(lambda s, w: interpolated_value(s, w, alpha=alpha), scores, "lower")
    ceiling = math.log(len(scores) / alpha) if alpha else None
    return Estimate(
        found.nats, found.stderr_nats, "lower", len(scores), ceiling, pairs=len(scores)
    )


def _square(scores: Tensor) -> Tensor:
    pairs, candidates = check_scores(scores)
    if pairs != candidates or pairs < 2:
        raise ShapeError(
            f"Expected scores of shape (B, B) with B >= 2, because pairs off the diagonal sample "
            f"the product of the marginals, but got {tuple(scores.shape)}."
        )
    return scores.detach().double()


def _estimate(value: Functional, scores: Tensor, side: Side) -> Estimate:
    nats, stderr = influence_error(lambda w: value(scores, w), len(scores), scores.device)
    return Estimate(nats, stderr, side, pairs=len(scores))
