"""Files are whole or absent, whatever stops the writing."""

import errno
import os
import stat
from pathlib import Path

import pytest

from goodviews.core.errors import InputError
from goodviews.core.files import (
    check_folder,
    read_json,
    read_text,
    write_bytes,
    write_json,
    write_text,
    writing,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_failure_in_the_middle_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "rows.csv"
    write_text(path, "old")
    with pytest.raises(RuntimeError), writing(path) as file:  # noqa: PT012
        file.write(b"new, but only ha")
        raise RuntimeError
    assert path.read_text() == "old"
    assert names(tmp_path) == ["rows.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_an_interruption_passes_through_and_leaves_nothing(tmp_path, error):
    with pytest.raises(error), writing(tmp_path / "a") as file:  # noqa: PT012
        file.write(b"x")
        raise error
    assert names(tmp_path) == []


@pytest.mark.parametrize("step", ["write", "fsync", "replace", "mkstemp"])
def test_a_full_disk_is_one_sentence_and_the_old_file_stands(tmp_path, monkeypatch, step):
    path = tmp_path / "rows.csv"
    write_text(path, "old")

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if step == "write":
        with pytest.raises(InputError, match="No space left") as error, writing(path):
            full()
    else:
        place = "tempfile.mkstemp" if step == "mkstemp" else f"os.{step}"
        monkeypatch.setattr(place, full)
        with pytest.raises(InputError, match="No space left") as error:
            write_text(path, "new")
        monkeypatch.undo()
    assert "--out" in str(error.value)
    assert "\n" not in str(error.value)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["rows.csv"]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)
def test_a_folder_without_permission_is_one_sentence(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(InputError, match="Permission denied"):
            write_text(tmp_path / "a", "x")
    finally:
        tmp_path.chmod(0o700)


def test_a_file_where_a_folder_should_be_is_one_sentence(tmp_path):
    write_text(tmp_path / "a", "x")
    with pytest.raises(InputError, match="Cannot write"):
        write_text(tmp_path / "a" / "b", "x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="Cannot write"):
        write_text(tmp_path / "folder", "x")
    assert names(tmp_path) == ["a", "folder"]


def test_a_reader_sees_the_old_or_the_new_file_never_a_part(tmp_path):
    path = tmp_path / "a"
    write_bytes(path, b"old")
    with writing(path) as file:
        file.write(b"n" * 1_000_000)
        file.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"n" * 1_000_000


def test_folders_are_made_and_the_mode_follows_the_umask(tmp_path):
    path = tmp_path / "deep" / "er" / "a"
    mask = os.umask(0o027)
    try:
        write_text(path, "é")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        assert os.umask(0o027) == 0o027  # left as it was
    finally:
        os.umask(mask)
    assert path.read_bytes() == "é".encode()


def test_json_comes_back_in_order_and_lets_no_nan_through(tmp_path):
    path = tmp_path / "a.json"
    value = {"b": 1, "a": [1.5, None, "é", {"z": True}]}
    write_json(path, value)
    assert read_json(path) == value
    assert list(read_json(path)) == ["b", "a"]
    with pytest.raises(ValueError):
        write_json(path, {"x": float("nan")})
    assert read_json(path) == value


def test_missing_or_broken_json_is_one_sentence(tmp_path):
    with pytest.raises(InputError, match="No such file"):
        read_json(tmp_path / "none.json")
    for text in ("{", "", "[" * 100_000, "NaN", "[1e400]", "-Infinity", "1" * 5_000, "\udcff"):
        (tmp_path / "bad.json").write_text(text, encoding="utf-8", errors="surrogateescape")
        with pytest.raises(InputError, match=r"not valid JSON|not text in UTF-8"):
            read_json(tmp_path / "bad.json")


def test_a_device_a_pipe_and_a_folder_are_not_read_as_text(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero"), Path("/dev/stdin")):
        with pytest.raises(InputError, match="device or a pipe"):
            read_text(path, what="the labels")
    with pytest.raises(InputError, match="it is a folder"):
        read_text(tmp_path)
    with pytest.raises(InputError, match="null"):
        read_text(tmp_path / "nu\0ll")
    (tmp_path / "marked.txt").write_bytes(b"\xef\xbb\xbfflip()")
    assert read_text(tmp_path / "marked.txt") == "flip()"


def test_a_folder_that_cannot_be_one_is_refused_before_the_work(tmp_path, monkeypatch):
    check_folder(tmp_path / "new" / "below")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file: it is a file"):
        check_folder(tmp_path / "file")
    with pytest.raises(InputError, match=r"Cannot create folder .*: .*file is a file"):
        check_folder(tmp_path / "file" / "below")
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(InputError, match="No permission to write"):
        check_folder(tmp_path / "new")
