import math

import pytest
import torch
from tests.objectives.slow import dot, rows

from goodviews.core.errors import InputError
from goodviews.objectives import (
    covariance_penalty,
    criterion_bounds,
    dimension_criterion,
    fourth_power_bounds,
    identity,
    norm_correction,
    sample_criterion,
    vicreg_covariance_by_samples,
)

SHAPES = [(3, 7), (7, 3), (5, 5), (2, 40), (40, 2), (64, 16), (16, 64)]
both_sides = pytest.mark.parametrize("shape", SHAPES, ids=str)


@pytest.fixture
def z(shape, rng):
    return torch.randn(shape, generator=rng, dtype=torch.float64)


def unit_samples(z):
    return torch.nn.functional.normalize(z, dim=1)


def unit_dims(z):
    return torch.nn.functional.normalize(z, dim=0)


def gradient(criterion, z):
    leaf = z.clone().requires_grad_()
    return torch.autograd.grad(criterion(leaf), leaf)[0]


def close(one, other):
    return pytest.approx(float(other), rel=1e-9, abs=1e-9) == float(one)


def slow_criterion(vectors):
    count = range(len(vectors))
    return sum(dot(vectors[i], vectors[j]) ** 2 for i in count for j in count if i != j)


def test_the_worked_example():
    paper = torch.tensor([[1, 2, 0], [0, 1, 1]], dtype=torch.float64)  # M = 2 rows, N = 3
    z = paper.T
    assert sample_criterion(z).item() == 10
    assert dimension_criterion(z).item() == 8
    assert [part.item() for part in identity(z)] == [10, 8, 27, 29]
    assert norm_correction(z).item() == -2


@both_sides
def test_criteria_equal_their_written_out_sums(z):
    assert close(sample_criterion(z), slow_criterion(rows(z)))
    assert close(dimension_criterion(z), slow_criterion(rows(z.T)))


@both_sides
def test_the_criteria_change_places_when_the_embeddings_are_transposed(z):
    torch.testing.assert_close(sample_criterion(z), dimension_criterion(z.T))


@both_sides
def test_identity_holds_for_any_embedding(z):
    parts = identity(z * torch.linspace(0.1, 3, z.shape[1]).double())
    assert close(parts.dimension + parts.dimension_fourth, parts.sample + parts.sample_fourth)
    wanted = sum(dot(row, row) ** 2 for row in rows(z))
    assert close(identity(z).sample_fourth, wanted)


@both_sides
def test_norm_correction_is_the_difference_of_the_criteria(z):
    assert close(norm_correction(z), dimension_criterion(z) - sample_criterion(z))


@both_sides
@pytest.mark.parametrize("norm", [0.5, 1.0, 2.0])
def test_lemma_bounds_the_fourth_powers_of_the_other_side(z, norm):
    samples, dims = z.shape
    for unit, point, part in (
        ("samples", norm * unit_samples(z), "dimension_fourth"),
        ("dims", norm * unit_dims(z), "sample_fourth"),
    ):
        bounds = fourth_power_bounds(samples, dims, unit=unit, norm=norm)
        value = getattr(identity(point), part).item()
        assert bounds.lower * (1 - 1e-9) <= value <= bounds.upper * (1 + 1e-9)


@both_sides
def test_lemma_bounds_are_reached_by_a_spread_and_by_a_collapsed_embedding(shape):
    samples, dims = shape
    bounds = fourth_power_bounds(samples, dims)
    spread = torch.full(shape, dims**-0.5, dtype=torch.float64)  # all dims of one norm
    collapsed = torch.zeros(shape).double()
    collapsed[:, 0] = 1
    assert close(identity(spread).dimension_fourth, bounds.lower)
    assert close(identity(collapsed).dimension_fourth, bounds.upper)


@both_sides
def test_corollary_bounds_each_criterion_by_the_other(z):
    samples, dims = z.shape
    point = unit_samples(z)
    bounds = criterion_bounds(dimension_criterion(point).item(), samples, dims)
    assert bounds.lower - 1e-9 <= sample_criterion(point).item() <= bounds.upper + 1e-9
    point = unit_dims(z)
    bounds = criterion_bounds(sample_criterion(point).item(), samples, dims, unit="dims")
    assert bounds.lower - 1e-9 <= dimension_criterion(point).item() <= bounds.upper + 1e-9


def test_the_identity_matrix_meets_the_lower_bound():
    z = torch.eye(6).double()
    assert criterion_bounds(0.0, 6, 6).lower == sample_criterion(z).item() == 0


@both_sides
def test_vicreg_by_samples_equals_vicreg_by_dims_in_value_and_gradient(z):
    shifted = z + 3
    assert close(vicreg_covariance_by_samples(shifted), covariance_penalty(shifted))
    torch.testing.assert_close(
        gradient(vicreg_covariance_by_samples, shifted),
        gradient(covariance_penalty, shifted),
        rtol=1e-9,
        atol=1e-9,
    )


@both_sides
def test_a_coding_rate_is_the_same_from_either_side(z):
    samples, dims = z.shape
    one = torch.linalg.slogdet(torch.eye(dims).double() + z.T @ z).logabsdet
    other = torch.linalg.slogdet(torch.eye(samples).double() + z @ z.T).logabsdet
    assert close(one, other)


def test_independent_unit_vectors_have_the_cosines_the_proposition_states(rng):
    dims, count = 64, 400
    z = unit_samples(torch.randn(count, dims, generator=rng, dtype=torch.float64))
    pairs = count * (count - 1)
    # E[cos^2] = 1 / M, with var[cos^2] <= 2 / M^2; pairs (i, j) are pairwise independent.
    wanted, stderr = 1 / dims, math.sqrt(2 / (pairs / 2)) / dims
    assert abs(sample_criterion(z).item() / pairs - wanted) < 3 * stderr


def test_says_what_it_cannot_use():
    with pytest.raises(InputError, match="Did you mean 'dims'"):
        fourth_power_bounds(2, 3, unit="dim")
    with pytest.raises(InputError, match="N = 1"):
        vicreg_covariance_by_samples(torch.ones(1, 3))
