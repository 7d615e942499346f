"""Self-consistency checks of an estimator, and the grade that follows from them.

Each check runs the same estimator on data where the answer, or a limit on it, is known.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from goodviews.information.estimate import Check, Estimate

Measure = Callable[[Tensor, Tensor, int], Estimate]

GRADES = {
    "close": "within a tenth (at least 0.15 nats) of the truth",
    "low": "below the truth: fit more pairs or use more candidates",
    "unsure": "a check failed: do not use the number",
}
"""Claim of each grade. The experiment ``mi_bench`` measures how often the claims hold."""


def run_battery(
    v1: Tensor, v2: Tensor, found: Estimate, measure: Measure, generator: torch.Generator
) -> tuple[Check, ...]:
    r"""Run four checks of an estimator at the same sizes and the same information.

    - independence: shuffled pairs share no information;
    - data processing: noise added to v2 cannot add information;
    - additivity: two independent pairs, concatenated, share twice as much;
    - control: normal vectors of the same sizes that share the estimated information.

    Tolerances are three standard errors, but at least 0.15 nats or a tenth of the expected
    value (additivity: a fifth, because it halves the number of pairs).

    Args:
        v1: (N, D1), first views.
        v2: (N, D2), second views.
        found: Estimate on these views.
        measure: Estimator: a function of two views and a random seed.
        generator: Random generator of the shuffle, the noise and the normal vectors.

    Returns:
        The checks, in the order above.

    References:
        Song and Ermon, 2020, self-consistency tests, arXiv:1910.06222; the control is added here.
    """
    pairs, half = len(v1), len(v1) // 2
    truth = max(found.nats, 0.0)

    def allowed(other: Estimate, expected: float, share: float = 0.1) -> float:
        error = math.hypot(found.stderr_nats, other.stderr_nats)
        return max(3 * error, 0.15, share * abs(expected))

    alone = measure(v1, v2[torch.randperm(pairs, generator=generator)], 1)
    limit = max(3 * alone.stderr_nats, 0.15)
    checks = [Check("independence", abs(alone.nats) <= limit, alone.nats, 0.0, limit)]

    noise = torch.randn(v2.shape, generator=generator) * v2.std(dim=0)
    noisy = measure(v1, v2 + noise, 2)
    limit = allowed(noisy, found.nats)
    checks.append(
        Check("data processing", noisy.nats <= found.nats + limit, noisy.nats, found.nats, limit)
    )

    left, right = (torch.cat([view[:half], view[half : 2 * half]], dim=1) for view in (v1, v2))
    double = measure(left, right, 3)
    limit = allowed(double, 2 * truth, 0.2)
    held = abs(double.nats - 2 * truth) <= limit
    checks.append(Check("additivity", held, double.nats, 2 * truth, limit))

    dim = min(v1.shape[1], v2.shape[1])
    rho = math.sqrt(-math.expm1(-2 * truth / dim))
    x = torch.randn(v1.shape, generator=generator)
    y = torch.randn(v2.shape, generator=generator)
    y[:, :dim] = rho * x[:, :dim] + math.sqrt(1 - rho * rho) * y[:, :dim]
    control = measure(x, y, 4)
    limit = allowed(control, truth)
    checks.append(Check("control", abs(control.nats - truth) <= limit, control.nats, truth, limit))
    return tuple(checks)


def grade(found: Estimate, checks: tuple[Check, ...]) -> str:
    """Grade an estimate: the name and the claim of the grade, from :data:`GRADES`.

    Example:
        >>> grade(Estimate(6.9, 0.0, "lower", 1024, 6.93), ())
        'low: below the truth: fit more pairs or use more candidates'
    """
    by_name = {check.name: check for check in checks}
    paired = [by_name[name] for name in ("control", "additivity") if name in by_name]
    must = [by_name[name] for name in ("independence", "data processing") if name in by_name]
    over = any(c.measured_nats > c.expected_nats + c.tolerance_nats for c in paired)
    if over or not all(check.passed for check in must):
        name = "unsure"
    elif found.at_ceiling or not all(check.passed for check in paired) or _short(by_name):
        name = "low"
    else:
        name = "close"
    return f"{name}: {GRADES[name]}"


def _short(by_name: dict[str, Check]) -> bool:
    """Whether the control falls short by more than half of what ``close`` allows.

    The control shares the estimated information, which is less than the truth, so its
    shortfall is smaller.
    """
    control = by_name.get("control")
    if control is None:
        return False
    allowed = max(0.15, 0.1 * control.expected_nats) / 2
    return control.measured_nats < control.expected_nats - allowed
