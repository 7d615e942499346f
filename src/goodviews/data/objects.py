"""Images that are already in memory: arrays, tensors, lists and datasets of other libraries.

Letters: N images, C H W one image.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.data.arrays import (
    IMAGE_KEYS,
    Progress,
    array_draft,
    channels_first,
    part_keys,
)
from goodviews.data.cache import in_memory
from goodviews.data.channels import ANY, Channels, known_axis, spread
from goodviews.data.decode import Header, Reading, Sides, header_of, pixels_of
from goodviews.data.drafts import Draft, Rows
from goodviews.data.held import Held, Indexed
from goodviews.data.hugging import held_dataset
from goodviews.data.images import Images
from goodviews.data.labels_in_memory import host_array, label_columns
from goodviews.data.matrix import is_matrix, matrix_cells
from goodviews.data.pictures import SQUARE, read_pictures
from goodviews.data.size import Size

TAKEN = (
    "a path, a known name, an array (N, H, W[, C]), (images, labels), a list of pictures or a "
    "dataset"
)


Data: TypeAlias = str | Path | Images | np.ndarray | Tensor | Indexed | Mapping[str, Any] | None
"""Everything that :func:`goodviews.load` accepts."""

Labels: TypeAlias = str | Path | np.ndarray | Tensor | Sequence[Any] | Mapping[str, Any] | None
"""A table in a file or a data frame, (N,) labels, or a mapping of tasks to such labels."""


def read_object(
    data: Any,
    *,
    size: Size = SQUARE,
    channels: Channels = ANY,
    given: tuple[float, float] | None = None,
    progress: Progress = None,
) -> Images:
    """Read images that are in memory; :func:`goodviews.load` lists the accepted objects.

    Args:
        data: The object.
        size: Height and width (default: the rule for files).
        channels: Axis and number of channels, where the user gives them.
        given: Range of the values that the user gives.
        progress: Called with the images done and all images.

    Returns:
        The images; the same content has the same hash.

    Raises:
        InputError: The object holds no images, or does not give them by number.

    Example:
        >>> images = read_object((np.zeros((4, 8, 8, 3), np.uint8), ["a", "b", "a", None]))
        >>> images.pixels.shape, images.labels["label"].tolist(), images.classes["label"]
        ((4, 3, 8, 8), [0, 1, 0, -1], ('a', 'b'))
    """
    found = held(data)

    def build(rows: Rows) -> Draft:
        draft, labels, classes = _pixels(found, rows, size, channels, progress)
        read = label_columns(labels, classes, draft.names, found.what)
        return replace(
            draft,
            labels=read.columns,
            classes=read.classes,
            label_note=read.matched,
            part=found.part,
            notes=(*draft.notes, *read.notes),
            kinds=read.kinds,
        )

    return in_memory(found.name, build, given)


def held(data: Any) -> Held:
    """Find the images, labels and class names of an object, without reading any image.

    Raises:
        InputError: Objects of this type are not accepted.
    """
    if isinstance(data, Tensor):
        return Held(host_array(data), "tensor", "the tensor")
    if isinstance(data, np.ndarray) and data.dtype != object:
        return Held(data, "array", "the array")
    if type(data).__module__.partition(".")[0] == "datasets":
        return held_dataset(data)
    if isinstance(data, Mapping):
        return _mapping(data)
    if isinstance(data, tuple) and len(data) == 2 and not isinstance(data[0], Image.Image):
        return replace(held(data[0]), labels=data[1], classes=None)
    kind = type(data).__name__
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not hasattr(data, "columns"):
        if not len(data):
            raise InputError(f"The {kind} is empty, but images are expected.")
        name = "pictures" if kind in ("list", "tuple", "ndarray") else kind
        return Held(data, name, f"the {kind}", classes=_classes(data))
    hint = "pass its .dataset" if hasattr(data, "dataset") else f"goodviews.load takes {TAKEN}"
    raise InputError(f"A {kind} does not give its images by number: {hint}.")


def _pixels(
    found: Held, rows: Rows, size: Size, channels: Channels, progress: Progress
) -> tuple[Draft, Any, Any]:
    """Read the images into rows, and the labels that a dataset gives with its images."""
    if isinstance(found.images, np.ndarray):
        images = channels_first(found.images, found.what, channels)
        draft = array_draft(
            [images], None, None, rows, size=size, what=found.what, progress=progress
        )
        return draft, found.labels, found.classes
    items = _Items(found.images)
    names = [str(i) for i in range(len(found.images))]
    read = read_pictures(
        names,
        items.header,
        items.pixels,
        rows,
        size=size,
        how=Reading(channels, items.axis(channels, found.what)),
        workers=1,
        progress=progress,
    )
    for i, why in sorted(read.failed.items()):
        raise InputError(f"Cannot read image {i} of {found.what}: {why.rstrip('.')}.")
    labels = found.labels
    if labels is None and items.labels:
        labels = _stacked([items.labels.get(i) for i in range(len(names))])
    return Draft(source=read.source, names=names, notes=read.notes), labels, found.classes


class _Items:
    """Pictures of a dataset by number, and the labels that come with them."""

    def __init__(self, data: Indexed) -> None:
        self.data = data
        self.labels: dict[int, Any] = {}

    def axis(self, channels: Channels, what: str) -> str | None:
        """Axis of the channels of those arrays whose shape leaves it open."""
        images, names = [], []
        for i in spread(len(self.data)).tolist():
            try:
                picture = self._picture(i)
            except Exception:  # a dataset can raise any exception; it is reported later
                return None
            if isinstance(picture, Image.Image):
                return None
            if picture.ndim == 3 and picture.size:
                images.append(picture)
                names.append(f"image {i} of {what}")
        return known_axis(images, names, channels)

    def header(self, i: int, how: Reading) -> Header:
        return header_of(self._picture(i), how)

    def pixels(self, i: int, header: Header, side: Sides, how: Reading) -> np.ndarray:
        return pixels_of(self._picture(i), header, side, how)

    def _picture(self, i: int) -> Image.Image | np.ndarray:
        item = self.data[i]
        if isinstance(item, tuple | list) and item and not np.isscalar(item[0]):
            if len(item) > 2:
                raise InputError(f"it has {len(item)} parts, not a picture and its label")
            if len(item) == 2:
                self.labels[i] = _label(item[1])
            item = item[0]
        if isinstance(item, Image.Image):
            return item
        if isinstance(item, Tensor | np.ndarray):
            return host_array(item)
        raise InputError(f"it is a {type(item).__name__}, not a picture, an array or a tensor")


def _label(value: Any) -> Any:
    """Convert a label to a number, a text, or (L,) numbers."""
    if isinstance(value, Tensor | np.ndarray | np.generic):
        if len(value.shape) == 1 and max(value.shape) > 1:
            return host_array(value)
        if any(size != 1 for size in value.shape):
            raise InputError(f"its label has the shape {tuple(value.shape)}, not one class")
        return value.item()
    if value is None or isinstance(value, str | int | float):
        return value
    raise InputError(f"its label is a {type(value).__name__}, not a class number or name")


def _stacked(labels: list[Any]) -> Any:
    """Labels of all pictures; (N, L) where each has several, NaN in rows of those without."""
    several = [one for one in labels if isinstance(one, np.ndarray)]
    if not several:
        return labels
    others = [one for one in labels if one is not None and not isinstance(one, np.ndarray)]
    if others or len({len(one) for one in several}) > 1:
        raise InputError("The labels of all pictures must be arrays of one length, 0 and 1.")
    unknown = np.full(len(several[0]), np.nan)
    return np.stack([unknown if one is None else one for one in labels])


def _mapping(data: Mapping[str, Any]) -> Held:
    """Find arrays under the names that array files and scikit-learn use."""
    kind = type(data).__name__
    name = "arrays" if kind in ("dict", "NpzFile") else kind.lower()
    named = part_keys([str(key) for key in data])
    if not named:
        raise InputError(
            f"The {kind} holds {', '.join(map(str, data)) or 'nothing'}, but images are expected "
            f"under one of {', '.join(IMAGE_KEYS[:4])}, or as train_images and test_images."
        )
    classes = next((data[key] for key in ("classes", "target_names") if key in data), None)
    image, label = next(iter(named.values()))
    if len(named) == 1:
        images = data[image]
        if not isinstance(images, list):
            images = _square(host_array(images), kind)
        return Held(images, name, f"the {kind}", data[label] if label else None, classes)
    arrays = [_square(host_array(data[image]), kind) for image, _ in named.values()]
    if len({array.shape[1:] for array in arrays}) > 1:
        raise InputError(
            f"The parts of the {kind} must have images of one shape, but have "
            f"{' and '.join(str(array.shape[1:]) for array in arrays)}."
        )
    labels = []
    for array, (image, key) in zip(arrays, named.values(), strict=True):
        column = np.full(len(array), None) if key is None else host_array(data[key])
        if is_matrix(column, len(array)):
            column = matrix_cells(column, classes, f"{key} of the {kind}")
        column = column.astype(object)
        if column.shape not in ((len(array),), (len(array), 1)):
            raise InputError(
                f"Labels {key} of the {kind} must have the shape ({len(array)},), one class per "
                f"image of {image}; but got {column.shape}."
            )
        labels.append(column.reshape(-1))
    tests = "test" if "test" in named else "val"
    part = [np.full(len(a), key == tests, np.int8) for key, a in zip(named, arrays, strict=True)]
    joined = np.concatenate(labels)
    return Held(
        np.concatenate(arrays),
        name,
        f"the {kind}",
        joined if any(key for _, key in named.values()) else None,
        classes,
        np.concatenate(part),
    )


def _square(images: np.ndarray, kind: str) -> np.ndarray:
    """Reshape rows of pixels (N, H * H), as scikit-learn stores them, to images (N, H, H)."""
    if images.ndim != 2:
        return images
    side = round(images.shape[1] ** 0.5)
    if side < 4 or side * side != images.shape[1]:
        raise InputError(
            f"The {kind} holds {images.shape[1]} values a row, which are not the pixels of a "
            "square image; reshape them to (N, H, W) or (N, H, W, C) first."
        )
    return images.reshape(len(images), side, side)


def _classes(data: Any) -> Sequence[str] | None:
    """Class names of a dataset, or of the dataset behind a subset."""
    while data is not None:
        if isinstance(found := getattr(data, "classes", None), list | tuple):
            return found
        data = getattr(data, "dataset", None)
    return None
