"""Reading of one dataset by its name or path, for :func:`goodviews.data.load`."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from goodviews.core.errors import InputError, unknown
from goodviews.core.plugins import load_plugins
from goodviews.data.array_files import read_arrays
from goodviews.data.cache import cached, relabelled, row_names
from goodviews.data.channels import ANY, Channels
from goodviews.data.decode import TIFFS
from goodviews.data.digits import digits
from goodviews.data.drafts import Draft, Rows
from goodviews.data.folders import list_folder, read_folder
from goodviews.data.hashing import states
from goodviews.data.images import Images
from goodviews.data.labels import read_labels
from goodviews.data.names import IDX, TORCHVISION, read_named, shared, stamps
from goodviews.data.pictures import SQUARE
from goodviews.data.size import Size
from goodviews.data.worlds import known_world
from goodviews.worlds.catalogue import WORLDS

ARRAYS = (".npz", ".npy")
MOVING = "moving_digits"

Progress = Callable[[int, int], None] | None


def known_names() -> list[str]:
    """Names that ``load`` accepts besides paths."""
    common = shared()
    folders = [d.name for d in common.iterdir() if _readable(d)] if common else []
    return sorted({"digits", MOVING, *WORLDS, *TORCHVISION, *folders})


def _readable(folder: Path) -> bool:
    """Whether a folder of the shared data is a dataset: it has parts, or array files."""
    return (folder / "train").is_dir() or (folder / "train.npz").is_file()


def read_set(
    data: str | Path | None,
    *,
    home: Path,
    size: Size = SQUARE,
    root: Path | None = None,
    channels: Channels = ANY,
    given: tuple[float, float] | None = None,
    tables: bool = True,
    progress: Progress = None,
) -> Images:
    """Read a dataset by its name, folder or array file; all but moving digits.

    Args:
        data: Dataset to read (default: the built-in digits).
        home: Root folder of the cache.
        size: Height and width.
        root: Folder of torchvision's datasets.
        channels: Axis and number of channels, where the user gives them.
        given: Range of the values that the user gives.
        tables: Whether images without labels take those of the tables beside them, such as
            ``metadata.csv``.
        progress: Called with the images done and all images while they are decoded.

    Raises:
        InputError: The dataset does not exist or cannot be read.
    """
    text = "digits" if data is None else str(data)
    name = text.lower()
    if not isinstance(data, Path):
        if name == "digits":
            return digits(size.side("digits"))
        if text in WORLDS or name in WORLDS:
            return known_world(text if text in WORLDS else name, size.side(text))
        plain = name.replace("-", "").replace("_", "")
        if plain in TORCHVISION:
            return _named(plain, size, root, given, home, progress)
    path = Path(text).expanduser()
    common = shared()
    if not path.exists() and common is not None and "/" not in text and (common / text).is_dir():
        path = common / text
    if not path.exists():
        if os.sep in text or path.suffix:
            raise InputError(
                f"{path} does not exist; name a folder, an .npz or .npy file, or a dataset."
            )
        load_plugins()
        if text in WORLDS:
            return known_world(text, size.side(text))
        near = str(unknown("dataset", text, known_names())).partition(".")[2].strip()
        raise InputError(f"There is no folder, file or dataset named {text!r}. {near}")
    path = path.resolve()
    if not path.is_dir():
        if not path.is_file():
            raise InputError(
                f"{path} is neither a folder nor a regular file; name a folder of images, or an "
                ".npz or .npy file."
            )
        if path.suffix.lower() not in ARRAYS:
            raise InputError(
                f"Expected a folder of images or an .npz or .npy file, but {path} is a "
                f"{path.suffix or 'nameless'} file; name the folder that contains it."
            )
        return _arrays(path.stem, [path], size, channels, given, home, progress)
    parts = [path / f"{name}.npz" for name in ("train", "val", "test")]
    if parts[0].is_file() and parts[2].is_file():
        files = [file for file in parts if file.is_file()]
        return _arrays(path.name, files, size, channels, given, home, progress)
    if path.name in IDX.values() and (path / "raw").is_dir():
        return _named(path.name.lower(), size, path.parent, given, home, progress)
    listing = list_folder(path)
    key = ["folder", str(path), size.key, listing.stamps(), listing.notes, str(channels)]
    key += ["stacks"] * any(file.lower().endswith(TIFFS) for file in listing.files)

    def build(rows: Rows) -> Draft:
        return read_folder(
            listing, rows, size=size, channels=channels, given=given, progress=progress
        )

    images = cached(home, path.name, key, build, given)
    if images.labels or not listing.tables or not tables:
        return images
    return _described(images, [path / table for table in listing.tables])


def _described(images: Images, tables: list[Path]) -> Images:
    """The same images with the labels of the tables beside them."""
    try:
        found = read_labels(tables, row_names(images), images.name)
    except InputError as error:
        note = f"{tables[0].name} was not used for labels: {error}"
        return replace(images, notes=(*images.notes, note))
    return relabelled(
        images, found.columns, found.classes, found.notes, found.matched, kinds=found.kinds
    )


def _arrays(
    name: str,
    files: list[Path],
    size: Size,
    channels: Channels,
    given: tuple[float, float] | None,
    home: Path,
    progress: Progress,
) -> Images:

    def build(rows: Rows) -> Draft:
        return read_arrays(files, rows, size=size, channels=channels, progress=progress)

    key = ["arrays", size.key, states(files), str(channels)]
    return cached(home, name, key, build, given)


def _named(
    name: str,
    size: Size,
    root: Path | None,
    given: tuple[float, float] | None,
    home: Path,
    progress: Progress,
) -> Images:
    def build(rows: Rows) -> Draft:
        return read_named(name, root, rows, size=size, progress=progress)

    if not stamps(name, root):  # this also downloads; the key needs the files
        images = cached(home, name, ["named", name, size.key, "fresh"], build, given)
        if not stamps(name, root):
            return images
    return cached(home, name, ["named", name, size.key, stamps(name, root)], build, given)
