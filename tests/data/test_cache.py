"""The cache: built once, rebuilt when anything changed or broke, never half there."""

import errno
import os
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

    def rows(file: object, where: Path) -> cache.Rows:
        class File:
            def write(self, raw: bytes) -> int:
                raise OSError(errno.ENOSPC, "No space left on device")

        return real(File(), where)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "Rows", rows)
    with pytest.raises(InputError, match="No space left on device"):
        load(folder)
    assert list((folder.parent / "cache").iterdir()) == []


def test_a_place_that_cannot_hold_a_cache_is_named(folder: Path) -> None:
    (folder.parent / "file").touch()
    with pytest.raises(InputError, match="GOODVIEWS_CACHE"):
        load(folder, cache=folder.parent / "file" / "below")


def test_one_wrong_image_stops_the_build_and_leaves_nothing(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
    for i in range(3):
        np.save(folder / f"{i}.npy", np.full((8, 8), np.inf if i == 1 else 0.0))
    with pytest.raises(InputError, match=r"Image 1\.npy has NaN"):
        load(folder)
    assert list((folder.parent / "cache").iterdir()) == []
