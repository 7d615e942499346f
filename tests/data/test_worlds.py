import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load, splits
from goodviews.data.worlds import stacked_images, world_images
from goodviews.worlds.bands import Bands
from goodviews.worlds.shapes import Shapes
from goodviews.worlds.vectors import Vectors


@pytest.mark.parametrize(
    ("name", "shape"),
    [("bands", (6, 32, 32)), ("shapes", (3, 32, 32)), ("vectors", (24, 1, 1))],
)
def test_worlds_have_names_and_their_factors_are_tasks(name, shape):
    images = load(name)
    world = {"bands": Bands(), "shapes": Shapes(), "vectors": Vectors()}[name]
    assert len(images) == 4000
    assert images.pixels.shape[1:] == shape
    assert list(images.labels) == list(world.factors)
    parts = splits(images)
    assert len(parts.pretrain) + len(parts.held_out) == 4000
    some = torch.tensor([17, 2900])
    expected, values = world.sample(some, seed=0)
    for column, labels in zip(values.T, images.labels.values(), strict=True):
        assert torch.equal(torch.from_numpy(labels)[some], column)
    if name == "shapes":  # the others draw noise of their own for each rendering
        assert (images.batch(some) - expected).abs().max() <= 0.5 / 255 + 1e-6


def test_a_longer_set_begins_with_the_shorter_one():
    few, more = (world_images(Shapes(16), name="s", count=n, seed=3) for n in (20, 1500))
    assert np.array_equal(few.pixels, more.pixels[:20])
    assert few.hash != more.hash
    assert load("shapes", size=16).height == 16


def test_stacked_renderings_share_just_what_both_keep():
    world = Vectors((("a", 4), ("b", 4), ("c", 4)), width=3)
    kept = [["a", "b", "c"], ["a"], ["a", "b"], []]
    images = stacked_images(world, kept, name="v", count=3000, seed=1, tasks=["b"])
    assert list(images.labels) == ["b"]
    assert images.channels == 4 * 9
    x = images.batch(np.arange(3000))
    shown = [world.decode(x[:, 9 * r : 9 * r + 9]) for r in range(4)]
    assert np.array_equal(shown[0][:, 1], images.labels["b"])
    for first in range(4):
        for second in range(first):
            alike = (shown[first] == shown[second]).float().mean(0)
            for column, name in enumerate("abc"):
                if name in kept[first] and name in kept[second]:
                    assert alike[column] == 1
                else:
                    assert abs(float(alike[column]) - 0.25) < 4 * (0.1875 / 3000) ** 0.5


def test_no_images_or_unknown_tasks_are_refused():
    with pytest.raises(InputError, match="one or more renderings"):
        world_images(Shapes(16), name="s", count=0, seed=0)
    with pytest.raises(InputError, match="Unknown factor 'hue'"):
        world_images(Shapes(16), name="s", count=2, seed=0, tasks=["hue"])


def test_what_stands_still_shows_its_own_factors_alone_and_test_images_are_named():
    kept = [["form"], ["colour", "place"]]
    images = stacked_images(
        Shapes(16), kept, name="s", count=400, seed=1, tasks=["form"], still=True, test=150
    )
    assert images.part.tolist() == [0] * 250 + [1] * 150
    assert len(splits(images).held_out) == 150
    first, second = images.pixels[:, :3], images.pixels[:, 3:]
    assert len({pixels.tobytes() for pixels in first}) == 4
    assert 4 < len({pixels.tobytes() for pixels in second}) <= 54
