import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.worlds.gaussian import MAPS, CorrelatedGaussian


@pytest.mark.parametrize(
    ("nats", "rho"), [(2, 0.4258), (4, 0.5742), (6, 0.6717), (8, 0.7421), (10, 0.7951)]
)
def test_the_bench_levels_have_their_published_correlations(nats, rho):
    world = CorrelatedGaussian.from_information(nats, dim=20)
    assert world.rho == pytest.approx(rho, abs=5e-5)
    assert world.information == pytest.approx(nats)


@pytest.mark.parametrize("map", sorted(MAPS))
def test_the_mean_log_ratio_of_pairs_is_the_information_under_every_map(map, rng):
    world = CorrelatedGaussian(dim=3, rho=0.7, map=map)
    ratio = world.log_ratio(*world.sample(4000, rng)).diagonal()
    assert abs(float(ratio.mean()) - world.information) <= 3 * float(ratio.std()) / 4000**0.5


def test_log_ratio_is_the_ratio_of_the_densities(rng):
    world = CorrelatedGaussian(dim=2, rho=-0.6)
    x, y = world.sample(5, rng)
    normal = torch.distributions.Normal
    conditional = normal(-0.6 * x[:, None], math.sqrt(1 - 0.36)).log_prob(y[None]).sum(-1)
    marginal = normal(0.0, 1.0).log_prob(y).sum(-1)
    torch.testing.assert_close(world.log_ratio(x, y), conditional - marginal[None])


@pytest.mark.parametrize("map", sorted(MAPS))
def test_maps_undo(map, rng):
    y = torch.randn(50, generator=rng, dtype=torch.float64)
    there, back = MAPS[map]
    torch.testing.assert_close(back(there(y)), y)


def test_a_world_that_cannot_be_is_refused():
    with pytest.raises(InputError, match="rho"):
        CorrelatedGaussian(dim=2, rho=1.0)
    with pytest.raises(InputError, match="cubic"):
        CorrelatedGaussian(dim=2, rho=0.1, map="cubik")


def test_pairs_of_examples_replay_and_have_their_correlation():
    world = CorrelatedGaussian(dim=3, rho=0.7, map="cubic")
    x, y = world.pairs(torch.arange(4000), seed=0)
    one, two = world.pairs(torch.tensor([9, 1]), seed=0)
    assert torch.equal(one, x[[9, 1]])
    assert torch.equal(two, y[[9, 1]])
    ratio = world.log_ratio(x.double(), y.double()).diagonal()
    assert abs(float(ratio.mean()) - world.information) <= 3 * float(ratio.std()) / 4000**0.5
