from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.data.decode import fit
from goodviews.data.size import Size, box, inner


def ends(dtype: str = "uint8") -> np.ndarray:
    """(3, 16, 64): what matters is at both ends."""
    image = np.full((3, 16, 64), 100, dtype)
    image[:, :, :8], image[:, :, -8:] = 200, 50
    return image


@pytest.mark.parametrize(
    ("value", "sides", "how"),
    [
        (None, None, "crop"),
        (32, (32, 32), "crop"),
        ("32", (32, 32), "crop"),
        ("32x128", (32, 128), "crop"),
        ((32, 128), (32, 128), "crop"),
        ("pad", None, "pad"),
        ("32X128, stretch", (32, 128), "stretch"),
    ],
)
def test_a_size_is_read_from_what_users_write(value, sides, how) -> None:
    found = Size.of(value)
    assert (found.sides, found.fit) == (sides, how)
    assert Size.of(str(found) or None) == found


@pytest.mark.parametrize("value", ["x", "32x", "1x2x3", "5,6", "pad,crop", 3, "16x2000", -8, True])
def test_a_wrong_size_is_one_sentence(value) -> None:
    with pytest.raises(InputError, match="size must be"):
        load("digits", size=value)


def test_a_cut_keeps_the_shape_of_its_pixels() -> None:
    for width, height, sides in ((256, 64, (32, 64)), (50, 90, (64, 32)), (7, 7, (9, 4))):
        left, top, right, bottom = box(width, height, sides)
        assert (right - left) / (bottom - top) == pytest.approx(sides[1] / sides[0])
        assert left >= 0 <= top
        assert min(left, top) == 0
        high, wide = inner(width, height, sides)
        assert high <= sides[0]
        assert wide <= sides[1]
        assert (high == sides[0]) or (wide == sides[1])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_each_fit_of_an_image(dtype: str) -> None:
    image = ends(dtype)
    cut, stretched, padded = (fit(image, (16, 16), how) for how in ("crop", "stretch", "pad"))
    assert (cut == 100).all()
    assert stretched[0, 0, 0] == 200
    assert stretched[0, 0, -1] == 50
    assert {a.dtype for a in (cut, stretched, padded)} == {image.dtype}
    assert (padded[:, 6:10, 0] == 200).all()
    edge = 50 if dtype == "float32" else 0  # the lowest value of a float image is not always 0
    assert (np.delete(padded, range(6, 10), axis=1) == edge).all()


@pytest.mark.parametrize("how", ["crop", "stretch", "pad"])
def test_files_and_arrays_are_fitted_alike(tmp_path: Path, how: str) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 20, 50, 3), dtype=np.uint8)
    (tmp_path / "s").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "s" / f"{i}.png")
    files = load(tmp_path / "s", size=f"12x40,{how}")
    arrays = load(images, size=f"12x40,{how}")
    assert files.pixels.shape == (3, 3, 12, 40)
    assert np.array_equal(files.pixels, arrays.pixels)
    assert "12x40" in files.source
    assert files.hash == arrays.hash


def test_the_whole_image_is_kept_between_margins(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    for i in range(3):
        Image.fromarray(ends().transpose(1, 2, 0)).save(tmp_path / "s" / f"{i}.png")
    Image.fromarray(np.full((16, 200, 3), 7, np.uint8)).save(tmp_path / "s" / "3.png")
    square, padded = load(tmp_path / "s"), load(tmp_path / "s", size="pad")
    assert any("--fit pad" in note for note in square.notes)
    assert not any("--fit pad" in note for note in padded.notes)
    assert set(np.unique(square.pixels[:3])) == {100}
    assert {200, 50, 0} <= set(np.unique(padded.pixels[:3]))


def test_known_data_are_squares_only() -> None:
    with pytest.raises(InputError, match="digits is made of squares"):
        load("digits", size="16x32")
