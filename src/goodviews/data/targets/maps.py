"""Images with a class for each pixel at one size, as a study takes them.

Letters: N images, H W one image, h w a label image, K classes.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.core.errors import InputError
from goodviews.data.cache import relabelled, row_names
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.data.labels import read_labels
from goodviews.data.loading import load
from goodviews.data.objects import Labels
from goodviews.data.reading import Progress
from goodviews.data.size import Size, SizeLike, box, inner
from goodviews.data.targets.label_images import read_label_images
from goodviews.data.targets.read import read_scenes
from goodviews.data.targets.scenes import Scenes, part_of, read_image, with_parts
from goodviews.data.tasks import even_strata

PIXELS = "pixels"
"""Name of the task."""
_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp")


@dataclass(frozen=True, eq=False)
class PixelMaps:
    """A class for each pixel of the images of a dataset.

    Attributes:
        classes: Names of the K classes.
        values: (N, H, W) int16 class numbers, -1 where a pixel does not count; all -1 for images
            without a label image.
    """

    classes: tuple[str, ...]
    values: np.ndarray


def read_maps_of(
    data: str | Path, images: str | Path | None = None, *, ignore: int = 255
) -> Scenes:
    """Read label images, beside their images or for those of another folder.

    Args:
        data: Folder of images and label images, in any layout of
            :func:`goodviews.data.read_scenes`; or of label images alone.
        images: Folder of the images; a label image has the name of its image.
        ignore: Value of pixels that do not count.

    Raises:
        InputError: There are no label images, or none of the names fit.
    """
    try:
        return read_scenes(data, target=PIXELS, ignore=ignore)
    except InputError:
        if images is None or not Path(images).is_dir() or not Path(data).is_dir():
            raise
        labels = {file.stem: file for file in _pictures(Path(data))}
        pairs = [(part_of(file.as_posix()), file, labels[file.stem])
                 for file in _pictures(Path(images)) if file.stem in labels]  # fmt: skip
        if not pairs:
            raise
    name = Path(data).resolve().name
    return with_parts(read_label_images(pairs, kind=PIXELS, name=name, ignore=ignore))


def pixel_images(
    scenes: Scenes,
    *,
    size: SizeLike,
    channels: int = 3,
    labels: Labels = None,
    progress: Progress = None,
) -> Images:
    """The images of a set with label images, in memory.

    Args:
        scenes: The set.
        size: Height, width and fit, as :func:`goodviews.load` takes them.
        channels: 3, or 1 for grey ones.
        labels: Labels as :func:`goodviews.load` takes them; a table names images by their files.
        progress: Called with the images done and all images.
    """
    pictures = []
    for file in scenes.images:
        picture = Image.fromarray(read_image(file).transpose(1, 2, 0))
        pictures.append(picture.convert("L") if channels == 1 else picture)
    table = isinstance(labels, str | Path) and str(labels) != "none"
    made = load(
        pictures,
        size=size,
        name=scenes.name,
        labels=None if table else labels,
        progress=progress,
    )
    if table:
        made = _with_table(made, scenes, Path(str(labels)).expanduser())
    named = {part_of(file.as_posix()) for file in scenes.images}
    if {"train", "test"} <= named or {"train", "val"} <= named:
        part = np.array([one == "test" for one in scenes.parts], dtype=np.int8)
        digest = content_hash(np.asarray(made.pixels), made.labels, part)
        made = replace(made, part=part, hash=digest)
    return made


def with_maps(
    images: Images, scenes: Scenes, *, size: SizeLike, own: bool
) -> tuple[Images, PixelMaps] | None:
    """Images with the task ``pixels``, and its label images at their size.

    Label images are fitted as the images were, by the nearest value. The strata of the task, by
    which labels are drawn in proportion, are images of a similar share of each class.

    Args:
        images: Images of the set (:func:`pixel_images`), or others that hold them by name.
        scenes: The label images.
        size: How the images were fitted.
        own: Whether the images are those of the set, in its order.

    Returns:
        The images and maps; nothing where a label image has no image of its name.
    """
    places = list(range(len(scenes))) if own else _places(images, scenes)
    if places is None:
        return None
    sides, fit = (images.height, images.width), Size.of(size).resize
    values = np.full((len(images), *sides), -1, dtype=np.int16)
    for place, row in enumerate(places):
        values[row] = fitted_map(scenes.pixels(place), sides, fit)
    strata, names = map_strata(values, len(scenes.classes))
    labels = {**images.labels, PIXELS: strata}
    classes = {**images.classes, PIXELS: names}
    if images.cache is not None:
        made = relabelled(
            images, labels, classes, images.notes, images.label_note, kinds=images.kinds
        )
    else:
        digest = content_hash(np.asarray(images.pixels), labels, images.part)
        made = replace(images, labels=labels, classes=classes, hash=digest)
    return made, PixelMaps(scenes.classes, values)


def fitted_map(values: np.ndarray, sides: tuple[int, int], fit: str) -> np.ndarray:
    """A label image (h, w) at the size (H, W) of its image, by the nearest value.

    Args:
        values: Class numbers.
        sides: H and W.
        fit: How the image was fitted: ``crop``, ``pad`` or ``stretch``.

    Returns:
        (H, W); -1 in margins.

    Example:
        >>> fitted_map(np.array([[1, 2, 3, 4]] * 2), (2, 2), "crop").tolist()
        [[2, 3], [2, 3]]
        >>> fitted_map(np.array([[1, 2, 3, 4]] * 2), (2, 2), "pad").tolist()
        [[2, 4], [-1, -1]]
    """
    height, width = values.shape
    left, top, right, bottom = (0.0, 0.0, float(width), float(height))
    shape = sides
    if fit == "crop":
        left, top, right, bottom = box(width, height, sides)
    elif fit == "pad":
        shape = inner(width, height, sides)
    rows = (top + (np.arange(shape[0]) + 0.5) * (bottom - top) / shape[0]).astype(int)
    columns = (left + (np.arange(shape[1]) + 0.5) * (right - left) / shape[1]).astype(int)
    found = values[rows[:, None], columns]
    if shape == sides:
        return found
    made = np.full(sides, -1, dtype=found.dtype)
    above, before = (sides[0] - shape[0]) // 2, (sides[1] - shape[1]) // 2
    made[above : above + shape[0], before : before + shape[1]] = found
    return made


def map_strata(values: np.ndarray, classes: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Strata of images by the shares of the classes in them.

    Args:
        values: (N, H, W) class numbers, -1 where a pixel does not count.
        classes: K.

    Returns:
        (N,) tenths, or fewer parts, of the range of the first principal component of the shares;
        -1 for images in which no pixel counts. And the names of the strata.

    Example:
        >>> maps = np.arange(40)[:, None, None] > np.arange(40).reshape(1, 5, 8)
        >>> map_strata(maps.astype(int), 2)[0].tolist() == [0] * 20 + [1] * 20
        True
    """
    shares = pixel_shares(values, classes)
    known = ~np.isnan(shares[:, 0])
    if not known.any():
        return np.full(len(values), -1), ()
    centred = shares - shares[known].mean(axis=0)
    axis = np.linalg.svd(centred[known], full_matrices=False)[2][0]
    axis *= np.sign(axis[np.abs(axis).argmax()])
    strata, names = even_strata(np.round(centred @ axis, 9), known)
    return strata, tuple(f"composition {name}" for name in names)


def pixel_shares(values: np.ndarray, classes: int) -> np.ndarray:
    """(N, K) share of each class in the pixels of each image that count; NaN where none does."""
    counts = np.stack([(values == k).sum(axis=(1, 2)) for k in range(classes)], axis=1)
    total = counts.sum(axis=1, keepdims=True)
    made: np.ndarray = np.where(total > 0, counts / np.maximum(total, 1), np.nan)
    return made


def _with_table(images: Images, scenes: Scenes, table: Path) -> Images:
    """Images with the labels of a table, whose rows name their files."""
    parents = [str(file.parent) for file in scenes.images]
    root = Path(os.path.commonpath(parents))
    names = [file.relative_to(root).as_posix() for file in scenes.images]
    found = read_labels(table, names, images.name)
    return replace(
        images,
        labels=found.columns,
        classes=found.classes,
        kinds=found.kinds,
        notes=(*images.notes, *found.notes),
        label_note=found.matched,
        hash=content_hash(np.asarray(images.pixels), found.columns, images.part),
    )


def _places(images: Images, scenes: Scenes) -> list[int] | None:
    """The place of each label image's image; nothing where one is missing or not unique."""
    if images.cache is None:
        return None
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(row_names(images)):
        rows.setdefault(Path(name).stem, []).append(row)
    found = [rows.get(file.stem, []) for file in scenes.images]
    if any(len(one) != 1 for one in found):
        return None
    return [one[0] for one in found]


def _pictures(root: Path) -> list[Path]:
    return sorted(file for file in root.rglob("*") if file.suffix.lower() in _PICTURES)
