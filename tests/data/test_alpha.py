"""A last channel is transparency only where it behaves like it."""

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import examine, load


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))


def colours(count, side=16):
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def disc(side=16):
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return np.clip(255 * (side / 3 + 0.5 - np.hypot(x, y)), 0, 255).astype(np.uint8)


def folder(root, alphas, mode="RGBA"):
    root.mkdir()
    for i, (colour, alpha) in enumerate(zip(colours(len(alphas)), alphas, strict=True)):
        picture = Image.fromarray(np.dstack([colour, alpha]), "RGBA")
        (picture if mode == "RGBA" else picture.convert(mode)).save(root / f"{i:02}.png")
    return root


BAND = np.random.default_rng(1).integers(20, 200, (9, 16, 16), dtype=np.uint8)
STAIN = np.where(np.random.default_rng(2).random((9, 16, 16)) < 0.8, 0, BAND).astype(np.uint8)
TRANSPARENT = {
    "cut-outs with soft edges": [disc()] * 9,
    "opaque": [np.full((16, 16), 255, np.uint8)] * 9,
    "clear": [np.zeros((16, 16), np.uint8)] * 9,
    "watermarks": [np.full((16, 16), 128, np.uint8)] * 9,
}


@pytest.mark.parametrize("kind", TRANSPARENT)
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_drawn_on_white_unless_its_channel_is_asked_for(tmp_path, kind, mode):
    root = folder(tmp_path / "a", TRANSPARENT[kind], mode)
    colour = 3 if mode == "RGBA" else 1
    images = load(root)
    assert images.channels == colour
    alpha = TRANSPARENT[kind][0]
    assert (images.pixels[:, :, alpha == 0] == 255).all()
    kept = load(root, channels=colour + 1)
    assert np.array_equal(kept.pixels[:, -1], np.stack(TRANSPARENT[kind]))
    odd = [str(one) for one in examine(root) if "--channels" in str(one)]
    assert bool(odd) == (kind != "opaque")


@pytest.mark.parametrize("alphas", [BAND, STAIN], ids=["band", "stain"])
@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_a_band_stays_a_channel_and_the_doctor_says_so(tmp_path, alphas, mode):
    root = folder(tmp_path / "a", alphas, mode)
    images = load(root)
    assert np.array_equal(images.pixels[:, -1], alphas)
    if mode == "RGBA":
        assert np.array_equal(images.pixels[:, :3], colours(9).transpose(0, 3, 1, 2))
    assert any("kept as data" in str(one) for one in examine(root) if one.kind == "odd")
    assert load(root, channels=images.channels - 1).channels == images.channels - 1


def test_a_picture_without_the_channel_is_named(tmp_path):
    root = folder(tmp_path / "a", BAND)
    Image.fromarray(colours(1)[0]).save(root / "plain.png")
    assert load(root).channels == 3  # a band would be in every file
    with pytest.raises(InputError, match=r"plain\.png has 3 channels, but channels=4"):
        load(root, channels=4)


def test_a_fourth_channel_of_an_array_is_data_unless_three_are_asked_for():
    pixels = np.concatenate([colours(9), np.stack([disc()] * 9)[..., None]], axis=3)
    images = load(pixels)
    assert np.array_equal(images.pixels, pixels.transpose(0, 3, 1, 2))
    assert "looks like transparency" in images.notes[0]
    white = load(pixels, channels=3)
    pictures = [Image.fromarray(one, "RGBA") for one in pixels]
    assert np.abs(white.pixels.astype(int) - load(pictures).pixels).max() <= 1


@pytest.mark.parametrize("alpha", [BAND[0], disc()])
def test_a_band_that_only_some_pictures_have_is_noted(tmp_path, alpha):
    root = folder(tmp_path / "set", [alpha] * 4)
    for i, colour in enumerate(colours(5)):
        Image.fromarray(colour).save(root / f"plain{i}.png")
    found = load(root)
    assert found.pixels.shape[1] == 3
    noted = [
        note for note in found.notes if "4 pictures" in note and "folder of their own" in note
    ]
    assert bool(noted) == np.array_equal(alpha, BAND[0])
