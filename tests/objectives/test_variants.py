import math

import pytest
import torch
from tests.objectives.slow import cosine, distance2, mean, rows
from tests.objectives.test_decoupled import slow_dcl
from tests.objectives.test_vicreg import slow_covariance, slow_variance

from goodviews.core.checks import ShapeError
from goodviews.objectives import (
    dcl_abs,
    dcl_sq,
    logsumexp_penalty,
    simclr_abs,
    simclr_sq,
    vicreg,
    vicreg_ctr,
    vicreg_exp,
)


def square(x):
    return x * x


BENDS = [(simclr_sq, square), (simclr_abs, abs)]


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 5, 4, generator=rng, dtype=torch.float64)
    return a, b


def slow_simclr(view1, view2, temperature, bend, bend_positive):
    pool, batch = rows(torch.cat([view1, view2])), len(view1)
    losses = []
    for i, a in enumerate(pool):
        positive = (i + batch) % (2 * batch)
        pull = cosine(a, pool[positive])
        pull = math.exp((bend(pull) if bend_positive else pull) / temperature)
        push = sum(
            math.exp(bend(cosine(a, c)) / temperature)
            for k, c in enumerate(pool)
            if k not in (i, positive)
        )
        losses.append(-math.log(pull / (pull + push)))
    return torch.tensor(losses, dtype=torch.float64)


@pytest.mark.parametrize("bend_positive", [False, True])
@pytest.mark.parametrize(("loss", "bend"), BENDS)
def test_simclr_sq_and_abs_equal_the_written_out_formula(pair, loss, bend, bend_positive):
    torch.testing.assert_close(
        loss(*pair, temperature=0.3, bend_positive=bend_positive),
        slow_simclr(*pair, 0.3, bend, bend_positive),
    )


@pytest.mark.parametrize(("loss", "bend"), [(dcl_sq, square), (dcl_abs, abs)])
def test_dcl_sq_and_abs_equal_the_written_out_formula(pair, loss, bend):
    torch.testing.assert_close(loss(*pair, temperature=0.3), slow_dcl(*pair, 0.3, None, bend))


@pytest.mark.parametrize("loss", [simclr_sq, simclr_abs, dcl_sq, dcl_abs])
def test_repulsion_does_not_see_signs_but_attraction_does(pair, loss):
    a, b = pair
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0, -1.0]).double()[:, None]
    torch.testing.assert_close(loss(signs * a, signs * b), loss(a, b))
    assert (loss(a, -a) > loss(a, a)).all()
    torch.testing.assert_close(loss(a, -a, bend_positive=True), loss(a, a, bend_positive=True))


@pytest.mark.parametrize("loss", [simclr_sq, simclr_abs, dcl_sq, dcl_abs])
def test_the_best_negatives_are_orthogonal(loss):
    basis = torch.eye(4).double()
    best = loss(basis, basis).mean()
    for angle in (0.1, -0.1):
        turned = basis.clone()
        turned[0, 1] = angle
        assert loss(turned, turned).mean() > best


@pytest.mark.parametrize("batch", [2, 6])
def test_constant_embeddings_give_the_logarithm_of_the_candidates(batch):
    same = torch.ones(batch, 3).double()
    for loss, count in (
        (simclr_sq, 2 * batch - 1),
        (simclr_abs, 2 * batch - 1),
        (dcl_sq, 2 * batch - 2),
        (dcl_abs, 2 * batch - 2),
    ):
        wanted = torch.full((2 * batch,), math.log(count), dtype=torch.float64)
        torch.testing.assert_close(loss(same, same), wanted, atol=1e-12, rtol=1e-12)


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
