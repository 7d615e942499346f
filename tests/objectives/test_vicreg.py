import math

import pytest
import torch
from tests.objectives.slow import distance2, mean, rows

from goodviews.core.errors import InputError, ShapeError
from goodviews.objectives import (
    covariance_matrix,
    covariance_penalty,
    total,
    variance_hinge,
    vicreg,
    vicreg_scales,
)


def slow_covariance(z):
    count, dims = len(z), len(z[0])
    centre = [mean([row[j] for row in z]) for j in range(dims)]
    return [
        [
            sum((row[i] - centre[i]) * (row[j] - centre[j]) for row in z) / (count - 1)
            for j in range(dims)
        ]
        for i in range(dims)
    ]


def slow_variance(z):
    cov = slow_covariance(z)
    return mean([max(0.0, 1 - math.sqrt(cov[j][j] + 1e-4)) for j in range(len(cov))])


def slow_penalty(z):
    cov = slow_covariance(z)
    dims = range(len(cov))
    return sum(cov[i][j] ** 2 for i in dims for j in dims if i != j) / len(cov)


@pytest.fixture
def pair(rng):
    # Shrunk, so that the hinge is active in some dimensions and not in others.
    a, b = torch.randn(2, 6, 4, generator=rng, dtype=torch.float64)
    shrink = torch.tensor([0.3, 0.8, 1.0, 2.0], dtype=torch.float64)
    return a * shrink, b * shrink


@pytest.mark.parametrize("scale", ["paper", "code", "summed"])
def test_equals_the_written_out_formula_in_each_convention(pair, scale):
    a, b = rows(pair[0]), rows(pair[1])
    invariance = mean([distance2(x, y) for x, y in zip(a, b, strict=True)])
    variance = slow_variance(a) + slow_variance(b)
    if scale != "paper":  # mean squared error over every element
        invariance = sum(distance2(x, y) for x, y in zip(a, b, strict=True)) / (6 * 4)
    if scale == "code":
        variance = (slow_variance(a) + slow_variance(b)) / 2
    covariance = slow_penalty(a) + slow_penalty(b)
    terms = vicreg(*pair, scale=scale)
    assert terms.invariance.shape == (6,)
    assert terms.invariance.mean().item() == pytest.approx(25 * invariance)
    assert terms.variance.item() == pytest.approx(25 * variance)
    assert terms.covariance.item() == pytest.approx(covariance)
    wanted = 25 * invariance + 25 * variance + covariance
    assert total(terms).item() == pytest.approx(wanted)


def test_a_weight_in_one_convention_is_another_weight_in_the_next(pair):
    code = vicreg(*pair, invariance=25.0, variance=25.0, scale="code")
    paper = vicreg(*pair, invariance=25.0 / 4, variance=12.5, scale="paper")
    for one, other in zip(code, paper, strict=True):
        torch.testing.assert_close(one, other)


def test_terms_scale_with_their_weights(pair):
    bare = vicreg(*pair, invariance=1, variance=1, covariance=1)
    weighted = vicreg(*pair, invariance=2, variance=3, covariance=5)
    for one, other, weight in zip(bare, weighted, (2, 3, 5), strict=True):
        torch.testing.assert_close(weight * one, other)


def test_covariance_matrix_is_that_of_the_library(pair):
    torch.testing.assert_close(covariance_matrix(pair[0]), pair[0].T.cov())


def test_variance_hinge_is_zero_for_spread_dims_and_almost_one_for_constant_ones():
    z = torch.tensor([[-5.0, 3.0], [5.0, 3.0]]).double()
    torch.testing.assert_close(variance_hinge(z), torch.tensor([0.0, 0.99]).double())


def test_covariance_penalty_does_not_see_a_shift(pair):
    torch.testing.assert_close(covariance_penalty(pair[0]), covariance_penalty(pair[0] + 7))


def test_constant_embeddings_cost_their_variance_alone():
    same = torch.ones(5, 4).double()
    terms = vicreg(same, same, scale="paper")
    assert terms.invariance.abs().max() == 0
    assert terms.variance.item() == pytest.approx(25 * 2 * 0.99)
    assert terms.covariance.item() == 0


def test_vicreg_scales_names_what_is_known():
    assert vicreg_scales("summed", dims=8) == (0.125, 1.0)
    with pytest.raises(InputError, match="Did you mean 'paper'"):
        vicreg_scales("papers", dims=8)


def test_one_example_has_no_variance():
    with pytest.raises(ShapeError, match="at least 2"):
        vicreg(torch.ones(1, 2), torch.ones(1, 2))
