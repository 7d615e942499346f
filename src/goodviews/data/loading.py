"""``load``: read the images that the user names, or has in memory, into one array."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError, unknown
from goodviews.core.text import counted
from goodviews.data.cache import relabelled, row_names
from goodviews.data.cache_folder import cache_root
from goodviews.data.channels import Channels
from goodviews.data.columns import Columns, with_columns
from goodviews.data.graphs.loading import is_graph_data
from goodviews.data.groups import Groups, with_groups
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.data.labels import read_labels
from goodviews.data.labels_in_memory import label_columns
from goodviews.data.moving_digits import moving_images
from goodviews.data.objects import Data, Labels, read_object
from goodviews.data.reading import MOVING, Progress, read_set
from goodviews.data.selection import Found
from goodviews.data.size import Size, SizeLike
from goodviews.data.value_range import check_range, given_range


def load(
    data: Data = None,
    *,
    labels: Labels = None,
    size: SizeLike = None,
    channels: str | int | None = None,
    value_range: tuple[float, float] | None = None,
    name: str | None = None,
    root: str | Path | None = None,
    cache: Path | None = None,
    split: str | None = None,
    groups: Groups = None,
    columns: Columns = (),
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
      same name: write ``./mnist`` for the folder;
    * a NumPy array or torch tensor (N, H, W), (N, H, W, C) or (N, C, H, W), or
      ``(images, labels)``;
    * a list of Pillow images or arrays, of one size or of several, or of pairs of one and its
      label;
    * a scikit-learn ``Bunch``, or a mapping with the names of an array file;
    * a torchvision ``Dataset`` of pictures and class numbers, or of pictures alone;
    * a ``datasets.Dataset``, or a ``DatasetDict`` with a train and a test part (extra ``hf``):
      each class label and each column of whole numbers or texts is a task;
    * :class:`Images`, which are returned as they are.

    Objects stay in memory. Their values are treated like those of files: the same images have
    the same :attr:`Images.hash`.

    Default size: images of one size keep it when both sides are at most 64 pixels. Of other
    images the centre square is resized to 64 pixels when the (median) shorter side is at least
    128, and to 32 otherwise.

    Args:
        data: Dataset to read.
        labels: A table in a file or a data frame: one column names the images (their numbers, for
            arrays and objects), every other column is a task; or a mapping of paths to labels. Or
            (N,) labels, or a mapping of tasks to such labels: class numbers or names. A negative
            number, NaN, ``None``, an empty text and other spellings of these mean that there
            is no label. Labels of shape (N, L), 0 and 1, say which of L labels an image has. They
            replace the labels of the dataset; ``"none"`` removes them, where
            folders are not classes.
        size: Pixels, instead of the rule above: a side such as 32, or height and width such as
            ``"32x128"`` or (32, 128). The largest centred part of that shape is taken; with
            ``"32x128,pad"`` (or ``"pad"`` alone) the whole image is kept between black margins,
            with ``"stretch"`` the ratio of its sides changes. With ``"64,natural"`` images keep
            their own sizes, up to a shorter side of 512 pixels or 4 times the given one: crops and
            patches are cut from whole images, and the central part is what an encoder is evaluated
            on.
        channels: Axis of arrays that holds the channels, ``first`` or ``last``, needed only where
            it is not clear; the number of channels, such as 4 to keep the transparency of pictures
            as a channel; or both, ``"first,4"``. Of files of several pages: ``"pages"`` are the
            channels of one image, ``"slices"`` are images that share a group.
        value_range: Values of black and white, the same for all channels (default: the rule that
            :attr:`Images.range_note` states). Values outside become the nearer of them.
        name: Name of the dataset in records, instead of its own.
        root: Folder of torchvision's datasets, also for downloads.
        cache: Folder for decoded images, instead of ``GOODVIEWS_CACHE`` or the platform's.
        split: ``train`` or ``test``: load only this part of a dataset that has both.
        groups: Column of the table of labels that holds the group of each image (patient, slide,
            scene), or (N,) numbers or names of groups: no split divides a group
            (:attr:`Images.groups`). The column is not a task.
        columns: How columns of labels are read where the guess is wrong: a mapping such as
            ``{"age": "number"}`` of a column to ``classes``, ``labels`` (several in a cell) or
            ``number``, or texts such as ``"age=number"``. The guess: numbers with decimals, of
            which more than 10 differ, are numbers; cells such as ``mass|nodule`` are several
            labels; everything else is classes.
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
    wanted = Size.of(size)
    root = None if root is None else Path(root)
    said, given = Channels.of(channels), check_range(value_range)
    if isinstance(data, Images):
        images = data
        if wanted.sides not in (None, (images.height, images.width)):
            raise InputError(
                f"{images.name} was already loaded with {images.height}x{images.width} pixels; "
                f"load it again with size={size!r}."
            )
        images = _with_range(images, given)
    elif isinstance(data, str) and data.lower() == MOVING:
        images = _with_range(moving_images(wanted.side(MOVING)), given)
    elif data is None or isinstance(data, str | Path):
        home = cache_root(cache)
        try:
            images = read_set(
                data,
                size=wanted,
                root=root,
                channels=said,
                given=given,
                home=home,
                tables=labels is None,
                progress=progress,
            )
        except InputError:
            _refuse_graphs(data)
            raise
        if images.cache is None:  # made, not read
            images = _with_range(images, given)
    else:
        _refuse_graphs(data)
        images = read_object(data, size=wanted, channels=said, given=given, progress=progress)
    if said.count not in (None, images.channels):
        raise InputError(
            f"{images.name} has {counted(images.channels, 'channel')}, but channels={said.count} "
            "was given."
        )
    if labels is not None:
        images = _labelled(images, labels)
    if columns:
        images = with_columns(images, columns, data=data, labels=labels)
    if groups is not None:
        images = with_groups(images, groups, data=data, labels=labels)
    if name is not None:
        images = replace(images, name=name)
    return images if split is None else _only(images, split)


def _refuse_graphs(data: Data) -> None:
    """Raise an error for graphs, which only some jobs take."""
    if is_graph_data(data):
        shown = data if isinstance(data, str | Path) else f"The {type(data).__name__}"
        raise InputError(
            f"{shown} holds graphs, but images are expected here; read graphs with "
            "goodviews.data.graphs.load_graphs, or check them with goodviews doctor."
        )


def _with_range(images: Images, given: tuple[float, float] | None) -> Images:
    """The same images with another range of values, which is a part of their hash."""
    if given is None or given == images.scale:
        return images
    if images.cache is not None:
        raise InputError(
            f"{images.name} was already loaded with another range of values; load it again with "
            f"value_range={given}."
        )
    found = given_range(images.pixels, given)
    digest = hashlib.sha256(f"{images.hash} {given}".encode()).hexdigest()[:16]
    return replace(
        images,
        scale=found.scale,
        range_note=found.note,
        notes=(*images.notes, *found.warnings),
        hash=digest,
    )


def _labelled(images: Images, labels: Labels) -> Images:
    """The same images with labels from a table or from memory."""
    names = row_names(images)
    if str(labels) == "none" and not Path("none").is_file():
        found = Found({}, {}, matched="Folders are not used as classes (labels none).")
    elif isinstance(labels, str | Path):
        found = read_labels(Path(labels).expanduser(), names, images.name)
    else:
        found = label_columns(labels, None, names, images.name, images.name)
    if images.cache is not None:
        return relabelled(
            images, found.columns, found.classes, found.notes, found.matched, kinds=found.kinds
        )
    return replace(
        images,
        labels=found.columns,
        classes=found.classes,
        kinds=found.kinds,
        notes=(*images.notes, *found.notes),
        label_note=found.matched,
        hash=content_hash(images.content(), found.columns, images.part),
    )


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
    kept = replace(
        images,
        name=f"{images.name}-{split}",
        pixels=pixels,
        labels=labels,
        part=np.zeros(len(keep), dtype=np.int8),
        cache=None,
        groups=None if images.groups is None else images.groups[keep],
        originals=None if images.originals is None else images.originals.take(keep),
    )
    return replace(kept, hash=content_hash(kept.content(), labels))
