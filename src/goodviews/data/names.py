"""Datasets known by name: those of torchvision, and folders of the shared data folder."""

import gzip
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.arrays import array_draft
from goodviews.data.cache_folder import cache_root
from goodviews.data.drafts import Draft, Rows
from goodviews.data.hashing import states
from goodviews.data.pictures import SQUARE
from goodviews.data.size import Size

IDX = {"mnist": "MNIST", "fashionmnist": "FashionMNIST", "kmnist": "KMNIST"}
"""Datasets in the four-file format of MNIST: name to folder."""

FOLDERS = IDX | {
    "cifar10": "cifar-10-batches-py",
    "cifar100": "cifar-100-python",
    "stl10": "stl10_binary",
    "svhn": "",
}
MOST_PACKED = 1100
"""Numbers that one byte of a compressed file can give at most."""

TORCHVISION = tuple(sorted(FOLDERS))
"""Datasets that torchvision downloads."""


def shared() -> Path | None:
    """Folder of real data in the environment variable ``GOODVIEWS_DATA``, if it is set."""
    value = os.environ.get("GOODVIEWS_DATA")
    return Path(value) if value else None


def place(name: str, root: Path | None) -> Path:
    """Folder from which a named dataset is read, and to which it is downloaded."""
    if root is not None:
        return Path(root)
    common = shared()
    if common is not None and FOLDERS[name] and (common / FOLDERS[name]).is_dir():
        return common
    return cache_root() / "torchvision"


def stamps(name: str, root: Path | None) -> list[tuple[object, ...]]:
    """Name and state of each file of a named dataset: the key of its cache."""
    base = place(name, root)
    folder = base / FOLDERS[name]
    found = sorted(folder.rglob("*")) if FOLDERS[name] else sorted(base.glob("*_32x32.mat"))
    files = [file for file in found if file.is_file()]
    pairs = zip(files, states(files), strict=True)
    return [(str(file.relative_to(base)), *state) for file, state in pairs]


def read_named(
    name: str,
    root: Path | None,
    rows: Rows,
    *,
    size: Size = SQUARE,
    progress: Callable[[int, int], None] | None = None,
) -> Draft:
    """Read a torchvision dataset: its train part (and unlabelled images), then its test part.

    Existing files are read and never changed; missing files are downloaded if possible.

    Raises:
        InputError: The files are missing and cannot be downloaded, or are broken.
    """
    base = place(name, root)
    try:
        parts = _idx(base, name) if name in IDX else None
        parts = parts or _torchvision(base, name)
    except Exception as error:  # a damaged file can raise any exception
        raise _absent(name, base, error) from error
    (train, train_labels), (test, test_labels), classes = parts
    numbers = np.concatenate([train_labels, test_labels]).astype(np.int64)
    texts = np.array(["" if number < 0 else str(number) for number in numbers], dtype=object)
    what = f"{name} (torchvision)"
    return array_draft(
        [train, test], texts, classes, rows, size=size, what=what, progress=progress
    )


def _absent(name: str, base: Path, error: Exception) -> InputError:
    common = shared()
    near = sorted(d.name for d in common.glob(f"{name}_*") if d.is_dir()) if common else []
    other = f", or use {' or '.join(near)}" if near else ""
    reason = str(error).strip().split("\n")[0]
    if name in IDX and any((base / FOLDERS[name] / "raw").glob("*ubyte*")):
        folder = base / FOLDERS[name]
        return InputError(
            f"A file of {name} in {folder} is broken ({reason}); remove it and download it again."
        )
    return InputError(
        f"{name} is not in {base}, or damaged there, and could not be downloaded "
        f"({reason}); put it there, or name "
        f"its folder with --root{other}."
    )


def _idx(base: Path, name: str) -> Any | None:
    """MNIST's four files, compressed or not, read without writing there; None when missing."""
    raw = base / FOLDERS[name] / "raw"
    arrays = []
    for stem in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        plain, packed = raw / f"{stem}-ubyte", raw / f"{stem}-ubyte.gz"
        if plain.is_file():
            with plain.open("rb") as file:
                arrays.append(_idx_array(plain, file))
        elif packed.is_file():
            with gzip.open(packed) as unpacked:
                arrays.append(_idx_array(packed, unpacked))
        else:
            return None
    images, labels, test, test_labels = arrays
    return (images[:, None], labels), (test[:, None], test_labels), _class_names(name)


def _idx_array(path: Path, file: IO[bytes] | gzip.GzipFile) -> np.ndarray:
    """Numbers of 8 bits in one file, which holds exactly as many as its head gives."""
    head = file.read(4)
    if len(head) < 4 or head[:3] != b"\0\0\x08" or head[3] not in (1, 3):
        raise ValueError(f"{path.name} does not begin like an IDX file")
    sizes = file.read(4 * head[3])
    shape = [int.from_bytes(sizes[i : i + 4], "big") for i in range(0, len(sizes), 4)]
    count = math.prod(shape)
    if count > MOST_PACKED * path.stat().st_size:
        raise ValueError(f"{path.name} cannot hold {' x '.join(map(str, shape))} numbers")
    data = file.read(count + 1)
    if len(shape) != head[3] or len(data) != count:
        raise ValueError(f"{path.name} does not hold the {' x '.join(map(str, shape))} numbers")
    return np.frombuffer(data, np.uint8).reshape(shape)


def _class_names(name: str) -> list[str]:
    if name == "mnist":
        return [str(digit) for digit in range(10)]
    import torchvision

    kind = {"fashionmnist": "FashionMNIST", "kmnist": "KMNIST"}[name]
    return [str(text) for text in getattr(torchvision.datasets, kind).classes]


def _torchvision(base: Path, name: str) -> Any:
    import torchvision

    if name in IDX:
        kind = getattr(torchvision.datasets, IDX[name])
        _get(lambda download: kind(str(base), train=True, download=download), base)
        return _idx(base, name)
    if name in ("stl10", "svhn"):
        kind = getattr(torchvision.datasets, name.upper())
        first = "train+unlabeled" if name == "stl10" else "train"
        train, test = (
            _get(lambda download, s=split: kind(str(base), split=s, download=download), base)  # type: ignore[misc]
            for split in (first, "test")
        )
        classes = list(getattr(train, "classes", map(str, range(10))))
        return (train.data, train.labels), (test.data, test.labels), classes
    kind = getattr(torchvision.datasets, name.upper())
    train, test = (
        _get(lambda download, t=t: kind(str(base), train=t, download=download), base)  # type: ignore[misc]
        for t in (True, False)
    )
    return (
        (train.data.transpose(0, 3, 1, 2), np.array(train.targets)),
        (test.data.transpose(0, 3, 1, 2), np.array(test.targets)),
        train.classes,
    )


def _get(make: Callable[[bool], Any], base: Path) -> Any:
    """The existing dataset, or a downloaded one."""
    try:
        return make(False)
    except RuntimeError:
        pass
    try:
        base.mkdir(parents=True, exist_ok=True)
        return make(True)
    except RuntimeError as error:
        raise OSError(str(error)) from error
