import math

import pytest
import torch
from tests.objectives.slow import cosine, mean, rows

from goodviews.core.errors import ShapeError
from goodviews.objectives import dcl, dclw, negatives_only, ntxent, pooled_cosines


def slow_dcl(view1, view2, temperature, sigma=None, bend=lambda s: s):
    pool, batch = rows(torch.cat([view1, view2])), len(view1)
    pulls = [cosine(pool[i], pool[i + batch]) for i in range(batch)]
    losses = []
    for i, a in enumerate(pool):
        positive = (i + batch) % (2 * batch)
        negatives = [
            math.exp(bend(cosine(a, c)) / temperature)
            for k, c in enumerate(pool)
            if k not in (i, positive)
        ]
        weight = 1.0
        if sigma is not None:
            weight = 2 - math.exp(pulls[i % batch] / sigma) / mean(
                [math.exp(pull / sigma) for pull in pulls]
            )
        losses.append(-weight * cosine(a, pool[positive]) / temperature + math.log(sum(negatives)))
    return torch.tensor(losses, dtype=torch.float64)


@pytest.fixture
def pair(rng):
    a, b = torch.randn(2, 5, 3, generator=rng, dtype=torch.float64)
    return a, b


@pytest.mark.parametrize("temperature", [0.07, 0.5])
def test_dcl_equals_the_written_out_formula(pair, temperature):
    torch.testing.assert_close(dcl(*pair, temperature=temperature), slow_dcl(*pair, temperature))


@pytest.mark.parametrize("sigma", [0.2, 0.5])
def test_dclw_equals_the_written_out_formula(pair, sigma):
    torch.testing.assert_close(
        dclw(*pair, temperature=0.3, sigma=sigma), slow_dcl(*pair, 0.3, sigma)
    )


def test_weights_carry_no_gradient(pair):
    a, b = (view.requires_grad_() for view in pair)
    cosines, positive = pooled_cosines(a, b)
    pull = (positive.detach()[:5] / 0.5).softmax(dim=0)
    fixed = 2 - 5 * torch.cat([pull, pull])
    by_hand = negatives_only(cosines / 0.1).logsumexp(dim=1) - fixed * positive / 0.1
    wanted = torch.autograd.grad(by_hand.sum(), (a, b))
    got = torch.autograd.grad(dclw(a, b).sum(), (a, b))
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_weights_average_one_so_equally_close_pairs_give_dcl(pair):
    a, _ = pair
    torch.testing.assert_close(dclw(a, a), dcl(a, a))


@pytest.mark.parametrize("loss", [dcl, dclw])
@pytest.mark.parametrize("batch", [2, 7])
def test_constant_embeddings_give_the_logarithm_of_the_negatives(loss, batch):
    same = torch.ones(batch, 4, dtype=torch.float64)
    wanted = torch.full((2 * batch,), math.log(2 * batch - 2), dtype=torch.float64)
    torch.testing.assert_close(loss(same, same), wanted, atol=1e-12, rtol=1e-12)


def test_ntxent_is_the_softplus_of_dcl(pair):
    # log(e^p + R) - p = softplus(log R - p): the positive back in the denominator.
    torch.testing.assert_close(
        torch.nn.functional.softplus(dcl(*pair, temperature=0.3)), ntxent(*pair, temperature=0.3)
    )


def test_negatives_only_masks_self_and_positive():
    masked = negatives_only(torch.zeros(6, 6))
    for i in range(6):
        hidden = {k for k in range(6) if masked[i, k] == -torch.inf}
        assert hidden == {i, (i + 3) % 6}


def test_one_pair_has_no_negative():
    for loss in (dcl, dclw):
        with pytest.raises(ShapeError, match="Raise the batch size"):
            loss(torch.ones(1, 2), torch.ones(1, 2))
