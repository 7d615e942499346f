"""Laws of the bounds beside InfoNCE, on Gaussians with the best critic."""

import math

import pytest
import torch

from goodviews.core.errors import InputError, ShapeError
from goodviews.information import (
    CosineCritic,
    MineValue,
    club_bound,
    dv_estimate,
    infonce_bound,
    infonce_bound_of_embeddings,
    interpolated_bound,
    leave_one_out_bound,
    nwj_bound,
    row_bounds,
    smile_estimate,
    tuba_bound,
)
from goodviews.information.functionals import dv_value, js_value
from goodviews.information.tiles import row_logsumexp
from goodviews.worlds.gaussian import CorrelatedGaussian

LOWER = {
    "nwj": nwj_bound,
    "tuba": lambda s: tuba_bound(s + 2.0, torch.full((len(s),), 2.0)),
    "interpolated": lambda s: interpolated_bound(s, alpha=0.1),
    "infonce": infonce_bound,
}
UPPER = {"club": club_bound, "leave one out": leave_one_out_bound}
NONE = {"dv": dv_estimate, "smile": smile_estimate}


def replicate(bound, world, batch, rng, repeats=150):
    found = [bound(world.log_ratio(*world.sample(batch, rng))) for _ in range(repeats)]
    nats = torch.tensor([one.nats for one in found])
    return found, float(nats.mean()), float(nats.std())


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("name", LOWER)
def test_lower_bounds_stay_below_the_truth(name, rho, rng):
    world = CorrelatedGaussian(dim=2, rho=rho)
    found, mean, spread = replicate(LOWER[name], world, 64, rng)
    assert mean <= world.information + 3 * spread / 150**0.5 + 1e-6
    assert all(one.side == "lower" for one in found)


@pytest.mark.parametrize("name", ["nwj", "tuba"])
def test_unbiased_bounds_reach_the_truth_with_the_best_critic(name, rng):
    world = CorrelatedGaussian(dim=2, rho=0.6)
    _, mean, spread = replicate(LOWER[name], world, 128, rng)
    assert abs(mean - world.information) <= 3 * spread / 150**0.5


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
@pytest.mark.parametrize("name", UPPER)
def test_upper_bounds_stay_above_the_truth_with_the_true_conditional(name, rho, rng):
    world = CorrelatedGaussian(dim=2, rho=rho)
    _, mean, spread = replicate(UPPER[name], world, 64, rng)
    assert mean >= world.information - 3 * spread / 150**0.5 - 1e-6


@pytest.mark.parametrize("name", [*LOWER, *UPPER, *NONE])
def test_the_claimed_error_is_the_spread_over_fresh_samples(name, rng):
    world = CorrelatedGaussian(dim=2, rho=0.4)  # mild: heavy tails hide from any jackknife
    bound = {**LOWER, **UPPER, **NONE}[name]
    found, _, spread = replicate(bound, world, 128, rng, repeats=200)
    claimed = sum(one.stderr_nats for one in found) / len(found)
    assert claimed == pytest.approx(spread, rel=0.2)


@pytest.mark.parametrize("name", [*LOWER, *UPPER, *NONE])
def test_independent_views_share_nothing(name, rng):
    world = CorrelatedGaussian(dim=3, rho=0.0)
    _, mean, spread = replicate({**LOWER, **UPPER, **NONE}[name], world, 32, rng, repeats=20)
    assert abs(mean) <= 3 * spread + 1e-9


def test_the_interpolated_bound_ends_in_infonce_and_in_nwj(rng):
    world = CorrelatedGaussian(dim=3, rho=0.7)
    scores = world.log_ratio(*world.sample(50, rng))
    one_way = infonce_bound(scores.T, symmetric=False)
    assert interpolated_bound(scores, alpha=1.0).nats == pytest.approx(one_way.nats)
    assert interpolated_bound(scores, alpha=1.0).ceiling_nats == pytest.approx(math.log(50))
    assert interpolated_bound(scores, alpha=0.0).nats == pytest.approx(nwj_bound(scores).nats)
    baseline = torch.linspace(-1, 1, 50, dtype=torch.float64)
    with_baseline = interpolated_bound(scores, alpha=0.0, log_baseline=baseline)
    assert with_baseline.nats == pytest.approx(tuba_bound(scores, baseline).nats)


def test_smile_without_a_clip_is_donsker_and_varadhan(rng):
    world = CorrelatedGaussian(dim=3, rho=0.7)
    scores = world.log_ratio(*world.sample(50, rng))
    assert smile_estimate(scores, clip=math.inf).nats == pytest.approx(dv_estimate(scores).nats)
    shifted = dv_estimate(scores + 5)
    assert shifted.nats == pytest.approx(dv_estimate(scores).nats)
    with pytest.raises(InputError, match="clip"):
        smile_estimate(scores, clip=0.0)


def test_large_scores_overflow_nothing():
    scores = torch.full((8, 8), -300.0).fill_diagonal_(800.0)
    for bound in (infonce_bound, nwj_bound, dv_estimate, smile_estimate, interpolated_bound):
        assert math.isfinite(bound(scores).nats)


def test_the_log_ratio_is_the_best_critic_of_the_jensen_shannon_objective(rng):
    world = CorrelatedGaussian(dim=1, rho=0.8)
    scores = world.log_ratio(*world.sample(1500, rng))
    best = js_value(scores)
    for worse in (scores * 0.7, scores * 1.3, scores + 0.5, scores - 0.5):
        assert js_value(worse) < best


def test_mine_has_dv_for_value_and_the_moving_average_in_its_gradient(rng):
    first, second = (torch.randn(6, 6, generator=rng, dtype=torch.float64) for _ in range(2))
    mine = MineValue(decay=0.9).double()
    mine(first)
    second.requires_grad_()
    value = mine(second)
    assert value.item() == pytest.approx(dv_value(second).item())
    (grad,) = torch.autograd.grad(value, second)
    off = ~torch.eye(6, dtype=torch.bool)
    average = 0.9 * first[off].exp().mean() + 0.1 * second[off].exp().mean()
    expected = torch.eye(6, dtype=torch.float64) / 6 - second.exp() * off / 30 / average
    torch.testing.assert_close(grad, expected.detach())


def test_row_sums_give_the_bounds_of_the_matrix(rng):
    world = CorrelatedGaussian(dim=3, rho=0.7)
    scores = world.log_ratio(*world.sample(40, rng))
    others = scores.masked_fill(torch.eye(40, dtype=torch.bool), -math.inf).logsumexp(dim=1)
    found = row_bounds(scores.diagonal(), others, 40, alpha=0.3)
    assert found["infonce"].nats == pytest.approx(infonce_bound(scores, symmetric=False).nats)
    assert found["nwj"].nats == pytest.approx(nwj_bound(scores).nats)
    assert found["dv"].nats == pytest.approx(dv_estimate(scores).nats)
    assert found["interpolated"].nats == pytest.approx(
        interpolated_bound(scores.T, alpha=0.3).nats
    )


def test_embeddings_against_many_candidates_give_the_bound_of_their_matrix(rng):
    a = torch.randn(30, 4, generator=rng, dtype=torch.float64)
    c = torch.cat([a, torch.randn(2000, 4, generator=rng, dtype=torch.float64)])
    found = infonce_bound_of_embeddings(a, c, temperature=0.2)
    twin = infonce_bound(CosineCritic(0.2).double()(a, c), symmetric=False)
    assert found.nats == pytest.approx(twin.nats, abs=1e-6)
    assert found.ceiling_nats == pytest.approx(CosineCritic(0.2).ceiling(2030), abs=1e-5)
    own = (a * c[:30]).sum(dim=1)
    free = infonce_bound_of_embeddings(a, c, temperature=1.0, cosine=False)
    rows = row_bounds(own, row_logsumexp(a, c, mask_own=True, bounded=False), 2030)
    assert free.nats == pytest.approx(rows["infonce"].nats)


def test_one_pair_or_an_oblong_matrix_is_refused():
    for bound in (nwj_bound, dv_estimate, club_bound):
        with pytest.raises(ShapeError, match="B >= 2"):
            bound(torch.zeros(1, 1))
    with pytest.raises(ShapeError, match="K"):
        tuba_bound(torch.zeros(3, 3), torch.zeros(2))
