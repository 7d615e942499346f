"""Reading images of any sizes, from files or from memory, into rows of one size.

Letters: C H W one image.
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.data.alpha import ALPHAS, alpha_note, is_data, mixed_note, with_alpha
from goodviews.data.channels import spread
from goodviews.data.decode import PLAIN, Header, Reading, Sides
from goodviews.data.drafts import Rows, finite
from goodviews.data.originals import bounded
from goodviews.data.outliers import Fence
from goodviews.data.size import Size, share_inside

CHUNK = 256

SQUARE = Size()
"""The default size."""

INFINITE = "it has NaN or infinite values"


class Pictures(NamedTuple):
    """Result of reading images.

    Attributes:
        kept: Numbers of the images in the rows, in order.
        failed: Number of each other image, and the reason why it could not be read.
        source: One sentence: form of the images, and how they were resized.
        notes: Sentences about losses or peculiarities.
        groups: What each of the kept images belongs to, from the widest.
    """

    kept: list[int]
    failed: dict[int, str]
    source: str = ""
    notes: tuple[str, ...] = ()
    groups: tuple[tuple[str, ...], ...] = ()


def read_pictures(
    names: Sequence[str],
    header: Callable[[int, Reading], Header],
    pixels: Callable[[int, Header, Sides, Reading], np.ndarray],
    rows: Rows,
    *,
    size: Size = SQUARE,
    how: Reading = PLAIN,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Decode images into rows, in order, with several threads.

    Args:
        names: Name of each image in messages.
        header: Function from the number of an image and the way to read to its header, such as
            :func:`goodviews.data.decode.read_header` gives.
        pixels: Function from number, header, side and the way to read to (C, H, W).
        rows: Receives the images.
        size: Height and width, and how images are fitted (default: :func:`default_size`).
        how: How the images are read.
        workers: Number of threads (default: one for each processor, at most 8).
        progress: Called with the images done and all images.

    Returns:
        The result; ``kept`` is empty when no image could be read.

    Raises:
        InputError: The images differ in channels or value types.
    """
    total = len(names)
    with ThreadPoolExecutor(workers or min(8, os.cpu_count() or 1)) as pool:
        answers = list(pool.map(lambda i: _attempt(header, i, how), range(total)))
        failed = {i: why for i, why in enumerate(answers) if isinstance(why, str)}
        found = {i: answer for i, answer in enumerate(answers) if isinstance(answer, Header)}
        if not found:
            return Pictures([], failed)
        side = size.sides or default_size(list(found.values()))
        how = replace(how, fit=size.resize)
        spaced = [list(found)[i] for i in spread(len(found))]
        notes: tuple[str, ...] = ()
        if how.channels.count or any(one.alpha for one in found.values()):
            found, notes = _settle_alpha(found, spaced, pixels, how)
        channels = _common_channels(names, found, how.channels.count)
        kind = _common_kind(names, found)
        if _fenced(found, side):
            some = pool.map(lambda i: _attempt(pixels, i, found[i], None, how), spaced)
            pairs = [
                (image, found[i].nodata)
                for i, image in zip(spaced, some, strict=True)
                if not isinstance(image, str)
            ]
            how = replace(how, fence=Fence.around(pairs))
        whole = size.fit == "natural" and side is not None and _varied(found, side)

        def both(i: int) -> tuple[np.ndarray, np.ndarray | None]:
            own = bounded(pixels(i, found[i], None, how), side) if whole and side else None
            return pixels(i, found[i], side, how), own

        kept: list[int] = []
        order = list(found)
        for start in range(0, len(order), CHUNK):
            block = order[start : start + CHUNK]
            good, natural = [], []
            for i, read in zip(block, pool.map(lambda i: _attempt(both, i), block), strict=True):
                if isinstance(read, str) or not finite(read[0]):
                    failed[i] = read if isinstance(read, str) else INFINITE
                    continue
                image, own = read
                good.append(_conform(image, channels, kind))
                natural += [] if own is None else [_conform(own, channels, kind)]
                kept.append(i)
            if good:
                rows.add(np.stack(good), [names[i] for i in kept[-len(good) :]], natural)
            if progress is not None:
                progress(min(start + len(block) + total - len(order), total), total)
    headers = [found[i] for i in kept]
    if not kept:
        return Pictures(kept, failed)
    used = replace(size, sides=side, fit="natural" if whole else size.resize)
    return Pictures(
        kept,
        failed,
        _source(headers, used, channels, kind),
        (*notes, *_remarks(headers), *_lost(headers, used), *size_notes(used, rows, headers)),
        tuple(header.groups for header in headers),
    )


def default_size(headers: list[Header]) -> Sides:
    """Default side of the images: unchanged, 32 or 64 pixels.

    Images of one size with both sides at most 64 stay unchanged (``None``). Others are resized to
    64 when the median shorter side is at least 128 pixels, and to 32 otherwise.
    """
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1 and max(next(iter(sizes))) <= 64:
        return None
    middle = np.median([min(header.height, header.width) for header in headers])
    return (64, 64) if middle >= 128 else (32, 32)


def _varied(found: dict[int, Header], side: tuple[int, int]) -> bool:
    """Whether an image has another size than the one to which images are fitted."""
    return any((header.height, header.width) != side for header in found.values())


def size_notes(
    size: Size, rows: Rows, given: Sequence[Header] | Sequence[tuple[int, int]]
) -> tuple[str, ...]:
    """Sentences about images that are kept at their own sizes.

    Args:
        size: How images are fitted.
        rows: What was written.
        given: Header or size of each image.
    """
    if size.fit != "natural" or not rows.sizes:
        return ()
    before = [(one.height, one.width) if isinstance(one, Header) else one for one in given]
    pairs = list(zip(before, rows.sizes, strict=True))
    smaller = sum(kept[0] > had[0] for had, kept in pairs)
    larger = sum(kept[0] < had[0] for had, kept in pairs)
    values = sum(height * width for height, width in rows.sizes) * rows.shape[0]
    room = values * rows.dtype.itemsize / 1e9
    notes = [f"Images at their own sizes take {room:.2g} GB in the cache."]
    if smaller:
        notes.append(f"Enlarged to the size of evaluation: {counted(smaller, 'image')}.")
    if larger:
        short = min(min(kept) for had, kept in pairs if kept[0] < had[0])
        notes.append(f"Reduced to a shorter side of {short} pixels: {counted(larger, 'image')}.")
    return tuple(notes)


def _attempt(action: Callable[..., Any], *args: Any) -> Any:
    """Result of an action, or the reason why it failed as a text."""
    try:
        return action(*args)
    except Exception as error:  # a broken image can raise any exception
        if type(error).__name__ == "UnidentifiedImageError":
            return "not an image that Pillow can read"
        return str(error).strip().split("\n")[0] or type(error).__name__


def _settle_alpha(
    found: dict[int, Header],
    spaced: list[int],
    pixels: Callable[[int, Header, Sides, Reading], np.ndarray],
    how: Reading,
) -> tuple[dict[int, Header], tuple[str, ...]]:
    """Headers in which transparency is a channel where it is data, and a note about it."""
    kept = {i: with_alpha(header) for i, header in found.items()}
    if count := how.channels.count:
        wanted = {i: kept[i] if kept[i].channels == count else one for i, one in found.items()}
        return wanted, ()
    having = [i for i, header in found.items() if header.alpha]
    if len(having) < len(found):
        spaced = [having[i] for i in spread(len(having))]
    images = [_attempt(pixels, i, kept[i], None, how) for i in spaced[:ALPHAS]]
    planes = [image[-1].ravel() for image in images if not isinstance(image, str)]
    if len(having) < len(found):
        note = mixed_note(np.concatenate(planes), len(having)) if planes else ""
        return found, (note,) if note else ()
    most = max(header.channels for header in kept.values())
    kept = {i: replace(header, channels=most) for i, header in kept.items()}
    if not planes or not (note := alpha_note(np.concatenate(planes), most)):
        return found, ()
    return (kept, (note,)) if is_data(np.concatenate(planes)) else (found, (note,))


def _fenced(found: dict[int, Header], side: Sides) -> bool:
    """Whether fill values must be found first, since resizing would mix them with others."""
    deep = [header for header in found.values() if header.kind != "uint8"]
    if any(header.nodata is not None for header in deep):
        return True
    return side is not None and any((one.height, one.width) != side for one in deep)


def _common_channels(names: Sequence[str], found: dict[int, Header], count: int | None) -> int:
    first = {header.channels: i for i, header in reversed(found.items())}
    if count is not None:
        odd = sorted(set(first) - {count, *([1] if count == 3 else [])})
        if odd:
            raise InputError(
                f"{names[first[odd[0]]]} has {counted(odd[0], 'channel')}, but channels={count} "
                f"was given; give the number of channels of the files, or leave it out."
            )
        return count
    if set(first) <= {1, 3} or len(first) == 1:
        return max(first)
    (a, i), (b, j) = sorted(first.items())[:2]
    raise InputError(
        f"{names[i]} has {counted(a, 'channel')} and {names[j]} has {b}; all images need the same "
        "number. Put them in separate folders."
    )


def _common_kind(names: Sequence[str], found: dict[int, Header]) -> np.dtype:
    first = {header.kind: i for i, header in reversed(found.items())}
    if "float32" in first and len(first) > 1:
        other = next(kind for kind in sorted(first) if kind != "float32")
        raise InputError(
            f"{names[first['float32']]} has floating-point values and "
            f"{names[first[other]]} has {other}; all images need the same type. Convert "
            "them or put them in separate folders."
        )
    return np.dtype("uint16" if "uint16" in first else next(iter(first)))


def _conform(image: np.ndarray, channels: int, kind: np.dtype) -> np.ndarray:
    """Convert grey to colour, and 8 bits to 16, where the other images are so."""
    if image.dtype == np.uint8 and kind == np.uint16:
        image = image.astype(np.uint16) * np.uint16(257)
    image = image.astype(kind, copy=False)
    return np.repeat(image, channels, axis=0) if image.shape[0] != channels else image


def _source(headers: list[Header], size: Size, channels: int, kind: np.dtype) -> str:
    formats = " and ".join(sorted({header.format for header in headers}))
    sizes = {(header.height, header.width) for header in headers}
    if len(sizes) == 1:
        height, width = next(iter(sizes))
        extent = f"{height}x{width} pixels"
        same = size.sides in (None, (height, width))
    else:
        short = [min(one) for one in sizes]
        extent = f"{len(sizes)} sizes (shorter sides {min(short)} to {max(short)} pixels)"
        same = False
    greys = sum(header.channels == 1 for header in headers)
    words = {1: "grey", 3: "colour"}.get(channels, f"{channels}-channel")
    text = f"{len(headers):,} {words} {formats} images of {extent}"
    if not same:
        assert size.sides is not None
        text += f", {size.words(*size.sides)}"
    if channels == 3 and greys:
        text += f"; {greys:,} grey images were converted to colour"
    deep = sum(header.kind == "uint8" for header in headers)
    if kind == np.uint16 and deep:
        text += f"; {deep:,} images of 8 bits were converted to 16"
    if alpha := sum(header.alpha for header in headers):
        text += f"; {alpha:,} transparent images were drawn on white"
    return text + "."


def _lost(headers: list[Header], size: Size) -> tuple[str, ...]:
    """A sentence where a part of the images is cut off, of which half of them lose more."""
    goal = size.sides
    if goal is None:
        return ()
    sides = sorted(
        ((one.height, one.width) for one in headers),
        key=lambda own: share_inside(own[0], own[1], goal),
    )
    text = size.lost(*sides[len(sides) // 2])
    return (text,) if text else ()


def _remarks(headers: list[Header]) -> tuple[str, ...]:
    counts = Counter(header.remark for header in headers if header.remark)
    return tuple(f"{count:,} files: {remark}." for remark, count in sorted(counts.items()))
