"""Atomic writes: to a temporary name in the same folder, then a rename."""

import json
import lzma
import math
import os
import stat
import struct
import tempfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import BadZipFile

from goodviews.core.errors import InputError

DAMAGED = (
    OSError, ValueError, KeyError, EOFError, MemoryError, OverflowError, RecursionError,
    NotImplementedError, RuntimeError, TypeError, SyntaxError,
    BadZipFile, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip
"""What the readers of others raise where a file is damaged, cut short, or of another kind."""

LONGEST = 256 << 20
"""Bytes of the longest text file that is read."""


def read_text(path: Path, *, what: str = "") -> str:
    """Read a text file in UTF-8, with or without a byte order mark.

    Args:
        path: Path of the file, which must be a regular one: a device or a pipe may never end.
        what: What it should hold, for the error, such as ``"the labels"``.

    Raises:
        InputError: It is missing, not a regular file, too long, or not text in UTF-8.
    """
    data = read_bytes(path, what=what, longest=LONGEST)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(path, what, "it is not text in UTF-8") from error


def read_bytes(path: Path, *, what: str = "", longest: float = math.inf) -> bytes:
    """Read a regular file.

    Args:
        path: Path of the file.
        what: What it should hold, for the error.
        longest: Bytes that it may have.

    Raises:
        InputError: It is missing, not a regular file, or too long.
    """
    try:
        about = os.stat(path)
        if stat.S_ISDIR(about.st_mode):
            raise _unreadable(path, what, "it is a folder, but a file was expected")
        if not stat.S_ISREG(about.st_mode):
            why = "it is a device or a pipe; save its content to a file first"
            raise _unreadable(path, what, why)
        if about.st_size > longest:
            why = f"it has {about.st_size:,} bytes, more than the {longest:,} that are read"
            raise _unreadable(path, what, why)
        return Path(path).read_bytes()
    except (OSError, ValueError, MemoryError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error) or "it is too large"
        raise _unreadable(path, what, reason) from error


def _unreadable(path: Path, what: str, why: str) -> InputError:
    return InputError(f"Cannot read {f'{what} in ' if what else ''}{path}: {why}.")


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


@contextmanager
def reading(path: Path, *, wrote: str) -> Iterator[None]:
    """Report whatever a block does not find in what it reads as a fault of the file.

    For records without types: what a page shows of a file that someone edited.

    Args:
        path: The file.
        wrote: The command that wrote it, which writes it again.

    Raises:
        InputError: A value is missing, or is not what was expected.
    """
    try:
        yield
    except InputError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise InputError(
            f"{path} is not as {wrote} wrote it ({' '.join(what.split())[:120]}); run that "
            f"command again."
        ) from error


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with writing(path) as file:
        file.write(data)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all, in UTF-8; bytes that are not text become ``?``."""
    write_bytes(path, text.encode(errors="replace"))


def write_json(path: Path, value: Any, *, default: Callable[[Any], Any] | None = None) -> None:
    """Write JSON whole or not at all; keys keep their order, and NaN is an error."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False, default=default) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON; its numbers are finite.

    Raises:
        InputError: The file is missing or broken.
    """
    text = read_text(path)
    try:
        return json.loads(text, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        reason = error if isinstance(error, ValueError) else "it is nested too deeply"
        raise InputError(f"{path} is not valid JSON: {reason}. Remove it and run again.") from None


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{text} is not a finite number")
    return number
