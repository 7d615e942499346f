import math

import pytest
import torch
import torch.nn.functional as F

from goodviews.core.errors import InputError, ShapeError
from goodviews.information.tiles import pool_logsumexp, row_logsumexp, worthwhile

WAYS = [
    {"stored": True, "tile": 7},
    {"stored": False, "tile": 7},
    {"stored": False, "tile": 64},
    {"stored": False, "tile": 7, "bounded": False},
]


def unit(rows, dim, rng, dtype=torch.float64):
    return F.normalize(torch.randn(rows, dim, generator=rng, dtype=dtype), dim=1)


def plain_pool(z, temperature, mask_pair=False, less_positive=False):
    logits = z @ z.T / temperature
    half = len(z) // 2
    place = torch.arange(len(z))
    masked = place[:, None] == place[None, :]
    if mask_pair:
        masked = place[:, None] % half == place[None, :] % half
    lse = logits.masked_fill(masked, -math.inf).logsumexp(dim=1)
    return lse - logits[place, (place + half) % len(z)] if less_positive else lse


def plain_rows(a, c, temperature, mask_own=False, less_positive=False):
    logits = a @ c.T / temperature
    own = logits.diagonal()
    if mask_own:
        logits = logits.masked_fill(torch.eye(*logits.shape, dtype=torch.bool), -math.inf)
    return logits.logsumexp(dim=1) - (own if less_positive else 0)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("less", [False, True])
@pytest.mark.parametrize("temperature", [0.5, 0.07, 0.002])
def test_a_pool_in_tiles_has_the_value_and_gradients_of_the_plain_formula(
    way, mask, less, temperature, rng
):
    z = unit(20, 5, rng).requires_grad_()
    tau = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(20, generator=rng, dtype=torch.float64)
    ours = pool_logsumexp(z, temperature=tau, mask_pair=mask, less_positive=less, **way)
    twin = plain_pool(z, tau, mask, less)
    torch.testing.assert_close(ours, twin)
    for mine, theirs in zip(
        torch.autograd.grad(ours @ weight, (z, tau)),
        torch.autograd.grad(twin @ weight, (z, tau)),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9 * float(theirs.abs().max()))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("less", [False, True])
@pytest.mark.parametrize("temperature", [0.5, 0.002])
def test_rows_in_tiles_have_the_value_and_gradients_of_the_plain_formula(
    way, mask, less, temperature, rng
):
    a, c = unit(17, 5, rng).requires_grad_(), unit(71, 5, rng).requires_grad_()
    tau = torch.tensor(temperature, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(17, generator=rng, dtype=torch.float64)
    ours = row_logsumexp(a, c, temperature=tau, mask_own=mask, less_positive=less, **way)
    twin = plain_rows(a, c, tau, mask, less)
    torch.testing.assert_close(ours, twin)
    for mine, theirs in zip(
        torch.autograd.grad(ours @ weight, (a, c, tau)),
        torch.autograd.grad(twin @ weight, (a, c, tau)),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9 * float(theirs.abs().max()))


@pytest.mark.parametrize("correlation", [0.0, 0.9, 0.99])
@pytest.mark.parametrize("temperature", [0.5, 0.1, 0.07])
@pytest.mark.parametrize("stored", [True, False])
def test_the_float32_gradient_errs_at_most_twice_as_much_as_the_plain_one(
    correlation, temperature, stored, rng
):
    first = unit(256, 64, rng)
    second = F.normalize(correlation * first + (1 - correlation) * unit(256, 64, rng), dim=1)
    exact, plain, ours = (
        torch.cat([first, second]).to(dtype).requires_grad_()
        for dtype in (torch.float64, torch.float32, torch.float32)
    )
    # The truth is the gradient at the rounded inputs.
    exact = plain.detach().double().requires_grad_()
    plain_pool(exact, temperature, less_positive=True).mean().backward()
    plain_pool(plain, temperature, less_positive=True).mean().backward()
    pool_logsumexp(
        ours, temperature=temperature, less_positive=True, stored=stored, tile=100
    ).mean().backward()
    error = (ours.grad - exact.grad).norm()
    assert error <= 2 * (plain.grad - exact.grad).norm()


def test_gradients_agree_with_finite_differences(rng):
    z = unit(8, 3, rng).requires_grad_()
    tau = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    for way in WAYS:
        assert torch.autograd.gradcheck(
            lambda z, tau, way=way: pool_logsumexp(z, temperature=tau, less_positive=True, **way),
            (z, tau),
        )
        assert torch.autograd.gradcheck(
            lambda z, tau, way=way: row_logsumexp(z[:3], z[3:], temperature=tau, **way), (z, tau)
        )


def test_a_second_derivative_is_refused_in_words(rng):
    z = unit(8, 3, rng).requires_grad_()
    (grad,) = torch.autograd.grad(pool_logsumexp(z, temperature=0.5).sum(), z, create_graph=True)
    with pytest.raises(InputError, match="no second derivative"):
        grad.square().sum().backward()
    a, c = unit(3, 3, rng).requires_grad_(), unit(5, 3, rng)
    (grad,) = torch.autograd.grad(row_logsumexp(a, c).sum(), a, create_graph=True)
    with pytest.raises(InputError, match="no second derivative"):
        grad.sum().backward()


def test_candidates_that_need_no_gradient_get_none(rng):
    a, c = unit(6, 3, rng).requires_grad_(), unit(9, 3, rng)
    row_logsumexp(a, c, temperature=0.1, tile=4, stored=False).sum().backward()
    assert a.grad is not None
    assert c.grad is None


@pytest.mark.parametrize("temperature", [0.024, 0.0229, 0.001])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_extreme_logits_stay_finite_on_both_sides_of_the_switch(temperature, sign):
    z = torch.ones(6, 4) / 2
    z[3:] *= sign
    z.requires_grad_()
    for way in ({"stored": True}, {"stored": False, "tile": 4}):
        loss = pool_logsumexp(z, temperature=temperature, mask_pair=True, **way)
        twin = plain_pool(z, temperature, mask_pair=True)
        torch.testing.assert_close(loss, twin, rtol=1e-4, atol=1e-4)
        (grad,) = torch.autograd.grad(1e4 * loss.sum(), z)
        assert grad.isfinite().all()


def test_bfloat16_products_keep_two_digits_of_the_gradient(rng):
    z = unit(600, 64, rng, torch.float32).requires_grad_()
    grads = []
    for bf16 in (False, True):
        loss = pool_logsumexp(z, temperature=0.1, less_positive=True, bf16=bf16)
        grads.append(torch.autograd.grad(loss.mean(), z)[0])
    assert (grads[1] - grads[0]).norm() <= 0.03 * grads[0].norm()


def test_memory_grows_with_the_rows_and_not_with_their_square():
    # 8,192 rows have a matrix of 268 MB; saved for the gradient is the pool itself.
    z = F.normalize(torch.randn(8192, 4), dim=1).requires_grad_()
    saved = []
    with torch.autograd.graph.saved_tensors_hooks(
        lambda t: saved.append(t.numel()) or t, lambda t: t
    ):
        pool_logsumexp(z, temperature=0.1)
    assert sum(saved) <= 2 * z.numel()


def test_shapes_that_hold_no_pairs_are_refused():
    with pytest.raises(ShapeError, match="pair"):
        pool_logsumexp(torch.ones(3, 2), temperature=0.1)
    with pytest.raises(ShapeError, match="one row for each"):
        row_logsumexp(torch.ones(4, 2), torch.ones(3, 2), less_positive=True)


def test_only_large_float32_losses_are_worth_the_engine():
    assert worthwhile(512, 512, torch.zeros(1))
    assert not worthwhile(512, 512, torch.zeros(1, dtype=torch.float64))
    assert not worthwhile(32, 32, torch.zeros(1))
