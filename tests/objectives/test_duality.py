import math

import pytest
import torch
from tests.objectives.slow import dot, rows

from goodviews.core.checks import InputError
from goodviews.objectives import (
    covariance_penalty,
    criterion_bounds,
    criterion_gap,
    dimension_criterion,
    doubly_normalise,
    fourth_power_bounds,
    identity,
    norm_correction,
    project_to_tangent,
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
def test_double_normalisation_gives_the_norms_it_promises(z):
    samples, dims = z.shape
    point = doubly_normalise(z)
    sample, dimension = (torch.linalg.vector_norm(point, dim=dim) for dim in (1, 0))
    torch.testing.assert_close(sample, torch.ones(samples).double(), rtol=1e-12, atol=0)
    wanted = torch.full((dims,), (samples / dims) ** 0.5, dtype=torch.float64)
    torch.testing.assert_close(dimension, wanted, rtol=1e-12, atol=0)


@both_sides
def test_doubly_normalised_criteria_differ_by_the_constant(z):
    point = doubly_normalise(z)
    gap = dimension_criterion(point) - sample_criterion(point)
    assert close(gap, criterion_gap(*z.shape))


def test_the_papers_constant_is_the_square_case():
    assert criterion_gap(6, 6) == 0
    assert criterion_gap(8, 4) == 8 - 64 / 4


@both_sides
def test_doubly_normalised_gradients_differ_by_a_multiple_of_the_embedding(z):
    samples, dims = z.shape
    for scale in (1.0, 1.7):  # sample norm a, dimension norm b = a sqrt(N / M)
        point = scale * doubly_normalise(z)
        difference = gradient(dimension_criterion, point) - gradient(sample_criterion, point)
        a2, b2 = scale**2, scale**2 * samples / dims
        torch.testing.assert_close(difference, 4 * (a2 - b2) * point, rtol=1e-9, atol=1e-9)


@both_sides
def test_doubly_normalised_gradients_agree_on_the_tangent_space(z):
    point = doubly_normalise(z)
    sample, dimension = (gradient(c, point) for c in (sample_criterion, dimension_criterion))
    one, other = project_to_tangent(point, sample), project_to_tangent(point, dimension)
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


@both_sides
def test_ambient_gradients_of_any_embedding_differ_by_its_norms_alone(z):
    difference = gradient(dimension_criterion, z) - gradient(sample_criterion, z)
    sample2, dimension2 = z.square().sum(dim=1, keepdim=True), z.square().sum(dim=0)
    torch.testing.assert_close(
        difference, 4 * (sample2 * z - z * dimension2), rtol=1e-9, atol=1e-9
    )
    # Which is normal to the set of embeddings with these norms.
    assert project_to_tangent(z, difference).abs().max() < 1e-9 * difference.abs().max()


@both_sides
def test_with_unit_samples_only_the_gradients_differ_along_the_sphere(z):
    point = unit_samples(z * torch.linspace(0.2, 2, z.shape[1]).double())
    difference = gradient(dimension_criterion, point) - gradient(sample_criterion, point)
    along = difference - (difference * point).sum(dim=1, keepdim=True) * point
    assert along.abs().max() > 1e-3


@both_sides
def test_projection_keeps_every_norm_and_is_a_projection(z, rng):
    ambient = torch.randn(z.shape, generator=rng, dtype=torch.float64)
    tangent = project_to_tangent(z, ambient)
    assert (tangent * z).sum(dim=0).abs().max() < 1e-9
    assert (tangent * z).sum(dim=1).abs().max() < 1e-9
    torch.testing.assert_close(project_to_tangent(z, tangent), tangent, rtol=1e-9, atol=1e-9)
    # Orthogonal: what was taken away is normal to what is left.
    assert abs(((ambient - tangent) * tangent).sum().item()) < 1e-8


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


def test_says_what_cannot_be_normalised():
    with pytest.raises(InputError, match="zero row or column"):
        doubly_normalise(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    with pytest.raises(InputError, match="could not both be normalised"):
        doubly_normalise(torch.tensor([[1.0, 1.0], [1.0, 0.0]]), iterations=20)
    with pytest.raises(InputError, match="Did you mean 'dims'"):
        fourth_power_bounds(2, 3, unit="dim")
    with pytest.raises(InputError, match="N = 1"):
        vicreg_covariance_by_samples(torch.ones(1, 3))
