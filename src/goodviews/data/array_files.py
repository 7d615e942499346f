"""Images and labels in ``.npz`` and ``.npy`` files.

Letters: N images, C H W one image.
"""

import io
import math
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data.arrays import (
    IMAGE_KEYS,
    LABEL_KEYS,
    Progress,
    array_draft,
    part_keys,
    unstacked,
    without_part,
)
from goodviews.data.channels import ANY, Channels
from goodviews.data.common_classes import common_classes
from goodviews.data.drafts import Draft, Rows
from goodviews.data.labels import texts_of
from goodviews.data.pictures import SQUARE
from goodviews.data.selection import task_of_kind
from goodviews.data.size import Size
from goodviews.data.stacks import MARK

VAL = "test is the test part; val joins the train part."


@dataclass
class Part:
    """Images of one part of a dataset.

    Attributes:
        images: (N, C, H, W).
        labels: (N,) texts, or ``None``.
        classes: Names of the classes.
        notes: Sentences to show.
        source: What the images were.
        depth: Number of images of one volume, which follow each other.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    classes: list[str] | None = None
    notes: list[str] = field(default_factory=list)
    source: str = "an array file"
    depth: int = 1


def read_arrays(
    files: Sequence[Path],
    rows: Rows,
    *,
    size: Size = SQUARE,
    channels: Channels = ANY,
    progress: Progress = None,
) -> Draft:
    """Read one array file, or a train, a val and a test file, into rows.

    ``.npy`` holds (N, H, W) or (N, H, W, C) or (N, C, H, W). ``.npz`` holds the same under
    ``images``, ``x``, ``data`` or ``arr_0``, or JPEG files end to end under ``jpeg`` with
    their N + 1 ``offsets``; (N,) or (N, L) labels under ``labels``, ``y``, ``label`` or
    ``targets``; names of classes or of the L labels under ``classes``. Names may hold a part,
    ``train``, ``val`` or ``test``, as in ``x_train`` or ``test_images``.

    Args:
        files: One file, or several: the last holds the test images.
        rows: Receives the images.
        size: Height and width; see :func:`array_draft`.
        channels: Axis and number of channels, where the user gives them.
        progress: Called with the images done and all images.

    Returns:
        Everything except the pixels.

    Raises:
        InputError: A file cannot be read, or its arrays are not images and labels.
    """
    known = [_read(file, channels) for file in files]
    single = [(part, file) for parts, file in zip(known, files, strict=True) for part in parts]
    texts, classes = common_classes(
        [part.labels for part, _ in single],
        [part.classes for part, _ in single],
        [file for _, file in single],
    )
    for (part, _), one in zip(single, texts, strict=True):
        part.labels = one
    parts = known[0] if len(files) == 1 else [join(known[0]), join(known[-1])]
    if len(files) == 3:
        parts[0] = join([parts[0], *known[1]])
        parts[0].notes.append(VAL)
    labels = [
        np.full(len(part.images), "", dtype=object) if part.labels is None else part.labels
        for part in parts
    ]
    draft = array_draft(
        [part.images for part in parts],
        np.concatenate(labels),
        classes,
        rows,
        size=size,
        what=parts[0].source,
        skip=True,
        progress=progress,
    )
    draft.notes = (*dict.fromkeys(note for part in parts for note in part.notes), *draft.notes)
    if (depth := parts[0].depth) > 1:
        rows_of = np.array(draft.names, dtype=np.int64)
        draft.groups = rows_of // depth
        draft.names = [f"{row // depth}{MARK}{row % depth}" for row in rows_of.tolist()]
    return draft


def _read(file: Path, channels: Channels) -> list[Part]:
    """The train part of a file, and its test part if it has one."""
    try:
        if not file.is_file():
            raise OSError("it is not a regular file")
        if _begins(file, b"\x93NUMPY"):
            array = np.load(file, mmap_mode="r", allow_pickle=False)
            images, depth = unstacked(array, file, channels)
            return [Part(images, depth=depth)]
        if not _begins(file, b"PK"):
            raise ValueError(f"the content is not that of an {file.suffix} file")
        with ZipFile(file) as archive:
            check_members(archive)
        with np.load(file, allow_pickle=False) as arrays:
            return _parts(arrays, file, channels)
    except InputError:
        raise
    except Exception as error:  # a damaged file can raise any exception
        text = str(error).split("\n")[0].rstrip(".") or type(error).__name__
        if "allow_pickle" in text or "Python objects" in text:
            raise InputError(
                f"Cannot read {file}: an array in it holds Python objects, which could run code "
                "when they are read. Save images as numbers and labels as text: "
                "numpy.savez(file, images=..., labels=labels.astype(str))."
            ) from error
        raise InputError(
            f"Cannot read {file}: {text}. Save it with numpy.savez(file, images=..., labels=...)."
        ) from error


def _parts(arrays: Any, file: Path, channels: Channels) -> list[Part]:
    """Find images and labels under the names that are in use."""
    keys = list(arrays.keys())
    classes = [str(name) for name in arrays["classes"]] if "classes" in keys else None
    named: Mapping[str, tuple[str, str | None]] = {}
    if "jpeg" in keys and "offsets" in keys:
        images = _decode_jpegs(arrays["jpeg"], arrays["offsets"], file)
        found = {"": (images, 1, next((name for name in LABEL_KEYS if name in keys), None))}
    else:
        named = part_keys(keys)
        if not named:
            raise InputError(
                f"{file} holds {', '.join(keys) or 'nothing'}, but images are expected under one "
                f"of {', '.join(IMAGE_KEYS[:4])}, or as train_images and test_images."
            )
        found = {
            part: (*unstacked(arrays[image], file, channels), label)
            for part, (image, label) in named.items()
        }
    parts = {}
    for part, (images, depth, label) in found.items():
        one = parts[part] = Part(images, classes=classes, depth=depth)
        if label:
            count = len(images) // depth
            texts = texts_of(arrays[label], count, classes, file, one.notes)
            one.labels = texts.repeat(depth)
            if task_of_kind("label", texts) is not None:
                one.classes = None
        if "jpeg" in keys and "offsets" in keys:
            parts[part].source = "JPEG files"
    used = {"classes", "jpeg", "offsets", *(name for one in found.values() for name in one[2:])}
    used |= {image for image, _ in named.values()}
    ignored = dict.fromkeys(without_part(key) or key for key in keys if key not in used)
    next(iter(parts.values())).notes.extend(
        f"Array {key!r} is neither images nor labels." for key in ignored
    )
    tests = next((part for part in ("test", "val") if part in parts), None)
    train = [one for part, one in parts.items() if part != tests] if len(parts) > 1 else []
    joined = join(train) if train else next(iter(parts.values()))
    if len(parts) == 3:
        joined.notes.append(VAL)
    return [joined, parts[tests]] if train and tests else [joined]


def join(parts: Sequence[Part]) -> Part:
    """One part after another; images without labels count as unlabelled."""
    labels = None
    if any(part.labels is not None for part in parts):
        labels = np.concatenate(
            [
                np.full(len(part.images), "", dtype=object) if part.labels is None else part.labels
                for part in parts
            ]
        )
    if len({part.depth for part in parts}) > 1:
        raise InputError("The volumes of all parts must have the same number of slices.")
    if len({part.images.shape[1:] for part in parts}) > 1:
        raise InputError(
            "The images of all parts must have the same shape (channels, height, width), but got "
            f"{' and '.join(str(part.images.shape[1:]) for part in parts)}."
        )
    notes = [note for part in parts for note in part.notes]
    images = parts[0].images if len(parts) == 1 else np.concatenate([p.images for p in parts])
    return Part(images, labels, parts[0].classes, notes, parts[0].source, parts[0].depth)


def _begins(file: Path, mark: bytes) -> bool:
    """Whether a file begins with these bytes."""
    with file.open("rb") as opened:
        return opened.read(len(mark)) == mark


def _decode_jpegs(data: np.ndarray, offsets: np.ndarray, file: Path) -> np.ndarray:
    rising = offsets.ndim == 1 and offsets.dtype.kind in "iu" and len(offsets) > 1
    if (
        not rising
        or offsets[0] < 0
        or offsets[-1] > len(data)
        or (np.diff(offsets.astype(np.int64)) <= 0).any()
    ):
        raise InputError(
            f"The offsets in {file} must be N + 1 increasing whole numbers from 0 to the length "
            f"of jpeg, {len(data):,}."
        )

    def one(i: int) -> np.ndarray:
        raw = data[offsets[i] : offsets[i + 1]].tobytes()
        with Image.open(io.BytesIO(raw)) as image:
            return np.asarray(image.convert("RGB"))

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        images = list(pool.map(one, range(len(offsets) - 1)))
    if len({image.shape for image in images}) != 1:
        raise InputError(f"JPEG files in {file} must have one size, but several sizes were found.")
    return np.stack(images).transpose(0, 3, 1, 2)


def check_members(archive: ZipFile) -> None:
    """Check that the arrays of an ``.npz`` file are as long as they say, and fit into memory.

    Raises:
        ValueError: An array is shorter or longer than it says, or all are larger than the memory.
    """
    total = 0
    for member in archive.infolist():
        if not member.filename.endswith(".npy"):
            continue
        with archive.open(member) as opened:
            major, _ = np.lib.format.read_magic(opened)
            read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
            if major not in read:
                continue  # names of fields that are not ASCII: no images
            shape, _, dtype = read[major](opened)
            said = math.prod(shape) * dtype.itemsize + opened.tell()
        if not dtype.hasobject and said != member.file_size:
            raise ValueError(
                f"{member.filename} holds {member.file_size:,} bytes, but an array of shape "
                f"{shape} has {said:,}"
            )
        total += member.file_size
    if total > (free := free_memory()):
        raise ValueError(
            f"it unpacks to {total / 1e9:,.1f} GB, but {free / 1e9:,.1f} GB of memory are free"
        )


def free_memory() -> int:
    """Bytes of memory that are free, as far as the system says; otherwise a very large number."""
    try:
        with open("/proc/meminfo") as file:
            lines = dict(line.split(":") for line in file)
        return 1024 * int(lines["MemAvailable"].split()[0])
    except (OSError, KeyError, ValueError):
        return 2**62
