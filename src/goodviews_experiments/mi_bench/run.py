"""Estimators of information against Gaussians whose information is known.

The bench of Poole et al., 2019 and Song and Ermon, 2020: 20 correlated pairs of
coordinates at 2, 4, 6, 8 and 10 nats, plain and with y cubed (and scaled to unit
variance: raw cubes overflow every bound with an exponential); a separable critic,
fresh batches of 64 at every step and, afterwards, fresh batches for the report.
A second table holds :func:`goodviews.information.estimate_mi` on samples of fixed
size, and whether its grade was right.
"""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from goodviews.core import run_origin, write_table
from goodviews.information import (
    Estimate,
    GaussianConditional,
    MineValue,
    SeparableCritic,
    club_bound,
    dv_estimate,
    estimate_mi,
    functionals,
    infonce_bound,
    interpolated_bound,
    ksg_estimate,
    leave_one_out_bound,
    nwj_bound,
    smile_estimate,
    tuba_bound,
)
from goodviews.worlds import CorrelatedGaussian


@dataclass(frozen=True)
class MiBench:
    """Settings of the bench; see the module's words."""

    dim: int = 20
    nats: tuple[float, ...] = (2.0, 4.0, 6.0, 8.0, 10.0)
    maps: tuple[str, ...] = ("identity", "cubic")
    batch: int = 64
    steps: int = 3000
    rate: float = 5e-4
    batches: int = 200
    seeds: tuple[int, ...] = (0, 1)
    graded_dims: tuple[int, ...] = (2, 5, 20)
    graded_nats: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 6.0)
    graded_pairs: int = 4000
    graded_steps: int = 1000


SCALE = {
    "test": MiBench(
        dim=2,
        nats=(1.0,),
        steps=30,
        batches=4,
        seeds=(0,),
        graded_dims=(2,),
        graded_nats=(1.0,),
        graded_pairs=200,
        graded_steps=50,
    ),
    "cpu": MiBench(),
    "gpu": MiBench(steps=20000, seeds=(0, 1, 2, 3, 4), graded_pairs=20000, graded_steps=3000),
}

Report = Callable[[Tensor, Tensor], Estimate]


def mi_bench(*, scale: str, out: Path) -> Path:
    """Run the bench and write ``rows.csv``, ``grades/rows.csv``, ``run.json`` and a figure.

    Args:
        scale: ``test``, ``cpu`` (about 20 minutes on one thread) or ``gpu``.
        out: The folder to write to.

    Returns:
        That folder.
    """
    settings = SCALE[scale]
    run = run_origin(
        f"goodviews reproduce mi_bench --scale {scale}",
        seeds=settings.seeds,
        settings=asdict(settings),
        threads=torch.get_num_threads(),
    )
    rows, graded = list(_bench(settings)), list(_grades(settings))
    hits = {
        name: [sum(row["right"] for row in own), len(own)]
        for name in ("close", "low", "unsure")
        if (own := [row for row in graded if row["grade"] == name])
    }
    run["grades_right_of"] = hits
    write_table(out, rows, run)
    write_table(out / "grades", graded, run)
    from goodviews_experiments.mi_bench.figure import mi_figure

    mi_figure(out)
    return out


def _bench(s: MiBench) -> Iterator[dict[str, Any]]:
    for map_name in s.maps:
        for nats in s.nats:
            world = CorrelatedGaussian.from_information(nats, s.dim, map=map_name)
            for seed in s.seeds:
                yield from _trained(s, world, seed)
                yield from _neighbours(s, world, seed)


def _trained(s: MiBench, world: CorrelatedGaussian, seed: int) -> Iterator[dict[str, Any]]:
    draw = _standardised(world)
    for trained, make in _TRAINED.items():
        begin = time.perf_counter()
        rng = torch.Generator().manual_seed(seed)
        net, value, reports = make(s.dim, rng)
        optimiser = torch.optim.Adam(net.parameters(), lr=s.rate)
        for _ in range(s.steps):
            x, y = draw(s.batch, rng)
            optimiser.zero_grad()
            (-value(x, y)).backward()
            optimiser.step()
        fitted = time.perf_counter() - begin
        with torch.no_grad():
            fresh = [draw(s.batch, rng) for _ in range(s.batches)]
        for name, report in reports.items():
            found = [report(x, y) for x, y in fresh]
            yield _row(s, world, seed, name, found, trained=trained, fit_s=fitted)


def _standardised(world: CorrelatedGaussian) -> Callable[[int, torch.Generator], Any]:
    """Draws of the world with y at unit variance, which leaves the information as it is."""
    _, sample = world.sample(20_000, torch.Generator().manual_seed(0))
    scale = float(sample.std())

    def draw(n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        x, y = world.sample(n, rng, dtype=torch.float32)
        return x, y / scale

    return draw


def _neighbours(s: MiBench, world: CorrelatedGaussian, seed: int) -> Iterator[dict[str, Any]]:
    rng = torch.Generator().manual_seed(seed)
    found = ksg_estimate(*world.sample(min(s.batch * s.batches, 4000), rng))
    yield _row(s, world, seed, "KSG", [found], trained="", fit_s=0.0)


def _row(
    s: MiBench,
    world: CorrelatedGaussian,
    seed: int,
    name: str,
    found: list[Estimate],
    **more: Any,
) -> dict[str, Any]:
    nats = torch.tensor([one.nats for one in found], dtype=torch.float64)
    ceiling = found[0].ceiling_nats
    return {
        "estimator": name,
        "side": found[0].side,
        "world": world.map,
        "dim": world.dim,
        "truth_nats": world.information,
        "seed": seed,
        "batch": found[0].pairs,
        "steps": s.steps,
        "estimate_nats": float(nats.mean()),
        "bias_nats": float(nats.mean()) - world.information,
        "spread_nats": float(nats.std()) if len(found) > 1 else None,
        "claimed_stderr_nats": math.fsum(one.stderr_nats for one in found) / len(found),
        "diverged": not bool(nats.isfinite().all()),
        "ceiling_nats": ceiling,
        "at_ceiling": ceiling is not None and float(nats.mean()) >= 0.9 * ceiling,
        **more,
    }


def _grades(s: MiBench) -> Iterator[dict[str, Any]]:
    for map_name in s.maps:
        for dim in s.graded_dims:
            for nats in s.graded_nats:
                for seed in s.seeds:
                    world = CorrelatedGaussian.from_information(nats, dim, map=map_name)
                    rng = torch.Generator().manual_seed(seed)
                    views = world.sample(s.graded_pairs, rng)
                    found = estimate_mi(*views, steps=s.graded_steps, seed=seed)
                    name = found.grade.partition(":")[0]
                    off = found.nats - nats
                    near = abs(off) <= max(0.1 * nats, 0.15)
                    right = {"close": near, "low": off < 3 * found.stderr_nats}.get(name, not near)
                    yield {
                        "world": map_name,
                        "dim": dim,
                        "truth_nats": nats,
                        "seed": seed,
                        "pairs": s.graded_pairs,
                        "estimate_nats": found.nats,
                        "stderr_nats": found.stderr_nats,
                        "ceiling_nats": found.ceiling_nats,
                        "at_ceiling": found.at_ceiling,
                        "grade": name,
                        "right": right,
                        **{
                            f"{c.name.replace(' ', '_')}_nats": c.measured_nats
                            for c in found.checks
                        },
                    }


def _on(net: nn.Module, bound: Callable[[Tensor], Any]) -> Callable[[Tensor, Tensor], Any]:
    return lambda x, y: bound(net(x, y))


def _plain(
    value: Callable[[Tensor], Tensor], **reports: Callable[[Tensor], Estimate]
) -> Callable[[int, torch.Generator], tuple[nn.Module, Any, dict[str, Report]]]:
    def make(dim: int, rng: torch.Generator) -> tuple[nn.Module, Any, dict[str, Report]]:
        net = SeparableCritic(dim, dim, generator=rng)
        return net, _on(net, value), {name: _on(net, one) for name, one in reports.items()}

    return make


def _mine(dim: int, rng: torch.Generator) -> tuple[nn.Module, Any, dict[str, Report]]:
    net, value = SeparableCritic(dim, dim, generator=rng), MineValue()
    return net, _on(net, value), {"MINE": _on(net, dv_estimate)}


def _tuba(dim: int, rng: torch.Generator) -> tuple[nn.Module, Any, dict[str, Report]]:
    from goodviews.information import critics

    net = SeparableCritic(dim, dim, generator=rng)
    baseline = critics.mlp([dim, 256, 256, 1], rng)

    def value(x: Tensor, y: Tensor) -> Tensor:
        return functionals.nwj_value(net(x, y) - baseline(y)[:, 0])

    def report(x: Tensor, y: Tensor) -> Estimate:
        return tuba_bound(net(x, y), baseline(y)[:, 0])

    return nn.ModuleList([net, baseline]), value, {"TUBA": report}


def _conditional(dim: int, rng: torch.Generator) -> tuple[nn.Module, Any, dict[str, Report]]:
    net = GaussianConditional(dim, dim, generator=rng)

    def value(x: Tensor, y: Tensor) -> Tensor:
        log_r: Tensor = net(x, y)
        return log_r.diagonal().mean()

    return net, value, {"CLUB": _on(net, club_bound), "L1Out": _on(net, leave_one_out_bound)}


_TRAINED: dict[str, Callable[..., tuple[nn.Module, Any, dict[str, Report]]]] = {
    "infonce": _plain(functionals.infonce_value, InfoNCE=infonce_bound),
    "nwj": _plain(functionals.nwj_value, NWJ=nwj_bound),
    "tuba": _tuba,
    "mine": _mine,
    "js": _plain(
        functionals.js_value,
        **{
            "JS-NWJ": nwj_bound,
            "SMILE-1": lambda s: smile_estimate(s, clip=1.0),
            "SMILE-5": lambda s: smile_estimate(s, clip=5.0),
            "SMILE-inf": lambda s: smile_estimate(s, clip=math.inf),
        },
    ),
    "interpolated": _plain(
        lambda s: functionals.interpolated_value(s, alpha=0.01),
        **{"I_alpha 0.01": lambda s: interpolated_bound(s, alpha=0.01)},
    ),
    "conditional": _conditional,
}
