"""Losses of large float32 batches, which the row-sum engine serves, against float64."""

import pytest
import torch

from goodviews.information.tiles import worthwhile
from goodviews.objectives.decoupled import dcl, dclw
from goodviews.objectives.infonce import infonce, infonce_two_sided
from goodviews.objectives.ntxent import ntxent


def alone(anchor, positive, **options):
    rng = torch.Generator().manual_seed(7)
    queue = torch.randn(900, 16, generator=rng, dtype=torch.float64).to(anchor.dtype)
    return infonce(anchor, positive, negatives=queue, in_batch=False, **options)


def queued(anchor, positive, **options):
    rng = torch.Generator().manual_seed(7)
    queue = torch.randn(900, 16, generator=rng, dtype=torch.float64).to(anchor.dtype)
    return infonce(anchor, positive, negatives=queue, **options)


LOSSES = [ntxent, dcl, dclw, infonce, infonce_two_sided, queued, alone]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("temperature", [0.5, 0.07, 0.001])
def test_large_float32_batches_agree_with_float64_in_value_and_gradient(loss, temperature, rng):
    v1 = torch.randn(400, 16, generator=rng, dtype=torch.float32)
    v2 = v1 + torch.randn(400, 16, generator=rng, dtype=torch.float32)
    weight = None
    values, grads = [], []
    for dtype in (torch.float64, torch.float32):
        a, b = (view.to(dtype, copy=True).requires_grad_() for view in (v1, v2))
        tau = torch.tensor(temperature, dtype=dtype, requires_grad=True)
        value = loss(a, b, temperature=tau)
        if weight is None:
            weight = torch.rand(len(value), generator=rng, dtype=torch.float64)
        grads.append(torch.autograd.grad(value @ weight.to(dtype), (a, b, tau)))
        values.append(value.detach().double())
    assert worthwhile(400, 400, v1)
    # A logit is 1/temperature times a cosine with an error of some 2^-24.
    slack = 4e-7 / temperature
    torch.testing.assert_close(values[1], values[0], rtol=1e-5, atol=5 * slack)
    for ours, exact in zip(grads[1], grads[0], strict=True):
        assert (ours - exact).norm() <= (1e-5 + 5 * slack) * exact.norm()


@pytest.mark.parametrize("loss", [ntxent, infonce, dcl])
def test_half_precision_inputs_are_lifted_for_large_batches_too(loss, rng):
    v1, v2 = torch.randn(2, 512, 16, generator=rng, dtype=torch.float32).to(torch.bfloat16)
    v1.requires_grad_()
    with torch.autocast("cpu", torch.bfloat16):
        value = loss(v1, v2)
    value.mean().backward()
    assert value.dtype == torch.float32
    assert v1.grad.dtype == torch.bfloat16
    assert v1.grad.isfinite().all()
