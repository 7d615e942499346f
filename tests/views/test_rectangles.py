"""Every view of images and every preset takes images that are not square, both ways."""

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.spec.catalogue import VIEWS
from goodviews.spec.presets import PRESETS
from goodviews.views import parse_view

SIZES = [(192, 256), (256, 192)]
CLIPS = {"frame", "frames", "past", "pastframes"}
"""Views of stacks, whose first axis is time."""
NEEDS = {
    "learned": "",  # needs the file of a generator
    "normalise": "normalise(mean=(0.5,), std=(0.2,))",
    "patch": "patch(size=64, distance=64)",
    "patches": "patches(size=64, distance=64)",
}
NAMES = sorted(name for name, one in VIEWS.items() if one.takes != "graphs")
NAMES += sorted(name for name, one in PRESETS.items() if one.group != "graphs")


def takes(pair, shape):
    try:
        pair.check(shape)
    except InputError:
        return False
    return True


def spec_of(name):
    return NEEDS.get(name, f"{name}()")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [name for name in NAMES if spec_of(name)])
def test_every_view_takes_rectangles(name, size):
    pair = parse_view(spec_of(name))
    tried = 0
    for channels in (1, 2, 3):
        shape = (24, channels, *size) if name in CLIPS else (channels, *size)
        if not takes(pair, shape):
            continue
        tried += 1
        images = torch.rand(2, *shape, generator=torch.Generator().manual_seed(0))
        v1, v2 = pair(images, seed=0, samples=torch.arange(2), epoch=0)
        assert v1.isfinite().all()
        assert v2.isfinite().all()
        if name not in CLIPS and v1.shape[-2:] != v1.shape[:-3:-1]:
            assert v1.shape[-2:] == size  # nothing is turned on its side
        if channels == 3:
            break
    assert tried  # with some number of channels
