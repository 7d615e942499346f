import pytest
import torch
from tests.objectives.test_duality import both_sides, close, gradient, unit_samples

from goodviews.core.errors import InputError
from goodviews.objectives import (
    criterion_gap,
    dimension_criterion,
    doubly_normalise,
    project_to_tangent,
    sample_criterion,
)


@pytest.fixture
def z(shape, rng):
    return torch.randn(shape, generator=rng, dtype=torch.float64)


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


def test_says_what_cannot_be_normalised():
    with pytest.raises(InputError, match="zero row or column"):
        doubly_normalise(torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
    with pytest.raises(InputError, match="could not both be normalised"):
        doubly_normalise(torch.tensor([[1.0, 1.0], [1.0, 0.0]]), iterations=20)
