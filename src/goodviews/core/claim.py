"""One folder, one owner, one writer: whose results a folder holds, and who writes to it now.

While a job writes, its folder holds :data:`MARK`, locked by the kernel (``flock``), so that the
lock ends with its process, whatever ended it. The file names the job and its process. It is
removed when the job's own files show whose folder it is; until then it stays, without the process,
so that a run that was stopped early is resumed. Where the file system has no locks, the process
named in the file is looked up: by its number, and by its start, since numbers are used again.
"""

import contextlib
import errno
import json
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import check_folder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

MARK = ".goodviews"
_PAGE_FILES = {"index.html", "curve.svg", "curve.png", ".DS_Store"}
_PAGE = b'<meta name="generator" content="goodviews"'
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL}
_open: set[int] = set()


@contextlib.contextmanager
def claimed(
    folder: Path,
    job: str,
    *,
    own: Callable[[Path], bool],
    mine: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[None]:
    """Hold the folder of a job while it writes.

    Args:
        folder: The folder: new, empty, or that of such a job.
        job: Name of the job, such as ``study``.
        own: Whether the files of a folder are those of such a job.
        mine: Whether this process is the one that holds it; the other processes of one run are
            given the block without it.
        say: Called with a sentence where a process that held the folder has died.

    Raises:
        InputError: The folder holds something else, cannot be written to, or another process
            writes to it.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as place, claimed(Path(place), "study", own=lambda _: False):
        ...     [path.name for path in Path(place).iterdir()]
        ['.goodviews']
    """
    if not mine:
        yield
        return
    check_owner(folder, job, own=own)
    new = not folder.exists()
    with _making(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = _locked(folder, job)
    try:
        if dead := _read(folder).get("pid"):
            say(f"Process {dead}, which wrote to {folder}, has ended without finishing.")
        _write(handle, {"job": job, **_process()})
        yield
    finally:
        _release(handle, folder, job, own=own, new=new)


def check_owner(folder: Path, job: str, *, own: Callable[[Path], bool]) -> None:
    """Check that a folder is new, empty, or that of such a job, and that it can be written to.

    Raises:
        InputError: It is not.
    """
    check_folder(folder)
    if not folder.is_dir():
        return
    others = any(path.name not in (MARK, ".DS_Store") for path in folder.iterdir())
    owner = _read(folder).get("job")
    if owner not in (None, job) or (others and owner is None and not own(folder)):
        what = f"an unfinished run of goodviews {owner}" if owner else "other files"
        raise InputError(
            f"{folder} already exists and is not a {job} folder: it holds {what}; choose another "
            f"--out."
        )


def check_page(path: Path, *, home: Path | None = None) -> None:
    """Check that a page overwrites nothing but a page of goodviews.

    Args:
        path: The page to write.
        home: A folder whose own page it is.

    Raises:
        InputError: There is another file, or the page's folder cannot be written to.
    """
    check_folder(path.parent)
    if path.is_dir():
        raise InputError(f"Cannot write the page {path}: it is a folder. Choose another --out.")
    if not path.exists() or (home is not None and _is(path.parent, home)):
        return
    with _making(path), path.open("rb") as file:
        ours = _PAGE in file.read(1_000)
    if not ours:
        raise InputError(
            f"{path} already exists and is not a page of goodviews; choose another --out."
        )


def check_page_folder(folder: Path, *, home: Path) -> None:
    """Check that a folder is new, empty, holds only a page of goodviews, or is what it is of.

    Raises:
        InputError: It is not.
    """
    check_page(folder / "index.html", home=home)
    if not folder.is_dir() or _is(folder, home):
        return
    if any(path.name not in _PAGE_FILES for path in folder.iterdir()):
        raise InputError(
            f"{folder} already exists and holds other files than a page; choose another --out."
        )


def _is(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _locked(folder: Path, job: str) -> int:
    """Open and lock the file of a folder."""
    path = folder / MARK
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        _open.add(handle)
        try:
            if fcntl is None:
                raise OSError(errno.ENOSYS, "no locks")
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _read(folder)
            if error.errno not in _NO_LOCKS or _alive(holder):
                _close(handle)
                raise _held(folder, job, holder) from None
        if _same(handle, path):
            return handle
        _close(handle)  # its last holder removed it in the meantime


def _same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _held(folder: Path, job: str, holder: dict[str, Any]) -> InputError:
    who = f"goodviews {holder.get('job', job)}"
    if "pid" not in holder:
        return InputError(
            f"Another process writes to {folder}: wait until it has finished, or choose another "
            f"folder with --out."
        )
    where = f"{holder.get('host')}, since {holder.get('since')}"
    return InputError(
        f"{who} already writes to {folder}: process {holder['pid']} on {where}. Wait until it has "
        f"finished, stop it with kill {holder['pid']}, or choose another folder with --out."
    )


def _process() -> dict[str, Any]:
    """This process, as others can look it up."""
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "since": f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
        "born": _born(os.getpid()),
    }


def _alive(holder: dict[str, Any]) -> bool:
    """Whether the process that a file names still runs; one of another host is taken to."""
    pid = holder.get("pid")
    if not isinstance(pid, int) or pid <= 0:
        return False
    if holder.get("host") != socket.gethostname():
        return True
    return bool(holder.get("born")) and _born(pid) == holder.get("born")


def _born(pid: int) -> str:
    """When a process started; empty where there is none."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{boot} {stat.rpartition(')')[2].split()[19]}"
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    except OSError:
        return ""
    with contextlib.suppress(OSError):
        asked = ["ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return ""


def _read(folder: Path) -> dict[str, Any]:
    """What the file of a folder says; nothing where there is none or it cannot be read."""
    try:
        found = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(handle: int, value: dict[str, Any]) -> None:
    with _making(Path(MARK)):
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(value).encode(), 0)


def _release(
    handle: int, folder: Path, job: str, *, own: Callable[[Path], bool], new: bool
) -> None:
    """Remove the file where others tell whose folder it is, or where there are none."""
    with contextlib.suppress(OSError):
        empty = [path.name for path in folder.iterdir()] == [MARK]
        if empty or own(folder):
            (folder / MARK).unlink()
            if empty and new:
                folder.rmdir()
        else:
            _write(handle, {"job": job})
    _close(handle)


def _close(handle: int) -> None:
    if handle in _open:
        _open.discard(handle)
        os.close(handle)


@contextlib.contextmanager
def _making(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"Cannot write {path}: {error.strerror or error}. Choose another folder with --out."
        ) from error


def _forked() -> None:
    """A child that was forked keeps no lock of its parent."""
    for handle in list(_open):
        _close(handle)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
