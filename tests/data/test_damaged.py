"""Damaged, odd and hostile array and image files: one sentence, or skipped and named."""

import gzip
import io
import os
import struct
import urllib.error
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import load
from goodviews.data.array_files import check_members


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("GOODVIEWS_DATA", raising=False)


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def refused(data, **options):
    with pytest.raises(InputError) as caught:
        load(data, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert text.endswith(".")
    return text


def npy(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def header(shape, kind="|u1", major=1) -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    size = struct.pack("<H" if major == 1 else "<I", len(text) + 1)
    return b"\x93NUMPY" + bytes([major, 0]) + size + text + b"\n"


@pytest.mark.parametrize("place", np.linspace(0, 0.999, 24))
@pytest.mark.parametrize("packed", [True, False])
def test_a_damaged_npz_is_refused_or_whole(tmp_path, place, packed):
    file = tmp_path / "a.npz"
    pixels = noise(64, 8, 8)
    (np.savez_compressed if packed else np.savez)(file, images=pixels, labels=np.arange(64) % 2)
    data = bytearray(file.read_bytes())
    start = int(place * len(data))
    data[start : start + 40] = b"\xa5" * min(40, len(data) - start)
    file.write_bytes(data)
    try:
        images = load(file)
    except InputError:
        refused(file)
    else:
        assert np.array_equal(images.pixels[:, 0], pixels)


@pytest.mark.parametrize("kept", np.linspace(0, 0.99, 12))
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_truncated_file_is_refused(tmp_path, kept, ending):
    file = tmp_path / f"a.{ending}"
    (np.save if ending == "npy" else np.savez)(file, noise(64, 8, 8))
    data = file.read_bytes()
    file.write_bytes(data[: int(kept * len(data))])
    assert str(file) in refused(file)


HEADERS = {
    "more than the file": header((1 << 40, 8, 8)),
    "more than 64 bits": header((1 << 70, 8, 8)),
    "negative": header((-1, 8, 8)),
    "no numbers": header(("a", 8, 8)),
    "objects": header((64, 8, 8), "|O"),
    "unknown type": header((64, 8, 8), "|q9"),
    "code": header("__import__('os').getpid()"),
    "version 9": header((64, 8, 8), major=9),
    "nothing": b"\x93NUMPY\x01\x00\x02\x00{}",
}


@pytest.mark.parametrize("case", HEADERS)
@pytest.mark.parametrize("ending", ["npy", "npz"])
def test_a_header_that_lies_is_refused(tmp_path, case, ending):
    file = tmp_path / f"a.{ending}"
    data = HEADERS[case] + bytes(4096)
    if ending == "npy":
        file.write_bytes(data)
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("images.npy", data)
    refused(file)


def test_an_archive_that_unpacks_to_more_than_the_memory_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch
):
    file = tmp_path / "a.npz"
    np.savez_compressed(file, images=np.zeros((64, 100, 100), np.uint8))
    monkeypatch.setattr("goodviews.data.array_files.free_memory", lambda: 600_000)
    assert "unpacks to 0.0 GB" in refused(file)
    monkeypatch.setattr("goodviews.data.array_files.free_memory", lambda: 700_000)
    assert len(load(file)) == 64


def test_arrays_that_are_as_long_as_they_say_pass_the_check(tmp_path):
    for array in (noise(3, 4), np.zeros(0), np.array("text"), np.asfortranarray(noise(9, 9))):
        np.savez(tmp_path / "a.npz", array)
        with zipfile.ZipFile(tmp_path / "a.npz") as archive:
            check_members(archive)


def test_an_array_under_the_wrong_ending_is_read(tmp_path):
    (tmp_path / "a.npz").write_bytes(npy(noise(64, 8, 8)))
    assert len(load(tmp_path / "a.npz")) == 64
    np.savez(tmp_path / "b.npz", images=noise(64, 8, 8))
    (tmp_path / "b.npz").rename(tmp_path / "b.npy")
    assert len(load(tmp_path / "b.npy")) == 64


ODD = {
    "complex": np.zeros((64, 8, 8), np.complex64),
    "text": np.full((64, 8, 8), "a"),
    "dates": np.zeros((64, 8, 8), "M8[s]"),
    "fields": np.zeros((64, 8, 8), [("a", "u1")]),
    "empty": np.zeros((0, 8, 8)),
    "no pixels": np.zeros((64, 0, 8)),
    "scalar": np.float64(3),
    "rows": np.zeros((64, 784)),
    "five axes": np.zeros((4, 4, 4, 4, 4)),
}


@pytest.mark.parametrize("case", ODD)
def test_an_array_that_holds_no_images_is_refused(tmp_path, case):
    np.save(tmp_path / "a.npy", ODD[case])
    np.savez(tmp_path / "a.npz", images=ODD[case])
    for data in (tmp_path / "a.npy", tmp_path / "a.npz"):
        refused(data)


OFFSETS = {
    "backwards": [9, 0, 3],
    "outside": [0, 10**9],
    "halves": [0.5, 1.5],
    "text": ["a", "b"],
    "negative": [-5, -1],
    "two axes": [[0, 1], [2, 3]],
    "one": [0],
}


@pytest.mark.parametrize("case", OFFSETS)
def test_packed_jpegs_with_wrong_offsets_are_refused(tmp_path, case):
    file = io.BytesIO()
    Image.fromarray(noise(8, 8, 3)).save(file, "JPEG")
    jpeg = np.frombuffer(file.getvalue(), np.uint8)
    np.savez(tmp_path / "a.npz", jpeg=jpeg, offsets=np.array(OFFSETS[case]))
    refused(tmp_path / "a.npz")


@pytest.mark.skipif(os.name == "nt", reason="devices and pipes are POSIX")
def test_devices_and_pipes_are_refused_at_once(tmp_path):
    assert "neither a folder nor a regular file" in refused(Path("/dev/zero"))
    os.mkfifo(tmp_path / "a.npz")
    assert "neither a folder nor a regular file" in refused(tmp_path / "a.npz")
    (tmp_path / "link.npy").symlink_to("/dev/zero")
    assert "neither a folder nor a regular file" in refused(tmp_path / "link.npy")


@pytest.mark.skipif(os.name == "nt", reason="devices and pipes are POSIX")
def test_damaged_and_odd_files_of_a_folder_are_skipped_and_named(tmp_path):
    root = tmp_path / "set"
    root.mkdir()
    for i in range(4):
        np.save(root / f"{i}.npy", noise(8, 8))
    os.mkfifo(root / "pipe.npy")
    (root / "zero.png").symlink_to("/dev/zero")
    for i, case in enumerate(HEADERS):
        (root / f"header{i}.npy").write_bytes(HEADERS[case] + bytes(100))
    odd = [array for case, array in ODD.items() if case != "rows"]  # rows are one grey image
    for i, array in enumerate(odd):
        np.save(root / f"odd{i}.npy", array)
    np.save(root / "objects.npy", np.array([None, 1]), allow_pickle=True)
    bomb = bytearray(b"\x89PNG\r\n\x1a\n" + bytes(60))
    bomb[8:33] = struct.pack(">I4sIIBBBBB", 13, b"IHDR", 10**6, 10**6, 8, 2, 0, 0, 0) + bytes(0)
    (root / "bomb.png").write_bytes(bomb)
    images = load(root)
    assert np.array_equal(images.pixels, noise(8, 8)[None, None].repeat(4, 0))
    assert len(images.skipped) == 2 + len(HEADERS) + len(odd) + 2
    assert all(why and "\n" not in why for _, why in images.skipped)


@pytest.mark.parametrize(
    "data",
    [
        gzip.compress(b"\0\0\x08\x03" + struct.pack(">III", 80, 28, 28) + bytes(80 * 784))[:-60],
        gzip.compress(b"\0\0\x08\x03" + struct.pack(">III", 2**31, 2**31, 28)),
        gzip.compress(b"\0"),
        gzip.compress(b"")[:5],
        b"\x1f\x8b\x08\0" + b"\xff" * 50,
        b"",
        b"no gzip",
    ],
    ids=["cut", "huge", "short", "cut head", "no data", "empty", "no gzip"],
)
def test_damaged_files_of_mnist_are_named(tmp_path, data):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = b"\0\0\x08\x03" + struct.pack(">III", 80, 28, 28) + noise(80, 28, 28).tobytes()
    labels = b"\0\0\x08\x01" + struct.pack(">I", 80) + bytes(80)
    for stem in ("train", "t10k"):
        (raw / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(pixels))
        (raw / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels))
    assert len(load("mnist", root=tmp_path)) == 160
    for stem in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3"):
        file = raw / f"{stem}-ubyte.gz"
        whole = file.read_bytes()
        file.write_bytes(data)
        assert "A file of mnist in" in refused("mnist", root=tmp_path)
        file.write_bytes(whole)


def test_damaged_files_of_svhn_are_refused(tmp_path, monkeypatch):
    def offline(*_args, **_options):
        raise urllib.error.URLError("offline")

    monkeypatch.setattr("urllib.request.urlopen", offline)
    for split in ("train", "test"):
        (tmp_path / f"{split}_32x32.mat").write_bytes(b"MATLAB 5.0 MAT-file" + bytes(200))
    assert "or damaged there" in refused("svhn", root=tmp_path)


def test_labels_that_are_python_objects_are_refused_with_the_way_to_save_them(tmp_path):
    labels = np.array(["cat", None, float("nan"), "dog"] * 16, dtype=object)
    np.savez(tmp_path / "a.npz", images=noise(64, 8, 8), labels=labels)
    assert "labels=labels.astype(str)" in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", images=noise(64, 8, 8), labels=labels.astype(str))
    images = load(tmp_path / "a.npz")
    assert images.classes["label"] == ("cat", "dog")
    assert (images.labels["label"] < 0).sum() == 32
