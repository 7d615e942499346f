"""Cut-out and block masks hide what they say, uniformly, and nothing else."""

import math

import pytest
import torch
import torchvision.transforms.functional as tv

from goodviews.core.rng import Key
from goodviews.views.masking import BlockMask, Cutout


def key(count, seed=0):
    return Key.of(seed=seed, samples=torch.arange(count))


def images(height, width, *, count=16, channels=3):
    generator = torch.Generator().manual_seed(height * 100 + width)
    return torch.rand(count, channels, height, width, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize(("height", "width"), [(17, 23), (8, 8), (31, 9)])
@pytest.mark.parametrize("size", [0.1, 0.5, 1.3])
@pytest.mark.parametrize("channels", [1, 13])
def test_cutout_is_torchvisions_erase_of_what_lies_inside(height, width, size, channels):
    x = images(height, width, channels=channels)
    view = Cutout(size=size, fill=0.25)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    assert (params["side"] == round(size * min(height, width))).all()
    seen = view.apply(x, params)
    for i in range(len(x)):
        top, left, side = (int(params[name][i]) for name in ("top", "left", "side"))
        row, col = max(top, 0), max(left, 0)
        high, wide = min(top + side, height) - row, min(left + side, width) - col
        assert torch.equal(seen[i], tv.erase(x[i], row, col, high, wide, torch.tensor(0.25)))


def test_the_centre_of_a_cut_is_uniform_over_the_pixels():
    params = Cutout(size=0.5).sample((1, 6, 10), key(12_000))
    row = params["top"] + params["side"] // 2
    col = params["left"] + params["side"] // 2
    counts = torch.bincount(row * 10 + col, minlength=60).double()
    assert len(counts) == 60
    assert ((counts - 200) ** 2 / 200).sum() < 59 + 4 * math.sqrt(2 * 59)
    some = Cutout(p=0.4).sample((1, 6, 10), key(12_000))["side"]
    assert abs((some > 0).double().mean() - 0.4) < 3 * math.sqrt(0.24 / 12_000)


@pytest.mark.parametrize(("height", "width", "grid"), [(28, 28, 14), (17, 23, 5), (9, 31, 9)])
def test_blockmask_hides_its_share_of_cells_and_only_whole_ones(height, width, grid):
    x = images(height, width)
    view = BlockMask(share=0.3, grid=grid, fill=0)
    params = view.sample(tuple(x.shape[1:]), key(len(x)))
    assert (params["hidden"].sum(dim=1) == round(0.3 * grid**2)).all()
    seen = view.apply(x, params)
    for row in range(height):
        for col in range(width):
            cell = row * grid // height * grid + col * grid // width
            hidden = params["hidden"][:, cell, None]
            assert torch.equal(seen[:, :, row, col], torch.where(hidden, 0, x[:, :, row, col]))


def test_every_cell_is_hidden_equally_often_and_a_larger_share_hides_more():
    few = BlockMask(share=0.25, grid=4).sample((1, 8, 8), key(8000))["hidden"]
    more = BlockMask(share=0.75, grid=4).sample((1, 8, 8), key(8000))["hidden"]
    assert (more | ~few).all()
    share = few.double().mean(dim=0)
    assert (share - 0.25).abs().max() < 4 * math.sqrt(0.25 * 0.75 / 8000)
    assert BlockMask(share=1).sample((1, 14, 14), key(3))["hidden"].all()
