"""Frequency pairs add up to the image, and keep the waves they say they keep."""

import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view


def both(spec, images):
    return parse_view(spec)(images, seed=0, samples=torch.arange(len(images)), epoch=0)


@pytest.mark.parametrize("spec", ["frequency(sigma=0.7)", "frequency(2)", "bands(0.1)", "bands()"])
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_the_two_views_add_up_to_the_image(spec, channels):
    images = torch.rand(3, channels, 17, 24, dtype=torch.float64)
    low, high = both(spec, images)
    assert torch.allclose(low + high, images, atol=1e-6 if "freq" in spec else 1e-12)
    assert (high**2).sum() > 0
    assert not parse_view(spec).alike


def test_before_a_frequency_pair_one_image_is_drawn():
    images = torch.rand(5, 3, 20, 20, dtype=torch.float64)
    pair = parse_view("crop()|frequency()")
    low, high = both("crop()|frequency()", images)
    key = pair.key(0, images, 0, torch.arange(5), 0)
    crops = pair.once.apply(images, pair.first.sample((3, 20, 20), key))
    assert torch.allclose(low + high, crops, atol=1e-6)


@pytest.mark.parametrize("sigma", [0.5, 0.7, 1.5])
def test_a_wave_is_weakened_as_the_kernel_says(sigma):
    size = 64
    for cycles in (2, 6, 10):
        wave = torch.cos(2 * math.pi * cycles * torch.arange(size).double() / size)
        images = wave.expand(1, 1, size, size)
        low = parse_view(f"lowpass({sigma})").first.apply(images, {})
        middle = slice(16, 48)
        gain = (low[..., middle] * images[..., middle]).sum() / (images[..., middle] ** 2).sum()
        taps = [math.exp(-0.5 * (k / sigma) ** 2) for k in range(math.ceil(3 * sigma) + 1)]
        waves = [math.cos(2 * math.pi * cycles * k / size) for k in range(len(taps))]
        sides = 2 * sum(t * w for t, w in zip(taps[1:], waves[1:], strict=True))
        assert gain == pytest.approx((1 + sides) / (2 * sum(taps) - 1), abs=1e-6)


@pytest.mark.parametrize("size", [(16, 16), (15, 20)])
def test_a_ring_keeps_the_waves_within_it(size):
    height, width = size
    rows = torch.arange(height).double()[:, None]
    cols = torch.arange(width).double()
    for down, along in ((1, 0), (0, 3), (4, 4)):
        wave = torch.cos(2 * math.pi * (down * rows / height + along * cols / width))
        radius = math.hypot(down / height, along / width)
        for low, high in ((0.0, 0.1), (0.1, 0.25), (0.25, 1.0)):
            kept = parse_view(f"band({low}, {high})").first.apply(wave.expand(1, 1, -1, -1), {})
            wanted = wave if low <= radius < high else torch.zeros_like(wave)
            assert torch.allclose(kept[0, 0], wanted, atol=1e-9)


def test_the_mean_is_in_the_low_view():
    images = torch.rand(2, 3, 16, 16, dtype=torch.float64)
    low, high = both("bands(0.2)", images)
    assert torch.allclose(high.mean(dim=(-2, -1)), torch.zeros(2, 3).double(), atol=1e-12)
    assert torch.allclose(low.mean(dim=(-2, -1)), images.mean(dim=(-2, -1)))


@pytest.mark.parametrize("spec", ["frequency(0.7)", "bands(0.2)"])
def test_one_graph_gives_the_same_bands(spec):
    torch._dynamo.reset()
    chain, images = parse_view(spec).second, torch.rand(2, 3, 15, 16)
    compiled = torch.compile(chain.apply, fullgraph=True, backend="aot_eager")
    assert torch.allclose(compiled(images, {}), chain.apply(images, {}), atol=1e-6)


@pytest.mark.parametrize(
    "spec",
    ["frequency(0)", "lowpass(-1)", "highpass('a')", "band(0.3, 0.2)", "bands(0)", "bands(0.8)"],
)
def test_impossible_bands_are_refused(spec):
    with pytest.raises(InputError, match=r"\.$"):
        parse_view(spec)
