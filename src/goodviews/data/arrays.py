"""Images in ``.npz`` and ``.npy`` files.

Letters: N images, C H W one image.
"""

import io
import os
import zipfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.data.cache import Draft, Rows
from goodviews.data.decode import CHANNELS_MOST, WHICH, channels_at, fit, standard
from goodviews.data.labels import encode, texts_of

IMAGE_KEYS = ("images", "x", "data", "arr_0", "X")
LABEL_KEYS = ("labels", "y", "label", "targets")
CHUNK = 1024

Progress = Callable[[int, int], None] | None


def read_arrays(
    files: Sequence[Path],
    rows: Rows,
    *,
    size: int | None = None,
    channels: str | None = None,
    progress: Progress = None,
) -> Draft:
    """Read one array file, or a train and a test file, into rows.

    ``.npy`` holds (N, H, W) or (N, H, W, C) or (N, C, H, W). ``.npz`` holds the same under
    ``images``, ``x``, ``data`` or ``arr_0``, or JPEG files end to end under ``jpeg`` with
    their N + 1 ``offsets``; (N,) labels under ``labels``, ``y``, ``label`` or ``targets``;
    class names under ``classes``.

    Args:
        files: One file, or two: the second holds the test images.
        rows: Receives the images.
        size: Side in pixels; see :func:`array_draft`.
        channels: ``first`` or ``last``, where the shape leaves it open.
        progress: Called with the images done and all images.

    Returns:
        Everything except the pixels.

    Raises:
        InputError: A file cannot be read, or its arrays are not images and labels.
    """
    parts = [_read(file, channels) for file in files]
    names = [part[2] for part in parts if part[2]]
    known = [part[1] for part in parts]
    labels = None
    if any(column is not None for column in known):
        labels = np.concatenate(
            [
                np.full(len(images), "", dtype=object) if column is None else column
                for images, column, _ in parts
            ]
        )
    what = "JPEG files" if "jpeg" in _keys(files[0]) else "an array file"
    return array_draft(
        [images for images, _, _ in parts],
        labels,
        names[0] if names else None,
        rows,
        size=size,
        what=what,
        progress=progress,
    )


def array_draft(
    parts: Sequence[np.ndarray],
    labels: np.ndarray | None,
    classes: Sequence[str] | None,
    rows: Rows,
    *,
    size: int | None = None,
    what: str = "arrays",
    progress: Progress = None,
) -> Draft:
    """Put arrays of images into rows.

    Args:
        parts: One or two (N, C, H, W) arrays of the same C, H and W.
        labels: (N,) texts, class numbers as text when ``classes`` is given; an empty text means
            no label.
        classes: Names of the classes.
        rows: Receives the images.
        size: Side in pixels. ``None`` keeps images with sides of at most 64; of other images the
            centre square is resized to 64 when the shorter side is at least 128, otherwise to 32.
        what: Origin of the images, for the source sentence.
        progress: Called with the images done and all images.

    Returns:
        Everything except the pixels.
    """
    shape = parts[0].shape[1:]
    if any(part.shape[1:] != shape for part in parts):
        raise InputError(
            "Train and test images must have the same shape (channels, height, width), but got "
            f"{shape} and {parts[1].shape[1:]}."
        )
    if size is None and max(shape[1:]) > 64:
        size = 64 if min(shape[1:]) >= 128 else 32
    total = sum(len(part) for part in parts)
    parts = _one_type(parts)
    done = 0
    for part in parts:
        for start in range(0, len(part), CHUNK):
            block = np.ascontiguousarray(part[start : start + CHUNK])
            names = [str(done + i) for i in range(len(block))]
            if size is not None and block.shape[2:] != (size, size):
                rows.refuse_infinite(block, names)
                block = np.stack([fit(image, size) for image in block])
            rows.add(block, names)
            done += len(block)
            if progress is not None:
                progress(done, total)
    pixels = f"{shape[1]}x{shape[2]} pixels and {counted(shape[0], 'channel')}"
    text = f"{total:,} images of {pixels} from {what}"
    if size is not None and shape[1:] != (size, size):
        text += f", centre square resized to {size}x{size} (antialiased bilinear)"
    draft = Draft(source=f"{text}.", names=[str(i) for i in range(total)])
    if len(parts) == 2:
        draft.part = np.repeat(np.array([0, 1], dtype=np.int8), [len(part) for part in parts])
    if labels is not None and any(labels):
        numbers, order = encode(list(labels))
        if classes is not None:
            numbers = np.array([int(value) if value else -1 for value in labels], dtype=np.int64)
            order = tuple(str(name) for name in classes)
        draft.labels, draft.classes = {"label": numbers}, {"label": order}
    return draft


def _one_type(parts: Sequence[np.ndarray]) -> list[np.ndarray]:
    plain = [standard(part) for part in parts]
    kinds = {part.dtype.name for part in plain}
    widest = next(kind for kind in ("float32", "uint16", "uint8") if kind in kinds)
    return [part.astype(widest, copy=False) for part in plain]


def _keys(file: Path) -> list[str]:
    if file.suffix.lower() != ".npz":
        return []
    with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
        return list(arrays.keys())


def _read(
    file: Path, channels: str | None
) -> tuple[np.ndarray, np.ndarray | None, list[str] | None]:
    """Images (N, C, H, W), labels as text, class names."""
    try:
        if file.suffix.lower() != ".npz":
            return (
                channels_first(np.load(file, mmap_mode="r", allow_pickle=False), file, channels),
                None,
                None,
            )
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            keys = list(arrays.keys())
            key = next((key for key in IMAGE_KEYS if key in keys), None)
            classes = [str(name) for name in arrays["classes"]] if "classes" in keys else None
            if "jpeg" in keys and "offsets" in keys:
                images = _decode_jpegs(arrays["jpeg"], arrays["offsets"], file)
            elif key is not None:
                images = channels_first(arrays[key], file, channels)
            else:
                raise InputError(
                    f"{file} holds {', '.join(keys) or 'nothing'}, but images are expected under "
                    f"one of {', '.join(IMAGE_KEYS[:4])}."
                )
            name = next((name for name in LABEL_KEYS if name in keys), None)
            if name is None:
                return images, None, None
            return images, texts_of(arrays[name], len(images), classes, file), classes
    except InputError:
        raise
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        text = str(error).split("\n")[0].rstrip(".")
        if "allow_pickle" in text or "Python objects" in text:
            text = "it holds Python objects, not numbers"
            if not _is_numpy(file):
                text = f"the content is not that of an {file.suffix} file"
        raise InputError(
            f"Cannot read {file}: {text}. Save it with numpy.savez(file, images=..., labels=...)."
        ) from error


def _is_numpy(file: Path) -> bool:
    """Whether a file begins like a .npy or .npz file."""
    with file.open("rb") as opened:
        return opened.read(6).startswith((b"\x93NUMPY", b"PK"))


def channels_first(
    array: np.ndarray, what: str | Path, channels: str | None = None, doubt: str | None = "last"
) -> np.ndarray:
    """Move the channels of images before their height and width.

    Args:
        array: (N, H, W), (N, H, W, C) or (N, C, H, W), numbers.
        what: The file or object, for messages.
        channels: ``first`` or ``last``; :func:`goodviews.data.decode.channels_at` finds it
            when ``None``.
        doubt: Choice where either is possible; ``None`` raises.

    Returns:
        (N, C, H, W).

    Raises:
        InputError: These are not images, or it is not known which axis holds the channels.
    """
    if array.dtype.kind not in "biuf":
        raise InputError(f"Expected numbers in {what}, but got values of type {array.dtype}.")
    if channels not in (None, "first", "last"):
        raise InputError(f"channels must be 'first' or 'last', but got {channels!r}.")
    if array.size and array.ndim == 3:
        return array[:, None]
    if array.size and array.ndim == 4 and min(array.shape[1], array.shape[3]) <= CHANNELS_MOST:
        place = channels or channels_at(array.shape[1:]) or doubt
        if place is None:
            raise InputError(
                f"Axis 1 or axis 3 of {what}, of shape {array.shape}, could be the channels; "
                f"{WHICH}."
            )
        if array.shape[1 if place == "first" else 3] <= CHANNELS_MOST:
            return array if place == "first" else array.transpose(0, 3, 1, 2)
    raise InputError(
        f"Expected images (N, H, W), (N, H, W, C) or (N, C, H, W) with at most {CHANNELS_MOST} "
        f"channels in {what}, but got an array of shape {array.shape}; reshape it first."
    )


def _decode_jpegs(data: np.ndarray, offsets: np.ndarray, file: Path) -> np.ndarray:
    def one(i: int) -> np.ndarray:
        raw = data[offsets[i] : offsets[i + 1]].tobytes()
        with Image.open(io.BytesIO(raw)) as image:
            return np.asarray(image.convert("RGB"))

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        images = list(pool.map(one, range(len(offsets) - 1)))
    if len({image.shape for image in images}) != 1:
        raise InputError(f"JPEG files in {file} must have one size, but several sizes were found.")
    return np.stack(images).transpose(0, 3, 1, 2)
