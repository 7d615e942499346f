"""Pictures beside the images whose values are classes, instances or depth.

Letters: H W one image, N images, n objects of one image.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.core.cells import hashed
from goodviews.core.errors import InputError
from goodviews.data.targets.scenes import Scenes, Target, image_size, listed

FOLDERS = {
    "masks": ("instances", "instance", "segmentationobject", "instance_masks"),
    "depth": ("depth", "depths", "depth_maps"),
    "pixels": (
        *("labels", "label", "masks", "mask", "segmentation", "segmentations", "semantic", "seg"),
        *("segmentationclass", "gt", "ground_truth", "annotations", "annot"),
    ),
}
"""Names of folders of label images, in lower case, for each kind of target."""

IMAGE_FOLDERS = (
    "images",
    "image",
    "imgs",
    "img",
    "jpegimages",
    "rgb",
    "photos",
    "inputs",
    "input",
)

Pair = tuple[str, Path, Path]
"""Part, image and label image."""


def read_label_images(
    pairs: Sequence[Pair], *, kind: str, name: str, ignore: int, notes: Sequence[str] = ()
) -> Scenes:
    """Read label images.

    Args:
        pairs: The part, the image and the label image of each.
        kind: ``pixels``: a value is a class, and ``ignore`` means that a pixel does not count;
            ``masks``: each value above 0 is an object, all of one class; ``depth``: a value is a
            distance in any unit, 0 where it is unknown.
        name: Name of the set.
        ignore: The value of pixels that do not count.
        notes: Sentences to keep.

    Raises:
        InputError: A label image has another size than its image, or its values are not of the
            kind.
    """
    said, values = list(notes), [set[int]() for _ in pairs]
    sums: list[str] = []
    for k, (_, image, file) in enumerate(pairs):
        found = label_values(file)
        if found.shape != (size := image_size(image)):
            raise InputError(
                f"{file.name} has {found.shape[0]} x {found.shape[1]} pixels, but its image "
                f"{image.name} has {size[0]} x {size[1]}."
            )
        if kind != "depth":
            if found.dtype.kind == "f":
                raise InputError(f"{file.name} holds fractions: use --target depth.")
            values[k] = set(np.unique(found).tolist())
        sums.append(hashed(found))
    classes: tuple[str, ...] = ()
    read: Callable[[int], Target | np.ndarray]
    files = [file for _, _, file in pairs]
    if kind == "pixels":
        order, more = _classes(values, ignore, name)
        classes, read = tuple(map(str, order)), partial(_class_map, files, order)
        said += more
    elif kind == "masks":
        if not any(max(one) > 0 for one in values):
            raise InputError(f"There is no object in the label images of {name}: all are 0.")
        classes, read = ("object",), partial(_instances, files)
    else:
        read = partial(_depth, files)
    return Scenes(
        name,
        kind,
        classes,
        tuple(image for _, image, _ in pairs),
        tuple(part for part, _, _ in pairs),
        read,
        tuple(said),
        hashed(kind, ignore, [[part, image.name] for part, image, _ in pairs], sums),
    )


def label_values(file: Path) -> np.ndarray:
    """The values of a label image, (H, W); of a palette the places in it.

    Raises:
        InputError: It cannot be read, or has several channels.
    """
    try:
        if file.suffix.lower() == ".npy":
            found = np.load(file, allow_pickle=False)
        else:
            with Image.open(file) as picture:
                found = np.asarray(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise InputError(f"Cannot read the label image {file}: {error}.") from error
    if found.ndim != 2 or found.dtype.kind not in "biuf":
        raise InputError(
            f"{file} has the shape {found.shape}, but a label image has one channel with a number "
            f"for each pixel; convert colours to numbers first."
        )
    return found.astype(np.int64) if found.dtype.kind in "bu" else found


def guess_kind(pairs: Sequence[Pair]) -> str:
    """Whether label images hold classes or something that must be named, by their values."""
    deep = [label_values(file) for _, _, file in pairs[:3]]
    if any(one.dtype.kind == "f" for one in deep):
        return "depth"
    if max(int(one.max()) for one in deep) <= 255:
        return "pixels"
    raise InputError(
        f"The label images ({pairs[0][2].name}) have values above 255: name what they are with "
        f"--target masks (one number for each object) or --target depth."
    )


def _classes(values: Sequence[set[int]], ignore: int, name: str) -> tuple[list[int], list[str]]:
    """The values that are classes, in order, and sentences on them."""
    every = set().union(*values)
    notes = []
    if every == {0, 255} and ignore == 255:
        notes.append("Values are 0 and 255: 255 is taken as a class.")
        return [0, 255], notes
    order = sorted(every - {ignore})
    if len(order) < 2:
        raise InputError(
            f"The label images of {name} hold one class only ({order or 'none'}, without "
            f"{ignore}, which does not count); at least two are needed."
        )
    if order[0] < 0:
        raise InputError(f"The label images of {name} hold negative numbers ({order[0]}).")
    if order != list(range(len(order))):
        notes.append(
            f"Class numbers have gaps; the classes are {listed(list(map(str, order)), 12)}."
        )
    return order, notes


def _class_map(files: Sequence[Path], order: Sequence[int], place: int) -> np.ndarray:
    found = label_values(files[place])
    table = np.asarray(order)
    at = np.searchsorted(table, found).clip(0, len(table) - 1)
    return np.where(table[at] == found, at, -1)


def _depth(files: Sequence[Path], place: int) -> np.ndarray:
    found = label_values(files[place]).astype(np.float32)
    return np.where(np.isfinite(found) & (found > 0), found, 0).astype(np.float32)


def _instances(files: Sequence[Path], place: int) -> Target:
    found = label_values(files[place])
    return masks_target(found)


def masks_target(labels: np.ndarray) -> Target:
    """The objects of an instance label image, with boxes around their pixels.

    Args:
        labels: (H, W), 0 for the background, another number for each object.

    Example:
        >>> masks_target(np.array([[0, 3, 3], [0, 0, 0]])).boxes.tolist()
        [[1.0, 0.0, 3.0, 1.0]]
    """
    numbers = np.unique(labels)
    numbers = numbers[numbers != 0]
    masks = labels[None] == numbers[:, None, None]
    boxes = np.zeros((len(numbers), 4), dtype=np.float32)
    for k, mask in enumerate(masks):
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        boxes[k] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    zeros = np.zeros(len(numbers), dtype=np.int64)
    return Target(boxes, zeros, zeros.astype(bool), masks)
