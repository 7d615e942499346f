"""Writing that is whole or absent: a temporary name in the same folder, then a rename."""

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
    """Open a file that appears under its name only when the block ends well.

    Args:
        path: Where it goes; its folder is made when missing.

    Yields:
        A binary file.

    Raises:
        InputError: The disk is full, or the folder cannot be written to. Whatever stood
            under the name before still stands.
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
            f"Cannot write {path}: {reason}. Make room there or choose another place "
            f"with --out; what was written before is still there."
        ) from error
    finally:
        if name is not None:
            Path(name).unlink(missing_ok=True)


def check_folder(path: Path) -> None:
    """Refuse a folder that could not be written to, before long work is done for it.

    Args:
        path: It need not exist yet.

    Raises:
        InputError: It is a file, lies below one, or may not be written to.
    """
    there = path
    while not there.exists() and there != there.parent:
        there = there.parent
    if there == path and not path.is_dir():
        raise InputError(f"{path} is a file; choose another --out.")
    if not there.is_dir():
        raise InputError(f"{there} is a file, so {path} can be no folder; choose another --out.")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"{there} may not be written to; choose another --out.")


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
    """Write JSON whole or not at all; keys keep their order, no NaN is let through."""
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
        raise InputError(f"{path} is not JSON: {error}. Remove it and run again.") from error
