"""Brightness, contrast, saturation, hue and sharpness equal torchvision's float functions."""

import math

import pytest
import torch
import torchvision.transforms.functional as tv

from goodviews.core.rng import Key
from goodviews.views.photometric import Jitter
from goodviews.views.tone import Brightness, Contrast, Hue, Saturation, Sharpness

SIZES = [(17, 23), (3, 3), (31, 9)]
FACTORS = {
    Brightness: tv.adjust_brightness,
    Contrast: tv.adjust_contrast,
    Saturation: tv.adjust_saturation,
    Sharpness: tv.adjust_sharpness,
}


def images(height, width, *, count=12, channels=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.rand(count, channels, height, width, generator=generator, dtype=dtype)


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("kind", FACTORS)
@pytest.mark.parametrize(("channels", "dtype"), [(1, torch.float32), (3, torch.float64)])
def test_a_factor_does_what_torchvisions_does(height, width, kind, channels, dtype):
    x = images(height, width, channels=channels, dtype=dtype)
    factor = torch.linspace(0, 3, len(x))
    seen = kind().apply(x, {"factor": factor})
    for i in range(len(x)):
        twin = FACTORS[kind](x[i], float(factor[i]))
        assert torch.allclose(seen[i], twin, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_hue_is_torchvisions(height, width):
    for dtype in (torch.float32, torch.float64):
        x = images(height, width, dtype=dtype)
        shift = torch.linspace(-0.5, 0.5, len(x))
        seen = Hue().apply(x, {"shift": shift})
        for i in range(len(x)):
            assert torch.allclose(seen[i], tv.adjust_hue(x[i], float(shift[i])), atol=1e-5)


@pytest.mark.parametrize("channels", [2, 4, 7, 13])
def test_many_channels_follow_the_formula_written_out(channels):
    x = images(9, 11, channels=channels, count=4)
    factor = torch.tensor([0.0, 0.5, 1.5, 2.5])
    params = {"factor": factor}
    contrast = Contrast().apply(x, params)
    bright, sharp = Brightness().apply(x, params), Sharpness().apply(x, params)
    for i, f in enumerate(factor.tolist()):
        pivot = x[i].mean()
        assert torch.allclose(contrast[i], (pivot + f * (x[i] - pivot)).clamp(0, 1), atol=1e-9)
        for c in range(channels):
            one = x[i, c : c + 1]
            assert torch.allclose(bright[i, c], tv.adjust_brightness(one, f)[0], atol=1e-9)
            assert torch.allclose(sharp[i, c], tv.adjust_sharpness(one, f)[0], atol=1e-9)


def test_jitter_is_its_four_steps_in_order():
    x = images(9, 11)
    jitter = Jitter(strength=1.2, p=1)
    params = jitter.sample((3, 9, 11), key(len(x)))
    params["order"] = torch.tensor([2, 3, 0, 1]).expand(len(x), 4)
    one = x
    for view, name in ((Saturation(), "saturation"), (Hue(), "hue"), (Brightness(), "brightness")):
        one = view.apply(one, {"shift" if name == "hue" else "factor": params[name]})
    one = Contrast().apply(one, {"factor": params["contrast"]})
    assert torch.allclose(jitter.apply(x, params), one, atol=1e-6)


@pytest.mark.parametrize("kind", [*FACTORS, Hue])
def test_amounts_are_uniform_for_the_share_p_of_the_images(kind):
    view = kind(amount=0.4, p=0.7)
    (values,) = view.sample((3, 8, 8), key(6000)).values()
    centre = 0 if kind is Hue else 1
    off = values == centre
    assert abs(off.double().mean() - 0.3) < 3 * math.sqrt(0.21 / 6000)
    drawn = values[~off].double() - centre
    assert drawn.abs().max() <= 0.4 + 1e-6
    assert abs(drawn.mean()) < 4 * 0.4 / math.sqrt(3 * len(drawn))
    assert abs(drawn.std() / (0.4 / math.sqrt(3)) - 1) < 0.05
    if kind is not Hue:
        assert 0 <= kind(amount=3).sample((3, 8, 8), key(500))["factor"].min() < 0.1
    x = images(8, 8, count=40)
    params = view.sample((3, 8, 8), key(40))
    (values,) = params.values()
    changed = (view.apply(x, params) != x).flatten(1).any(dim=1)
    assert torch.equal(changed, values != centre)


def test_one_channel_has_no_colour_to_change():
    x = images(9, 9, channels=1)
    assert torch.equal(Hue().apply(x, {"shift": torch.full((len(x),), 0.3)}), x)
    assert torch.equal(Saturation().apply(x, {"factor": torch.full((len(x),), 0.3)}), x)


def test_sharpness_leaves_what_is_too_small_to_smooth():
    for shape in ((2, 9), (9, 2), (1, 1)):
        x = images(*shape)
        assert torch.equal(Sharpness().apply(x, {"factor": torch.full((len(x),), 2.0)}), x)


@pytest.mark.parametrize(
    ("view", "params", "value", "share"),
    [
        (Brightness(), {"factor": torch.full((8,), 2.0)}, 0.6, 1.0),
        (Brightness(), {"factor": torch.full((8,), 0.5)}, 0.6, 0.0),
        (Contrast(), {"factor": torch.full((8,), 3.0)}, 0.6, 0.0),
        (Hue(), {"shift": torch.full((8,), 0.4)}, 1.0, 0.0),
    ],
)
def test_the_clipped_share_of_one_value_is_known(view, params, value, share):
    x = torch.full((8, 3, 5, 5), value)
    assert view.clipped(x, params) == share


def test_steeper_contrast_clips_both_ends():
    x = torch.tensor([0.0, 0.45, 0.55, 1.0]).view(1, 1, 2, 2)
    assert Contrast().clipped(x, {"factor": torch.tensor([2.0])}) == 0.5
