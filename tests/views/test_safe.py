"""Pixels and values stay in [0, 1], as fine as they came, whatever the data."""

import pytest
import torch
import torchvision.transforms.functional as tv

from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view

HOMES = ("geometric", "affine", "photometric", "tone", "levels", "masking", "randaugment")
SPECS = [
    *(
        f"{name}()"
        for name, listing in VIEWS.items()
        if listing.home.partition(":")[0].rpartition(".")[2] in HOMES
    ),
    "crop(interpolation='bicubic')",
    "blur(kernel='23taps', p=1)",
    "blur(kernel='pil', p=1)",
    "jitter(2.5, p=1)",
    "noise(std=2)",
    "sharpness(amount=9)",
    "contrast(amount=9)",
    "solarise(p=1)",
    "posterise(p=1)",
    "equalise(p=1)",
    "randaugment(n=4, m=8, std=3, p=1)",
]
EIGHT_BIT = ("posterise", "equalise", "randaugment")
"""Steps that round to 8 bits, and say so."""


def key(count):
    return Key.of(seed=0, samples=torch.arange(count))


def awkward(dtype):
    """Uniform, black, white, one value, two values, a ramp: 12 images of 3 x 13 x 17."""
    x = torch.rand(12, 3, 13, 17, dtype=dtype, generator=torch.Generator().manual_seed(0))
    x[1], x[2], x[3] = 0, 1, 0.37
    x[4:6] = x[4:6].round()
    x[6:8] = torch.linspace(0, 1, 17, dtype=dtype)
    return x


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_what_comes_in_unit_range_goes_out_in_unit_range(spec, dtype):
    (step,) = parse_view(spec).first.steps
    x = awkward(dtype)
    for seed in range(3):
        params = step.sample((3, 13, 17), key(12).fold(seed))
        views = step.apply(x, params)
        assert views.dtype == dtype
        assert views.isfinite().all()
        assert 0 <= views.min() <= views.max() <= 1
        assert step.clipped(x, params) >= 0


@pytest.mark.parametrize("spec", SPECS)
def test_sixteen_bits_keep_their_fineness_except_where_eight_are_meant(spec):
    """Two images that differ below 8 bits stay different, and as close, in each other's view."""
    (step,) = parse_view(spec).first.steps
    generator = torch.Generator().manual_seed(0)
    level = torch.randint(2000, 60_000, (64, 3, 21, 21), generator=generator)
    level = level // 257 * 257 + 30  # nowhere near a border of 8-bit levels
    one, two = level.double() / 65_535, (level + 1).double() / 65_535
    params = step.sample((3, 21, 21), key(64))
    apart = (step.apply(two, params) - step.apply(one, params)).abs()
    if step.name in EIGHT_BIT:
        assert "8 bits" in type(step).__doc__ or "8-bit" in type(step).__doc__
    else:
        moved = apart.flatten(1).amax(dim=1)
        changed = (moved > 0.1 / 65_535).double().mean()
        assert changed > 0.4
        assert (apart < 1e-4).double().mean() > 0.9
    if step.name == "equalise" and step.p == 1:
        assert apart.max() == 0
        assert torch.equal((step.apply(one, params) * 255).round() / 255, step.apply(one, params))


@pytest.mark.parametrize("spec", SPECS)
def test_every_step_says_what_it_takes_before_it_is_run(spec):
    (step,) = parse_view(spec).first.steps
    step.check((3, 32, 32))
    step.check((1, 32, 32))


@pytest.mark.parametrize("name", ["invert", "autocontrast"])
def test_uint8_images_as_floats_give_torchvisions_bytes_up_to_rounding(name):
    x = torch.randint(0, 256, (6, 3, 17, 23), generator=torch.Generator().manual_seed(0))
    x = x.to(torch.uint8)
    (step,) = parse_view(f"{name}(p=1)").first.steps
    views = step.apply(x.float() / 255, step.sample((3, 17, 23), key(6)))
    twin = {"invert": tv.invert, "autocontrast": tv.autocontrast}[name](x)
    assert (views * 255 - twin.float()).abs().max() <= 1
