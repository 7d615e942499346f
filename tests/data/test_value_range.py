"""Fill values, hot pixels and long tails do not squash the rest; ordinary values are as before."""

import numpy as np
import pytest
import torch
from PIL import Image, TiffImagePlugin

from goodviews.core.errors import InputError
from goodviews.data import Images, examine, load
from goodviews.data.outliers import inner_range
from goodviews.data.value_range import value_range


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))


def rng():
    return np.random.default_rng(0)


def odd(data, **options):
    return [str(one) for one in examine(data, **options) if one.kind == "odd"]


DATA = {
    "unit": rng().random((60, 8, 8), dtype=np.float32),
    "normal": rng().normal(size=(60, 8, 8)).astype(np.float32),
    "signed unit": rng().uniform(-1, 1, (60, 8, 8)).astype(np.float32),
    "to 255": rng().uniform(0, 255, (60, 8, 8)).astype(np.float32),
    "heights": rng().uniform(0, 8848, (60, 8, 8)).astype(np.float32),
    "CT": rng().integers(-1024, 3071, (60, 8, 8)).astype(np.int16),
    "12 bits": rng().integers(200, 3000, (60, 8, 8), dtype=np.uint16),
}
FILLS = [-9999.0, -32768.0, -3.4028235e38, 1e20, 3.4028235e38]


@pytest.mark.parametrize("kind", DATA)
def test_ordinary_values_span_their_smallest_to_their_largest(kind):
    values = DATA[kind]
    scale = load(values).scale
    if kind == "12 bits":
        assert scale == (0, 4095)
    elif kind == "unit":
        assert scale == (0, 1)
    else:
        assert scale == (values.min(), values.max())


@pytest.mark.parametrize("kind", [kind for kind in DATA if kind != "12 bits"])
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("share", ["one pixel", "a third"])
def test_one_fill_value_changes_no_other_value(kind, fill, share):
    if fill == -9999.0 and kind in ("heights", "CT"):
        fill = -99999.0  # -9999 is not far outside 0 to 8848
    values = DATA[kind].astype(np.float32)
    filled = values.copy()
    place = np.zeros(values.shape, bool)
    if share == "one pixel":
        place[7, 3, 3] = True
    else:
        place[:20] = rng().random((20, 8, 8)) < 0.9
    filled[place] = fill
    images = load(filled)
    low, high = values[~place].min(), values[~place].max()
    assert images.scale == pytest.approx((0, 1) if kind == "unit" else (low, high))
    batch = images.batch(torch.arange(60))[:, 0].numpy()
    assert (batch[place] == (0 if fill < 0 else 1)).all()
    expected = load(values[:20], value_range=images.scale).batch(torch.arange(20))[:, 0].numpy()
    assert np.array_equal(batch[:20][~place[:20]], expected[~place[:20]])
    assert any("far outside the others" in note and f"{fill:g}" in note for note in odd(filled))


def test_two_fill_values_at_both_ends_and_on_one_side_are_found():
    values = np.append(rng().uniform(0, 3000, 10_000), [-32768, -9999, 65535, 3e38])
    low, high = inner_range(values)
    assert 0 <= low < high <= 3000


@pytest.mark.parametrize("fill", [65535, 60000])
def test_a_hot_pixel_leaves_the_bits_of_the_others(fill):
    values = DATA["12 bits"].copy()
    values[3, 5, 5] = fill
    images = load(values)
    assert images.scale == (0, 4095)
    assert images.pixels.max() == fill
    assert any(str(fill) in note for note in odd(values))


def test_values_of_16_bits_that_reach_up_without_a_gap_keep_their_range():
    values = (rng().exponential(1000, (60, 32, 32)) ** 1.3).clip(0, 65535).astype(np.uint16)
    assert values.max() > 16383
    assert load(values).scale == (0, 65535)


def test_fill_values_do_not_leak_into_neighbours_when_images_are_resized(tmp_path):
    values = rng().uniform(100, 200, (60, 96, 96)).astype(np.float32)
    filled = values.copy()
    filled[:, :, :30] = -9999
    (tmp_path / "set").mkdir()
    for i, image in enumerate(filled):
        np.save(tmp_path / "set" / f"{i:02}.npy", image)
    np.save(tmp_path / "a.npy", filled)
    for data in (tmp_path / "set", tmp_path / "a.npy", filled):
        images = load(data)
        assert images.pixels.shape == (60, 1, 32, 32)
        assert images.pixels.min() >= 100
        plain = load(values).pixels
        assert np.array_equal(images.pixels[..., 12:], plain[..., 12:])


@pytest.mark.parametrize("nodata", ["-9999", "nan", "150.0", "-3.40282346600000016e+38"])
def test_a_tiff_declares_its_own_fill_value(tmp_path, nodata):
    values = rng().uniform(100, 200, (60, 8, 8)).astype(np.float32)
    values[:, :2] = float(nodata)
    (tmp_path / "set").mkdir()
    for i, image in enumerate(values):
        tags = TiffImagePlugin.ImageFileDirectory_v2()
        tags[42113] = nodata
        tags.tagtype[42113] = 2
        Image.fromarray(image).save(tmp_path / "set" / f"{i:02}.tif", tiffinfo=tags)
    images = load(tmp_path / "set")
    assert len(images) == 60
    batch = images.batch(torch.arange(60))
    assert (batch[:, :, :2] == 0).all()
    assert (images.pixels[:, :, 2:] == values[:, None, 2:]).all()
    assert images.scale == pytest.approx((values[:, 2:].min(), values[:, 2:].max()))


def test_a_long_tail_of_floats_is_cut_and_reported():
    values = rng().lognormal(0, 2, (60, 32, 32))
    images = load(values)
    assert images.scale == pytest.approx((0, np.quantile(values, 0.999)), abs=0.05)
    assert any("tails were cut" in note for note in images.notes)


def test_channels_of_unlike_ranges_have_one_each():
    values = rng().random((60, 8, 8, 3)) * (1, 1, 3000) + (0, -0.5, 0)
    images = load(values, channels="last")
    low, high = (np.array(end) for end in images.scale)
    assert low == pytest.approx(values.min((0, 1, 2)))
    assert high == pytest.approx(values.max((0, 1, 2)))
    batch = images.batch(torch.arange(60))
    assert batch.amin((0, 2, 3)).tolist() == [0] * 3
    assert batch.amax((0, 2, 3)).tolist() == pytest.approx([1] * 3)
    alike = load(values * (1, 1, 1 / 2000), channels="last")
    assert all(isinstance(end, float) for end in alike.scale)


def test_an_image_file_opened_again_keeps_the_range_of_each_channel(tmp_path):
    np.save(tmp_path / "a.npy", rng().random((60, 8, 8, 3)) * (1, 1, 3000))
    images = load(tmp_path / "a.npy", channels="last")
    again = Images.open(images.cache)
    assert again.scale == images.scale
    assert torch.equal(again.batch(torch.arange(9)), images.batch(torch.arange(9)))


@pytest.mark.parametrize("kind", ["CT", "12 bits", "unit", "digits"])
def test_a_given_range_replaces_the_rule_and_is_part_of_the_hash(kind, tmp_path):
    data = "digits" if kind == "digits" else tmp_path / "a.npy"
    if kind != "digits":
        np.save(data, DATA[kind])
    images = load(data, value_range=(0.25, 2000))
    assert images.scale == (0.25, 2000)
    assert images.hash != load(data).hash
    expected = ((load(data).pixels[:9].astype(np.float32) - 0.25) / 1999.75).clip(0, 1)
    assert np.allclose(images.batch(torch.arange(9)).numpy(), expected, atol=1e-6)
    assert "as given" in images.range_note
    if kind != "digits":
        held = load(DATA[kind], value_range=(0.25, 2000))
        assert (held.hash, held.scale) == (images.hash, images.scale)


@pytest.mark.parametrize("wrong", [(1, 0), (0, 0), (0, np.inf), (np.nan, 1), (1,), 5, "ab"])
def test_a_wrong_range_is_one_sentence(wrong):
    with pytest.raises(InputError, match="two numbers, the lower one first"):
        load("digits", value_range=wrong)


def test_the_doctor_reports_values_in_a_sliver_of_the_range():
    dark = rng().integers(64, 80, (60, 16, 16), dtype=np.uint8)
    assert any("within 5.9 % of the range" in note for note in odd(dark))
    assert not any("of the range" in note for note in odd(dark, value_range=(64, 80)))


def test_one_value_is_no_range():
    values = np.zeros((3, 1, 2, 2), np.float32)
    assert value_range(values, np.zeros(1), np.zeros(1)).scale == (0, 1)
