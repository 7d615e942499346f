"""Which axis holds the channels: clear evidence decides, noise is refused."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_images

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.data.channels import Channels, channel_axis, readings

SIDES = [(16, 16), (4, 4), (8, 12), (12, 8), (16, 10), (10, 16)]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def patches(height, width, channels):
    """Patches (60, H, W, C) of two photographs, each channel another mixture of their colours."""
    rng = np.random.default_rng(1)
    photos = [photo.astype(np.float64) for photo in load_sample_images().images]
    cut = []
    for i in range(60):
        photo = photos[i % 2]
        top, left = rng.integers(0, 400), rng.integers(0, 600)
        cut.append(photo[top : top + height, left : left + width])
    mixture = rng.random((3, channels))
    return (np.stack(cut) @ (mixture / mixture.sum(0))) * rng.uniform(0.2, 1.5, channels)


@pytest.mark.parametrize(("height", "width"), SIDES)
@pytest.mark.parametrize("channels", [3, 6, 16])
def test_real_images_are_never_read_along_the_wrong_axis(height, width, channels):
    images = patches(height, width, channels)
    assert channel_axis(list(images)) in ("last", None)
    assert channel_axis(list(images.transpose(0, 3, 1, 2))) in ("first", None)


def test_pixels_decide_where_the_shape_does_not():
    images = patches(8, 12, 6)
    assert load(images).pixels.shape[1:] == (6, 8, 12)
    assert load(images.transpose(0, 3, 1, 2)).pixels.shape[1:] == (6, 8, 12)


@pytest.mark.parametrize("shape", [(9, 3, 3, 16), (9, 16, 16, 16), (9, 5, 8, 4), (9, 4, 4, 4)])
def test_noise_is_refused_where_the_shape_leaves_it_open(shape, tmp_path):
    np.save(tmp_path / "a.npy", noise(*shape))
    np.savez(tmp_path / "a.npz", images=noise(*shape))
    (tmp_path / "one").mkdir()
    for i, image in enumerate(noise(*shape)):
        np.save(tmp_path / "one" / f"{i}.npy", image)
    for data in (noise(*shape), tmp_path / "a.npy", tmp_path / "a.npz", tmp_path / "one"):
        with pytest.raises(InputError, match="give --channels first or --channels last"):
            load(data)
        assert load(data, channels="first").pixels.shape == shape
        last = load(data, channels=f"last,{shape[3]}")
        assert last.pixels.shape == (shape[0], shape[3], *shape[1:3])


@pytest.mark.parametrize(
    ("shape", "axis"),
    [
        ((3, 16, 16), "first"),
        ((16, 16, 3), "last"),
        ((4, 4, 3), "last"),
        ((8, 8, 5), "last"),
        ((1, 1, 3), "last"),
        ((6, 30, 20), "first"),
    ],
)
def test_a_square_or_long_image_needs_no_evidence_of_its_pixels(shape, axis):
    assert channel_axis([noise(*shape)]) == axis


def test_pixels_that_contradict_the_shape_are_refused():
    stripes = patches(16, 3, 16)  # 16 channels of 16 x 3 pixels look like 3 of 16 x 16
    assert channel_axis(list(stripes.transpose(0, 2, 3, 1))) != "last"


def test_an_axis_of_one_length_in_images_of_several_sizes_is_the_channels():
    assert channel_axis([noise(5, 8, 4), noise(5, 10, 7)]) == "first"
    assert channel_axis([noise(8, 9, 5), noise(10, 7, 5)]) == "last"


def test_the_number_of_channels_chooses_the_axis():
    assert load(noise(9, 5, 8, 4), channels=4).pixels.shape == (9, 4, 5, 8)
    assert load(noise(9, 20, 20, 40), channels=40).pixels.shape == (9, 40, 20, 20)
    with pytest.raises(InputError, match="with 7 channels"):
        load(noise(9, 5, 8, 4), channels=7)
    with pytest.raises(InputError, match=r"digits has 1 channel, but channels=4 was given"):
        load("digits", channels=4)
    assert readings((4, 9, 4), Channels.of("last,4")) == ["last"]


@pytest.mark.parametrize("wrong", ["middle", "first,last", "0", "4,5", "-1", "", True, 1.5])
def test_a_wrong_value_is_one_sentence(wrong):
    with pytest.raises(InputError, match="channels must be first, last, a number"):
        Channels.of(wrong)


def test_one_image_is_not_many_rows(tmp_path):
    np.save(tmp_path / "a.npy", noise(32, 32, 3))
    with pytest.raises(InputError, match="that of one image"):
        load(tmp_path / "a.npy")
