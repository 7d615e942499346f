"""The bound on shared information, held against Gaussians whose information is known."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError
from goodviews.evaluation import fit_temperature, held_out_bound
from goodviews.information import infonce_bound
from goodviews.worlds.gaussian import CorrelatedGaussian

WIDE, TALL, LEVEL = 12.0, 8.0, 3.0
EXACT = 1 / (WIDE * TALL)
"""Temperature at which the cosine below is the log density ratio."""


def on_the_sphere(x, y, rho):
    """Unit vectors whose cosine is the log ratio of a Gaussian pair, times EXACT.

    log p(y | x) / p(y) is rho x y / (1 - rho^2) - rho^2 (x^2 + y^2) / (2 (1 - rho^2)) and a
    constant: an inner product, whose sides spare axes bring to one norm each.
    """
    rest = 1 - rho**2
    level = torch.full_like(x[:, :1], LEVEL)
    own_x, own_y = (
        -(rho**2) * side.square().sum(1, keepdim=True) / (2 * rest * LEVEL) for side in (x, y)
    )
    a = torch.cat([rho * x / rest, level, own_x], dim=1)
    b = torch.cat([y, own_y, level], dim=1)
    spare_a = (WIDE**2 - a.square().sum(1, keepdim=True)).sqrt()
    spare_b = (TALL**2 - b.square().sum(1, keepdim=True)).sqrt()
    none = torch.zeros_like(spare_a)
    return torch.cat([a, spare_a, none], dim=1), torch.cat([b, none, spare_b], dim=1)


def embedder(world, *, seed=0):
    """Embeddings of fresh pairs for any places; one draw of one place is always the same."""

    def embed(rows, draw):
        generator = torch.Generator().manual_seed(hash((seed, draw, *rows.tolist())) % 2**62)
        x, y = world.sample(len(rows), generator)
        return on_the_sphere(x, y, world.rho)

    return embed


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.7])
@pytest.mark.parametrize("candidates", [64, 256])
def test_the_bound_is_below_the_truth_and_within_reach_of_it(rho, candidates):
    world = CorrelatedGaussian(dim=2, rho=rho)
    found = held_out_bound(
        embedder(world), np.arange(4096), candidates=candidates, temperature=EXACT, draws=1
    )
    assert found.nats <= world.information + 3 * found.stderr_nats
    # With the exact critic the bias is of order 1 / K.
    assert found.nats >= world.information - 3 * found.stderr_nats - 4 / candidates
    assert found.ceiling_nats == pytest.approx(math.log(candidates))
    assert found.side == "lower"
    assert (found.candidates, found.pairs) == (candidates, 4096)
    assert not found.at_ceiling


@pytest.mark.parametrize("factor", [0.2, 0.5, 2.0, 10.0])
def test_any_other_temperature_only_lowers_the_bound(factor):
    world = CorrelatedGaussian(dim=2, rho=0.7)
    exact, other = (
        held_out_bound(embedder(world), np.arange(2048), candidates=128, temperature=t, draws=1)
        for t in (EXACT, EXACT * factor)
    )
    assert other.nats < exact.nats
    assert other.nats <= world.information + 3 * other.stderr_nats


def test_the_fitted_temperature_is_that_of_the_exact_critic():
    world = CorrelatedGaussian(dim=2, rho=0.7)
    x, y = world.sample(2000, torch.Generator().manual_seed(0))
    assert fit_temperature(*on_the_sphere(x, y, 0.7)) == pytest.approx(EXACT, rel=0.1)


def test_embeddings_of_any_norm_have_one_temperature_and_one_bound():
    world = CorrelatedGaussian(dim=2, rho=0.7)
    z1, z2 = embedder(world)(np.arange(256), 0)
    lengths = torch.linspace(0.1, 50, 256)[:, None].double()
    assert fit_temperature(z1 * lengths, z2) == pytest.approx(fit_temperature(z1, z2), rel=1e-6)
    one, two = (
        held_out_bound(
            lambda rows, draw, a=a: a, np.arange(256), candidates=256, temperature=0.1, draws=1
        )
        for a in ((z1, z2), (z1 * lengths, z2))
    )
    assert one.nats == pytest.approx(two.nats)


@pytest.mark.parametrize("groups", [1, 4])
def test_its_standard_error_covers_as_often_as_it_says(groups):
    world = CorrelatedGaussian(dim=2, rho=0.7)
    runs, k = 300, 48
    found = [
        held_out_bound(
            embedder(world, seed=seed),
            np.arange(groups * k),
            candidates=k,
            temperature=EXACT,
            draws=1,
        )
        for seed in range(runs)
    ]
    nats = torch.tensor([f.nats for f in found])
    stated = torch.tensor([f.stderr_nats for f in found])
    # What the intervals should cover is the expectation, known from the runs together.
    covered = ((nats - nats.mean()).abs() < 1.96 * stated).double().mean()
    assert 0.95 - 3.5 * math.sqrt(0.95 * 0.05 / runs) < covered
    assert 0.7 < stated.mean() / nats.std() < 1.4


def test_more_draws_of_the_same_images_do_not_lower_the_standard_error():
    world = CorrelatedGaussian(dim=2, rho=0.7)
    fresh = embedder(world)
    same = lambda rows, draw: fresh(rows, 0)  # noqa: E731
    one, five = (
        held_out_bound(same, np.arange(256), candidates=64, temperature=EXACT, draws=draws)
        for draws in (1, 5)
    )
    assert five.nats == pytest.approx(one.nats)
    assert five.stderr_nats == pytest.approx(one.stderr_nats)


def test_only_held_out_images_are_asked_for_in_groups_of_k_and_once_per_draw():
    held_out = np.arange(1000, 1130)
    asked = []

    def embed(rows, draw):
        asked.append((draw, rows.tolist()))
        z = torch.randn(len(rows), 4, generator=torch.Generator().manual_seed(0))
        return z, z

    found = held_out_bound(embed, held_out, candidates=40, temperature=0.1, draws=3)
    assert [draw for draw, _ in asked] == [0] * 3 + [1] * 3 + [2] * 3
    for draw in range(3):
        rows = [row for number, group in asked if number == draw for row in group]
        assert rows == held_out[:120].tolist()
    assert found.pairs == 120


def test_equal_views_reach_the_ceiling_and_say_so():
    z = torch.eye(32, dtype=torch.float64)
    found = held_out_bound(
        lambda rows, draw: (z, z), np.arange(32), candidates=32, temperature=0.05, draws=1
    )
    assert found.at_ceiling
    assert found.nats <= math.log(32) + 1e-9


@pytest.mark.parametrize(("count", "candidates"), [(10, 11), (0, 2), (10, 1), (10, 0)])
def test_too_few_images_for_the_candidates_are_one_sentence(count, candidates):
    with pytest.raises(InputError, match="--candidates"):
        held_out_bound(
            lambda rows, draw: None, np.arange(count), candidates=candidates, temperature=0.1
        )


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0, 5.0, 30.0])
@pytest.mark.parametrize("count", [3, 64])
def test_no_temperature_within_the_range_has_a_lower_loss(noise, count):
    generator = torch.Generator().manual_seed(count)
    z1, z2 = (torch.randn(count, 16, generator=generator) for _ in range(2))
    z2 = z1 + noise * z2
    cosines = F.normalize(z1, dim=1).double() @ F.normalize(z2, dim=1).double().T
    found = fit_temperature(z1, z2)
    best = infonce_bound(cosines / found).nats
    grid = np.geomspace(0.01, 10, 200)
    assert best >= max(infonce_bound(cosines / one).nats for one in grid) - 1e-9
    assert 0.01 <= found <= 10.0


@pytest.mark.parametrize("same", [torch.zeros(6, 4), torch.ones(6, 4)])
def test_embeddings_that_say_nothing_get_a_temperature_too(same):
    assert 0.01 <= fit_temperature(same, same) <= 10


def test_with_groups_the_error_is_that_of_groups_and_the_bound_does_not_move():
    rng = torch.Generator().manual_seed(0)
    groups = np.repeat(np.arange(16), 8)
    z = torch.randn(16, 6, generator=rng)[groups] + 0.7 * torch.randn(128, 6, generator=rng)
    noise = torch.randn(2, 16, 6, generator=rng)[:, groups]  # alike within a group

    def embed(rows, draw):
        return z[rows] + noise[0][rows], z[rows] + noise[1][rows]

    rows = np.arange(128)
    options = {"candidates": 64, "temperature": 0.3}
    alone = held_out_bound(embed, rows, **options)
    same = held_out_bound(embed, rows, groups=rows, **options)
    grouped = held_out_bound(embed, rows, groups=groups, **options)
    assert alone.nats == same.nats == grouped.nats
    assert same.stderr_nats == pytest.approx(alone.stderr_nats, rel=0.05)
    assert grouped.stderr_nats > 1.3 * alone.stderr_nats
