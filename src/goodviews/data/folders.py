"""Reading a folder of image files: listing, meaning of its sub-folders, decoding.

Letters: C H W one image.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from goodviews.core.errors import InputError, counted
from goodviews.data.cache import Draft, Rows
from goodviews.data.decode import EXTENSIONS, Header, decode, read_header

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")
CHUNK = 256


@dataclass(frozen=True)
class Listing:
    """The image files of a folder, in order of their names.

    Attributes:
        root: The folder.
        files: Paths relative to the folder, with forward slashes.
        groups: Name of the class folder of each file; empty when there are no classes.
        part: 1 for files of the test part of the dataset, otherwise 0.
        notes: Sentences that say how the layout was interpreted.
    """

    root: Path
    files: tuple[str, ...]
    groups: tuple[str, ...]
    part: tuple[int, ...]
    notes: tuple[str, ...] = ()

    def stamps(self) -> list[tuple[str, int, int]]:
        """Name, size in bytes and modification time (ns) of each file: the key of the cache."""
        out = []
        for file in self.files:
            try:
                state = (self.root / file).stat()
            except OSError:
                out.append((file, -1, -1))
                continue
            out.append((file, state.st_size, state.st_mtime_ns))
        return out


def list_folder(root: Path) -> Listing:
    """Find the images of a folder and interpret its layout.

    * ``train/`` and ``test/`` (or ``val/``): two parts, each laid out as below.
    * Only sub-folders with images, two or more, two images each on average: classes.
    * Anything else: images without classes, at any depth.

    Hidden files, other kinds of files and loops of links are skipped.

    Args:
        root: The folder.

    Returns:
        The images in it.

    Raises:
        InputError: There is no image file in the folder.
    """
    notes: list[str] = []
    files = sorted(_walk(root))
    if not files:
        raise InputError(
            f"No image files found in {root}; expected "
            f"{', '.join(sorted(e[1:] for e in EXTENSIONS)[:6])}, ... Add images there or name "
            "another folder."
        )
    tops = {PurePosixPath(file).parts[0].lower() for file in files if "/" in file}
    loose = any("/" not in file for file in files)
    part = [0] * len(files)
    inner = [PurePosixPath(file).parts for file in files]
    tests = [name for name in TEST if name in tops]
    if tops & set(TRAIN) and tests and not loose:
        known = {*TRAIN, *TEST}
        test = tests[0]
        left = sorted(tops - known)
        keep = [i for i, parts in enumerate(inner) if parts[0].lower() in known]
        if left:
            notes.append(f"Only train and {test} were read; {', '.join(left)} was ignored.")
        if len(tests) > 1:
            notes.append(
                f"{test} is the test part; {', '.join(tests[1:])} was added to the train part."
            )
        files = [files[i] for i in keep]
        part = [int(inner[i][0].lower() == test) for i in keep]
        inner = [inner[i][1:] for i in keep]
    groups = [parts[0] if len(parts) > 1 else "" for parts in inner]
    counts = Counter(groups)
    if counts.get("", 0):
        if len(counts) > 1:
            notes.append(
                "There are images outside the sub-folders, so folders are not used as classes."
            )
        groups = []
    elif len(counts) < 2:
        notes.append(f"All images are in one folder, {groups[0]!r}, so there are no classes.")
        groups = []
    elif len(groups) < 2 * len(counts):
        notes.append(
            f"{len(counts)} folders hold only {len(groups)} images, so folders are not "
            "used as classes."
        )
        groups = []
    return Listing(root, tuple(files), tuple(groups), tuple(part), tuple(notes))


def _walk(root: Path) -> Iterator[str]:
    """Yield image files below a folder; each real folder is entered once."""
    seen: set[tuple[int, int]] = set()
    for folder, below, files in os.walk(root, followlinks=True):
        state = os.stat(folder)
        if (state.st_dev, state.st_ino) in seen:
            below.clear()
            continue
        seen.add((state.st_dev, state.st_ino))
        below[:] = sorted(
            name for name in below if not name.startswith(".") and name != "__MACOSX"
        )
        for name in files:
            if not name.startswith(".") and os.path.splitext(name)[1].lower() in EXTENSIONS:
                yield Path(folder, name).relative_to(root).as_posix()


def default_size(headers: list[Header]) -> int | None:
    """Default side of the images: unchanged, 32 or 64 pixels.

    Images of one size with both sides at most 64 stay unchanged (``None``). Others are resized to
    64 when the median shorter side is at least 128 pixels, and to 32 otherwise.
    """
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1 and max(next(iter(sizes))) <= 64:
        return None
    middle = np.median([min(header.height, header.width) for header in headers])
    return 64 if middle >= 128 else 32


def read_folder(
    listing: Listing,
    rows: Rows,
    *,
    size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Draft:
    """Decode all images of a listing into rows, in order, with several threads.

    Args:
        listing: Listing from :func:`list_folder`.
        rows: Receives the images.
        size: Side in pixels (default: :func:`default_size`).
        progress: Called with the images done and all images.

    Returns:
        Names, class labels, parts, and skipped files.

    Raises:
        InputError: No image can be read, or the images differ in channels or value types.
    """
    paths = [listing.root / file for file in listing.files]
    total = len(paths)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        answers = list(pool.map(lambda path: _attempt(read_header, path), paths))
        failed = {i: why for i, why in enumerate(answers) if isinstance(why, str)}
        found = {i: answer for i, answer in enumerate(answers) if isinstance(answer, Header)}
        if not found:
            raise _nothing(listing, failed)
        headers = list(found.values())
        side = size if size is not None else default_size(headers)
        channels = _common_channels(listing, found)
        kind = _common_kind(listing, found)
        kept: list[int] = []
        order = list(found)
        for start in range(0, len(order), CHUNK):
            block = order[start : start + CHUNK]
            images = pool.map(lambda i: _attempt(decode, paths[i], found[i], side), block)
            good = []
            for i, image in zip(block, images, strict=True):
                if isinstance(image, str):
                    failed[i] = image
                    continue
                good.append(_conform(image, channels, kind))
                kept.append(i)
            if good:
                names = [listing.files[i] for i in kept[-len(good) :]]
                rows.add(np.stack(good), names)
            if progress is not None:
                progress(min(start + len(block) + total - len(order), total), total)
    if not kept:
        raise _nothing(listing, failed)
    labels, classes = _classes([listing.groups[i] for i in kept] if listing.groups else [])
    return Draft(
        source=_source([found[i] for i in kept], side, channels, kind),
        names=[listing.files[i] for i in kept],
        labels=labels,
        classes=classes,
        part=np.array([listing.part[i] for i in kept], dtype=np.int8),
        skipped=tuple((listing.files[i], failed[i]) for i in sorted(failed)),
        notes=(*listing.notes, *_remarks([found[i] for i in kept])),
    )


def _attempt(action: Callable[..., Any], *args: Any) -> Any:
    """Result of an action, or the reason why it failed as a text."""
    try:
        return action(*args)
    except Exception as error:  # a broken file can raise any exception
        if type(error).__name__ == "UnidentifiedImageError":
            return "not an image that Pillow can read"
        text = str(error).replace(str(args[0]), Path(args[0]).name).strip().split("\n")[0]
        return text or type(error).__name__


def _nothing(listing: Listing, failed: dict[int, str]) -> InputError:
    first = min(failed)
    return InputError(
        f"None of the {len(failed)} image files in {listing.root} can be read (the first, "
        f"{listing.files[first]}: {failed[first]}); check whether they are damaged."
    )


def _common_channels(listing: Listing, found: dict[int, Header]) -> int:
    first = {header.channels: i for i, header in reversed(found.items())}
    if set(first) <= {1, 3} or len(first) == 1:
        return max(first)
    (a, i), (b, j) = sorted(first.items())[:2]
    raise InputError(
        f"{listing.files[i]} has {counted(a, 'channel')} and {listing.files[j]} has {b}; all "
        "images need the same number. Put them in separate folders."
    )


def _common_kind(listing: Listing, found: dict[int, Header]) -> np.dtype:
    first = {header.kind: i for i, header in reversed(found.items())}
    if "float32" in first and len(first) > 1:
        other = next(kind for kind in sorted(first) if kind != "float32")
        raise InputError(
            f"{listing.files[first['float32']]} has floating-point values and "
            f"{listing.files[first[other]]} has {other}; all images need the same type. Convert "
            "them or put them in separate folders."
        )
    return np.dtype("uint16" if "uint16" in first else next(iter(first)))


def _conform(image: np.ndarray, channels: int, kind: np.dtype) -> np.ndarray:
    """Convert grey to colour, and 8 bits to 16, where the other images are so."""
    if image.dtype == np.uint8 and kind == np.uint16:
        image = image.astype(np.uint16) * np.uint16(257)
    image = image.astype(kind, copy=False)
    return np.repeat(image, channels, axis=0) if image.shape[0] != channels else image


def _classes(groups: list[str]) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, ...]]]:
    if not groups:
        return {}, {}
    names, numbers = np.unique(groups, return_inverse=True)
    return {"label": numbers.astype(np.int64)}, {"label": tuple(str(name) for name in names)}


def _source(headers: list[Header], side: int | None, channels: int, kind: np.dtype) -> str:
    formats = " and ".join(sorted({header.format for header in headers}))
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1:
        height, width = next(iter(sizes))
        size = f"{height}x{width} pixels"
        same = side is None or (height, width) == (side, side)
    else:
        short = [min(one) for one in sizes]
        size = f"{len(sizes)} sizes (shorter sides {min(short)} to {max(short)} pixels)"
        same = False
    greys = sum(header.channels == 1 for header in headers)
    words = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    text = f"{len(headers):,} {words} {formats} images of {size}"
    if not same:
        text += f", centre square resized to {side}x{side} (antialiased bilinear)"
    if channels == 3 and greys:
        text += f"; {greys:,} grey images were converted to colour"
    deep = sum(header.kind == "uint8" for header in headers)
    if kind == np.uint16 and deep:
        text += f"; {deep:,} images of 8 bits were converted to 16"
    if alpha := sum(header.alpha for header in headers):
        text += f"; {alpha:,} transparent images were drawn on white"
    return text + "."


def _remarks(headers: list[Header]) -> list[str]:
    counts = Counter(header.remark for header in headers if header.remark)
    return [f"{count:,} files: {remark}." for remark, count in sorted(counts.items())]
