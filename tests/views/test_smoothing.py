"""The three definitions of a Gaussian blur: three sigma, 23 taps, PIL's boxes."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision.transforms.functional as tv
from PIL import Image, ImageFilter

from goodviews.views.photometric import Blur
from goodviews.views.smoothing import box_band, gaussian_band

SIGMAS = torch.tensor([0.0, 0.1, 0.5, 1.0, 1.41, 2.0, 3.3])


def images(height, width, *, channels=3, dtype=torch.float64):
    generator = torch.Generator().manual_seed(height * 100 + width)
    shape = (len(SIGMAS), channels, height, width)
    return torch.rand(shape, generator=generator, dtype=dtype)


def apply(x, kernel):
    return Blur(sigma=(0.0, 3.3), kernel=kernel).apply(x, {"sigma": SIGMAS})


@pytest.mark.parametrize(("height", "width"), [(17, 23), (31, 13)])
@pytest.mark.parametrize(("kernel", "taps"), [("3sigma", 21), ("23taps", 23)])
@pytest.mark.parametrize(("channels", "dtype"), [(13, torch.float32), (3, torch.float64)])
def test_a_named_kernel_is_torchvisions_of_that_length(
    height, width, kernel, taps, channels, dtype
):
    x = images(height, width, channels=channels, dtype=dtype)
    seen = apply(x, kernel)
    for i, sigma in enumerate(SIGMAS.tolist()):
        twin = tv.gaussian_blur(x[i], [taps, taps], [sigma] * 2) if sigma else x[i]
        assert torch.allclose(seen[i], twin, atol=1e-5)


@pytest.mark.parametrize(("height", "width"), [(17, 23), (5, 3)])
def test_pils_blur_is_three_boxes_over_a_repeated_edge(height, width):
    x = images(height, width)
    seen = apply(x, "pil")
    for i, sigma in enumerate(SIGMAS.tolist()):
        third = sigma**2 / 3
        whole = math.floor((math.sqrt(12 * third + 1) - 1) / 2)
        part = (2 * whole + 1) * (whole * (whole + 1) - 3 * third)
        part /= 6 * (third - (whole + 1) ** 2)
        box = torch.tensor([part] + [1.0] * (2 * whole + 1) + [part]).double()
        box /= box.sum()
        twin = x[i][:, None]
        for pad, shape in (((0, 0, 1, 1), (-1, 1)), ((1, 1, 0, 0), (1, -1))):
            for _ in range(3):
                wide = F.pad(twin, [side * (whole + 1) for side in pad], mode="replicate")
                twin = F.conv2d(wide, box.view(1, 1, *shape))
        assert torch.allclose(seen[i], twin[:, 0], atol=1e-5)


@pytest.mark.parametrize("radius", [0.1, 0.7, 1.3, 2.0])
def test_pils_blur_is_pils_up_to_its_rounding(radius):
    generator = torch.Generator().manual_seed(0)
    x = torch.randint(0, 256, (33, 41), generator=generator).to(torch.uint8)
    theirs = Image.fromarray(x.numpy()).filter(ImageFilter.GaussianBlur(radius))
    view = Blur(sigma=(radius, radius), p=1, kernel="pil")
    ours = view.apply(x.double()[None, None] / 255, {"sigma": torch.tensor([radius])})
    apart = ours[0, 0] * 255 - torch.from_numpy(np.array(theirs, dtype=np.float64))
    # Each of six passes rounds by at most half a level, and blurs the errors before it.
    assert apart.abs().max() <= 3
    if radius > 0.5:  # below it all six round the same way: away
        assert apart.abs().mean() < 0.6


def test_the_three_definitions_are_three_different_things():
    x = images(33, 33)
    seen = {name: apply(x, name)[-1] for name in ("3sigma", "23taps", "pil")}
    assert (seen["3sigma"] - seen["23taps"]).abs().max() > 1e-5
    assert (seen["3sigma"] - seen["pil"]).abs().max() > 1e-3


@pytest.mark.parametrize("size", [1, 2, 5, 40])
def test_bands_keep_the_mean_of_a_constant_and_spread_a_point_by_sigma(size):
    for band in (gaussian_band(SIGMAS, 10, size), box_band(SIGMAS, 3.3, size)):
        assert torch.allclose(band.sum(dim=2), torch.ones(len(SIGMAS), size), atol=1e-5)
        assert (band >= -1e-7).all()
        if size == 40:
            offset = (torch.arange(40) - 20).float()
            spread = (band[:, 20] * offset**2).sum(dim=1).sqrt()
            wide = SIGMAS >= 1  # below that, a Gaussian at whole pixels has less variance
            tolerance = 0.03 * SIGMAS + 0.005
            assert ((spread - SIGMAS).abs() < tolerance)[wide].all()
