"""``load``: read the images that the user names into one array."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError, unknown
from goodviews.data.cache import cache_root, relabelled, row_names
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.data.labels import read_labels
from goodviews.data.moving import moving_images
from goodviews.data.reading import MOVING, Progress, read_set

SIZE_MOST = 1024


def load(
    data: str | Path | None = None,
    *,
    labels: str | Path | None = None,
    size: int | None = None,
    root: str | Path | None = None,
    cache: Path | None = None,
    split: str | None = None,
    progress: Progress = None,
) -> Images:
    """Load images; later calls map the decoded images from the cache.

    ``data`` is one of

    * nothing or ``"digits"``: scikit-learn's 1,797 digits, enlarged to 16 pixels;
    * ``"bands"``, ``"shapes"``, ``"vectors"`` or ``"moving_digits"``: synthetic images with known
      factors;
    * a folder of class folders, of images at any depth, or of ``train/`` and ``test/`` (or
      ``val/``) folders of either kind;
    * an ``.npz`` or ``.npy`` file, or a folder with ``train.npz`` and ``test.npz``
      (:func:`goodviews.data.arrays.read_arrays` describes their content);
    * a torchvision dataset (``mnist``, ``cifar10``, ``stl10``, ...), or a folder of that name in
      the environment variable ``GOODVIEWS_DATA``. A known name has priority over a folder of the
      same name: write ``./mnist`` for the folder.

    Default size: images of one size keep it when both sides are at most 64 pixels. Of other
    images the centre square is resized to 64 pixels when the (median) shorter side is at least
    128, and to 32 otherwise.

    Args:
        data: Dataset to read.
        labels: A CSV file: path of an image, then one column per task. It replaces the labels of
            the dataset.
        size: Height and width in pixels, instead of the rule above.
        root: Folder of torchvision's datasets, also for downloads.
        cache: Folder for decoded images, instead of ``GOODVIEWS_CACHE`` or the platform's.
        split: ``train`` or ``test``: load only this part of a dataset that has both.
        progress: Called with the images done and all images while they are decoded.

    Returns:
        The images.

    Raises:
        InputError: The data cannot be read; the message says what was found, what was expected
            and what to do.

    Example:
        >>> images = load()
        >>> len(images), images.channels, images.height
        (1797, 1, 16)
    """
    if size is not None and not 4 <= size <= SIZE_MOST:
        raise InputError(f"size must be from 4 to {SIZE_MOST} pixels, but got {size}.")
    root = None if root is None else Path(root)
    if isinstance(data, str) and data.lower() == MOVING:
        images = moving_images(size)
    else:
        images = read_set(data, size=size, root=root, home=cache_root(cache), progress=progress)
    if labels is not None:
        columns, classes, notes = read_labels(Path(labels), row_names(images))
        if images.cache is None:
            images = replace(images, labels=columns, classes=classes, notes=tuple(notes))
            images = replace(images, hash=content_hash(images.pixels, columns, images.part))
        else:
            images = relabelled(images, columns, classes, notes)
    return images if split is None else _only(images, split)


def _only(images: Images, split: str) -> Images:
    """One part of a dataset; its pixels are copied into memory."""
    numbers = {"train": 0, "test": 1, "val": 1}
    if split not in numbers:
        raise unknown("split", split, numbers)
    if not images.part.any():
        raise InputError(f"{images.name} has no train and test parts; remove split={split!r}.")
    keep = np.flatnonzero(images.part == numbers[split])
    pixels = np.asarray(images.pixels[keep])
    labels = {task: column[keep] for task, column in images.labels.items()}
    return replace(
        images,
        name=f"{images.name}-{split}",
        pixels=pixels,
        labels=labels,
        part=np.zeros(len(keep), dtype=np.int8),
        hash=content_hash(pixels, labels),
        cache=None,
    )
