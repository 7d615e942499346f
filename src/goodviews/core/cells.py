"""Finished work in a folder: one file for each result, so that a stopped run resumes.

Each file is written whole or not at all; a damaged one counts as missing, and its work is done
again.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.files import DAMAGED, read_json, write_json, writing

Values = dict[str, Any]
"""A result by name: arrays, and anything that JSON can hold."""

_ALONE = "value"
"""Name of a result that is not a dictionary."""


class Cells:
    """Results of one run, each an array, a JSON value or a dictionary of such, under a name.

    Args:
        folder: Folder of the files, created with the first result.
        settings: What every result depends on, as JSON can hold it; ``None`` where the names
            hold all of it.

    Raises:
        InputError: The folder holds results of other settings.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> cells = Cells(folder, {"epochs": 3})
        >>> cells("seed 0", lambda: {"accuracy": 0.9, "right": np.ones(4)})["accuracy"]
        0.9
        >>> Cells(folder, {"epochs": 3})("seed 0", dict)["right"]
        array([1., 1., 1., 1.])
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any] | None = None) -> None:
        self.folder = folder
        if settings is None:
            return
        mark, new = folder / "settings.json", json.loads(json.dumps(settings))
        old = read_json(mark) if mark.exists() else new
        if old != new:
            other = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            raise InputError(
                f"{folder} holds results with other settings ({', '.join(other)}); choose another "
                "folder with --out, or remove this one."
            )
        if not mark.exists():
            write_json(mark, new)

    def path(self, name: str) -> Path:
        """File of a result; names that differ have files that differ."""
        if not re.fullmatch(r"[\w.+-]{1,80}", name, re.ASCII):
            name = f"{re.sub(r'[^0-9A-Za-z]+', '_', name)[:40]}-{hashed(name)}"
        return self.folder / f"{name}.npz"

    def __call__(self, name: str, make: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """The result under a name: the stored one, or ``make(*args, **options)``, then stored."""
        found = self.load(name)
        if found is None:
            made = make(*args, **options)
            found = made if isinstance(made, dict) else {_ALONE: made}
            self.save(name, found)
        return found[_ALONE] if set(found) == {_ALONE} else found

    def load(self, name: str) -> Values | None:
        """A stored result; ``None`` where it is missing or damaged."""
        return read_values(self.path(name))

    def save(self, name: str, values: Values) -> None:
        """Store a result."""
        write_values(self.path(name), values)


def hashed(*parts: Any) -> str:
    """The first 16 hex digits of a hash of arrays and of anything that JSON can hold.

    Example:
        >>> hashed("crop()", 3) == hashed("crop()", 3) != hashed("crop()", 4)
        True
        >>> len(hashed(np.zeros(3)))
        16
    """
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype}{part.shape}".encode() + part.tobytes())
        else:
            total.update(json.dumps(part, sort_keys=True).encode() + b"\0")
    return total.hexdigest()[:16]


def write_values(path: Path, values: Mapping[str, Any]) -> None:
    """Write a result as an ``.npz`` file: arrays as they are, the rest as JSON.

    Args:
        path: Path of the file; its folder is created when missing.
        values: Arrays and JSON values by name.

    Raises:
        InputError: The disk is full or the folder is not writable.
    """
    held = {
        name: value if isinstance(value, np.ndarray) else np.array(json.dumps(value))
        for name, value in values.items()
    }
    with writing(path) as file:
        np.savez_compressed(file, allow_pickle=False, **held)


def read_values(path: Path) -> Values | None:
    """Read what :func:`write_values` wrote; ``None`` where the file is missing or damaged."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {name: _value(file[name]) for name in file.files}
    except DAMAGED:
        return None


def _value(held: np.ndarray) -> Any:
    return json.loads(str(held)) if held.dtype.kind == "U" and held.ndim == 0 else held
