"""``load``: from whatever the user names to one array of images."""

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
    labels: Path | None = None,
    size: int | None = None,
    root: Path | None = None,
    cache: Path | None = None,
    split: str | None = None,
    progress: Progress = None,
) -> Images:
    """Read images, once: the next call maps what this one decoded.

    ``data`` is one of

    * nothing or ``"digits"``: scikit-learn's 1,797 digits, enlarged to 16 pixels;
    * ``"bands"``, ``"shapes"``, ``"vectors"`` or ``"moving_digits"``: examples drawn from factors
      that are known;
    * a folder of class folders, of images at any depth, or of ``train/`` and ``test/`` (or
      ``val/``) folders of either kind;
    * an ``.npz`` or ``.npy`` file, or a folder with ``train.npz`` and ``test.npz``
      (:func:`goodviews.data.arrays.read_arrays` says what is in them);
    * a name that torchvision knows (``mnist``, ``cifar10``, ``stl10``, ...), or a folder of
      that name in the environment's ``GOODVIEWS_DATA``. A known name goes before a folder
      of the same name: write ``./mnist`` for the folder.

    Size, when not given: images of one size keep it when both sides are at most 64 pixels.
    Of others the centre square becomes 64 pixels when the (median) shorter side is at least
    128, and 32 otherwise.

    Args:
        data: What to read.
        labels: A CSV file: path of an image, then one column per task. It takes the place of
            any labels the set has.
        size: Height and width in pixels, instead of the rule above.
        root: Where torchvision's sets lie or are downloaded to.
        cache: Folder for decoded images, instead of ``GOODVIEWS_CACHE`` or the platform's.
        split: ``train`` or ``test``: only that part of a set that has both.
        progress: Called with the images done and all images while they are decoded.

    Returns:
        The images.

    Raises:
        InputError: In one sentence, what was got, what is wanted and what to do.

    Example:
        >>> images = load()
        >>> len(images), images.channels, images.height
        (1797, 1, 16)
    """
    if size is not None and not 4 <= size <= SIZE_MOST:
        raise InputError(f"size is {size}, but 4 to {SIZE_MOST} pixels are wanted.")
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
    """One part of a set; its pixels are copied into memory."""
    numbers = {"train": 0, "test": 1, "val": 1}
    if split not in numbers:
        raise unknown("split", split, numbers)
    if not images.part.any():
        raise InputError(f"{images.name} has no parts, but split={split!r}: leave it out.")
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
