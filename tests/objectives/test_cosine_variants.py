import math

import pytest
import torch
from tests.objectives.slow import cosine, rows
from tests.objectives.test_decoupled import slow_dcl

from goodviews.objectives import dcl_abs, dcl_sq, simclr_abs, simclr_sq


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
