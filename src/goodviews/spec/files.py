"""Files that specs refer to, identified by name and content, never by a path.

A learned view is stored in a file, ``learned('g.safetensors', hash='0123456789abcdef')``, or
``learned_drops(...)`` where it is of graphs. The file is looked up in the working folder and in
the folders of ``GOODVIEWS_GENERATORS``, to which :func:`look_in` adds a folder for this process
and its children. The hash decides between files of the same name.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import write_bytes
from goodviews.spec.grammar import Call, Sweep, format_calls, parse_pair
from goodviews.spec.names import bind

SEARCHED = "GOODVIEWS_GENERATORS"
"""Environment variable: folders to search, joined like those of ``PATH``."""

_VIEW = "learned"
"""Start of the names of views of files."""
_VIEWS = (_VIEW, "learned_drops")


def hash_of(data: bytes) -> str:
    """The first 16 hex digits of a SHA-256.

    Example:
        >>> hash_of(b"")
        'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()[:16]


def content_of(file: Path) -> bytes:
    """Read the content of a file.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read the generator {file}: {error.strerror}.") from error


def look_in(folder: Path, *, of: str = _VIEW) -> None:
    """Search one more folder for the files of specs, in this process and its children.

    Args:
        folder: Folder to search; it need not exist.
        of: A spec; without a file name in it, nothing is done.
    """
    folders, there = _folders(), folder.absolute()
    if _VIEW in of and there not in folders:
        os.environ[SEARCHED] = os.pathsep.join(map(str, [*folders, there]))


def find(file: str, hash: str = "", *, folder: Path | None = None) -> tuple[Path, str]:
    """Find the file that a spec names.

    Args:
        file: Name of the file, or its path relative to ``folder``.
        hash: Hash of its content; when empty, the first file found is taken.
        folder: Folder of the file that holds the spec (default: the working folder).

    Returns:
        Path of the file, and its hash.

    Raises:
        InputError: The file does not exist, or has other content.
    """
    if not (isinstance(file, str) and file and isinstance(hash, str)):
        raise InputError(
            "file must be the name of a generator file, as in learned('g.safetensors'), "
            f"but got {file!r}."
        )
    others: dict[Path, str] = {}
    for path in _candidates(Path(file).expanduser(), hash, folder):
        if path.is_file():
            got = hash_of(content_of(path))
            if not hash or got == hash:
                return path, got
            others.setdefault(path, got)
    if others:
        path, got = next(iter(others.items()))
        raise InputError(
            f"{path} has the hash {got}, but the spec names {hash}: it was learned again or is "
            "damaged. Put the original file next to the spec, or write the new hash."
        )
    where = "the working folder" if folder is None else str(folder)
    known = " nor in ".join(map(str, _folders())) or f"the folders of {SEARCHED}"
    raise InputError(
        f"There is no {file} in {where} or in {known}; put it there, or write its path, as in "
        f"learned('runs/{Path(file).name}')."
    )


def pin(text: str, *, folder: Path | None = None) -> str:
    """Replace the paths in a spec by file names and hashes.

    The folders of the files are searched from now on. A spec without files is returned unchanged.

    Args:
        text: A spec, pair or family.
        folder: Folder of the file that holds the spec (default: the working folder).

    Raises:
        InputError: The text does not parse, or a file cannot be found.

    Example:
        >>> pin("crop() | flip()")
        'crop() | flip()'
    """
    if _VIEW not in text:
        return text
    first, second = parse_pair(text)
    if not any(call.name in _VIEWS for call in (*first, *second)):
        return text
    sides = [tuple(_pinned(call, folder) for call in side) for side in (first, second)]
    return " // ".join(map(format_calls, sides[:1] if first == second else sides))


def check_stored_views(text: str, file: Path) -> None:
    """Check views that a file holds: they may name generators by name and hash, never by a path.

    Args:
        text: A spec or pair; empty for none.
        file: Where it was stored.

    Raises:
        InputError: They name a path, or a file without its hash.

    Example:
        >>> check_stored_views("learned('/etc/passwd')", Path("encoder.safetensors"))
        Traceback (most recent call last):
        goodviews.core.errors.InputError: encoder.safetensors was not opened: its views name ...
    """
    if _VIEW not in text:
        return
    for call in (call for side in parse_pair(text) for call in side):
        if call.name in _VIEWS:
            name, hash = _named(call)
            plain = isinstance(name, str) and name == Path(name).name and "\\" not in name
            if not (plain and name not in ("", "..") and isinstance(hash, str) and hash):
                raise InputError(
                    f"{file} was not opened: its views name the file {name!r}, but a stored view "
                    "names a generator by its name and hash only. Someone else's file could read "
                    "yours in this way; ask its author for one without."
                )


def stored_files(text: str, home: Path) -> list[Path]:
    """Files in a folder that stored views name; they must be in this folder itself.

    Args:
        text: Views that passed :func:`check_stored_views`.
        home: Folder of the file that holds them.

    Raises:
        InputError: A file is not there, has other content, or is a link to another place.
    """
    found = []
    for call in dict.fromkeys(call for side in parse_pair(text) for call in side):
        if call.name in _VIEWS:
            name, hash = _named(call)
            there = [home / name, home / _unique(name, hash)]
            own = [path for path in there if path.is_file() and not path.is_symlink()]
            same = [path for path in own if hash_of(content_of(path)) == hash]
            if not same:
                raise InputError(
                    f"The views name the generator {name} with the hash {hash}, but {home} does "
                    "not hold it; put the original file there."
                )
            found.append(same[0])
    return found


def files_of(text: str) -> list[Path]:
    """Files that a spec names, wherever they are found.

    Args:
        text: A spec or pair.

    Raises:
        InputError: One cannot be found, or has other content.

    Example:
        >>> files_of("crop() | flip()")
        []
    """
    if _VIEW not in text:
        return []
    calls = dict.fromkeys(call for side in parse_pair(text) for call in side)
    return [find(*_named(call))[0] for call in calls if call.name in _VIEWS]


def keep_beside(text: str, folder: Path) -> list[Path]:
    """Copy every file that a spec names into a folder, next to the spec.

    Args:
        text: A spec or pair.
        folder: Target folder, for example of a run; it is searched from now on.

    Returns:
        Paths of the copies. A copy has its hash in its name where a file with other content
        already has the original name.
    """
    kept: list[Path] = []
    for path in files_of(text):
        data, plain = content_of(path), folder / path.name
        hash = hash_of(data)
        same = not plain.exists() or hash_of(content_of(plain)) == hash
        there = plain if same else folder / _unique(path.name, hash)
        if not there.exists():
            write_bytes(there, data)
        kept.append(there)
        look_in(folder)
    return kept


def _pinned(call: Call, folder: Path | None) -> Call:
    if call.name not in _VIEWS:
        return call
    file, hash = _named(call)
    path, hash = find(file, hash, folder=folder)
    look_in(path.parent)
    name = path.name.replace(f"-{hash}", "")
    rest = tuple(one for one in bind(call).items() if one[0] not in ("file", "hash"))
    return Call(call.name, (name,), (("hash", hash), *rest))


def _named(call: Call) -> tuple[Any, Any]:
    """File and hash in the arguments of a step."""
    given = bind(call)
    file, hash = given.get("file", ""), given.get("hash", "")
    if isinstance(file, Sweep) or isinstance(hash, Sweep):
        raise InputError(f"{call} has a set of files; write one spec for each generator.")
    return file, hash


def _candidates(file: Path, hash: str, folder: Path | None) -> Iterator[Path]:
    yield (folder or Path()) / file
    for known in [folder or Path(), *_folders()]:
        yield known / file.name
        if hash:
            yield known / _unique(file.name, hash)


def _unique(name: str, hash: str) -> str:
    return f"{Path(name).stem}-{hash}{Path(name).suffix}"


def _folders() -> list[Path]:
    return [Path(one) for one in os.environ.get(SEARCHED, "").split(os.pathsep) if one]
