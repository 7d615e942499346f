"""Every statement that Garrido et al. (2023) prove, as a residual on random embeddings.

A residual is relative, and zero where the statement holds exactly. The optimum of SimCLR and DCL
is found by moving free points on a sphere: no network, and both views equal.

Letters: N samples, M dims. Embeddings are Z of shape (N, M), in float64.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from goodviews.core import run_origin, write_table
from goodviews.objectives import (
    Bounds,
    barlow,
    coding_rate,
    covariance_penalty,
    criterion_bounds,
    criterion_gap,
    dcl,
    dimension_criterion,
    doubly_normalise,
    fourth_power_bounds,
    identity,
    ntxent,
    project_to_tangent,
    sample_criterion,
    spectral,
    vicreg_covariance_by_samples,
)

SHAPES = ((16, 64), (64, 64), (64, 16), (200, 12))
"""N and M on both sides of N = M."""
SCALES = {
    "test": {"seeds": 1, "points": 64, "dims": (8,), "steps": 100},
    "cpu": {"seeds": 10, "points": 512, "dims": (8, 16, 32), "steps": 200},
    "gpu": {"seeds": 10, "points": 512, "dims": (8, 16, 32), "steps": 200},
}


def identities(*, scale: str, out: Path) -> Path:
    """Write one row per statement, shape and seed, and the points on the sphere.

    Args:
        scale: ``test``, ``cpu`` or ``gpu`` (the same as ``cpu``).
        out: The folder to write to.

    Returns:
        That folder.
    """
    size: dict[str, Any] = SCALES[scale]
    seeds = range(size["seeds"])
    run = run_origin(f"goodviews reproduce identities --scale {scale}", seeds=seeds, settings=size)
    rows: list[dict[str, Any]] = []
    for seed in seeds:
        for samples, dims in SHAPES:
            z = torch.randn(
                samples, dims, generator=torch.Generator().manual_seed(seed), dtype=torch.float64
            )
            rows += [
                {
                    "statement": name,
                    "samples": samples,
                    "dims": dims,
                    "seed": seed,
                    "residual": own,
                }
                for name, own in residuals(z)
            ]
    write_table(out, rows, run)
    sphere = [
        spread_points(loss, size["points"], dims, seed, steps=size["steps"])
        for loss in (ntxent, dcl)
        for dims in size["dims"]
        for seed in list(seeds)[:3]
    ]
    write_table(out, sphere, run, name="sphere")
    return out


def residuals(z: Tensor) -> Iterator[tuple[str, float]]:
    """Each statement and its relative residual.

    Args:
        z: (N, M), any norm.
    """
    samples, dims = z.shape
    parts = identity(z)
    left = float(parts.dimension + parts.dimension_fourth)
    yield "identity", abs(left - float(parts.sample + parts.sample_fourth)) / left
    unit = F.normalize(z, dim=1)
    own = identity(unit)
    fourth = fourth_power_bounds(samples, dims)
    yield "unit samples: fourth powers", outside(float(own.dimension_fourth), fourth)
    bounds = criterion_bounds(float(own.dimension), samples, dims)
    yield "unit samples: criteria", outside(float(own.sample), bounds)
    rows = F.normalize(z, dim=0)
    own = identity(rows)
    fourth = fourth_power_bounds(samples, dims, unit="dims")
    yield "unit dimensions: fourth powers", outside(float(own.sample_fourth), fourth)
    bounds = criterion_bounds(float(own.sample), samples, dims, unit="dims")
    yield "unit dimensions: criteria", outside(float(own.dimension), bounds)
    both = doubly_normalise(z)
    own = identity(both)
    gap = float(own.dimension - own.sample) - criterion_gap(samples, dims)
    yield "both normalised: constant", abs(gap) / float(own.sample)
    slopes = [project_to_tangent(both, slope(criterion, both)) for criterion in CRITERIA]
    yield "both normalised: gradients", apart(*slopes)
    forms = (covariance_penalty, vicreg_covariance_by_samples)
    yield "VICReg by samples: value", apart(*(form(z) for form in forms))
    yield "VICReg by samples: gradient", apart(*(slope(form, z) for form in forms))
    repulsion = spectral(unit, unit).repulsion.sum() * (samples - 1)
    yield "SCL repels by the sample criterion", apart(repulsion, sample_criterion(unit))
    spread = (z - z.mean(dim=0)) / z.std(dim=0, correction=0)
    redundancy = barlow(z, z, redundancy=1.0, eps=0.0).redundancy * samples**2
    yield (
        "Barlow Twins decorrelates by the dimension criterion",
        apart(redundancy, dimension_criterion(spread)),
    )
    gram = torch.eye(samples, dtype=z.dtype) + unit @ unit.T * (dims / (samples * 0.5))
    yield "TCR by samples", apart(coding_rate(z), torch.logdet(gram) / 2)


CRITERIA: tuple[Callable[[Tensor], Tensor], ...] = (dimension_criterion, sample_criterion)


def slope(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Gradient of a function of embeddings, (N, M)."""
    free = at.detach().requires_grad_()
    (found,) = torch.autograd.grad(function(free), free)
    return found


def apart(one: Tensor, other: Tensor) -> float:
    """Norm of a difference, relative to the second."""
    return float(torch.linalg.vector_norm(one - other) / torch.linalg.vector_norm(other))


def outside(value: float, bounds: Bounds) -> float:
    """By how much a value is outside its bounds, relative to the upper one.

    Example:
        >>> outside(3.0, Bounds(1.0, 2.0)), outside(1.5, Bounds(1.0, 2.0))
        (0.5, 0.0)
    """
    return max(0.0, bounds.lower - value, value - bounds.upper) / abs(bounds.upper)


def spread_points(
    loss: Callable[..., Tensor], points: int, dims: int, seed: int, *, steps: int
) -> dict[str, Any]:
    """Minimise a loss over points on the unit sphere; both views of a point are equal.

    Args:
        loss: ``ntxent`` or ``dcl``.
        points: Number of points N.
        dims: Dimensions M of the space.
        seed: Seed of the first places.
        steps: Steps of Adam.

    Returns:
        A row: mean cosine of two points, and the variance of the cosine times M.
    """
    start = torch.randn(points, dims, generator=torch.Generator().manual_seed(seed))
    free = start.requires_grad_()
    adam = torch.optim.Adam([free], lr=0.03)
    for _ in range(steps):
        adam.zero_grad()
        loss(free, free, temperature=0.5).mean().backward()
        adam.step()
    z = F.normalize(free.detach().double(), dim=1)
    cosines = (z @ z.T)[~torch.eye(points, dtype=torch.bool)]
    return {
        "loss": loss.__name__, "points": points, "dims": dims, "seed": seed,
        "mean_cosine": float(cosines.mean()),
        "variance_times_dims": float(cosines.var(correction=0)) * dims,
    }  # fmt: skip
