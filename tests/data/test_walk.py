"""Nothing of a folder is left out silently."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data import examine, load
from goodviews.data.decode import EXTENSIONS
from goodviews.data.walk import UNREADABLE, walk


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODVIEWS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for name in ("cat", "dog"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for i in range(4):
            pixels = np.random.default_rng(i).integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pets" / name / f"{i}.png")
    return tmp_path / "pets"


def failing(code: int, where: str, action):
    """An action that fails with a system error for paths that end in ``where``."""

    def made(path, *args, **options):
        if str(path).endswith(where):
            raise OSError(code, os.strerror(code), str(path))
        return action(path, *args, **options)

    return made


@pytest.mark.parametrize("code", sorted(UNREADABLE))
def test_a_class_folder_that_cannot_be_listed_is_an_error(pets, monkeypatch, code) -> None:
    monkeypatch.setattr(os, "scandir", failing(code, "dog", os.scandir))
    with pytest.raises(InputError, match=f"folder dog: {os.strerror(code)}"):
        load(pets)


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOTCONN])
def test_a_file_that_the_system_does_not_read_is_an_error(pets, monkeypatch, code) -> None:
    import builtins

    monkeypatch.setattr(builtins, "open", failing(code, "dog/2.png", open))
    with pytest.raises(InputError, match=f"file dog/2.png: {os.strerror(code)}"):
        load(pets)
    assert not list((pets.parent / "cache").iterdir())


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_a_folder_without_permission_is_an_error(pets) -> None:
    (pets / "dog").chmod(0)
    try:
        with pytest.raises(InputError, match="folder dog: Permission denied"):
            load(pets)
    finally:
        (pets / "dog").chmod(0o755)


def test_a_damaged_file_is_skipped_and_a_broken_link_is_named(pets) -> None:
    (pets / "dog" / "2.png").write_bytes(b"damaged")
    (pets / "dog" / "9.png").symlink_to(pets / "nowhere.png")
    images = load(pets)
    assert [file for file, _ in images.skipped] == ["dog/2.png", "dog/9.png"]
    assert len(images) == 7


def test_a_class_that_is_a_link_to_nowhere_is_an_error(pets) -> None:
    """So it is where a disk is not mounted; the dataset would have a class less."""
    (pets / "fish").symlink_to(pets / "not-mounted", target_is_directory=True)
    with pytest.raises(InputError, match="Cannot read the folder fish: it is a link"):
        load(pets)


def test_links_to_folders_above_end(pets) -> None:
    (pets / "cat" / "again").symlink_to(pets, target_is_directory=True)
    (pets / "itself").symlink_to(pets / "itself")
    found = walk(pets)
    assert len(found.images) == 8
    assert found.loops == ["cat/again"]
    assert any(
        "1 link leads to folders that are read already" in note for note in load(pets).notes
    )


def test_pictures_of_other_kinds_are_counted_and_named(pets) -> None:
    (pets / "fox").mkdir()
    for name in ("a.HEIC", "b.heic", "c.mha", "fox/d.CR2", "notes.txt", "scan.nii.gz", ".e.heic"):
        (pets / name).touch()
    np.save(pets / "features.npy", np.zeros((8, 512), np.float32))
    note = next(note for note in load(pets).notes if "skipped" in note)
    assert note == (
        "6 files of kinds that are not read were skipped (fox holds nothing else): 2 .heic, "
        "1 .cr2, 1 .mha, 1 .nii.gz and 1 .npy; convert them to PNG."
    )
    assert any(note in str(finding) for finding in examine(pets))


def test_a_folder_of_other_kinds_alone_says_so(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for i in range(3):
        (tmp_path / "raw" / f"{i}.svg").touch()
    with pytest.raises(InputError, match=r"No image files found .* 3 \.svg; convert them to PNG"):
        load(tmp_path / "raw")


def test_avif_is_read_where_pillow_reads_it(tmp_path: Path) -> None:
    if ".avif" not in EXTENSIONS:
        pytest.skip("this Pillow has no AVIF")
    (tmp_path / "set").mkdir()
    for i in range(3):
        Image.fromarray(np.full((16, 16, 3), 80 * i, np.uint8)).save(
            tmp_path / "set" / f"{i}.avif"
        )
    images = load(tmp_path / "set")
    assert images.notes == ()
    assert np.abs(images.pixels[:, 0, 8, 8].astype(int) - [0, 80, 160]).max() <= 4
