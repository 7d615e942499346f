"""Cache of decoded images: one folder per dataset and size, memory-mapped by every process.

A folder is built under a hidden name and renamed when it is complete, so two processes may build
it at the same time (the later one uses the folder of the earlier one), and a killed process or a
full disk leaves nothing readable. Pixels are raw bytes in row order; ``about.json`` describes
them.
"""

import errno
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.hashing import content_hash, pixel_head
from goodviews.data.images import FORMAT, Images
from goodviews.data.value_range import value_range


@dataclass
class Draft:
    """Everything about a dataset except its pixels; the fields are those of :class:`Images`."""

    source: str
    names: list[str]
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    part: np.ndarray | None = None
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Rows:
    """Writer of blocks of images (B, C, H, W), in order; it also computes their hash and range."""

    def __init__(self, file: BinaryIO, where: Path) -> None:
        self.file = file
        self.where = where
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype(np.uint8)
        self.low, self.high = np.inf, -np.inf
        self.digest = hashlib.sha256()

    def add(self, block: np.ndarray, names: Sequence[str]) -> None:
        """Write (n, C, H, W) images; ``names`` holds the name of each, for messages.

        Raises:
            InputError: A value is not finite, or the disk is full.
        """
        if not self.count:
            self.shape, self.dtype = block.shape[1:], block.dtype
            self.digest.update(pixel_head(self.dtype, self.shape))
        assert (block.shape[1:], block.dtype) == (self.shape, self.dtype)
        self.refuse_infinite(block, names)
        data = np.ascontiguousarray(block)
        raw = data.tobytes()
        self.digest.update(raw)
        self.low = min(self.low, float(data.min()))
        self.high = max(self.high, float(data.max()))
        self.count += len(data)
        with _writing(self.where):
            self.file.write(raw)

    def refuse_infinite(self, block: np.ndarray, names: Sequence[str]) -> None:
        """Raise InputError for the first image that has a value that is not finite."""
        if block.dtype != np.float32:
            return
        finite = np.isfinite(block).reshape(len(block), -1).all(axis=1)
        if not finite.all():
            first = names[int(np.flatnonzero(~finite)[0])]
            raise InputError(
                f"Image {first} has NaN or infinite values; replace or remove them first."
            )


def cache_root(cache: Path | None = None) -> Path:
    """Root folder of all caches.

    Args:
        cache: Folder to use (default: the environment variable ``GOODVIEWS_CACHE``, otherwise
            ``goodviews`` in the platform's cache folder).

    Returns:
        The folder, which need not exist yet.
    """
    if cache is not None:
        return Path(cache)
    if chosen := os.environ.get("GOODVIEWS_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "goodviews"


def cached(root: Path, name: str, key: object, build: Callable[[Rows], Draft]) -> Images:
    """Open the cache folder of a dataset; build it when it is missing or broken.

    Args:
        root: Root folder of all caches, from :func:`cache_root`.
        name: Name of the dataset.
        key: Everything that decides the content, as JSON: files with sizes and times, size in
            pixels.
        build: Function that adds every image to the rows and returns the rest.

    Returns:
        The images, memory-mapped.

    Raises:
        InputError: The cache cannot be written; no partial file is left.
    """
    total = hashlib.sha256(json.dumps([FORMAT, key], sort_keys=True).encode()).hexdigest()
    folder = root / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', name)[:40]}-{total[:16]}"
    try:
        return replace(Images.open(folder), name=name)
    except InputError:
        pass  # missing or broken: build it
    with _building(folder) as temp:
        with _writing(root):
            file = (temp / "pixels.bin").open("wb")
        try:
            rows = Rows(file, root)
            draft = build(rows)
            with _writing(root):
                file.flush()
                os.fsync(file.fileno())
        finally:
            _close(file)
        scale, range_note = value_range(rows.dtype, rows.low, rows.high)
        about = {
            "name": name,
            "pixels": "pixels.bin",
            "shape": [rows.count, *rows.shape],
            "dtype": rows.dtype.name,
            "scale": scale,
            "range_note": range_note,
            "source": draft.source,
            "skipped": draft.skipped,
            "notes": draft.notes,
            "digest": rows.digest.hexdigest(),
        }
        part = draft.part if draft.part is not None else np.zeros(rows.count, dtype=np.int8)
        _describe(temp, about, draft.labels, draft.classes, part)
        with _writing(root):
            (temp / "names.json").write_text(json.dumps(draft.names), encoding="utf-8")
    return Images.open(folder)


def in_memory(name: str, build: Callable[[Rows], Draft]) -> Images:
    """Build images in memory, in the same way as :func:`cached` does in a folder.

    Args:
        name: Name of the dataset.
        build: Function that adds every image to the rows and returns the rest.

    Returns:
        The images; the same content has the same hash as in a cache folder.
    """
    file = io.BytesIO()
    rows = Rows(file, Path())
    draft = build(rows)
    pixels = np.frombuffer(file.getbuffer(), dtype=rows.dtype).reshape(rows.count, *rows.shape)
    pixels.flags.writeable = False
    scale, range_note = value_range(rows.dtype, rows.low, rows.high)
    part = draft.part if draft.part is not None else np.zeros(rows.count, dtype=np.int8)
    return Images(
        name=name,
        pixels=pixels,
        scale=scale,
        labels=draft.labels,
        classes=draft.classes,
        skipped=draft.skipped,
        source=draft.source,
        range_note=range_note,
        hash=content_hash(rows.digest.digest(), draft.labels, part),
        part=part,
        notes=draft.notes,
    )


def relabelled(
    images: Images,
    labels: dict[str, np.ndarray],
    classes: dict[str, tuple[str, ...]],
    notes: Sequence[str],
) -> Images:
    """The same cached pixels with other labels, in a separate cache folder.

    Args:
        images: Images from :func:`cached`.
        labels: Task to (N,) class numbers, instead of the old ones.
        classes: Task to class names.
        notes: Further sentences for :attr:`Images.notes`.

    Returns:
        Images whose ``cache`` can be opened like any other.
    """
    assert images.cache is not None
    about = json.loads((images.cache / "about.json").read_text("utf-8"))
    about |= {"pixels": "../pixels.bin", "notes": [*images.notes, *notes]}
    about["name"] = images.name
    text = json.dumps([classes, about["notes"]], sort_keys=True)
    key = hashlib.sha256(text.encode() + content_hash(b"", labels).encode()).hexdigest()[:16]
    folder = images.cache / f"labels-{key}"
    try:
        return replace(Images.open(folder), name=images.name)
    except InputError:
        pass
    with _building(folder) as temp:
        _describe(temp, about, labels, classes, images.part)
    return Images.open(folder)


def row_names(images: Images) -> list[str]:
    """Name of every row in a label file: a relative path, or a number."""
    if images.cache is None:
        return [str(row) for row in range(len(images))]
    names: list[str] = json.loads((images.cache / "names.json").read_text("utf-8"))
    return names


def _describe(
    folder: Path,
    about: dict[str, Any],
    labels: dict[str, np.ndarray],
    classes: dict[str, tuple[str, ...]],
    part: np.ndarray,
) -> None:
    about["hash"] = content_hash(bytes.fromhex(about["digest"]), labels, part)
    about["tasks"] = {task: list(classes[task]) for task in labels}
    about["format"] = FORMAT
    arrays: dict[str, Any] = {f"task_{i}": c for i, c in enumerate(labels.values())}
    with _writing(folder.parent):
        np.savez(folder / "labels.npz", part=part, **arrays)
        text = json.dumps(about, ensure_ascii=False, indent=1)
        (folder / "about.json").write_text(text, encoding="utf-8", errors="surrogateescape")


@contextmanager
def _writing(where: Path) -> Iterator[None]:
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
def _building(folder: Path) -> Iterator[Path]:
    """A hidden folder, renamed to its final name on success and removed on failure."""
    with _writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _sweep(folder.parent)
        temp = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        yield temp
        with _writing(folder.parent):
            temp.chmod(0o755)
            _publish(temp, folder)
    finally:
        shutil.rmtree(temp, ignore_errors=True)


def _publish(temp: Path, folder: Path) -> None:
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
            Images.open(folder)
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


def _close(file: BinaryIO) -> None:
    with suppress(OSError):  # a full disk fails again here; the first failure is the one to tell
        file.close()
