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
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache as once
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from goodviews.core.command import home as home_folder
from goodviews.core.errors import InputError
from goodviews.data.hashing import content_hash, pixel_head
from goodviews.data.images import FORMAT, Images
from goodviews.data.kinds import ALL_CLASSES, Kinds
from goodviews.data.value_range import Range, value_range

BLOCK = 1 << 20
"""Bytes of pixels that have one checksum."""

SUMS = "sums.npy"
"""File of the checksums, beside the pixels."""

BLOCKS = 64
"""Blocks that are checked when the file has not been written to since it was made."""


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
    label_note: str = ""
    groups: np.ndarray | None = None
    kinds: Kinds = ALL_CLASSES


class Rows:
    """Writer of blocks of images (B, C, H, W), in order; it also computes their hash and range."""

    def __init__(self, file: BinaryIO, where: Path) -> None:
        self.file = file
        self.where = where
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype(np.uint8)
        self.low = self.high = np.zeros(0)
        self.digest = hashlib.sha256()
        self.sums: list[int] = []
        self.rest = b""

    def add(self, block: np.ndarray, names: Sequence[str]) -> None:
        """Write (n, C, H, W) images; ``names`` holds the name of each, for messages.

        Raises:
            InputError: A value is not finite, or the disk is full.
        """
        if not self.count:
            self.shape, self.dtype = block.shape[1:], block.dtype
            self.digest.update(pixel_head(self.dtype, self.shape))
            self.low, self.high = (np.full(len(block[0]), end) for end in (np.inf, -np.inf))
        assert (block.shape[1:], block.dtype) == (self.shape, self.dtype)
        if block.dtype == np.float32 and not np.isfinite(block).all():
            bad = [name for name, image in zip(names, block, strict=True) if not finite(image)]
            raise InputError(
                f"Image {bad[0]} has NaN or infinite values; replace or remove them first."
            )
        data = np.ascontiguousarray(block)
        raw = data.tobytes()
        self.digest.update(raw)
        self.sums += self._block_sums(raw)
        self.low = np.minimum(self.low, data.min((0, 2, 3)))
        self.high = np.maximum(self.high, data.max((0, 2, 3)))
        self.count += len(data)
        with _writing(self.where):
            self.file.write(raw)

    def _block_sums(self, raw: bytes) -> list[int]:
        """Checksums of the blocks of the file that these bytes complete."""
        data = self.rest + raw
        ends = range(BLOCK, len(data) + 1, BLOCK)
        self.rest = data[len(data) - len(data) % BLOCK :]
        return [zlib.crc32(data[end - BLOCK : end]) for end in ends]

    def all_sums(self) -> np.ndarray:
        """Checksum of every block of the file, the last of which may be shorter."""
        last = [zlib.crc32(self.rest)] if self.rest else []
        return np.array([*self.sums, *last], dtype=np.uint32)

    def range(self, pixels: np.ndarray, given: tuple[float, float] | None) -> Range:
        """How the written values become [0, 1]; a given range becomes a part of the hash."""
        if given is not None:
            self.digest.update(f"range {given}".encode())
        return value_range(pixels, self.low, self.high, given)


def finite(image: np.ndarray) -> bool:
    """Whether an image (C, H, W) has no NaN and no infinite value."""
    return image.dtype != np.float32 or bool(np.isfinite(image).all())


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


def cached(
    root: Path,
    name: str,
    key: object,
    build: Callable[[Rows], Draft],
    given: tuple[float, float] | None = None,
) -> Images:
    """Open the cache folder of a dataset; build it when it is missing, broken or was changed.

    Args:
        root: Root folder of all caches, from :func:`cache_root`.
        name: Name of the dataset.
        key: Everything that decides the content, as JSON: files with sizes and times, size in
            pixels.
        build: Function that adds every image to the rows and returns the rest.
        given: Range of the values that the user gives.

    Returns:
        The images, memory-mapped.

    Raises:
        InputError: The cache cannot be written; no partial file is left.
    """
    total = hashlib.sha256(json.dumps([FORMAT, key, given], sort_keys=True).encode()).hexdigest()
    folder = root / f"{re.sub(r'[^A-Za-z0-9._-]+', '_', name)[:40]}-{total[:16]}"
    try:
        return replace(open_checked(folder), name=name)
    except InputError:
        pass  # missing, broken or changed: build it
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
        shape = (rows.count, *rows.shape)
        found = rows.range(np.memmap(temp / "pixels.bin", rows.dtype, "r", shape=shape), given)
        np.save(temp / SUMS, rows.all_sums())
        state = (temp / "pixels.bin").stat()
        about = {
            "name": name,
            "pixels": "pixels.bin",
            "shape": shape,
            "dtype": rows.dtype.name,
            "scale": found.scale,
            "range_note": found.note,
            "source": draft.source,
            "skipped": draft.skipped,
            "notes": [*draft.notes, *found.warnings],
            "label_note": draft.label_note,
            "digest": rows.digest.hexdigest(),
            "written": [state.st_mtime_ns, state.st_ctime_ns],
        }
        part = draft.part if draft.part is not None else np.zeros(rows.count, dtype=np.int8)
        names = json.dumps(draft.names)
        about["names"] = hashlib.sha256(names.encode()).hexdigest()
        with _writing(root):
            (temp / "names.json").write_text(names, encoding="utf-8")
        _describe(temp, about, draft.labels, draft.classes, part, draft.groups, draft.kinds)
    return Images.open(folder)


def in_memory(
    name: str, build: Callable[[Rows], Draft], given: tuple[float, float] | None = None
) -> Images:
    """Build images in memory, in the same way as :func:`cached` does in a folder.

    Args:
        name: Name of the dataset.
        build: Function that adds every image to the rows and returns the rest.
        given: Range of the values that the user gives.

    Returns:
        The images; the same content has the same hash as in a cache folder.
    """
    file = io.BytesIO()
    rows = Rows(file, Path())
    draft = build(rows)
    pixels = np.frombuffer(file.getbuffer(), dtype=rows.dtype).reshape(rows.count, *rows.shape)
    pixels.flags.writeable = False
    found = rows.range(pixels, given)
    part = draft.part if draft.part is not None else np.zeros(rows.count, dtype=np.int8)
    return Images(
        name=name,
        pixels=pixels,
        scale=found.scale,
        labels=draft.labels,
        classes=draft.classes,
        skipped=draft.skipped,
        source=draft.source,
        range_note=found.note,
        hash=content_hash(rows.digest.digest(), draft.labels, part),
        part=part,
        notes=(*draft.notes, *found.warnings),
        label_note=draft.label_note,
        groups=draft.groups,
        kinds=draft.kinds,
    )


def relabelled(
    images: Images,
    labels: dict[str, np.ndarray],
    classes: dict[str, tuple[str, ...]],
    notes: Sequence[str],
    label_note: str = "",
    groups: np.ndarray | None = None,
    kinds: Kinds = ALL_CLASSES,
) -> Images:
    """The same cached pixels with other labels, in a separate cache folder.

    Args:
        images: Images from :func:`cached`.
        labels: Task to (N,) class numbers, instead of the old ones.
        classes: Task to class names.
        notes: Further sentences for :attr:`Images.notes`.
        label_note: Sentence for :attr:`Images.label_note`.
        groups: (N,) group of each image (default: those of ``images``).
        kinds: Columns that are not classes.

    Returns:
        Images whose ``cache`` can be opened like any other.
    """
    assert images.cache is not None
    home = _pixel_folder(images.cache)
    about = json.loads((home / "about.json").read_text("utf-8", errors="surrogateescape"))
    before = images.notes if home == images.cache else about["notes"]
    about |= {"pixels": "../pixels.bin", "label_note": label_note}
    about["notes"] = list(dict.fromkeys([*before, *notes]))
    about["name"] = images.name
    told = [classes, about["notes"], label_note, *([kinds.to_json()] if kinds else [])]
    text = json.dumps(told, sort_keys=True)
    groups = images.groups if groups is None else groups
    content = text.encode() + content_hash(b"", labels).encode()
    content += b"" if groups is None else groups.astype("<i8").tobytes()
    key = hashlib.sha256(content).hexdigest()[:16]
    folder = home / f"labels-{key}"
    try:
        return replace(open_checked(folder), name=images.name)
    except InputError:
        pass
    with _building(folder) as temp:
        _describe(temp, about, labels, classes, images.part, groups, kinds)
    return Images.open(folder)


def row_names(images: Images) -> list[str]:
    """Name of every row in a label file: a relative path, or a number."""
    if images.cache is None:
        return [str(row) for row in range(len(images))]
    file = _pixel_folder(images.cache) / "names.json"
    names: list[str] = json.loads(file.read_text("utf-8"))
    return names


def _pixel_folder(cache: Path) -> Path:
    """The cache folder that holds the pixels: the one above, for other labels of them."""
    return cache if (cache / "names.json").exists() else cache.parent


def _describe(
    folder: Path,
    about: dict[str, Any],
    labels: dict[str, np.ndarray],
    classes: dict[str, tuple[str, ...]],
    part: np.ndarray,
    groups: np.ndarray | None,
    kinds: Kinds,
) -> None:
    about["hash"] = content_hash(bytes.fromhex(about["digest"]), labels, part)
    about["tasks"] = {task: list(classes[task]) for task in labels}
    about["groups"] = _group_sum(groups)
    about["kinds"] = kinds.to_json()
    about["format"] = FORMAT
    about["check"] = _check(about)
    arrays: dict[str, Any] = {f"task_{i}": c for i, c in enumerate(labels.values())}
    arrays |= {} if groups is None else {"groups": groups}
    with _writing(folder.parent):
        np.savez(folder / "labels.npz", part=part, **arrays)
        text = json.dumps(about, ensure_ascii=False, indent=1)
        (folder / "about.json").write_text(text, encoding="utf-8", errors="surrogateescape")


def open_checked(folder: Path) -> Images:
    """Map the images of a cache folder that is as it was written.

    Of pixels that were written to since, every byte is compared with its checksum, otherwise 64
    blocks of one MiB; the description, names, labels and parts are compared whole.

    Raises:
        InputError: The folder is missing, incomplete, changed or of another version.
    """
    images = Images.open(folder)
    about = json.loads((folder / "about.json").read_text("utf-8", errors="surrogateescape"))
    file = folder / about["pixels"]
    state = file.stat()
    try:
        sums = np.load(file.with_name(SUMS), allow_pickle=False)
        same = [state.st_mtime_ns, state.st_ctime_ns] == about["written"]
        whole = (
            _check(about) == about["check"]
            and hashlib.sha256(file.with_name("names.json").read_bytes()).hexdigest()
            == about["names"]
            and about["hash"]
            == content_hash(bytes.fromhex(about["digest"]), images.labels, images.part)
            and about.get("groups", 0) == _group_sum(images.groups)
            and len(sums) == -(-state.st_size // BLOCK)
            and all(_sum_of(file, int(i)) == sums[i] for i in _blocks(len(sums), same))
        )
    except Exception as error:  # a changed file can raise any exception
        raise InputError(f"The image cache {folder} cannot be used ({error}).") from error
    if not whole:
        raise InputError(f"The image cache {folder} was changed after it was written.")
    return images


def _group_sum(groups: np.ndarray | None) -> int:
    """Checksum of groups; 0 where there are none."""
    return 0 if groups is None else zlib.crc32(groups.astype("<i8").tobytes())


def _check(about: dict[str, Any]) -> str:
    """Checksum of a description, without its own field."""
    plain = {key: value for key, value in about.items() if key != "check"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _blocks(count: int, same: bool) -> np.ndarray:
    return np.unique(np.linspace(0, count - 1, BLOCKS if same else count).astype(int))


def _sum_of(file: Path, block: int) -> int:
    with file.open("rb") as opened:
        opened.seek(block * BLOCK)
        return zlib.crc32(opened.read(BLOCK))


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
            open_checked(folder)
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
