import numpy as np
import pytest
import torch

from goodviews.core.errors import InputError
from goodviews.data import load, splits
from goodviews.data.moving_digits import bundled_photographs, moving_images, moving_worlds
from goodviews.data.reading import known_names


@pytest.fixture(autouse=True)
def nothing_shared(monkeypatch):
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)


def test_a_world_of_bundled_data_is_tested_on_digits_and_photographs_it_never_showed():
    worlds = moving_worlds(64, frames=3, digit="class")
    for world in (worlds.train, worlds.test):
        assert (world.size, world.room, world.frames, world.digit) == (64, 36, 3, "class")
        assert world.photos.shape[-2:] == (96, 96)
        assert set(world.digit_classes.tolist()) == set(range(10))
        assert set(world.photo_classes.tolist()) == set(range(8))
    for name in ("digits", "photos"):
        own, other = (
            {row.numpy().tobytes() for row in getattr(world, name)} for world in worlds[:2]
        )
        # Two of scikit-learn's digits may be alike by chance; photographs are not.
        assert len(own & other) <= (2 if name == "digits" else 0)
    assert "1,348 and 449 of digits" in worlds.source
    assert "36 and 12 of bundled" in worlds.source


def test_single_frames_are_a_set_with_three_tasks():
    images = load("moving_digits", size=32)
    assert "moving_digits" in known_names()
    assert list(images.labels) == ["digit", "background", "place"]
    assert len(splits(images).held_out) == 1000
    again = moving_images(32)
    assert again.hash == images.hash
    # The place is where the digit is: white ink lies in the named third of the room.
    worlds = moving_worlds(32)
    scene = worlds.train.draw(torch.arange(3000), seed=0)
    places = images.labels["place"][:3000]
    centre = scene.corner.numpy() * 3 / worlds.train.room
    assert np.array_equal(places // 3, centre[:, 0].astype(int))
    assert np.array_equal(places % 3, centre[:, 1].astype(int))
    shown = worlds.train.render(scene)[:, 0]
    assert (images.batch(np.arange(3000)) - shown).abs().max() <= 0.5 / 255 + 1e-6


def test_tiles_are_of_the_photographs_and_resize():
    assert bundled_photographs(96).pixels.shape == (48, 3, 96, 96)
    small, large = bundled_photographs(24), bundled_photographs(96)
    mean = [one.pixels.mean(axis=(1, 2, 3)) for one in (small, large)]
    assert np.abs(mean[0] - mean[1]).max() < 3


def test_odd_sizes_and_sets_without_classes_are_refused(tmp_path):
    with pytest.raises(InputError, match="multiple of 16"):
        moving_worlds(40)
    np.save(tmp_path / "plain.npy", np.zeros((30, 32, 32, 3), dtype=np.uint8))
    with pytest.raises(InputError, match="no labels"):
        moving_worlds(16, photos=str(tmp_path / "plain.npy"))
