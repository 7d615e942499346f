"""Images at their own sizes: crops see whole pictures, and evaluation sees what it saw before."""

import io
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import Images, examine, load
from goodviews.views import parse_view

WIDTH, MARK = 500, 30


def photo(height=375, width=WIDTH, seed=0):
    """A blue photograph with a red mark at its left edge."""
    noise = np.random.default_rng(seed).integers(0, 60, (height // 8, width // 8, 3), np.uint8)
    smooth = np.array(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC))
    smooth[..., 2] += 150
    smooth[:, :MARK] = (255, 0, 0)
    return smooth


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    for k in range(12):
        place = tmp_path / "photos" / f"class{k % 2}"
        place.mkdir(parents=True, exist_ok=True)
        size = ((375, 500), (240, 320), (333, 500))[k % 3]
        Image.fromarray(photo(*size, seed=k)).save(place / f"{k:02}.jpg", quality=92)
    return tmp_path / "photos"


def seen(images, spec, draws=6):
    """Share of the views in which the mark is."""
    index, pair = torch.arange(len(images)), parse_view(spec)
    views = [
        pair(images.for_views(index), seed=0, samples=index, epoch=epoch)[0]
        for epoch in range(draws)
    ]
    red = torch.cat([(view[:, 0] > 0.7) & (view[:, 2] < 0.35) for view in views])
    return float(red.flatten(1).any(dim=1).float().mean())


@pytest.mark.parametrize("spec", ["crop(scale=(0.3, 1))", "patches(size=32, distance=64)"])
def test_a_mark_at_the_left_edge_of_a_photograph_is_in_views_of_its_own_size_only(folder, spec):
    # The centre square of 375 x 500 starts at column 62.
    assert seen(load(folder, size="200,natural"), spec) > 0.04
    assert seen(load(folder, size=200), spec) == 0


def test_a_patch_starts_at_the_left_edge_as_often_as_anywhere(folder):
    images, index = load(folder, size="64,natural"), torch.arange(12)
    pair, left = parse_view("patch(size=64, distance=0)"), []
    for epoch in range(300):
        batch = images.for_views(index)
        params = pair.first.draw(batch, pair.key(0, batch, 0, index, epoch))
        left.append(params["0.patch.left"].double())
    room = images.originals.sizes[:, 1] - 64 + 1
    share = torch.stack(left).numpy() / room
    count = share.size
    assert abs((share < 0.25).mean() - 0.25) < 3 * (0.25 * 0.75 / count) ** 0.5
    assert abs(share.mean() - 0.5) < 3 * (1 / 12 / count) ** 0.5 + 0.5 / room.min()


def test_evaluation_sees_the_pixels_of_the_centre_square(folder):
    whole, square = load(folder, size="64,natural"), load(folder, size=64)
    np.testing.assert_array_equal(whole.pixels, square.pixels)
    np.testing.assert_array_equal(whole.labels["label"], square.labels["label"])
    assert whole.hash != square.hash


def test_originals_are_the_files(folder):
    images = load(folder, size="64,natural")
    files = sorted(folder.rglob("*.jpg"))
    for row, file in enumerate(files):
        with Image.open(file) as opened:
            wanted = np.asarray(opened).transpose(2, 0, 1)
        np.testing.assert_array_equal(images.originals.image(row), wanted)


def test_the_cache_is_mapped_again_and_its_damage_is_mended(folder):
    first = load(folder, size="64,natural")
    again = Images.open(first.cache)
    assert again.hash == first.hash == load(folder, size="64,natural").hash
    np.testing.assert_array_equal(again.originals.values, first.originals.values)
    file, image = first.cache / "originals.bin", first.originals.image(6).copy()
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 255
    file.write_bytes(raw)
    mended = load(folder, size="64,natural")
    np.testing.assert_array_equal(mended.originals.image(6), image)
    file.write_bytes(raw[:-1])
    with pytest.raises(InputError, match="cannot be used"):
        Images.open(first.cache)


def test_other_labels_share_the_originals(folder):
    plain, bare = (load(folder, size="64,natural", labels=labels) for labels in (None, "none"))
    assert not bare.labels
    assert bare.hash != plain.hash
    assert bare.cache.parent == plain.cache
    np.testing.assert_array_equal(bare.originals.image(3), plain.originals.image(3))


def test_parts_keep_their_originals(tmp_path, folder):
    for part, place in (("train", "class0"), ("test", "class1")):
        shutil.copytree(folder / place, tmp_path / "split" / part)
    both = load(tmp_path / "split", size="64,natural")
    test = load(tmp_path / "split", size="64,natural", split="test")
    row = np.flatnonzero(both.part == 1)[1]
    np.testing.assert_array_equal(test.originals.image(1), both.originals.image(row))


def test_pictures_and_arrays_in_memory_keep_their_sizes():
    photos = [photo(40, 60, k) for k in range(4)] + [photo(50, 40, 9)]
    images = load([Image.fromarray(one) for one in photos], size="16,natural")
    for row, one in enumerate(photos):
        np.testing.assert_array_equal(images.originals.image(row), one.transpose(2, 0, 1))
    stacked = load(np.stack(photos[:4]), size="16,natural")
    assert stacked.originals.sizes.tolist() == [[40, 60]] * 4
    assert stacked.hash != load(np.stack(photos[:4]), size=16).hash
    changed = [*photos[:4], np.roll(photos[4], 5, axis=0)]
    other = load([Image.fromarray(one) for one in changed], size="16,natural")
    assert other.hash != images.hash


def test_images_of_the_given_size_are_as_without_natural():
    arrays = np.random.default_rng(0).integers(0, 256, (6, 32, 32, 3), np.uint8)
    natural, plain = (load(arrays, size=size) for size in ("32,natural", 32))
    assert natural.originals is None
    assert (natural.hash, natural.source) == (plain.hash, plain.source)


def test_small_images_are_enlarged_and_large_ones_reduced_and_that_is_said():
    photos = [photo(40, 160), photo(1400, 1800), photo(90, 120)]
    images = load([Image.fromarray(one) for one in photos], size="64,natural")
    assert images.originals.sizes.tolist() == [[64, 256], [512, 658], [90, 120]]
    notes = " ".join(images.notes)
    assert "Enlarged to the size of evaluation: 1 image." in notes
    assert "Reduced to a shorter side of 512 pixels: 1 image." in notes


def test_labels_and_ranges_given_later_keep_the_originals():
    photos = [Image.fromarray(photo(40, 60, k)) for k in range(4)]
    images = load(photos, size="16,natural", labels=["a", "b", "a", "b"])
    assert images.originals is not None
    other = replace(images, originals=images.originals.take(np.array([1, 0, 2, 3])))
    assert other.content() != images.content()


def test_a_square_cut_of_photographs_is_said_with_what_to_type(folder):
    found = [one.sentence for one in examine(folder, size=64)]
    [cut] = [one for one in found if "Only the central" in one]
    assert "Only the central 75 % of the images (375x500 pixels) are kept." in cut
    assert "--fit natural" in cut
    whole = [one.sentence for one in examine(folder, size="64,natural")]
    assert not any("Only the central" in one for one in whole)
    assert any("crops and patches are cut from whole images" in one for one in whole)
    assert any("own sizes take" in one for one in whole)


def test_png_and_jpeg_of_sixteen_bits_keep_their_type(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "deep").mkdir()
    for k in range(3):
        grey = (np.arange(40 * (50 + k)).reshape(40, -1) * 30).astype(np.uint16)
        stored = io.BytesIO()
        Image.fromarray(grey).save(stored, "PNG")
        (tmp_path / "deep" / f"{k}.png").write_bytes(stored.getvalue())
    images = load(tmp_path / "deep", size="16,natural")
    assert images.originals.values.dtype == np.uint16
    assert images.originals.image(2)[0, 1, 0] == 52 * 30
