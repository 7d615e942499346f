"""The factors of jitter are drawn like torchvision's, at every strength and by every kernel."""

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp
from torchvision.transforms import ColorJitter

from goodviews.core.rng import Key
from goodviews.views import parse_view
from goodviews.views.adjust import factor_range

STRENGTHS = [0.125, 0.5, 1, 1.25, 1.5, 2, 2.5]
QUALITIES = ("brightness", "contrast", "saturation", "hue")
CHANCE = 1e-4
"""Of a failure by chance, for each of the 80 comparisons."""
COUNT = 4000
KEY = Key.of(seed=3, samples=torch.arange(COUNT))


def ours(spec, name):
    params = parse_view(spec).first.sample((3, 8, 8), KEY)
    return next(value for full, value in params.items() if full.endswith(f".{name}")).numpy()


def theirs(amounts):
    twin = ColorJitter(*amounts)
    ranges = [getattr(twin, name) for name in QUALITIES]
    draws = [ColorJitter.get_params(*ranges)[1:] for _ in range(COUNT)]
    return dict(zip(QUALITIES, np.array(draws).T, strict=True))


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


@pytest.mark.parametrize("strength", STRENGTHS)
def test_factors_follow_torchvisions_sampler(strength):
    amounts = (0.8 * strength,) * 3 + (0.2 * strength,)
    twin = theirs(amounts)
    numbers = ", ".join(map(str, amounts))
    chains = {
        "compiled": f"jitter({strength}, p=1)",
        "batched": f"identity()|jitter({strength}, p=1)",
        "colourjitter": f"colourjitter({numbers}, p=1)",
    }
    for how, spec in chains.items():
        for name in QUALITIES:
            assert ks_2samp(ours(spec, name), twin[name]).pvalue > CHANCE, (how, name)
    for name in QUALITIES[:3]:
        seen = ours(f"{name}({amounts[0]}, p=1)", "factor")
        assert ks_2samp(seen, twin[name]).pvalue > CHANCE, name


@pytest.mark.parametrize("spec", ["jitter(2.5, p=1)", "colourjitter(2, 2, 2, 0.5, p=1)"])
def test_a_strong_jitter_leaves_few_images_without_detail(spec):
    """A factor of exactly 0, which makes an image constant, has no mass of its own."""
    images = torch.rand(COUNT, 3, 4, 4)
    views, _ = parse_view(spec)(images, seed=0, samples=torch.arange(COUNT), epoch=0)
    constant = (views.flatten(1).std(dim=1) < 1e-3).double().mean()
    assert constant < 0.02


@pytest.mark.parametrize("amount", [0, 0.3, 1, 1.7, 10])
def test_the_range_is_torchvisions(amount):
    centre, half = factor_range(amount)
    low, high = ColorJitter(brightness=amount).brightness or (1, 1)
    assert (centre - half, centre + half) == pytest.approx((low, high))
