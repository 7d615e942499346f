"""The cache: built once, rebuilt when anything changed or broke, never half there."""

import errno
import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import cache, load
from goodviews.data.hashing import content_hash


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "set").mkdir()
    for i in range(6):
        Image.fromarray(np.full((8, 8), 40 * i, np.uint8)).save(tmp_path / "set" / f"{i}.png")
    return tmp_path / "set"


def test_it_is_built_once_and_reused(folder: Path) -> None:
    calls: list[tuple[int, int]] = []
    first = load(folder, progress=lambda done, total: calls.append((done, total)))
    assert calls[-1] == (6, 6)
    calls.clear()
    again = load(folder, progress=lambda done, total: calls.append((done, total)))
    assert calls == []
    assert again.hash == first.hash == content_hash(first.pixels, {})
    assert again.cache == first.cache


def test_a_changed_file_another_size_and_a_new_file_are_seen(folder: Path) -> None:
    hashes = [load(folder).hash, load(folder, size=4).hash]
    Image.fromarray(np.full((8, 8), 7, np.uint8)).save(folder / "0.png")
    os.utime(folder / "0.png", ns=(1, 1))
    hashes.append(load(folder).hash)
    Image.fromarray(np.full((8, 8), 9, np.uint8)).save(folder / "new.png")
    hashes.append(load(folder).hash)
    assert len(set(hashes)) == 4


@pytest.mark.parametrize("file", ["pixels.bin", "about.json", "labels.npz"])
@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_broken_folder_is_rebuilt(folder: Path, file: str, how: str) -> None:
    first = load(folder)
    assert first.cache is not None
    path = first.cache / file
    if how == "cut":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        path.unlink()
    again = load(folder)
    assert again.hash == first.hash
    assert np.array_equal(again.pixels[:, 0, 0, 0], np.arange(6) * 40)
    assert len(list(first.cache.parent.iterdir())) == 1


def test_many_may_build_at_once(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        hashes = {images.hash for images in pool.map(lambda _: load(folder), range(8))}
    assert len(hashes) == 1
    assert len(list((folder.parent / "cache").iterdir())) == 1


def test_a_full_disk_gives_one_sentence_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = cache.Rows

    def rows(file: object, where: Path, own: object) -> cache.Rows:
        class File:
            def write(self, raw: bytes) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        return real(File(), where, own)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "Rows", rows)
    with pytest.raises(InputError, match="No space left on device"):
        load(folder)
    assert list((folder.parent / "cache").iterdir()) == []


def test_a_place_that_cannot_hold_a_cache_is_named(folder: Path) -> None:
    (folder.parent / "file").touch()
    with pytest.raises(InputError, match="GOODVIEWS_CACHE"):
        load(folder, cache=folder.parent / "file" / "below")


def test_an_image_with_nan_is_skipped_and_named_and_nothing_is_left_when_all_have_it(
    folder: Path,
) -> None:
    for file in folder.iterdir():
        file.unlink()
    for i in range(3):
        np.save(folder / f"{i}.npy", np.full((8, 8), np.inf if i == 1 else float(i)))
    images = load(folder)
    assert images.pixels[:, 0, 0, 0].tolist() == [0, 2]
    assert images.skipped == (("1.npy", "it has NaN or infinite values"),)
    for i in range(3):
        np.save(folder / f"{i}.npy", np.full((8, 8), np.nan))
    with pytest.raises(InputError, match=r"0\.npy: it has NaN or infinite values"):
        load(folder, cache=folder.parent / "other")
    assert list((folder.parent / "other").iterdir()) == []


def test_a_file_that_is_replaced_with_its_old_size_and_time_is_read_again(folder: Path) -> None:
    path, other = folder / "0.bmp", folder.parent / "other.bmp"
    Image.fromarray(np.full((8, 8), 9, np.uint8)).save(path)
    first = load(folder)
    state = path.stat()
    Image.fromarray(np.full((8, 8), 7, np.uint8)).save(other)
    other.replace(path)
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    again = load(folder)
    assert (first.pixels[0, 0, 0, 0], again.pixels[0, 0, 0, 0]) == (9, 7)
    assert again.hash != first.hash


def test_two_files_that_swap_names_are_read_again(folder: Path) -> None:
    load(folder)
    for old, new in (("1.png", "x"), ("2.png", "1.png"), ("x", "2.png")):
        (folder / old).rename(folder / new)
    for name in ("1.png", "2.png"):
        os.utime(folder / name, ns=(1, 1))
    assert load(folder).pixels[1:3, 0, 0, 0].tolist() == [80, 40]


def _flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 16
    path.write_bytes(data)


@pytest.mark.parametrize(
    "file", ["pixels.bin", "labels.npz", "names.json", "about.json", "sums.npy"]
)
@pytest.mark.parametrize("times", ["new", "old"])
def test_a_cache_file_with_one_flipped_bit_is_rebuilt(folder: Path, file: str, times: str) -> None:
    first = load(folder)
    assert first.cache is not None
    path = first.cache / file
    state = path.stat()
    _flip(path, -3)
    if times == "old":
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    again = load(folder)
    assert again.hash == first.hash
    assert np.array_equal(again.pixels[:, 0, 0, 0], np.arange(6) * 40)
    assert again.cache == first.cache


def test_other_labels_of_changed_pixels_are_not_used(folder: Path) -> None:
    labels = np.arange(6) % 2
    first = load(folder, labels=labels)
    assert first.cache is not None
    _flip(first.cache.parent / "pixels.bin", 0)
    again = load(folder, labels=labels)
    assert np.array_equal(again.pixels[:, 0, 0, 0], np.arange(6) * 40)
    assert (again.hash, again.labels["label"].tolist()) == (first.hash, labels.tolist())


def test_checksums_of_blocks_cover_every_byte(tmp_path: Path) -> None:
    values = np.random.default_rng(0).integers(
        0, 256, (700, 3, 32, 32), dtype=np.uint8
    )  # 2.05 MiB
    np.save(tmp_path / "a.npy", values)
    home = tmp_path / "cache"
    first = load(tmp_path / "a.npy", cache=home)
    assert first.cache is not None
    sums = np.load(first.cache / cache.SUMS)
    raw = values.tobytes()
    assert sums.tolist() == [zlib.crc32(raw[i : i + 2**20]) for i in range(0, len(raw), 2**20)]
    _flip(first.cache / "pixels.bin", len(raw) // 2)
    assert np.array_equal(load(tmp_path / "a.npy", cache=home).pixels, values)
