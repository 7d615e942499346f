"""The compiled pass against torch's operations, which are its slow twin."""

import numpy as np
import pytest
import torch

from goodviews.views.compiled import available
from goodviews.views.generators import fast_path as room

pytestmark = pytest.mark.skipif(not available(), reason="numba is missing or turned off")

TEXTS = ["nvp(blocks=4, width=6)", "vp(blocks=4, width=8)", "nvp(blocks=1, width=1)"]
every = pytest.mark.parametrize("text", TEXTS)


@pytest.fixture
def slow(monkeypatch):
    """Runs a call without the compiled pass."""

    def run(call, *given):
        with monkeypatch.context() as patch:
            patch.setenv("GOODVIEWS_COMPILED", "0")
            return call(*given)

    return run


@every
@pytest.mark.parametrize("channels", [2, 3, 6, 13])
def test_it_maps_as_torch_does(text, channels, shaken, slow, rng):
    generator = shaken(text, channels)
    images = torch.rand(3, channels, 60, 61, generator=rng)  # a last tile that is not full
    views = generator(images)
    assert views.grad_fn.next_functions  # gradients go through
    torch.testing.assert_close(views, slow(generator, images), atol=1e-5, rtol=1e-5)
    assert (generator.inverse(views.detach()) - images).abs().max() < 1e-5


@every
@pytest.mark.parametrize("channels", [2, 3, 6])
def test_its_gradients_are_those_of_torch_in_double(text, channels, shaken, slow, rng):
    generator = shaken(text, channels)
    exact = shaken(text, channels, dtype=torch.float64)
    images = torch.rand(2, channels, 70, 64, generator=rng, requires_grad=True)
    wanted = torch.rand(images.shape, generator=rng)

    def gradients(generator, images, wanted):
        loss = (generator(images) - wanted).square().mean()
        return torch.autograd.grad(loss, [images, *generator.parameters()])

    found = gradients(generator, images, wanted)
    right = gradients(exact, images.detach().double().requires_grad_(), wanted.double())
    # A ReLU at its kink may fall to either side: few pixels may differ, and the weights by these.
    apart = (found[0] - right[0]).abs() > 1e-4 * right[0].abs().max()
    assert apart.float().mean() < 1e-3
    for one, other in zip(found[1:], right[1:], strict=True):
        assert (one - other).abs().max() <= 2e-3 * other.abs().max() + 1e-7


def test_it_is_the_identity_exactly_where_its_last_layers_are_zero(rng):
    from goodviews.views.generators import build_generator

    images = torch.rand(2, 3, 64, 70, generator=rng)
    assert torch.equal(build_generator("nvp()", 3)(images), images)


def test_one_thread_or_two_give_the_same_bits(shaken, rng):
    generator = shaken("nvp(blocks=3, width=8)", 3)
    images = torch.rand(32, 3, 64, 64, generator=rng)
    found = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        try:
            views = generator(images)
            views.square().sum().backward()
        finally:
            torch.set_num_threads(1)
        found.append([views.detach(), *(one.grad.clone() for one in generator.parameters())])
        generator.zero_grad()
    assert all(torch.equal(one, two) for one, two in zip(*found, strict=True))


def test_large_scales_stay_finite(shaken, rng):
    generator = shaken("nvp(blocks=1, width=4)", 3)
    with torch.no_grad():
        generator.blocks[0].one.stretch.fill_(200.0)
        generator.blocks[0].one.outer.fill_(5.0)
    assert generator(torch.rand(4, 3, 64, 64, generator=rng)).isfinite().all()


def test_the_exponential_is_right_to_two_roundings():
    from goodviews.views.generators import kernel

    values = np.linspace(-20, 20, kernel.TILE, dtype=np.float32)
    bits = np.empty(kernel.TILE, np.int32)
    out = bits.view(np.float32)
    kernel._exponential(values, out, bits)
    wanted = np.exp(values.astype(np.float64))
    assert (np.abs(out - wanted) <= 4e-7 * wanted).all()


@pytest.mark.parametrize("change", ["few", "double", "weights", "off", "compiled"])
def test_it_steps_back_where_it_cannot_go(change, monkeypatch):
    pixels, weight = torch.zeros(3, 10_000), torch.zeros(2)
    assert room.worth_it(pixels, weight)
    if change == "off":
        monkeypatch.setenv("GOODVIEWS_COMPILED", "0")
    if change == "compiled":
        monkeypatch.setattr(torch.compiler, "is_compiling", lambda: True)
    pixels = pixels[:, :100] if change == "few" else pixels
    pixels = pixels.double() if change == "double" else pixels
    weight = weight.double() if change == "weights" else weight
    assert not room.worth_it(pixels, weight)


def test_gradients_of_gradients_are_refused_and_not_wrong(shaken, rng):
    generator = shaken("vp(blocks=2, width=4)", 3)
    images = torch.rand(3, 3, 64, 64, generator=rng, requires_grad=True)
    (first,) = torch.autograd.grad(generator(images).square().sum(), images, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        first.square().sum().backward()
