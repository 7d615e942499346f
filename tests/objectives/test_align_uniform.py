import math

import pytest
import torch
from tests.objectives.slow import distance2, mean, rows, unit

from goodviews.core.errors import InputError, ShapeError
from goodviews.objectives import align_uniform, alignment, uniformity


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    return a, b


def slow_uniformity(z, t):
    z = [unit(row) for row in rows(z)]
    pairs = [(i, j) for i in range(len(z)) for j in range(len(z)) if i != j]
    return math.log(mean([math.exp(-t * distance2(z[i], z[j])) for i, j in pairs]))


@pytest.mark.parametrize("alpha", [1.0, 2.0, 3.0])
def test_alignment_equals_the_written_out_formula(pair, alpha):
    a, b = ([unit(row) for row in rows(view)] for view in pair)
    wanted = [distance2(x, y) ** (alpha / 2) for x, y in zip(a, b, strict=True)]
    torch.testing.assert_close(alignment(*pair, alpha=alpha), torch.tensor(wanted).double())


@pytest.mark.parametrize("t", [0.5, 2.0])
def test_uniformity_equals_the_written_out_formula(pair, t):
    assert uniformity(pair[0], t=t).item() == pytest.approx(slow_uniformity(pair[0], t))


def test_terms_carry_their_weights(pair):
    terms = align_uniform(*pair, alignment_weight=3.0, uniformity_weight=0.5)
    torch.testing.assert_close(terms.alignment, 3 * alignment(*pair))
    both = slow_uniformity(pair[0], 2) + slow_uniformity(pair[1], 2)
    assert terms.uniformity.item() == pytest.approx(0.5 * both / 2)


def test_constant_embeddings_are_aligned_and_not_uniform():
    same = torch.ones(5, 3).double()
    assert alignment(same, same).abs().max() == 0
    assert uniformity(same).item() == pytest.approx(0, abs=1e-12)


def test_opposite_points_reach_both_extremes():
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.0]]).double()
    assert uniformity(z, t=2).item() == pytest.approx(-8)
    torch.testing.assert_close(alignment(z, -z), torch.full((2,), 4.0).double())


def test_equal_pairs_have_a_finite_gradient_at_every_power(pair):
    z = pair[0].requires_grad_()
    for alpha in (1.0, 1.5, 2.0):
        (gradient,) = torch.autograd.grad(alignment(z, z.detach(), alpha=alpha).sum(), z)
        assert gradient.isfinite().all()


def test_says_what_does_not_fit(pair):
    with pytest.raises(InputError, match=r"alpha is 0\.5"):
        alignment(*pair, alpha=0.5)
    with pytest.raises(ShapeError, match="at least 2"):
        uniformity(torch.ones(1, 3))
