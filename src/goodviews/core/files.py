"""Atomic writes: to a temporary name in the same folder, then a rename."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from goodviews.core.errors import InputError


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that gets its name only when the block ends without an error.

    Args:
        path: Path of the file; its folder is created when missing.

    Yields:
        A binary file.

    Raises:
        InputError: The disk is full, or the folder is not writable. A file that already had this
            name is unchanged.
    """
    name: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o666 & ~_umask())
        os.replace(name, path)
        name = None
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"Cannot write {path}: {reason}. Free some space or choose another folder with --out; "
            "what was written before is unchanged."
        ) from error
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)


def check_folder(path: Path) -> None:
    """Check that a folder can be written to, before a long run starts.

    Args:
        path: Folder, which need not exist yet.

    Raises:
        InputError: The path is a file, is below a file, or is not writable.
    """
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if there == path and not path.is_dir():
        raise InputError(
            f"Cannot create folder {path}: it is a file. Choose another folder with --out."
        )
    if not there.is_dir():
        raise InputError(
            f"Cannot create folder {path}: {there} is a file. Choose another folder with --out."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"No permission to write to {there}; choose another folder with --out.")


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with writing(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all, in UTF-8."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any, *, default: Callable[[Any], Any] | None = None) -> None:
    """Write JSON whole or not at all; keys keep their order, and NaN is an error."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False, default=default) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON.

    Raises:
        InputError: The file is missing or broken.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(f"{path} is not valid JSON: {error}. Remove it and run again.") from error
