import math

import pytest
import torch
from tests.objectives.slow import cosine, distance2, mean, rows
from tests.objectives.test_vicreg import slow_covariance, slow_variance

from goodviews.core.errors import ShapeError
from goodviews.objectives import logsumexp_penalty, vicreg, vicreg_ctr, vicreg_exp


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 5, 4, generator=rng, dtype=torch.float64)
    return a, b


def slow_logsumexp(matrix, temperature):
    """One logsumexp per row, without its diagonal, then the mean."""
    return mean(
        [
            math.log(sum(math.exp(x / temperature) for j, x in enumerate(row) if j != i))
            for i, row in enumerate(matrix)
        ]
    )


def test_vicreg_exp_equals_the_written_out_formula(pair):
    a, b = rows(pair[0]), rows(pair[1])
    terms = vicreg_exp(
        *pair, temperature=0.3, invariance=2.0, variance=3.0, covariance=5.0, scale="paper"
    )
    invariance = [2 * distance2(x, y) for x, y in zip(a, b, strict=True)]
    torch.testing.assert_close(terms.invariance, torch.tensor(invariance).double())
    assert terms.variance.item() == pytest.approx(3 * (slow_variance(a) + slow_variance(b)))
    spread = sum(slow_logsumexp(slow_covariance(z), 0.3) for z in (a, b))
    assert terms.covariance.item() == pytest.approx(5 * spread)


def transpose(z):
    return [list(column) for column in zip(*z, strict=True)]


@pytest.mark.parametrize("centre_dims", [False, True])
def test_vicreg_ctr_equals_the_written_out_formula(pair, centre_dims):
    views = [rows(view - view.mean(dim=0) if centre_dims else view) for view in pair]
    turned = [transpose(z) for z in views]
    terms = vicreg_ctr(*pair, temperature=0.3, centre_dims=centre_dims, scale="paper")
    spread = sum(slow_logsumexp(slow_covariance(z), 0.3) for z in turned)
    assert terms.variance.item() == pytest.approx(sum(slow_variance(z) for z in turned))
    assert terms.covariance.item() == pytest.approx(spread)
    torch.testing.assert_close(
        terms.invariance, vicreg(*pair, invariance=1.0, scale="paper").invariance
    )


def test_vicreg_ctr_is_vicreg_exp_of_the_transposed_embeddings(pair):
    a, b = pair
    one, other = vicreg_ctr(a, b, scale="paper"), vicreg_exp(a.T, b.T, scale="paper")
    torch.testing.assert_close(one.variance, other.variance)
    torch.testing.assert_close(one.covariance, other.covariance)
    torch.testing.assert_close(one.invariance.sum(), other.invariance.sum())


def test_vicreg_ctr_sees_cosines_once_every_sample_is_standardised(pair):
    def standard(z):
        return (z - z.mean(dim=1, keepdim=True)) / z.std(dim=1, keepdim=True)

    a, b = (standard(view) for view in pair)
    spread = sum(
        slow_logsumexp([[cosine(x, y) for y in rows(z)] for x in rows(z)], 0.2) for z in (a, b)
    )
    assert vicreg_ctr(a, b, temperature=0.2).covariance.item() == pytest.approx(spread)


@pytest.mark.parametrize("loss", [vicreg_exp, vicreg_ctr])
def test_conventions_are_those_of_vicreg(pair, loss):
    paper, code = loss(*pair, scale="paper"), loss(*pair)
    torch.testing.assert_close(code.invariance, paper.invariance / 4)
    torch.testing.assert_close(code.variance, paper.variance / 2)
    torch.testing.assert_close(code.covariance, paper.covariance)


def test_constant_embeddings_give_the_logarithm_of_the_others():
    same = torch.ones(5, 4).double()
    assert vicreg_exp(same, same).covariance.item() == pytest.approx(2 * math.log(3))
    assert vicreg_ctr(same, same).covariance.item() == pytest.approx(2 * math.log(4))


def test_logsumexp_penalty_ignores_the_diagonal(rng):
    matrix = torch.randn(4, 4, generator=rng, dtype=torch.float64)
    changed = matrix + 1e3 * torch.eye(4)
    torch.testing.assert_close(logsumexp_penalty(changed), logsumexp_penalty(matrix))
    with pytest.raises(ShapeError, match="nothing is off its diagonal"):
        logsumexp_penalty(torch.ones(1, 1))
