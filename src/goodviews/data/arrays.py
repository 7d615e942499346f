"""Arrays of images, from files or from memory, into rows.

Letters: N images, C H W one image.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.text import counted
from goodviews.data.alpha import is_data
from goodviews.data.channels import ANY, MOST, WHICH, Channels, channel_axis, readings, spread
from goodviews.data.decode import fit, on_white, standard
from goodviews.data.drafts import Draft, Rows, finite
from goodviews.data.originals import bounded
from goodviews.data.outliers import Fence
from goodviews.data.pictures import INFINITE, SQUARE, size_notes
from goodviews.data.selection import encode, task_of_kind
from goodviews.data.size import Size

IMAGE_KEYS = ("images", "x", "data", "arr_0", "X")
LABEL_KEYS = ("labels", "y", "label", "targets", "target")
CHUNK = 1024

PARTS = {"train": "train", "training": "train", "val": "val", "valid": "val"}
PARTS |= {"validation": "val", "test": "test", "testing": "test"}
"""Word in the name of an array: its part."""

Progress = Callable[[int, int], None] | None


def without_part(name: str) -> str:
    """The name of an array without that of its part.

    Example:
        >>> without_part("train_patient"), without_part("patient")
        ('patient', 'patient')
    """
    return "_".join(word for word in name.split("_") if word.lower() not in PARTS)


def part_keys(keys: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Names of the images and labels of each part of an array file.

    Args:
        keys: All names, such as ``train_images`` or ``x_test``.

    Returns:
        ``train``, ``val`` and ``test`` in this order, or an empty text for a file without parts,
        to the name of its images and that of its labels, if any.

    Example:
        >>> part_keys(["x_train", "y_train", "x_test", "y_test"])
        {'train': ('x_train', 'y_train'), 'test': ('x_test', 'y_test')}
    """
    found: dict[tuple[str, bool], str] = {}
    for labels, known in ((False, IMAGE_KEYS), (True, LABEL_KEYS)):
        for name in known:
            for key in keys:
                words = key.lower().split("_") if key not in known else [key]
                part = next((PARTS[word] for word in words if word in PARTS), "")
                rest = "_".join(word for word in words if word not in PARTS)
                if rest == name and (part or key == name):
                    found.setdefault((part, labels), key)
    parts = [part for part in ("train", "val", "test") if (part, False) in found]
    if ("", False) in found or len(parts) < 2:
        parts = [""] if ("", False) in found else parts
    return {part: (found[part, False], found.get((part, True))) for part in parts}


def array_draft(
    parts: Sequence[np.ndarray],
    labels: np.ndarray | None,
    classes: Sequence[str] | None,
    rows: Rows,
    *,
    size: Size = SQUARE,
    what: str = "arrays",
    skip: bool = False,
    progress: Progress = None,
) -> Draft:
    """Put arrays of images into rows.

    Args:
        parts: One or two (N, C, H, W) arrays of the same C, H and W.
        labels: (N,) texts, class numbers as text when ``classes`` is given; an empty text means
            no label.
        classes: Names of the classes.
        rows: Receives the images.
        size: Height and width. The default keeps images with sides of at most 64; others are
            resized to 64 when the shorter side is at least 128, otherwise to 32.
        what: Origin of the images, for the source sentence.
        skip: Whether images with NaN or infinite values are left out and named.
        progress: Called with the images done and all images.

    Returns:
        Everything except the pixels.

    Raises:
        InputError: The parts differ in shape, or images with NaN may not be left out.
    """
    shape = parts[0].shape[1:]
    if any(part.shape[1:] != shape for part in parts):
        raise InputError(
            "Train and test images must have the same shape (channels, height, width), but got "
            f"{shape} and {parts[1].shape[1:]}."
        )
    sides = size.sides
    if sides is None and max(shape[1:]) > 64:
        sides = (64, 64) if min(shape[1:]) >= 128 else (32, 32)
    resized = sides is not None and shape[1:] != sides
    total = sum(len(part) for part in parts)
    parts = _one_type(parts)
    fence = _fence(parts) if resized else None
    kept: list[int] = []
    done = 0
    for part in parts:
        for start in range(0, len(part), CHUNK):
            block, own = np.ascontiguousarray(part[start : start + CHUNK]), []
            whole = np.array([finite(image) for image in block])
            numbers = done + np.flatnonzero(whole)
            if not whole.all():
                if not skip:
                    raise _infinite(parts, total)
                block = block[whole]
            if resized and len(block):
                inside = block if fence is None else [fence.inside(image) for image in block]
                block = np.stack([fit(image, sides, size.resize) for image in inside])
                if size.fit == "natural" and sides is not None:
                    own = [bounded(image, sides) for image in inside]
            if len(block):
                rows.add(block, [str(i) for i in numbers], own)
            kept += numbers.tolist()
            done += len(whole)
            if progress is not None:
                progress(done, total)
    if not kept:
        raise _infinite(parts, total)
    pixels = f"{shape[1]}x{shape[2]} pixels and {counted(shape[0], 'channel')}"
    text = f"{len(kept):,} images of {pixels} from {what}"
    if resized and sides is not None:
        text += f", {size.words(*sides)}"
    cut = replace(size, sides=sides).lost(*shape[1:]) if resized else ""
    lost = (*((cut,) if cut else ()), *size_notes(size, rows, [shape[1:]] * len(kept)))
    left = sorted(set(range(total)) - set(kept))
    draft = Draft(
        source=f"{text}.",
        names=[str(i) for i in kept],
        skipped=tuple((f"image {i}", INFINITE) for i in left),
        notes=(*_transparency(parts), *lost),
    )
    if len(parts) == 2:
        part_of = np.repeat(np.array([0, 1], dtype=np.int8), [len(part) for part in parts])
        draft.part = part_of[kept]
    if labels is not None and any(labels[kept]):
        labels = labels[kept]
        special = task_of_kind("label", labels) if classes is None else None
        if special is not None:
            draft.labels, draft.classes = special.columns, special.classes
            draft.kinds, draft.notes = special.kinds, (*draft.notes, *special.notes)
            return draft
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


def _fence(parts: Sequence[np.ndarray]) -> Fence | None:
    """Range of the values, where resizing would mix those far outside with others."""
    if parts[0].dtype == np.uint8:
        return None
    return Fence.around([(part[i], None) for part in parts for i in spread(len(part))])


def _infinite(parts: Sequence[np.ndarray], total: int) -> InputError:
    bad = [not finite(image) for part in parts for image in part]
    return InputError(
        f"Image {bad.index(True)} has NaN or infinite values, as do {sum(bad):,} of {total:,} "
        "images; replace them first, for example with numpy.nan_to_num, or remove those images."
    )


def _transparency(parts: Sequence[np.ndarray]) -> tuple[str, ...]:
    """A sentence where the fourth channel of colour images looks like transparency."""
    if parts[0].dtype != np.uint8 or parts[0].shape[1] != 4:
        return ()
    alpha = parts[0][spread(len(parts[0])), 3]
    if is_data(alpha):
        return ()
    return (
        "The fourth channel looks like transparency and is kept as data; "
        "to draw the images on white instead, give --channels 3 (channels=3).",
    )


def unstacked(
    array: np.ndarray, what: str | Path, channels: Channels = ANY
) -> tuple[np.ndarray, int]:
    """:func:`channels_first` of images, or of volumes whose slices are images.

    Args:
        array: Images, or, with ``channels.stack`` ``slices``, (N, depth, H, W) or
            (N, depth, H, W, C) or (N, depth, C, H, W).
        what: The file or object, for messages.
        channels: What the user gives.

    Returns:
        (N * depth, C, H, W), and the depth; 1 for images.

    Raises:
        InputError: These are not images.
    """
    if channels.stack != "slices" or array.ndim < 4:
        return channels_first(array, what, channels), 1
    merged = array.reshape(-1, *array.shape[2:])
    return channels_first(merged, what, channels), array.shape[1]


def channels_first(array: np.ndarray, what: str | Path, channels: Channels = ANY) -> np.ndarray:
    """Move the channels of images before their height and width.

    Args:
        array: (N, H, W), (N, H, W, C) or (N, C, H, W), numbers.
        what: The file or object, for messages.
        channels: What the user gives; :func:`goodviews.data.channels.channel_axis` finds the rest.

    Returns:
        (N, C, H, W).

    Raises:
        InputError: These are not images, or it is not known which axis holds the channels.
    """
    if array.dtype.kind not in "biuf":
        raise InputError(f"Expected numbers in {what}, but got values of type {array.dtype}.")
    if array.ndim == 3 and array.shape[2] in (1, 3, 4) and array.shape[1] != array.shape[2]:
        raise InputError(
            f"{str(what)[:1].upper()}{str(what)[1:]} has the shape {array.shape}, which is that "
            "of one image; add an axis for the number of images with images[None]."
        )
    if array.size and array.ndim == 3 and channels.count in (None, 1):
        return array[:, None]
    found = readings(array.shape[1:], channels) if array.size and array.ndim == 4 else []
    if len(found) == 2:
        some = spread(len(array), array[0].size)
        axis = channel_axis([array[i] for i in some], channels)
        if axis is None:
            raise InputError(
                f"Axis 1 or axis 3 of {what}, of shape {array.shape}, could be the channels, and "
                f"the pixels do not show which; {WHICH}."
            )
        found = [axis]
    if found:
        return array if found[0] == "first" else array.transpose(0, 3, 1, 2)
    if (
        channels.count == 3
        and array.ndim == 4
        and array.dtype == np.uint8
        and 4 in array.shape[1::2]
    ):
        return on_white(channels_first(array, what, replace(channels, count=4)))
    least = f"{channels.count} channels" if channels.count else f"at most {MOST} channels"
    more = "" if channels or array.ndim != 4 else ", or name their axis with --channels last"
    raise InputError(
        f"Expected images (N, H, W), (N, H, W, C) or (N, C, H, W) with {least} in {what}, but got "
        f"an array of shape {array.shape}; reshape it first{more}."
    )
