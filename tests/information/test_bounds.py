import math

import pytest
import torch

from goodviews.core.errors import ShapeError
from goodviews.information import infonce_bound
from goodviews.information.functionals import infonce_left_out
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
@pytest.mark.parametrize(("nats", "dim"), [(2.0, 1), (2.0, 8), (4.0, 4), (4.8, 8)])
def test_the_standard_error_of_infonce_is_the_spread_over_fresh_samples(symmetric, nats, dim, rng):
    world = CorrelatedGaussian(dim=dim, rho=math.sqrt(1 - math.exp(-2 * nats / dim)))
    repeats = 200
    found = [
        infonce_bound(world.log_ratio(*world.sample(200, rng)), symmetric=symmetric)
        for _ in range(repeats)
    ]
    spread = float(torch.tensor([one.nats for one in found]).std())
    claimed = sum(one.stderr_nats**2 for one in found) / repeats
    # The spread of 200 draws is itself known to 5 %, and a jackknife errs on the large side.
    assert 0.87 * spread < math.sqrt(claimed) < 1.35 * spread


@pytest.mark.parametrize(("rows", "columns"), [(6, 6), (5, 9), (3, 3)])
@pytest.mark.parametrize("scale", [1.0, 30.0])  # at 30 one candidate holds all the probability
def test_the_jackknife_is_the_bound_computed_again_without_each_pair(rows, columns, scale, rng):
    scores = scale * torch.randn(rows, columns, generator=rng, dtype=torch.float64)

    def bound(one):
        return float((one.diagonal() - one.logsumexp(1)).mean()) + math.log(one.shape[1])

    slow = []
    for pair in range(columns):
        kept = [place for place in range(columns) if place != pair]
        slow.append(bound(scores[[place for place in kept if place < rows]][:, kept]))
    value, left_out = infonce_left_out(scores)
    assert float(value) == pytest.approx(bound(scores), abs=1e-9)
    assert left_out.tolist() == pytest.approx(slow, abs=1e-9)
    square = sum(
        (len(part) - 1) / len(part) * sum((one - sum(part) / len(part)) ** 2 for one in part)
        for part in (slow[:rows], slow[rows:])
        if part
    )
    found = infonce_bound(scores, symmetric=False)
    assert found.stderr_nats == pytest.approx(square**0.5, abs=1e-9)


def test_two_pairs_leave_the_error_of_infonce_unknown():
    assert math.isnan(infonce_bound(torch.eye(2)).stderr_nats)
    assert infonce_bound(torch.zeros(1, 1)).nats == 0


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
