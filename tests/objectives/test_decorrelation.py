import pytest
import torch
from tests.objectives.slow import mean, rows
from tests.objectives.test_barlow import slow_correlation, slow_standard

from goodviews.objectives import cross_correlation, decorrelation, total


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 6, 4, generator=rng, dtype=torch.float64)
    return a, a + 0.5 * b


def test_equals_the_written_out_formula(pair):
    one, two = (slow_standard(rows(view), 1e-5) for view in pair)
    gaps = [(x - y) ** 2 for p, q in zip(one, two, strict=True) for x, y in zip(p, q, strict=True)]
    apart = 0.0
    for view in pair:
        corr = slow_correlation(view, view)
        apart += sum((corr[i][j] - (i == j)) ** 2 for i in range(4) for j in range(4))
    terms = decorrelation(*pair, weight=0.3)
    assert terms.invariance.item() == pytest.approx(mean(gaps) * 4)
    assert terms.decorrelation.item() == pytest.approx(0.3 * apart)


def test_invariance_is_twice_what_the_diagonal_of_the_cross_correlation_lacks(pair):
    lack = 1 - cross_correlation(*pair, eps=0.0).diagonal()
    torch.testing.assert_close(decorrelation(*pair, eps=0.0).invariance, 2 * lack.sum())


def test_equal_views_with_uncorrelated_dimensions_have_no_loss():
    z = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]]).double()
    assert total(decorrelation(z, z, eps=0.0)).item() == pytest.approx(0, abs=1e-12)


def test_scale_and_shift_of_a_dimension_do_not_matter(pair):
    a, b = pair
    moved = a * torch.tensor([2.0, 0.5, 9.0, 1.0]).double() + 3
    both = zip(decorrelation(a, b, eps=0.0), decorrelation(moved, b, eps=0.0), strict=True)
    for one, other in both:
        torch.testing.assert_close(one, other)
