"""Folders, arrays and tables as users have them, and what happens when they are broken."""

import gzip
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import Images, load


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)
    return tmp_path / "cache"


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def put(path: Path, array: np.ndarray, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)


def classes(root: Path, count: int = 4, side: int = 12) -> Path:
    for name in ("cat", "dog"):
        for i in range(count):
            put(root / name / f"{i}.png", noise(side, side, 3, seed=ord(name[0]) + i))
    return root


def deep_png(path: Path, values: np.ndarray) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    height, width, _ = values.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


def test_the_digits_are_always_there() -> None:
    images = load()
    assert images.pixels.shape == (1797, 1, 16, 16)
    batch = images.batch(torch.arange(1797), "cpu")
    assert (batch.min(), batch.max()) == (0, 1)
    assert images.hash == load("digits").hash != load("digits", size=8).hash


def test_class_folders_become_a_task_and_pixels_stay_exact(tmp_path: Path) -> None:
    images = load(classes(tmp_path / "pets"))
    assert images.classes == {"label": ("cat", "dog")}
    assert images.labels["label"].tolist() == [0] * 4 + [1] * 4
    first = noise(12, 12, 3, seed=ord("c")).transpose(2, 0, 1)
    assert np.array_equal(images.pixels[0], first)
    got = images.batch(np.array([0]), "cpu")[0]
    assert torch.allclose(got, torch.from_numpy(first / 255).float(), atol=1e-6)


def test_another_process_opens_the_same_images(tmp_path: Path) -> None:
    images = load(classes(tmp_path / "pets"))
    assert images.cache is not None
    again = Images.open(images.cache)
    assert again.hash == images.hash
    assert not again.pixels.flags.writeable
    assert np.array_equal(again.pixels, images.pixels)


def test_train_and_test_folders_keep_their_parts(tmp_path: Path) -> None:
    classes(tmp_path / "set" / "train", 3)
    classes(tmp_path / "set" / "val", 2)
    images = load(tmp_path / "set")
    assert images.part.tolist() == [0] * 6 + [1] * 4
    assert images.classes["label"] == ("cat", "dog")
    assert len(load(tmp_path / "set", split="test")) == 4


def test_broken_files_are_skipped_and_named_and_others_ignored(tmp_path: Path) -> None:
    root = classes(tmp_path / "pets")
    put(root / "cat" / "whole.jpg", noise(40, 40, 3))
    data = (root / "cat" / "whole.jpg").read_bytes()
    (root / "cat" / "whole.jpg").unlink()
    (root / "cat" / "cut.jpg").write_bytes(data[: len(data) // 2])
    (root / "dog" / "empty.png").touch()
    (root / "dog" / "text.png").write_text("no image")
    (root / "dog" / "notes.txt").write_text("no image")
    (root / ".hidden.png").write_text("no image")
    (root / "loop").symlink_to(root, target_is_directory=True)
    images = load(root, size=12)
    assert len(images) == 8
    assert [file for file, _ in images.skipped] == ["cat/cut.jpg", "dog/empty.png", "dog/text.png"]
    assert all(str(tmp_path) not in why and why for _, why in images.skipped)


def test_names_may_hold_spaces_and_any_letters(tmp_path: Path) -> None:
    put(tmp_path / "mün chen" / "ein Bild é 图.png", noise(8, 8))
    images = load(tmp_path / "mün chen")
    assert (images.name, len(images)) == ("mün chen", 1)


def test_modes_alpha_and_orientation_become_colour(tmp_path: Path) -> None:
    root = tmp_path / "all"
    clear = np.zeros((20, 20, 4), np.uint8)
    put(root / "a.png", clear)
    Image.new("CMYK", (20, 20)).save(root / "b.jpg")
    Image.fromarray(noise(20, 20)).convert("P").save(root / "c.gif")
    put(root / "d.png", np.full((20, 20), 7, np.uint8))
    Image.new("LA", (20, 20), (0, 0)).save(root / "e.png")
    turned = Image.Exif()
    turned[0x0112] = 6
    wide = np.zeros((20, 40, 3), np.uint8)
    wide[:, :20] = 255
    put(root / "f.jpg", wide, exif=turned, quality=95)
    images = load(root, size=20)
    assert images.pixels.shape == (6, 3, 20, 20)
    assert (images.pixels[0] == 255).all()  # clear shows the white below it
    assert (images.pixels[1] == 255).all()  # no ink
    assert (images.pixels[3] == 7).all()
    assert (images.pixels[4] == 255).all()
    assert images.pixels[5, 0, 0].mean() > 200 > 50 > images.pixels[5, 0, -1].mean()
    assert "transparent images were drawn on white" in images.source
    assert "grey images were converted to colour" in images.source


def test_sixteen_bits_stay_sixteen(tmp_path: Path) -> None:
    grey = (np.arange(64, dtype=np.uint16) * 64).reshape(8, 8)
    put(tmp_path / "grey" / "a.png", grey)
    images = load(tmp_path / "grey")
    assert images.scale == (0, 4095)
    assert np.array_equal(images.pixels[0, 0], grey)
    colour = np.random.default_rng(0).integers(0, 65536, (8, 8, 3), dtype=np.uint16)
    deep_png(tmp_path / "colour" / "a.png", colour)
    images = load(tmp_path / "colour")
    assert np.array_equal(images.pixels[0], colour.transpose(2, 0, 1))
    assert 0 <= images.batch(np.array([0]), "cpu").min() <= images.batch(np.array([0])).max() <= 1


def test_mixed_sizes_become_one_square_and_the_source_says_so(tmp_path: Path) -> None:
    for i, side in enumerate((30, 60, 200)):
        put(tmp_path / "mix" / f"{i}.png", np.full((side, side + 10 * i, 3), 99, np.uint8))
    images = load(tmp_path / "mix")
    assert images.pixels.shape == (3, 3, 32, 32)
    assert (images.pixels == 99).all()
    assert "3 sizes" in images.source


def test_five_channels_and_float_tiffs_load(tmp_path: Path) -> None:
    (tmp_path / "five").mkdir()
    for i in range(3):
        np.save(tmp_path / "five" / f"{i}.npy", noise(10, 10, 5, seed=i))
    assert load(tmp_path / "five").pixels.shape == (3, 5, 10, 10)
    assert load(tmp_path / "five", size=6).pixels.shape == (3, 5, 6, 6)
    put(tmp_path / "float" / "a.tif", np.linspace(-1, 3, 64, dtype=np.float32).reshape(8, 8))
    images = load(tmp_path / "float")
    assert images.scale == (-1, 3)
    pages = [Image.fromarray(noise(8, 8, seed=i)) for i in range(4)]
    (tmp_path / "pages").mkdir()
    pages[0].save(tmp_path / "pages" / "a.tif", save_all=True, append_images=pages[1:])
    assert load(tmp_path / "pages").channels == 4


@pytest.mark.parametrize("form", ["nhw", "nhwc", "nchw", "npy"])
def test_arrays_load_in_every_form(tmp_path: Path, form: str) -> None:
    pixels = noise(70, 20, 20, 3)
    labels = np.arange(70) % 3 - 1
    file = tmp_path / "set.npz"
    if form == "nhw":
        np.savez(file, x=pixels[..., 0], y=labels)
    elif form == "nhwc":
        np.savez(file, images=pixels, labels=labels, classes=["a", "b"])
    elif form == "nchw":
        np.savez(file, data=pixels.transpose(0, 3, 1, 2), label=labels[:, None])
    else:
        file = tmp_path / "set.npy"
        np.save(file, pixels)
    images = load(file)
    assert images.pixels.shape == (70, 1 if form == "nhw" else 3, 20, 20)
    assert np.array_equal(images.pixels[:, 0], pixels[..., 0])
    if form != "npy":
        assert images.labels["label"].tolist() == labels.tolist()
    if form == "nhwc":
        assert images.classes["label"] == ("a", "b")


def test_float_arrays_say_their_range(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(70, 8, 8))
    np.save(tmp_path / "a.npy", values)
    images = load(tmp_path / "a.npy")
    batch = images.batch(torch.arange(70), "cpu")
    assert (batch.min(), batch.max()) == (0, 1)
    assert "were mapped to [0, 1]" in images.range_note


BAD = {
    "nan": ({"images": np.full((10, 8, 8), np.nan)}, "Image 0 has NaN .* 10 of 10 images"),
    "flat": ({"images": np.zeros((10, 64, 64, 64))}, "--channels slices for volumes"),
    "no images": ({"weights": np.zeros(3)}, "holds weights"),
    "few labels": ({"images": noise(9, 8, 8), "labels": np.zeros(8)}, r"shape \(9,\)"),
    "text": ({"images": np.full((9, 8, 8), "a")}, "Expected numbers"),
    "objects": ({"images": np.array([None, 1], dtype=object)}, "Python objects"),
    "huge": ({"images": np.full((9, 8, 8), 1e300)}, r"reach 1e\+300, .* divide the values first"),
    "half labels": ({"images": noise(9, 8, 8), "labels": np.full(9, 0.5)}, "whole"),
}


@pytest.mark.parametrize("case", BAD)
def test_arrays_that_are_no_images_get_one_sentence(tmp_path: Path, case: str) -> None:
    arrays, words = BAD[case]
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(InputError, match=words):
        load(tmp_path / "bad.npz")
    assert not list((tmp_path / "cache").iterdir())


def test_an_array_file_that_is_none_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.npy").write_text("not an array")
    with pytest.raises(InputError, match=r"not that of an \.npy file"):
        load(tmp_path / "notes.npy")
    np.save(tmp_path / "objects.npy", np.array([None, 1]), allow_pickle=True)
    with pytest.raises(InputError, match=r"holds Python objects, .* Save images as numbers"):
        load(tmp_path / "objects.npy")


def test_what_cannot_be_read_gets_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="No image files found"):
        load(tmp_path / "empty")
    (tmp_path / "empty" / "a.png").touch()
    with pytest.raises(InputError, match="None of the 1 image files"):
        load(tmp_path / "empty")
    with pytest.raises(InputError, match="does not exist"):
        load(tmp_path / "nowhere")
    with pytest.raises(InputError, match="Did you mean 'mnist'"):
        load("mnits")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 cut short")
    with pytest.raises(InputError, match="Cannot read"):
        load(tmp_path / "cut.npz")
    put(tmp_path / "one.png", noise(8, 8))
    with pytest.raises(InputError, match="name the folder"):
        load(tmp_path / "one.png")
    with pytest.raises(InputError, match="but got 2"):
        load(size=2)
    (tmp_path / "mixed").mkdir()
    np.save(tmp_path / "mixed" / "a.npy", noise(8, 8, 5))
    put(tmp_path / "mixed" / "b.png", noise(8, 8))
    with pytest.raises(InputError, match="need the same number"):
        load(tmp_path / "mixed")


def test_one_class_folder_is_said_and_not_a_task(tmp_path: Path) -> None:
    put(tmp_path / "set" / "only" / "a.png", noise(8, 8))
    put(tmp_path / "set" / "only" / "b.png", noise(8, 8))
    images = load(tmp_path / "set")
    assert images.labels == {}
    assert "'only'" in images.notes[0]


@pytest.mark.skipif(os.name == "nt", reason="folder permissions are POSIX")
def test_a_read_only_data_folder_is_never_written_to(tmp_path: Path) -> None:
    root = classes(tmp_path / "pets")
    before = sorted(root.rglob("*"))
    root.chmod(0o555)
    try:
        assert len(load(root)) == 8
    finally:
        root.chmod(0o755)
    assert sorted(root.rglob("*")) == before


def test_the_four_files_of_mnist_are_read_where_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels, labels = noise(80, 28, 28), np.arange(80, dtype=np.uint8) % 10
    for stem in ("train", "t10k"):
        head = b"\0\0\x08\x03" + struct.pack(">III", 80, 28, 28)
        (raw / f"{stem}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
        head = b"\0\0\x08\x01" + struct.pack(">I", 80)
        (raw / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head + labels.tobytes()))
    images = load("mnist", root=tmp_path / "data")
    assert np.array_equal(images.pixels[80:, 0], pixels)
    assert images.labels["label"].tolist() == [*labels, *labels]
    assert images.part.sum() == 80
    monkeypatch.setenv("GOODVIEWS_DATA", str(tmp_path / "data"))
    assert load("mnist").hash == load(raw.parent).hash == images.hash
    assert len(list(raw.iterdir())) == 4
    (raw / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03 cut short")
    with pytest.raises(InputError, match=r"A file of mnist .* is broken"):
        load("mnist")
