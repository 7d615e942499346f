import math

import pytest
import torch
from tests.objectives.slow import cosine, rows

from goodviews.core.errors import InputError
from goodviews.objectives import sinkhorn, swav


@pytest.fixture
def tensors(rng):
    a, b = torch.randn(2, 6, 3, generator=rng, dtype=torch.float64)
    return a, b, torch.randn(4, 3, generator=rng, dtype=torch.float64)


def slow_sinkhorn(scores, epsilon, iterations):
    q = [[math.exp(s / epsilon) for s in row] for row in scores]
    count, prototypes = len(q), len(q[0])
    for _ in range(iterations):
        for p in range(prototypes):
            mass = sum(row[p] for row in q)
            for row in q:
                row[p] *= count / prototypes / mass
        q = [[x / sum(row) for x in row] for row in q]
    return q


def slow_swav(view1, view2, prototypes, temperature, epsilon, iterations):
    c = rows(prototypes)
    first, second = ([[cosine(z, p) for p in c] for z in rows(v)] for v in (view1, view2))
    q1, q2 = (slow_sinkhorn(s, epsilon, iterations) for s in (first, second))
    losses = []
    for i in range(len(first)):
        loss = 0.0
        for scores, codes in ((first[i], q2[i]), (second[i], q1[i])):
            norm = math.log(sum(math.exp(s / temperature) for s in scores))
            loss -= sum(q * (s / temperature - norm) for q, s in zip(codes, scores, strict=True))
        losses.append(loss)
    return torch.tensor(losses, dtype=torch.float64)


@pytest.mark.parametrize("iterations", [1, 3])
def test_swav_equals_the_written_out_formula(tensors, iterations):
    got = swav(*tensors, temperature=0.2, epsilon=0.1, iterations=iterations)
    torch.testing.assert_close(got, slow_swav(*tensors, 0.2, 0.1, iterations))


def test_sinkhorn_balances_the_prototypes(rng):
    scores = torch.randn(12, 4, generator=rng, dtype=torch.float64)
    codes = sinkhorn(scores, epsilon=0.5, iterations=200)
    torch.testing.assert_close(codes.sum(dim=1), torch.ones(12).double())
    torch.testing.assert_close(codes.sum(dim=0), torch.full((4,), 3.0).double())


def test_sinkhorn_does_not_see_a_prototypes_popularity(rng):
    scores = torch.randn(12, 4, generator=rng, dtype=torch.float64)
    popular = scores + torch.tensor([0.0, 1.0, 0.0, 5.0])
    torch.testing.assert_close(sinkhorn(popular), sinkhorn(scores))


def test_assignments_carry_no_gradient(tensors):
    a, b, c = (t.requires_grad_() for t in tensors)
    unit = torch.nn.functional.normalize
    first, second = unit(a, dim=1) @ unit(c, dim=1).T, unit(b, dim=1) @ unit(c, dim=1).T
    by_hand = -(sinkhorn(second.detach()) * (first / 0.1).log_softmax(dim=1)).sum()
    by_hand = by_hand - (sinkhorn(first.detach()) * (second / 0.1).log_softmax(dim=1)).sum()
    wanted = torch.autograd.grad(by_hand, (a, b, c))
    got = torch.autograd.grad(swav(a, b, c).sum(), (a, b, c))
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("prototypes", [1, 5])
def test_constant_embeddings_give_twice_the_logarithm_of_the_prototypes(prototypes):
    same = torch.ones(6, 2).double()
    losses = swav(same, same, torch.ones(prototypes, 2).double())
    torch.testing.assert_close(losses, torch.full((6,), 2 * math.log(prototypes)).double())


def test_stored_embeddings_are_assigned_with_the_batch_and_have_no_loss_of_their_own(tensors):
    first, second, c = tensors
    whole = swav(first, second, c)
    stored = (first[:2], 3 * second[:2])
    torch.testing.assert_close(swav(first[2:], second[2:], c, stored=stored), whole[2:])
    assert not torch.allclose(swav(first[2:], second[2:], c), whole[2:])


def test_unit_prototypes_are_used_as_they_are_and_keep_the_gradient_along_them(tensors):
    a, b, c = tensors
    unit = torch.nn.functional.normalize(c, dim=1).requires_grad_()
    torch.testing.assert_close(swav(a, b, unit, unit=True), swav(a, b, unit))
    (free,) = torch.autograd.grad(swav(a, b, unit, unit=True).sum(), unit)
    (tangent,) = torch.autograd.grad(swav(a, b, unit).sum(), unit)
    along = (free * unit).sum(dim=1, keepdim=True)
    torch.testing.assert_close(free - along * unit, tangent)
    assert along.abs().min() > 1e-3


def test_sharper_assignments_leave_equal_ones_and_blunt_ones_fall_back(rng):
    """Near equal scores, epsilon decides whether assignments differ more or less than scores."""
    scores = 1e-3 * torch.randn(64, 8, generator=rng, dtype=torch.float64)
    spread = scores.sub(scores.mean(dim=0)).std()
    for epsilon in (0.03, 0.05):
        codes = sinkhorn(scores, epsilon=epsilon) * 8
        grown = float(codes.std() / (spread / 0.1))
        assert grown == pytest.approx(0.1 / epsilon, rel=0.1)


def test_says_what_does_not_fit(tensors):
    with pytest.raises(InputError, match=r"iterations must be .* but got 0"):
        swav(*tensors, iterations=0)
