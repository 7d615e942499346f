"""Estimation of information with a critic: fitted on some pairs, evaluated on the others.

Letters: N pairs, D1 and D2 dimensions of the views, K candidates.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from goodviews.core.errors import InputError, check_tensors, unknown
from goodviews.information.bounds import infonce_bound, nwj_bound, smile_estimate
from goodviews.information.critics import critic as make_critic
from goodviews.information.estimate import Estimate
from goodviews.information.functionals import infonce_value, js_value, nwj_value

OBJECTIVES: dict[str, tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Estimate]]] = {
    "infonce": (lambda s: (infonce_value(s) + infonce_value(s.T)) / 2, infonce_bound),
    "nwj": (nwj_value, nwj_bound),
    "js": (js_value, nwj_bound),
    "smile": (js_value, smile_estimate),
}
"""For each bound, the objective of the critic and the bound applied to held-out scores."""


def estimate_mi(
    v1: Tensor,
    v2: Tensor,
    *,
    bound: str = "infonce",
    critic: str = "separable",
    candidates: int = 1024,
    steps: int = 1500,
    checks: bool = True,
    seed: int = 0,
) -> Estimate:
    r"""Estimate the information between two views on held-out pairs, in nats.

    The critic is fitted on half of the pairs, a fifth of which are used for early stopping.
    Each pair of the other half is scored against ``candidates`` others. Every coordinate is
    first replaced by its normal scores, an invertible map fitted on the first half, which
    preserves information. With ``infonce``, the result is a lower bound; more pairs or steps
    raise it.

    With checks, the same estimator also runs on data where the answer is known: shuffled
    pairs, a view with added noise, two concatenated pairs, and normal vectors of the same
    sizes that share the estimated information. The grade summarises them in words: see
    :func:`goodviews.information.battery.run_battery`. How often a grade is right was
    measured for ``infonce`` with the separable critic (``results/mi_bench``).

    Args:
        v1: (N, D1), first views or their embeddings; N >= 40, one row per example.
        v2: (N, D2), second views; row i belongs to row i of ``v1``.
        bound: ``infonce``, ``nwj``, ``js`` (reported with NWJ) or ``smile``.
        critic: ``separable``, ``concatenated``, ``bilinear`` or ``cosine``.
        candidates: Largest number of candidates K; the held-out half is divided into equal
            blocks of at most this size.
        steps: Maximum number of steps of the fit, which can stop earlier.
        checks: Whether to run the checks too, which takes five fits instead of one.
        seed: Random seed of the split, the initial weights and the batches.

    Returns:
        The estimate with its checks and grade. Negative values are not clipped.

    Raises:
        ShapeError: The numbers of pairs differ.
        InputError: There are too few pairs, values that are not finite, or an unknown name.

    References:
        Poole et al., 2019, arXiv:1905.06922; checks after Song and Ermon, 2020,
        arXiv:1910.06222.

    Example:
        >>> x = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
        >>> found = estimate_mi(x, x, candidates=50, steps=200, checks=False)
        >>> found.side, found.candidates, 2 < found.nats < found.ceiling_nats
        ('lower', 50, True)
    """
    pairs = check_tensors("v1: N D, v2: N E", v1, v2)["N"]
    if bound not in OBJECTIVES:
        raise unknown("bound", bound, OBJECTIVES)
    if pairs < 40:
        raise InputError(f"estimate_mi needs at least 40 pairs, but got {pairs}: too few.")
    for name, view in (("v1", v1), ("v2", v2)):
        if not bool(view.isfinite().all()):
            raise InputError(f"{name} holds values that are not finite: remove NaN and infinity.")

    def measure(a: Tensor, b: Tensor, number: int) -> Estimate:
        generator = torch.Generator().manual_seed(seed * 1000 + number)
        return _fit_and_score(a, b, bound, critic, candidates, steps, generator)

    v1, v2 = v1.detach().float().cpu(), v2.detach().float().cpu()
    found = measure(v1, v2, 0)
    if not checks:
        return found
    from goodviews.information.battery import grade, run_battery

    done = run_battery(v1, v2, found, measure, torch.Generator().manual_seed(seed))
    return replace(found, checks=done, grade=grade(found, done))


def _fit_and_score(
    v1: Tensor,
    v2: Tensor,
    bound: str,
    critic: str,
    candidates: int,
    steps: int,
    generator: torch.Generator,
) -> Estimate:
    order = torch.randperm(len(v1), generator=generator)
    half = len(v1) // 2
    fit, test = order[:half], order[half:]
    x_fit, x_test = _normal_scores(v1[fit], v1[test])
    y_fit, y_test = _normal_scores(v2[fit], v2[test])
    net = make_critic(critic, v1.shape[1], v2.shape[1], generator)
    objective, report = OBJECTIVES[bound]
    net = fit_critic(net, x_fit, y_fit, objective, steps=steps, generator=generator)
    return held_out_bound(net, x_test, y_test, report, candidates=min(candidates, len(test)))


def fit_critic(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    objective: Callable[[Tensor], Tensor],
    *,
    steps: int = 1500,
    batch: int = 128,
    rate: float = 1e-3,
    generator: torch.Generator,
) -> nn.Module:
    """Fit a critic by maximising an objective of its score matrix, with early stopping.

    Args:
        net: Critic, changed in place.
        x: (N, D1), first views.
        y: (N, D2), second views.
        objective: Function of the scores (B, B) that is maximised.
        steps: Maximum number of steps; the fit stops after ten evaluations in a row without
            an improvement.
        batch: Pairs per step.
        rate: Learning rate of Adam, which decays to zero along a cosine.
        generator: Random generator of the batches.

    Returns:
        The critic with the weights that were best on a fifth of the pairs, not fitted on.
    """
    keep = max(len(x) // 5, 2)
    x_stop, y_stop, x, y = x[:keep], y[:keep], x[keep:], y[keep:]
    batch = min(batch, len(x))
    optimiser = torch.optim.Adam(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    best, weights, idle = -math.inf, copy.deepcopy(net.state_dict()), 0
    for step in range(steps + 1):
        if step % 50 == 0 or step == steps:
            with torch.no_grad():
                value = float(objective(net(x_stop[:512], y_stop[:512])))
            idle += 1
            if value > best:
                best, weights, idle = value, copy.deepcopy(net.state_dict()), 0
            if idle == 10 or step == steps:
                break
        chosen = torch.randint(len(x), (batch,), generator=generator)
        if batch < len(x):
            chosen = torch.randperm(len(x), generator=generator)[:batch]
        optimiser.zero_grad()
        (-objective(net(x[chosen], y[chosen]))).backward()
        optimiser.step()
        schedule.step()
    net.load_state_dict(weights)
    return net


@torch.no_grad()
def held_out_bound(
    net: nn.Module,
    x: Tensor,
    y: Tensor,
    report: Callable[[Tensor], Estimate],
    *,
    candidates: int,
) -> Estimate:
    """Mean of a bound over equal blocks of at most ``candidates`` pairs.

    Args:
        net: Fitted critic.
        x: (N, D1), first views of pairs that the critic was not fitted on.
        y: (N, D2), second views of these pairs.
        report: Bound that is computed from the scores of a block.
        candidates: Maximum number of pairs per block; the blocks have equal sizes K.
    """
    blocks = math.ceil(len(x) / candidates)
    candidates = len(x) // blocks
    found = [
        report(net(x[k : k + candidates], y[k : k + candidates]))
        for k in range(0, blocks * candidates, candidates)
    ]
    stderr = math.sqrt(sum(one.stderr_nats**2 for one in found)) / blocks
    nats = sum(one.nats for one in found) / blocks
    return replace(found[0], nats=nats, stderr_nats=stderr, pairs=blocks * candidates)


def _normal_scores(fit: Tensor, test: Tensor) -> tuple[Tensor, Tensor]:
    """Map each coordinate to its normal quantile under its distribution in ``fit``.

    The map is extended linearly beyond the fitted range, so that it is invertible.
    Coordinates with few different values are only standardised.
    """
    mean, std = fit.mean(dim=0), fit.std(dim=0)
    std = torch.where(std > 0, std, 1.0)
    fit, test = (fit - mean) / std, (test - mean) / std
    knots = torch.linspace(0.005, 0.995, 100)
    places = torch.quantile(fit, knots, dim=0) if len(fit) >= 200 else fit.new_zeros(100, 1)
    smooth = (places.diff(dim=0) > 1e-6).all(dim=0)
    if not bool(smooth.any()):
        return fit, test
    heights = torch.special.ndtri(knots.double()).float()
    columns = places.T.contiguous()
    out = []
    for values in (fit, test):
        flat = values.T.contiguous()
        right = torch.searchsorted(columns, flat).clamp(1, 99)
        low, high = columns.gather(1, right - 1), columns.gather(1, right)
        share = (flat - low) / (high - low).clamp(min=1e-12)
        share = torch.where(share > 1, 1 + (share - 1).log1p(), share)
        share = torch.where(share < 0, -(-share).clamp(min=0).log1p(), share)
        step = heights[right] - heights[right - 1]
        out.append(torch.where(smooth, (heights[right - 1] + share * step).T, values))
    return out[0], out[1]
