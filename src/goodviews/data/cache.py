"""Cache of decoded images: one folder per dataset and size, memory-mapped by every process.

A folder is built under a hidden name and renamed when it is complete, so two processes may build
it at the same time (the later one uses the folder of the earlier one), and a killed process or a
full disk leaves nothing readable. Pixels are raw bytes in row order; ``about.json`` describes
them.
"""

import hashlib
import io
import json
import os
import re
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from goodviews.core.errors import InputError
from goodviews.data.cache_folder import building, writing
from goodviews.data.drafts import BLOCK, Draft, Rows
from goodviews.data.hashing import content_hash
from goodviews.data.images import FORMAT, SIZES, Images
from goodviews.data.kinds import ALL_CLASSES, Kinds
from goodviews.data.originals import Originals

SUMS = "sums.npy"
"""File of the checksums, beside the pixels."""

OWN = "originals.bin"
"""File of the images at their own sizes, where they are kept, with checksums and sizes beside."""

_OWN_SUMS = "originals-sums.npy"

BLOCKS = 64
"""Blocks that are checked when the file has not been written to since it was made."""


def cached(
    root: Path,
    name: str,
    key: object,
    build: Callable[[Rows], Draft],
    given: tuple[float, float] | None = None,
) -> Images:
    """Open the cache folder of a dataset; build it when it is missing, broken or was changed.

    Args:
        root: Root folder of all caches, from :func:`goodviews.data.cache_folder.cache_root`.
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
    with building(folder, open_checked) as temp:
        opened: list[BinaryIO] = []

        def open_file(name: str) -> BinaryIO:
            with writing(root):
                opened.append((temp / name).open("wb"))
            return opened[-1]

        try:
            rows = Rows(open_file("pixels.bin"), root, lambda: open_file(OWN))
            draft = build(rows)
            with writing(root):
                for file in opened:
                    file.flush()
                    os.fsync(file.fileno())
        finally:
            for file in opened:
                _close(file)
        shape = (rows.count, *rows.shape)
        found = rows.range(np.memmap(temp / "pixels.bin", rows.dtype, "r", shape=shape), given)
        np.save(temp / SUMS, rows.pixels.sums())
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
            "digest": rows.digest().hex(),
            "written": _written(temp / "pixels.bin"),
        }
        if rows.sizes:
            about |= {"originals": OWN, "originals_written": _written(temp / OWN)}
            np.save(temp / _OWN_SUMS, rows.originals.sums())
            np.save(temp / SIZES, np.array(rows.sizes, dtype=np.int64))
        part = draft.part if draft.part is not None else np.zeros(rows.count, dtype=np.int8)
        names = json.dumps(draft.names)
        about["names"] = hashlib.sha256(names.encode()).hexdigest()
        with writing(root):
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
    file, own = io.BytesIO(), io.BytesIO()
    rows = Rows(file, Path(), lambda: own)
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
        hash=content_hash(rows.digest(), draft.labels, part),
        part=part,
        notes=(*draft.notes, *found.warnings),
        label_note=draft.label_note,
        groups=draft.groups,
        kinds=draft.kinds,
        originals=Originals.of(
            np.frombuffer(own.getbuffer(), rows.dtype), np.array(rows.sizes), rows.shape[0]
        )
        if rows.sizes
        else None,
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
    about |= {"originals": f"../{OWN}"} if "originals" in about else {}
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
    with building(folder, open_checked) as temp:
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
    with writing(folder.parent):
        np.savez(folder / "labels.npz", part=part, **arrays)
        text = json.dumps(about, ensure_ascii=False, indent=1)
        (folder / "about.json").write_text(text, encoding="utf-8", errors="surrogateescape")


def open_checked(folder: Path) -> Images:
    """Map the images of a cache folder that is as it was written.

    Of pixels that were written to since, every byte is compared with its checksum, otherwise 64
    blocks of one MiB; the description, names, labels, parts and sizes are compared whole.

    Raises:
        InputError: The folder is missing, incomplete, changed or of another version.
    """
    images = Images.open(folder)
    about = json.loads((folder / "about.json").read_text("utf-8", errors="surrogateescape"))
    file = folder / about["pixels"]
    try:
        whole = (
            _check(about) == about["check"]
            and hashlib.sha256(file.with_name("names.json").read_bytes()).hexdigest()
            == about["names"]
            and about["hash"]
            == content_hash(bytes.fromhex(about["digest"]), images.labels, images.part)
            and about.get("groups", 0) == _group_sum(images.groups)
            and _unchanged(file, SUMS, about["written"])
            and (
                images.originals is None
                or _unchanged(file.with_name(OWN), _OWN_SUMS, about["originals_written"])
            )
        )
    except Exception as error:  # a changed file can raise any exception
        raise InputError(f"The image cache {folder} cannot be used ({error}).") from error
    if not whole:
        raise InputError(f"The image cache {folder} was changed after it was written.")
    return images


def _written(file: Path) -> list[int]:
    """Times of the last change of content and of status."""
    state = file.stat()
    return [state.st_mtime_ns, state.st_ctime_ns]


def _unchanged(file: Path, sums: str, written: list[int]) -> bool:
    """Whether a file of pixels has the checksums that are beside it."""
    known = np.load(file.with_name(sums), allow_pickle=False)
    blocks = _blocks(len(known), same=_written(file) == written)
    return len(known) == -(-file.stat().st_size // BLOCK) and all(
        _sum_of(file, int(i)) == known[i] for i in blocks
    )


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


def _close(file: BinaryIO) -> None:
    with suppress(OSError):  # a full disk fails again here; the first failure is the one to tell
        file.close()
