"""What is defined on 8-bit levels equals torchvision on uint8, the rest its float functions."""

import math

import pytest
import torch
import torchvision.transforms.functional as tv

from goodviews.core.rng import Key
from goodviews.views.levels import (
    Autocontrast,
    Equalise,
    Invert,
    Posterise,
    Solarise,
    autocontrast,
    equalise,
    posterise,
    solarise,
)

SIZES = [(17, 23), (8, 8), (31, 9), (33, 64)]


def levels(height, width, *, count=9, channels=3):
    """uint8 images: uniform, dark, of few levels, of one level in turn."""
    generator = torch.Generator().manual_seed(height * 100 + width)
    x = torch.randint(0, 256, (count, channels, height, width), generator=generator)
    x[1::4] = x[1::4] ** 2 // 255
    x[2::4] = x[2::4] // 64 * 64 + 13
    x[3::4] = 77
    return x.to(torch.uint8)


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_solarise_is_torchvisions_on_levels_and_on_floats(height, width, dtype):
    x = levels(height, width)
    threshold = torch.tensor([0, 1, 77, 78, 128, 200, 254, 255, 256])
    seen = solarise(x.to(dtype) / 255, threshold)
    for i, border in enumerate(threshold.tolist()):
        twin = tv.solarize(x[i], border) if border < 256 else x[i]
        assert torch.equal((seen[i] * 255).round().to(torch.uint8), twin)
    fine = torch.rand(9, 3, height, width, dtype=dtype, generator=torch.Generator().manual_seed(1))
    seen = solarise(fine, threshold)
    for i, border in enumerate(threshold.tolist()):
        if 0 < border < 256:  # a value counts as its nearest level
            assert torch.equal(seen[i], tv.solarize(fine[i], (border - 0.5) / 255))
    assert torch.equal(seen[0], 1 - fine[0])
    assert torch.equal(seen[8], fine[8])


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_posterise_is_torchvisions_on_levels(height, width, dtype, channels):
    x = levels(height, width, channels=channels)
    seen = posterise(x.to(dtype) / 255, torch.arange(9))
    for bits in range(9):
        twin = tv.posterize(x[bits], bits)
        assert torch.allclose(seen[bits], twin.to(dtype) / 255, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_equalise_is_torchvisions_on_levels(height, width, dtype, channels):
    x = levels(height, width, channels=channels)
    seen = equalise(x.to(dtype) / 255)
    for i in range(len(x)):
        for c in range(channels):
            twin = tv.equalize(x[i, c : c + 1])
            assert torch.allclose(seen[i, c], twin[0].to(dtype) / 255, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("channels", [1, 3, 13])
def test_autocontrast_and_invert_are_torchvisions_float_functions(height, width, channels):
    x = levels(height, width, channels=channels).double() / 255
    x[:, 0] = 0.2 + 0.1 * x[:, 0]
    on = {"on": torch.ones(len(x), dtype=torch.bool)}
    seen, negative = Autocontrast().apply(x, on), Invert().apply(x, on)
    for i in range(len(x)):
        for c in range(channels):
            one = x[i, c : c + 1]
            assert torch.allclose(seen[i, c], tv.autocontrast(one)[0], atol=1e-5)
            assert torch.allclose(negative[i, c], tv.invert(one)[0], atol=1e-9)


def test_floats_count_as_their_nearest_level():
    level = torch.arange(256).view(1, 1, 16, 16).double()
    below, above = ((level + by).clamp(0, 255) / 255 for by in (-0.49, 0.49))
    exact = level / 255
    bits = torch.tensor([3])
    assert torch.equal(posterise(below, bits), posterise(exact, bits))
    assert torch.equal(posterise(above, bits), posterise(exact, bits))
    assert torch.equal(equalise(below), equalise(exact))
    border = torch.tensor([100])
    flipped = solarise(exact, border) != exact
    assert torch.equal(solarise(below, border) != below, flipped)
    assert torch.equal(solarise(above, border) != above, flipped)


def test_eight_bits_no_contrast_and_one_level_leave_fine_values_alone():
    fine = torch.rand(3, 2, 9, 9, generator=torch.Generator().manual_seed(0)).double()
    assert torch.equal(posterise(fine, torch.full((3,), 8)), fine)
    flat = fine[:, :, :1, :1].expand(-1, -1, 40, 40)
    assert torch.equal(equalise(flat), flat)
    assert torch.equal(autocontrast(flat), flat)
    # Too few pixels below the highest level for a step of one: PIL's rule leaves them.
    assert torch.equal(equalise(fine), fine)


def test_equalise_makes_the_levels_uniform():
    generator = torch.Generator().manual_seed(0)
    dark = torch.rand(1, 1, 256, 256, generator=generator).double() ** 3
    # One level of 8 bits in dark parts holds (1 / 255)^(1/3) = 0.16 of the pixels.
    assert abs(equalise(dark).mean() - 0.5) < 0.16
    even = torch.rand(1, 1, 256, 256, generator=generator).double()
    assert (equalise(even) - even).abs().max() < 0.02


@pytest.mark.parametrize("kind", [Invert, Autocontrast, Equalise, Solarise, Posterise])
def test_a_share_p_of_the_images_is_changed(kind):
    view = kind(p=0.3)
    (draws,) = view.sample((3, 20, 20), key(8000)).values()
    still = {Solarise: 256, Posterise: 8}.get(kind, False)
    on = draws != still
    assert abs(on.double().mean() - 0.3) < 3 * math.sqrt(0.21 / 8000)
    x = levels(20, 20, count=40)[:1].expand(40, -1, -1, -1).double() / 255 * 0.9
    changed = (view.apply(x, view.sample((3, 20, 20), key(40))) != x).flatten(1).any(dim=1)
    assert torch.equal(changed, on[:40])
