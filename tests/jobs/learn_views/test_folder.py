"""Pictures of what a generator changed."""

import numpy as np
import pytest
import torch
from PIL import Image

from goodviews.data import load
from goodviews.jobs.learn_views.folder import change_pictures, channel_pictures, meanings
from goodviews.views.generators import build_generator


class Bent(torch.nn.Module):
    """The first channel squared, the second a mix, the third as it is."""

    def forward(self, images):
        red, green, blue = images.split(1, dim=1)
        return torch.cat([red.square(), 0.5 * red + green + 0.1, blue], dim=1)


@pytest.fixture
def images(rng, tmp_path):
    pixels = torch.rand(12, 16, 16, 3, generator=rng).numpy()
    np.savez(tmp_path / "made.npz", images=pixels)
    return load(tmp_path / "made.npz")


def levels(folder, channel):
    shots = [Image.open(folder / f"apart-{i}-{channel}.webp").convert("L") for i in range(4)]
    return np.stack([np.asarray(shot) for shot in shots]).astype(float)


def test_a_linear_channel_is_black_where_another_bends(images, tmp_path):
    told = change_pictures(images, Bent(), np.arange(12), tmp_path)
    assert told["bent"]
    # x ** 2 less its best line x - 1/6 is at most 1/6, at both ends
    assert told["top"] == pytest.approx(1 / 6, rel=0.15)
    assert levels(tmp_path, 0).mean() > 40
    assert levels(tmp_path, 1).max() == levels(tmp_path, 2).max() == 0
    explained = [one["explained"] for one in meanings(images, Bent(), np.arange(12))]
    assert explained[0] < 0.99 < min(explained[1:])


def test_a_matrix_is_shown_by_its_differences_and_the_identity_by_none(images, tmp_path):
    generator = build_generator("linear()", 3).requires_grad_(False)
    same = change_pictures(images, generator, np.arange(12), tmp_path)
    assert not same["bent"]
    assert levels(tmp_path, 0).max() == 0
    for weight in generator.parameters():
        weight.add_(0.1)
    moved = change_pictures(images, generator, np.arange(12), tmp_path)
    assert not moved["bent"]
    assert moved["top"] > 0.01
    assert levels(tmp_path, 0).max() > 100
    assert channel_pictures(images, generator, np.arange(12), tmp_path)["count"] == 4
