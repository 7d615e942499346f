"""``load``: from whatever the user names to one array of images."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from goodviews.core.checks import InputError, unknown
from goodviews.data.arrays import read_arrays
from goodviews.data.cache import Draft, Rows, cache_root, cached, relabelled, row_names
from goodviews.data.digits import digits
from goodviews.data.folders import list_folder, read_folder
from goodviews.data.hashing import content_hash
from goodviews.data.images import Images
from goodviews.data.labels import read_labels
from goodviews.data.moving import moving_images
from goodviews.data.names import IDX, TORCHVISION, read_named, shared, stamps
from goodviews.data.worlds import WORLDS, known_world

__all__ = ["known_names", "load"]

ARRAYS = (".npz", ".npy")
MOVING = "moving_digits"
SIZE_MOST = 1024

Progress = Callable[[int, int], None] | None


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
    images = _read(data, size=size, root=root, home=cache_root(cache), progress=progress)
    if labels is not None:
        columns, classes, notes = read_labels(Path(labels), row_names(images))
        if images.cache is None:
            images = replace(images, labels=columns, classes=classes, notes=tuple(notes))
            images = replace(images, hash=content_hash(images.pixels, columns, images.part))
        else:
            images = relabelled(images, columns, classes, notes)
    return images if split is None else _only(images, split)


def known_names() -> list[str]:
    """Names that ``load`` takes besides paths."""
    common = shared()
    folders = [d.name for d in common.iterdir() if _readable(d)] if common else []
    return sorted({"digits", MOVING, *WORLDS, *TORCHVISION, *folders})


def _readable(folder: Path) -> bool:
    """Whether a folder of the shared data is a set of images: parts, or array files."""
    return (folder / "train").is_dir() or (folder / "train.npz").is_file()


def _read(
    data: str | Path | None, *, size: int | None, root: Path | None, home: Path, progress: Progress
) -> Images:
    text = "digits" if data is None else str(data)
    name = text.lower()
    if not isinstance(data, Path):
        if name == "digits":
            return digits(size)
        if name in WORLDS:
            return known_world(name, size)
        if name == MOVING:
            return moving_images(size)
        plain = name.replace("-", "").replace("_", "")
        if plain in TORCHVISION:
            return _named(plain, size, root, home, progress)
    path = Path(text).expanduser()
    common = shared()
    if not path.exists() and common is not None and "/" not in text and (common / text).is_dir():
        path = common / text
    if not path.exists():
        if os.sep in text or path.suffix:
            raise InputError(f"There is no {path}: name a folder, an .npz or .npy file, or a set.")
        near = str(unknown("set of images", text, known_names())).partition(".")[2].strip()
        raise InputError(
            f"There is no folder or file {text!r} here, and no set of that name. {near}"
        )
    path = path.resolve()
    if path.is_file():
        if path.suffix.lower() not in ARRAYS:
            raise InputError(
                f"{path} is a {path.suffix or 'nameless'} file, but a folder of images or an .npz "
                f"or .npy file is wanted: name the folder it lies in."
            )
        return _arrays(path.stem, [path], size, home, progress)
    pair = [path / "train.npz", path / "test.npz"]
    if all(file.is_file() for file in pair):
        return _arrays(path.name, pair, size, home, progress)
    if path.name in IDX.values() and (path / "raw").is_dir():
        return _named(path.name.lower(), size, path.parent, home, progress)
    listing = list_folder(path)
    key = ["folder", str(path), size, listing.stamps()]

    def build(rows: Rows) -> Draft:
        return read_folder(listing, rows, size=size, progress=progress)

    return cached(home, path.name, key, build)


def _arrays(
    name: str, files: list[Path], size: int | None, home: Path, progress: Progress
) -> Images:
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]

    def build(rows: Rows) -> Draft:
        return read_arrays(files, rows, size=size, progress=progress)

    return cached(home, name, ["arrays", size, states], build)


def _named(
    name: str, size: int | None, root: Path | None, home: Path, progress: Progress
) -> Images:
    def build(rows: Rows) -> Draft:
        return read_named(name, root, rows, size=size, progress=progress)

    if not stamps(name, root):  # downloads on the way; the key needs the files
        images = cached(home, name, ["named", name, size, "fresh"], build)
        if not stamps(name, root):
            return images
    return cached(home, name, ["named", name, size, stamps(name, root)], build)


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
