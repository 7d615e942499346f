import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.information import (
    BilinearCritic,
    ConcatenatedCritic,
    GaussianConditional,
    SeparableCritic,
    estimate_mi,
    ksg_estimate,
)
from goodviews.information.battery import grade
from goodviews.information.estimate import Check, Estimate
from goodviews.worlds.gaussian import CorrelatedGaussian

QUICK = {"steps": 300, "candidates": 250, "checks": False}


@pytest.mark.parametrize("map", ["identity", "cubic"])
def test_a_fitted_bound_lies_below_the_truth_and_near_it(map, rng):
    world = CorrelatedGaussian.from_information(1.0, dim=2, map=map)
    found = estimate_mi(*world.sample(2000, rng), **QUICK)
    assert found.nats <= 1.0 + 3 * found.stderr_nats
    assert found.nats >= 0.8
    assert (found.side, found.candidates, found.pairs) == ("lower", 250, 1000)


@pytest.mark.parametrize("bound", ["infonce", "nwj", "js", "smile"])
def test_independent_views_give_nothing_and_negative_estimates_stay(bound, rng):
    world = CorrelatedGaussian(dim=3, rho=0.0)
    found = [
        estimate_mi(*world.sample(400, rng), bound=bound, seed=seed, **QUICK) for seed in range(4)
    ]
    assert max(one.nats for one in found) <= 0.1
    assert min(one.nats for one in found) < 0


def test_the_same_seed_gives_the_same_estimate(rng):
    views = CorrelatedGaussian(dim=2, rho=0.7).sample(200, rng)
    first, second, other = (
        estimate_mi(*views, steps=40, candidates=50, checks=False, seed=seed) for seed in (0, 0, 1)
    )
    assert first == second
    assert first.nats != other.nats


def test_the_battery_passes_where_pairs_abound(rng):  # run_battery, through its only caller
    world = CorrelatedGaussian.from_information(1.0, dim=2)
    found = estimate_mi(*world.sample(4000, rng), steps=300, candidates=500)
    assert [check.name for check in found.checks] == [
        "independence",
        "data processing",
        "additivity",
        "control",
    ]
    assert found.grade.startswith("close"), [str(check) for check in found.checks]
    assert "close" in str(found)


def test_too_few_pairs_for_the_information_are_graded_low(rng):
    world = CorrelatedGaussian.from_information(8.0, dim=10)
    found = estimate_mi(*world.sample(300, rng), steps=100)
    assert found.nats < 8
    assert not found.grade.startswith("close")


def test_grades_follow_from_the_checks():
    good = Estimate(2.0, 0.02, "lower", 1024, math.log(1024))
    held = [
        Check("independence", True, 0.0, 0.0, 0.15),
        Check("data processing", True, 1.0, 2.0, 0.2),
        Check("additivity", True, 3.9, 4.0, 0.8),
        Check("control", True, 1.95, 2.0, 0.2),
    ]
    assert grade(good, tuple(held)).startswith("close")
    short = [*held[:3], Check("control", False, 1.5, 2.0, 0.2)]
    assert grade(good, tuple(short)).startswith("low")
    over = [*held[:3], Check("control", False, 2.5, 2.0, 0.2)]
    assert grade(good, tuple(over)).startswith("unsure")
    leak = [Check("independence", False, 0.4, 0.0, 0.15), *held[1:]]
    assert grade(good, tuple(leak)).startswith("unsure")
    assert grade(Estimate(6.9, 0.0, "lower", 1024, math.log(1024)), tuple(held)).startswith("low")


@pytest.mark.parametrize("make", [SeparableCritic, BilinearCritic, ConcatenatedCritic])
def test_critics_score_each_pair_by_itself(make, rng):
    net = make(3, 4, generator=rng)
    x, y = torch.randn(5, 3, generator=rng), torch.randn(7, 4, generator=rng)
    scores = net(x, y)
    assert scores.shape == (5, 7)
    torch.testing.assert_close(scores[2:3, 4:5], net(x[2:3], y[4:5]))


def test_the_gaussian_conditional_is_a_density(rng):
    net = GaussianConditional(2, 1, generator=rng).double()
    x = torch.randn(3, 2, generator=rng, dtype=torch.float64)
    grid = torch.linspace(-40, 40, 20001, dtype=torch.float64)[:, None]
    mass = torch.trapezoid(net(x, grid).exp(), grid[:, 0], dim=1)
    torch.testing.assert_close(mass, torch.ones_like(mass), rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("neighbours", [3, 10])
def test_nearest_neighbours_find_the_information_of_few_dimensions(rho, neighbours, rng):
    world = CorrelatedGaussian(dim=1, rho=rho)
    found = [ksg_estimate(*world.sample(800, rng), neighbours=neighbours) for _ in range(10)]
    nats = torch.tensor([one.nats for one in found])
    assert abs(float(nats.mean()) - world.information) <= 3 * float(nats.std()) / 10**0.5 + 0.02


def test_nearest_neighbours_ignore_scale_and_survive_ties():
    x = torch.arange(200.0).remainder(20)[:, None]
    assert math.isfinite(ksg_estimate(x, x).nats)
    y = torch.randn(200, 1, generator=torch.Generator().manual_seed(1))
    assert ksg_estimate(x, y).nats == pytest.approx(ksg_estimate(1000 * x, y).nats, abs=1e-6)
    with pytest.raises(InputError, match="neighbours"):
        ksg_estimate(x[:3], x[:3])


def test_views_that_cannot_be_used_are_refused():
    views = torch.zeros(50, 2)
    with pytest.raises(InputError, match="too few"):
        estimate_mi(views[:10], views[:10])
    with pytest.raises(InputError, match="v2 holds"):
        estimate_mi(views, views / 0)
    with pytest.raises(InputError, match="infonce"):
        estimate_mi(views, views, bound="infonse")
    with pytest.raises(InputError, match="separable"):
        estimate_mi(views, views, critic="seperable", checks=False)
