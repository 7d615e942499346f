"""Muon beside torch's, which takes matrices only, and its iteration against singular values."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.training.muon import Muon, orthogonal

SHAPES = [(8, 20), (20, 8), (16, 16), (1, 5), (6, 3, 3, 3)]


def slopes(shape, count=6):
    generator = torch.Generator().manual_seed(sum(shape))
    return [torch.randn(shape, generator=generator) for _ in range(count)]


def run(make, w, steps):
    w = w.clone().requires_grad_()
    optimiser = make([w])
    for slope in steps:
        w.grad = slope.clone()
        optimiser.step()
    return w.detach()


@pytest.mark.parametrize("shape", SHAPES)
def test_it_takes_torchs_steps(shape):
    """torch iterates in bfloat16, whose rounding sets the tolerance."""
    start, steps = torch.zeros(shape), slopes(shape)
    ours = run(lambda w: Muon(w, lr=0.1, momentum=0.9, weight_decay=0.2), start, steps)
    options = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.2, "nesterov": True}
    flat = run(
        lambda w: torch.optim.Muon(w, **options), start.flatten(1), [s.flatten(1) for s in steps]
    )
    length = 0.1 * len(steps) * max(1, shape[0] / start.flatten(1).shape[1]) ** 0.5
    assert (ours.flatten(1) - flat).abs().max() < 0.03 * length
    assert ours.abs().max() > 0.1 * length


@pytest.mark.parametrize("shape", [(7,), (1,), ()])
def test_other_tensors_take_the_steps_of_adam(shape):
    start, steps = torch.ones(shape), slopes(shape)
    ours = run(lambda w: Muon(w, lr=0.1, vectors=0.5), start, steps)
    theirs = run(lambda w: torch.optim.Adam(w, lr=0.05), start, steps)
    assert torch.allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize(("rows", "columns"), [(6, 40), (40, 6), (12, 12)])
def test_singular_values_come_near_one_and_vectors_stay(rows, columns):
    generator = torch.Generator().manual_seed(rows)
    u, _, v = torch.linalg.svd(
        torch.randn(rows, columns, generator=generator, dtype=torch.float64), full_matrices=False
    )
    values = torch.logspace(0, -2, len(v), dtype=torch.float64)
    made = orthogonal(u @ values.diag() @ v)
    turned = u.T @ made @ v.T
    assert torch.allclose(turned, turned.diagonal().diag(), atol=1e-9)
    assert turned.diagonal().min() > 0.5
    assert turned.diagonal().max() < 1.3


def test_the_step_does_not_depend_on_the_scale_of_the_gradient():
    start, steps = torch.zeros(4, 9), slopes((4, 9))
    small = run(lambda w: Muon(w, lr=0.1), start, steps)
    large = run(lambda w: Muon(w, lr=0.1), start, [1e4 * one for one in steps])
    assert torch.allclose(small, large, atol=1e-4)


def test_nothing_moves_without_a_gradient():
    zero, none = torch.ones(2, 3, requires_grad=True), torch.ones(2, 2, requires_grad=True)
    zero.grad = torch.zeros(2, 3)
    Muon([zero, none], lr=0.1).step()
    assert torch.equal(zero, torch.ones(2, 3))
    assert torch.equal(none, torch.ones(2, 2))


@pytest.mark.parametrize(
    "wrong", [{"lr": -1}, {"momentum": 1}, {"weight_decay": -1}, {"vectors": -1}]
)
def test_impossible_numbers_are_refused(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        Muon([torch.ones(2, 2)], **{"lr": 0.1, **wrong})
