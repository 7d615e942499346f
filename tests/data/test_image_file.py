"""Files for views: the pixels that Pillow reads, reduced where the format can."""

import io

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import ImageFile, image_file
from goodviews.data.decode import decode, read_header


def picture(high=90, wide=133, channels=3):
    """Smooth in most places, with edges: JPEG is made for such."""
    y, x = np.mgrid[:high, :wide]
    planes = [
        127 + 60 * np.sin((x + 3 * c) / 17) + 50 * np.cos((y - c * x) / 23)
        for c in range(channels)
    ]
    image = np.stack(planes, axis=-1)
    image[20:60, 30:70] = 220 - image[20:60, 30:70] / 2
    return np.clip(image, 0, 255).astype(np.uint8)


def stored(image, kind="JPEG", **how):
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


def turned(number):
    exif = Image.Exif()
    exif[0x0112] = number
    return exif


COLOUR = Image.fromarray(picture())
FILES = {
    "baseline": stored(COLOUR, quality=90),
    "444": stored(COLOUR, quality=95, subsampling=0),
    "progressive": stored(COLOUR, progressive=True),
    "optimised": stored(COLOUR, optimize=True, quality=40),
    "restarts": stored(COLOUR, restart_marker_blocks=4),
    "rgb": stored(COLOUR, keep_rgb=True),
    "grey": stored(COLOUR.convert("L")),
    "cmyk": stored(COLOUR.convert("CMYK")),
    "png": stored(COLOUR, "PNG"),
    "palette": stored(COLOUR.quantize(20), "PNG"),
    "clear": stored(Image.fromarray(picture(channels=4), "RGBA"), "PNG"),
    "webp": stored(COLOUR, "WEBP", lossless=True),
    "odd": stored(COLOUR.crop((0, 0, 17, 9))),
    "dot": stored(COLOUR.crop((0, 0, 1, 1))),
}
FILES |= {f"turned {n}": stored(COLOUR, exif=turned(n)) for n in range(1, 9)}
FILES |= {"png turned": stored(COLOUR, "PNG", exif=turned(6))}
FILES |= {"bad turn": stored(COLOUR, exif=turned(77))}


@pytest.fixture(params=["simplejpeg", "Pillow"])
def decoder(request, monkeypatch):
    if request.param == "Pillow":
        monkeypatch.setattr(image_file, "simplejpeg", None)
    else:
        pytest.importorskip("simplejpeg")


@pytest.mark.parametrize("name", FILES)
def test_pixels_are_those_that_load_reads(name, decoder, tmp_path):
    path = tmp_path / "image.bin"
    path.write_bytes(FILES[name])
    read = decode(path, read_header(path))
    expected = np.broadcast_to(read, (3, *read.shape[1:])).transpose(1, 2, 0)
    file = ImageFile(path)
    made = file.read(1, np.empty(10**6, np.uint8))
    assert file.shape == (3, *read.shape[1:])
    assert (made.factor, made.top, made.left) == (1, 0, 0)
    np.testing.assert_array_equal(made.pixels, expected)


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("name", ["baseline", "progressive", "grey", "cmyk", "turned 3", "odd"])
def test_both_decoders_reduce_alike(name, factor, monkeypatch):
    pytest.importorskip("simplejpeg")
    fast = ImageFile(FILES[name]).read(factor)
    monkeypatch.setattr(image_file, "simplejpeg", None)
    slow = ImageFile(FILES[name]).read(factor)
    assert fast[1:] == slow[1:]
    np.testing.assert_array_equal(fast.pixels, slow.pixels)


@pytest.mark.parametrize("number", range(1, 9))
def test_a_reduced_file_says_where_its_image_starts(number, decoder):
    """A line at one column of the upright image is found there, whatever the orientation."""
    file = ImageFile(stored(COLOUR, exif=turned(number)))
    whole = file.read().pixels.astype(float).mean(axis=2)
    made = file.read(4)
    assert made.factor == 4
    small = made.pixels.astype(float).mean(axis=2)
    for axis, start in ((0, made.top), (1, made.left)):
        centres = (np.arange(small.shape[axis]) + 0.5 - start) * 4 - 0.5
        inside = slice(2, -2)
        line = whole.mean(axis=1 - axis)
        expected = np.interp(centres, np.arange(len(line)), np.convolve(line, [0.25] * 4, "same"))
        shifted = np.interp(centres + 2, np.arange(len(line)), line)
        found = small.mean(axis=1 - axis)
        error = np.abs(found - expected)[inside].mean()
        assert error < 2
        assert error < np.abs(found - shifted)[inside].mean()


def test_grey_has_one_channel():
    colour = ImageFile(FILES["baseline"], channels=1).read().pixels[..., 0]
    expected = Image.open(io.BytesIO(FILES["baseline"])).convert("L")
    np.testing.assert_array_equal(colour, np.asarray(expected))
    grey = ImageFile(FILES["grey"], channels=1)
    assert grey.shape == (1, 90, 133)
    np.testing.assert_array_equal(
        grey.read().pixels[..., 0], np.asarray(Image.open(io.BytesIO(FILES["grey"])))
    )


def test_formats_that_cannot_be_reduced_are_read_whole():
    made = ImageFile(FILES["png"]).read(4)
    assert made.factor == 1
    np.testing.assert_array_equal(made.pixels, picture())


@pytest.mark.parametrize("name", ["baseline", "progressive", "grey", "cmyk", "png", "turned 6"])
@pytest.mark.parametrize("share", [0.2, 0.6, 0.97])
def test_truncated_files_are_an_error_as_in_pillow(name, share, decoder):
    data = FILES[name][: int(share * len(FILES[name]))]
    with pytest.raises(OSError, match=r"(?i)truncated|identify"):
        Image.open(io.BytesIO(data)).convert("RGB")
    with pytest.raises(InputError, match="cannot be read as an image"):
        ImageFile(data).read()


def test_what_pillow_still_reads_is_read(decoder):
    """Bytes after the end, and a wrong byte in the compressed pixels."""
    for data in (FILES["baseline"] + b"x" * 99, FILES["baseline"][:-2] + b"\0" * 9 + b"\xff\xd9"):
        expected = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
        np.testing.assert_array_equal(ImageFile(data).read().pixels, expected)


def test_errors_name_the_file(tmp_path):
    text = tmp_path / "notes.jpg"
    text.write_text("not an image")
    deep = Image.fromarray(np.full((4, 4), 900, np.uint16))
    for given, message in (
        (text, "notes.jpg cannot be read as an image: its format is not known"),
        (tmp_path / "none.jpg", "none.jpg cannot be read"),
        (b"", "the given bytes cannot be read"),
        (stored(deep, "PNG"), "uint16, but views of files need 8 bits"),
    ):
        with pytest.raises(InputError, match=message):
            ImageFile(given)
    with pytest.raises(InputError, match="channels must be 1"):
        ImageFile(FILES["png"], channels=4)
