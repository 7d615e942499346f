import math

import pytest
import torch

from goodviews.core.errors import ShapeError
from goodviews.information import infonce_bound
from goodviews.worlds.gaussian import CorrelatedGaussian


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("batch", [16, 256])
def test_infonce_with_the_best_critic_stays_below_truth_and_ceiling(rho, batch, rng):
    world = CorrelatedGaussian(dim=2, rho=rho)
    found = [infonce_bound(world.log_ratio(*world.sample(batch, rng))) for _ in range(32)]
    nats = torch.tensor([one.nats for one in found])
    stderr = float(nats.std()) / 32**0.5
    assert float(nats.mean()) <= min(world.information, math.log(batch)) + 3 * stderr + 1e-6
    assert all(one.ceiling_nats == pytest.approx(math.log(batch)) for one in found)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize(("rho", "dim"), [(0.5, 2), (0.9, 1), (0.6, 6)])
def test_the_standard_error_of_infonce_is_the_spread_over_fresh_samples(symmetric, rho, dim, rng):
    world = CorrelatedGaussian(dim=dim, rho=rho)
    repeats = 200
    found = [
        infonce_bound(world.log_ratio(*world.sample(200, rng)), symmetric=symmetric)
        for _ in range(repeats)
    ]
    spread = float(torch.tensor([one.nats for one in found]).std())
    claimed = sum(one.stderr_nats for one in found) / repeats
    # The spread of 200 draws is itself known to 5 %; three of those, and 5 % for the jackknife.
    assert claimed == pytest.approx(spread, rel=0.2)


def test_extra_candidates_raise_the_ceiling_and_keep_the_bound(rng):
    world = CorrelatedGaussian(dim=4, rho=0.8)
    found = []
    for _ in range(100):
        x, y = world.sample(64, rng)
        _, more = world.sample(448, rng)
        found.append(infonce_bound(world.log_ratio(x, torch.cat([y, more])), symmetric=False))
    nats = torch.tensor([one.nats for one in found])
    assert found[0].ceiling_nats == pytest.approx(math.log(512))
    assert float(nats.mean()) <= world.information + 3 * float(nats.std()) / 10
    claimed = sum(one.stderr_nats for one in found) / 100
    assert claimed == pytest.approx(float(nats.std()), rel=0.26)


def test_a_perfect_critic_reaches_the_ceiling_and_says_so():
    found = infonce_bound(100 * torch.eye(32))
    assert found.nats == pytest.approx(math.log(32))
    assert found.at_ceiling
    assert "ceiling" in str(found)


def test_infonce_stays_negative_when_the_critic_is_wrong():
    assert infonce_bound(-5 * torch.eye(8)).nats < -1


def test_scores_that_are_not_pairs_are_refused():
    with pytest.raises(ShapeError, match="K >= B"):
        infonce_bound(torch.zeros(4, 3))
    with pytest.raises(ShapeError, match="symmetric=False"):
        infonce_bound(torch.zeros(3, 4))
