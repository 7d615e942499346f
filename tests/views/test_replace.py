import math

import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.views import parse_view
from goodviews.views.replace import Replace
from goodviews.worlds.vectors import Vectors


def test_replaced_channels_are_noise_and_the_others_are_left():
    images = torch.full((4000, 5, 1, 1), 0.3)
    v1, v2 = parse_view("replace(channels=(1, 4))")(
        images, seed=0, samples=torch.arange(4000), epoch=0
    )
    assert torch.equal(v1[:, [0, 2, 3]], images[:, [0, 2, 3]])
    drawn = v1[:, [1, 4]].flatten()
    assert abs(float(drawn.mean()) - 0.5) < 4 * math.sqrt(1 / 12 / 8000)
    assert abs(float(drawn.var()) - 1 / 12) < 0.005
    both = torch.stack([drawn, v2[:, [1, 4]].flatten()])
    assert abs(float(torch.corrcoef(both)[0, 1])) < 4 / math.sqrt(8000)


def test_the_probability_is_per_image():
    images = torch.full((2000, 2, 3, 3), 0.3)
    view = parse_view("replace(channels=(0, 1), p=0.25)").view(
        0, images, seed=0, samples=torch.arange(2000), epoch=0
    )
    kept = (view == 0.3).flatten(1).float().mean(1)
    assert set(kept.tolist()) == {0.0, 1.0}
    assert abs(float(1 - kept.mean()) - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 2000)


def test_what_is_replaced_says_nothing_of_its_factor():
    world = Vectors((("task", 2), ("n", 2)), width=2)
    images, values = world.sample(torch.arange(4000), seed=0)
    spec = f"replace(channels={world.channels('task')})"
    view = parse_view(spec).view(0, images, seed=0, samples=torch.arange(4000), epoch=0)
    right = (world.decode(view) == values).float().mean(0)
    assert abs(float(right[0]) - 0.5) < 4 * math.sqrt(0.25 / 4000)
    assert right[1] == 1


@pytest.mark.parametrize(
    "text", ["replace(channels=(0, 0))", "replace(channels=-1)", "replace(p=2)"]
)
def test_what_cannot_be_replaced_is_refused(text):
    with pytest.raises(InputError, match="replace has"):
        parse_view(text)


def test_a_channel_that_is_not_there_is_named():
    with pytest.raises(InputError, match=r"channel 7.*from 0 to 2"):
        parse_view("replace(channels=(0, 7))").check((3, 8, 8))
    assert Replace(channels=2) == Replace(channels=(2,))
