"""Views that change values equal torchvision's float functions given the same parameters."""

import itertools
import math

import pytest
import torch
import torchvision.transforms.functional as tv

from goodviews.core.rng import Key
from goodviews.views.photometric import Blur, Grey, Jitter, Noise

SIZES = [(17, 23), (8, 8), (31, 9)]
NAMES = ("brightness", "contrast", "saturation", "hue")
TWINS = (tv.adjust_brightness, tv.adjust_contrast, tv.adjust_saturation, tv.adjust_hue)


def images(height, width, *, count=24, channels=3):
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.rand(count, channels, height, width, generator=generator, dtype=torch.float64)


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


def still(count):
    """Jitter's parameters with nothing to do, in the order of the names."""
    return {
        "brightness": torch.ones(count),
        "contrast": torch.ones(count),
        "saturation": torch.ones(count),
        "hue": torch.zeros(count),
        "order": torch.arange(4).expand(count, 4).clone(),
        "on": torch.ones(count, dtype=torch.bool),
    }


@pytest.mark.parametrize(("height", "width"), SIZES)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channels", [1, 3])
def test_each_step_of_jitter_is_torchvisions(name, height, width, channels):
    x = images(height, width, channels=channels)
    params = still(len(x))
    spread = torch.linspace(-0.5, 0.5, len(x)) if name == "hue" else torch.linspace(0, 2.5, len(x))
    params[name] = spread
    seen = Jitter().apply(x, params)
    for i in range(len(x)):
        twin = TWINS[NAMES.index(name)](x[i], float(spread[i]))
        assert torch.allclose(seen[i], twin, atol=1e-5)


def test_jitter_takes_its_steps_in_the_order_drawn_for_each_image_and_cuts_after_each():
    orders = torch.tensor(list(itertools.permutations(range(4))))
    x = images(9, 11, count=24)
    params = Jitter(strength=1.5, p=1.0).sample((3, 9, 11), key(24))
    params["order"] = orders
    params["brightness"] = torch.full((24,), 2.0)  # far enough that cutting matters
    seen = Jitter().apply(x, params)
    for i, order in enumerate(orders.tolist()):
        twin = x[i]
        for number in order:
            twin = TWINS[number](twin, float(params[NAMES[number]][i]))
        assert torch.allclose(seen[i], twin, atol=1e-5)
    # The order matters: the test above could not tell otherwise.
    params["order"] = orders.flip(0)
    assert (Jitter().apply(x, params) - seen).abs().max() > 0.05


def test_contrast_pivots_on_the_grey_mean_at_that_point_of_the_order():
    x = images(9, 11, count=1)
    params = still(1)
    params["brightness"], params["contrast"] = torch.tensor([0.5]), torch.tensor([0.0])
    after = Jitter().apply(x, params)  # brightness first: the pivot is half
    params["order"] = torch.tensor([[1, 0, 2, 3]])
    first = Jitter().apply(x, params)
    pivot = tv.rgb_to_grayscale(x).mean()
    assert torch.allclose(after, (0.5 * pivot).expand_as(x), atol=1e-5)
    assert torch.allclose(first, (0.5 * pivot).expand_as(x), atol=1e-5)
    params["brightness"] = torch.tensor([3.0])  # cut at 1, so the two pivots differ
    assert (Jitter().apply(x, params) - 3 * pivot).abs().max() > 0.01
    params["order"] = torch.arange(4)[None]
    cut = tv.rgb_to_grayscale((3 * x).clamp(0, 1)).mean()
    assert torch.allclose(Jitter().apply(x, params), cut.expand_as(x), atol=1e-5)


def test_hue_shift_keeps_the_value_and_a_grey_image():
    x = images(9, 11)
    params = still(len(x))
    params["hue"] = torch.linspace(-0.5, 0.5, len(x))
    seen = Jitter().apply(x, params)
    assert torch.allclose(seen.amax(dim=1), x.amax(dim=1), atol=1e-6)
    assert torch.allclose(seen.amin(dim=1), x.amin(dim=1), atol=1e-6)
    grey = x[:, :1].expand_as(x)
    assert torch.allclose(Jitter().apply(grey, params), grey, atol=1e-6)
    params["hue"] = torch.full((len(x),), 1 / 3)  # a third of the circle: red becomes green
    assert torch.allclose(Jitter().apply(x, params), x.roll(1, dims=1), atol=1e-5)


def test_jitter_draws_are_uniform_and_an_order_of_all_four():
    params = Jitter(strength=0.5, p=0.8).sample((3, 8, 8), key(6000))
    for name, centre, reach in (
        ("brightness", 1, 0.4),
        ("contrast", 1, 0.4),
        ("saturation", 1, 0.4),
        ("hue", 0, 0.1),
    ):
        values = params[name].double()
        assert (values - centre).abs().max() <= reach + 1e-6
        assert abs(values.mean() - centre) < 3 * reach / math.sqrt(3 * 6000)
        assert abs(values.std() / (reach / math.sqrt(3)) - 1) < 0.05
    assert torch.equal(params["order"].sort(dim=1).values, torch.arange(4).expand(6000, 4))
    code = (params["order"] * torch.tensor([64, 16, 4, 1])).sum(dim=1)
    counts = code.unique(return_counts=True)[1].double()
    assert len(counts) == 24
    assert ((counts - 250) ** 2 / 250).sum() < 23 + 4 * math.sqrt(2 * 23)
    assert abs(params["on"].double().mean() - 0.8) < 3 * math.sqrt(0.16 / 6000)


def test_an_image_that_is_not_on_stays_as_it_is():
    x = images(8, 8)
    params = Jitter(strength=2, p=0.5).sample((3, 8, 8), key(len(x)))
    changed = (Jitter().apply(x, params) != x).flatten(1).any(dim=1)
    assert torch.equal(changed, params["on"])


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_grey_is_torchvisions_luma_and_the_mean_of_other_channels(height, width):
    x = images(height, width)
    params = Grey(p=0.5).sample((3, height, width), key(len(x)))
    seen = Grey().apply(x, params)
    for i in range(len(x)):
        twin = tv.rgb_to_grayscale(x[i], 3) if params["greyed"][i] else x[i]
        assert torch.allclose(seen[i], twin, atol=1e-6)
    five = images(height, width, channels=5)
    mean = Grey().apply(five, {"greyed": torch.ones(len(five), dtype=torch.bool)})
    assert torch.allclose(mean, five.mean(dim=1, keepdim=True).expand_as(five))
    one = images(height, width, channels=1)
    assert torch.allclose(Grey().apply(one, {"greyed": torch.ones(24, dtype=torch.bool)}), one)


@pytest.mark.parametrize(("height", "width"), [(17, 23), (16, 16), (31, 9)])
@pytest.mark.parametrize("largest", [0.5, 1.0, 2.0])
def test_blur_is_torchvisions_with_the_same_kernel(height, width, largest):
    x = images(height, width)
    view = Blur(sigma=(0.1, largest), p=1.0)
    params = view.sample((3, height, width), key(len(x)))
    taps = 2 * math.ceil(3 * largest) + 1
    seen = view.apply(x, params)
    for i in range(len(x)):
        twin = tv.gaussian_blur(x[i], [taps, taps], [float(params["sigma"][i])] * 2)
        assert torch.allclose(seen[i], twin, atol=1e-5)


def test_blur_wider_than_the_image_stays_a_mean():
    x = images(3, 1)
    view = Blur(sigma=(2.0, 2.0), p=1.0)
    seen = view.apply(x, view.sample((3, 3, 1), key(len(x))))
    assert seen.isfinite().all()
    assert (seen <= x.amax(dim=(2, 3), keepdim=True) + 1e-9).all()
    assert (seen >= x.amin(dim=(2, 3), keepdim=True) - 1e-9).all()


def test_blur_leaves_images_without_width_sharp():
    x = images(8, 8)
    view = Blur(p=0.5)
    params = view.sample((3, 8, 8), key(len(x)))
    same = ((view.apply(x, params) - x).abs() < 1e-9).flatten(1).all(dim=1)
    assert (same >= (params["sigma"] == 0)).all()
    assert 0 < (params["sigma"] == 0).sum() < len(x)


def test_noise_is_gaussian_with_its_own_draw_per_value():
    x = torch.full((40, 3, 16, 16), 0.5, dtype=torch.float64)
    view = Noise(std=0.05)  # ten standard deviations from the edge: nothing is cut
    params = view.sample((3, 16, 16), key(40))
    field = (view.apply(x, params) - x) / 0.05
    count = field.numel()
    assert abs(field.mean()) < 4 / math.sqrt(count)
    assert abs(field.std() - 1) < 4 / math.sqrt(2 * count)
    assert abs((field**4).mean() - 3) < 4 * math.sqrt(96 / count)
    flat = field.flatten(1)
    correlation = torch.corrcoef(flat) - torch.eye(40)
    assert correlation.abs().max() < 5 / math.sqrt(flat.shape[1])
    channels = torch.corrcoef(field.transpose(0, 1).flatten(1)) - torch.eye(3)
    assert channels.abs().max() < 4 / math.sqrt(count / 3)
