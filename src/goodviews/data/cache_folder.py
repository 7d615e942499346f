"""Where the cache is, and how a folder of it appears whole or not at all."""

import errno
import os
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache as once
from pathlib import Path

from goodviews.core.command import home as home_folder
from goodviews.core.errors import InputError


def cache_root(cache: Path | None = None) -> Path:
    """Root folder of all caches.

    Args:
        cache: Folder to use (default: the environment variable ``GOODVIEWS_CACHE``, otherwise
            ``goodviews`` in the platform's cache folder; where that cannot be written, a folder
            below the one for temporary files, with a warning).

    Returns:
        The folder, which need not exist yet.
    """
    if cache is not None:
        return Path(cache)
    if chosen := os.environ.get("GOODVIEWS_CACHE"):
        return Path(chosen)
    place, home = "a home folder", home_folder()
    given = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME"
    below = {"win32": "AppData/Local", "darwin": "Library/Caches"}.get(sys.platform, ".cache")
    if os.environ.get(given) or home:
        where = Path(os.environ.get(given) or Path(home) / below) / "goodviews"
        with suppress(OSError):
            where.mkdir(parents=True, exist_ok=True)
            if os.access(where, os.W_OK | os.X_OK):
                return where
        place = str(where)
    return _own_folder(place)


@once  # so that the warning is given once
def _own_folder(instead_of: str) -> Path:
    """A folder for this user below the one for temporary files."""
    try:
        mine = Path(tempfile.gettempdir()) / f"goodviews-{os.getuid()}"
        mine.mkdir(mode=0o700, exist_ok=True)
        if mine.is_symlink() or mine.stat().st_uid != os.getuid():
            raise PermissionError(errno.EACCES, f"{mine} belongs to another user")
    except OSError as error:
        raise InputError(
            f"Cannot write the image cache in {instead_of} ({error.strerror or error}); set a "
            "folder with the environment variable GOODVIEWS_CACHE."
        ) from error
    warnings.warn(
        f"Cannot write the image cache in {instead_of}, so it is kept in {mine}; set another "
        "folder with the environment variable GOODVIEWS_CACHE.",
        stacklevel=3,
    )
    return mine


@contextmanager
def writing(where: Path) -> Iterator[None]:
    """Turn a failure to write into an InputError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(
            f"Cannot write the image cache in {where}: {reason}. Free some space, or set another "
            "folder with the environment variable GOODVIEWS_CACHE."
        ) from error


@contextmanager
def building(folder: Path, check: Callable[[Path], object]) -> Iterator[Path]:
    """A hidden folder, renamed to its final name on success and removed on failure.

    Args:
        folder: The final name.
        check: Raises an ``InputError`` where a folder of that name is not whole.
    """
    with writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        temp = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield temp
        with writing(folder.parent):
            temp.chmod(0o755)
            _publish(temp, folder, check)
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def _publish(temp: Path, folder: Path, check: Callable[[Path], object]) -> None:
    for _ in range(5):
        try:
            temp.rename(folder)
            return
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES):
                raise
            if not folder.exists():
                raise
        try:
            check(folder)
            return  # another process was first, and its folder is whole
        except InputError:
            broken = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
            folder.rename(broken / "broken")
            shutil.rmtree(broken, ignore_errors=True)
    raise OSError(errno.EEXIST, "another process keeps writing the same folder")


def _sweep(root: Path) -> None:
    """Remove leftovers of killed processes that are older than a day."""
    for left in root.glob(".*-*.*"):
        try:
            if left.is_dir() and time.time() - left.stat().st_mtime > 86_400:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue
