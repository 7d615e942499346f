from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.extras import MissingExtra
from goodviews.data import load

tifffile = pytest.importorskip("tifffile", reason="needs the extra science")


def write(folder: Path, images: np.ndarray, **how: object) -> Path:
    folder.mkdir(exist_ok=True)
    for i, image in enumerate(images):
        tifffile.imwrite(folder / f"{i:02}.tif", image, **how)
    return folder


def values(*shape: int, dtype: str = "uint16") -> np.ndarray:
    return np.random.default_rng(0).integers(0, 3000, shape).astype(dtype)


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize(("bands", "dtype"), [(13, "uint16"), (6, "int16"), (5, "float32")])
def test_bands_of_any_number_and_type_keep_their_values(tmp_path, planar, bands, dtype) -> None:
    images = values(4, 9, 12, bands, dtype=dtype)
    stored = images if planar == "contig" else images.transpose(0, 3, 1, 2)
    write(tmp_path / "s", stored, photometric="minisblack", planarconfig=planar)
    found = load(tmp_path / "s")
    assert found.pixels.dtype == ("uint16" if dtype == "uint16" else "float32")
    assert np.array_equal(found.pixels, images.transpose(0, 3, 1, 2).astype(found.pixels.dtype))


def test_colour_of_16_bits_keeps_them(tmp_path) -> None:
    images = values(3, 8, 8, 3)
    write(tmp_path / "s", images, photometric="rgb")
    assert np.array_equal(load(tmp_path / "s").pixels, images.transpose(0, 3, 1, 2))


def test_clear_pixels_of_deep_colour_are_drawn_on_white(tmp_path) -> None:
    images = values(3, 8, 8, 4)
    images[..., 3] = 65535
    images[:, :4, :, 3] = 0
    write(tmp_path / "s", images, photometric="rgb", extrasamples=["unassalpha"])
    found = load(tmp_path / "s").pixels
    assert (found[:, :, :4] == 65535).all()
    assert np.array_equal(found[:, :, 4:], images[:, 4:, :, :3].transpose(0, 3, 1, 2))


def test_values_are_inverted_where_white_is_zero(tmp_path) -> None:
    images = values(3, 8, 8, 5)
    write(tmp_path / "s", images, photometric="miniswhite", planarconfig="contig")
    assert np.array_equal(load(tmp_path / "s").pixels, 65535 - images.transpose(0, 3, 1, 2))


def test_no_data_of_a_geotiff_becomes_black(tmp_path) -> None:
    images = values(4, 8, 8, 5, dtype="int16") + 100
    images[:, 0, 0] = -9999
    tag = (42113, "s", 0, "-9999", True)
    write(tmp_path / "s", images, photometric="minisblack", planarconfig="contig", extratags=[tag])
    found = load(tmp_path / "s")
    assert found.batch(np.arange(4))[:, :, 0, 0].max() < 0.01  # lowest values of channels differ
    assert np.min(found.scale[0]) >= 100


def test_pages_of_bands_are_slices_that_share_a_group(tmp_path) -> None:
    images = values(3, 4, 8, 8, 5)
    (tmp_path / "s").mkdir()
    for i, pages in enumerate(images):
        with tifffile.TiffWriter(tmp_path / "s" / f"{i}.tif") as file:
            for page in pages:
                file.write(page, photometric="minisblack", planarconfig="contig")
    found = load(tmp_path / "s")
    assert np.array_equal(found.pixels, images.reshape(12, 8, 8, 5).transpose(0, 3, 1, 2))
    assert found.groups is not None
    assert found.groups.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    whole = load(tmp_path / "s", channels="pages")
    assert np.array_equal(whole.pixels, images.transpose(0, 1, 4, 2, 3).reshape(3, 20, 8, 8))


def test_channels_of_a_hyperstack_are_channels_and_its_depth_slices(tmp_path) -> None:
    images = values(2, 5, 6, 8, 8)  # 5 deep, 6 channels
    (tmp_path / "s").mkdir()
    for i, image in enumerate(images):
        tifffile.imwrite(
            tmp_path / "s" / f"{i}.ome.tif", image, metadata={"axes": "ZCYX"}, bigtiff=True,
            planarconfig="separate", photometric="minisblack",
        )  # fmt: skip
    found = load(tmp_path / "s", channels="slices")
    assert len(found) in (10, 60)
    assert found.pixels.reshape(60, 8, 8).tolist() == images.reshape(60, 8, 8).tolist()


def test_a_turned_image_is_turned_back(tmp_path) -> None:
    images = values(3, 6, 9, 5)
    tag = (274, "H", 1, 6, True)
    write(tmp_path / "s", images, photometric="minisblack", planarconfig="contig", extratags=[tag])
    expected = np.rot90(images, k=-1, axes=(1, 2)).transpose(0, 3, 1, 2)
    assert np.array_equal(load(tmp_path / "s").pixels, expected)


def test_overviews_are_no_slices(tmp_path) -> None:
    (tmp_path / "s").mkdir()
    for i, image in enumerate(values(3, 64, 64, 3, dtype="uint8")):
        with tifffile.TiffWriter(tmp_path / "s" / f"{i}.tif") as file:
            file.write(image, photometric="rgb")
            file.write(image[::2, ::2], photometric="rgb", subfiletype=1)
    found = load(tmp_path / "s")
    assert (len(found), found.channels, found.groups) == (3, 3, None)


def test_the_error_names_the_extra_where_tifffile_is_missing(tmp_path, monkeypatch) -> None:
    write(tmp_path / "s", values(3, 8, 8, 13), photometric="minisblack", planarconfig="contig")
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "s" / "plain.tif")
    monkeypatch.setitem(__import__("sys").modules, "tifffile", None)
    with pytest.raises(MissingExtra, match=r"tifffile is not installed: .*\[science\]"):
        load(tmp_path / "s")


def test_compressed_bands_are_read(tmp_path) -> None:
    pytest.importorskip("imagecodecs", reason="needs the extra science")
    images = values(3, 16, 16, 6)
    how = {"compression": "lzw", "predictor": True, "tile": (16, 16)}
    write(tmp_path / "s", images, photometric="minisblack", planarconfig="contig", **how)
    assert np.array_equal(load(tmp_path / "s").pixels, images.transpose(0, 3, 1, 2))
