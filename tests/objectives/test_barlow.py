import math

import pytest
import torch
from tests.objectives.slow import mean, rows

from goodviews.objectives import barlow, cross_correlation, dimension_criterion


def slow_standard(z, eps):
    columns = []
    for j in range(len(z[0])):
        column = [row[j] for row in z]
        centre = mean(column)
        std = math.sqrt(mean([(x - centre) ** 2 for x in column]) + eps)
        columns.append([(x - centre) / std for x in column])
    return columns


def slow_correlation(view1, view2, eps=1e-5):
    a, b = slow_standard(rows(view1), eps), slow_standard(rows(view2), eps)
    return [[mean([x * y for x, y in zip(p, q, strict=True)]) for q in b] for p in a]


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 6, 4, generator=rng, dtype=torch.float64)
    return a, b


def test_equals_the_written_out_formula(pair):
    corr = slow_correlation(*pair)
    invariance = sum((1 - corr[i][i]) ** 2 for i in range(4))
    redundancy = sum(corr[i][j] ** 2 for i in range(4) for j in range(4) if i != j)
    terms = barlow(*pair)
    assert terms.invariance.item() == pytest.approx(invariance)
    assert terms.redundancy.item() == pytest.approx(5e-3 * redundancy)


def test_cross_correlation_of_a_view_with_itself_has_a_diagonal_of_ones(pair):
    corr = cross_correlation(pair[0], pair[0], eps=0.0)
    torch.testing.assert_close(corr.diagonal(), torch.ones(4).double())
    torch.testing.assert_close(corr, pair[0].T.corrcoef())


def test_scale_and_shift_of_a_dimension_do_not_matter(pair):
    a, b = pair
    moved = a * torch.tensor([2.0, 0.5, 9.0, 1.0]).double() + 3
    for one, other in zip(barlow(a, b, eps=0.0), barlow(moved, b, eps=0.0), strict=True):
        torch.testing.assert_close(one, other)


def test_redundancy_of_equal_views_is_the_dimension_criterion(pair):
    a = pair[0]
    standard = (a - a.mean(dim=0)) / a.std(dim=0, correction=0)
    terms = barlow(a, a, redundancy=1.0, eps=0.0)
    torch.testing.assert_close(terms.redundancy, dimension_criterion(standard) / 6**2)


def test_constant_embeddings_correlate_with_nothing():
    same = torch.ones(5, 4).double()
    terms = barlow(same, same)
    assert terms.invariance.item() == 4
    assert terms.redundancy.item() == 0
