"""Reading of one dataset by its name or path, for :func:`goodviews.data.load`."""

import os
from collections.abc import Callable
from pathlib import Path

from goodviews.core.errors import InputError, unknown
from goodviews.core.plugins import load_plugins
from goodviews.data.arrays import read_arrays
from goodviews.data.cache import Draft, Rows, cached
from goodviews.data.digits import digits
from goodviews.data.folders import list_folder, read_folder
from goodviews.data.images import Images
from goodviews.data.names import IDX, TORCHVISION, read_named, shared, stamps
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
    size: int | None = None,
    root: Path | None = None,
    channels: str | None = None,
    progress: Progress = None,
) -> Images:
    """Read a dataset by its name, folder or array file; all but moving digits.

    Args:
        data: Dataset to read (default: the built-in digits).
        home: Root folder of the cache.
        size: Height and width in pixels.
        root: Folder of torchvision's datasets.
        channels: Axis of array files that holds the channels: ``first`` or ``last``.
        progress: Called with the images done and all images while they are decoded.

    Raises:
        InputError: The dataset does not exist or cannot be read.
    """
    text = "digits" if data is None else str(data)
    name = text.lower()
    if not isinstance(data, Path):
        if name == "digits":
            return digits(size)
        if text in WORLDS or name in WORLDS:
            return known_world(text if text in WORLDS else name, size)
        plain = name.replace("-", "").replace("_", "")
        if plain in TORCHVISION:
            return _named(plain, size, root, home, progress)
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
            return known_world(text, size)
        near = str(unknown("dataset", text, known_names())).partition(".")[2].strip()
        raise InputError(f"There is no folder, file or dataset named {text!r}. {near}")
    path = path.resolve()
    if path.is_file():
        if path.suffix.lower() not in ARRAYS:
            raise InputError(
                f"Expected a folder of images or an .npz or .npy file, but {path} is a "
                f"{path.suffix or 'nameless'} file; name the folder that contains it."
            )
        return _arrays(path.stem, [path], size, channels, home, progress)
    pair = [path / "train.npz", path / "test.npz"]
    if all(file.is_file() for file in pair):
        return _arrays(path.name, pair, size, channels, home, progress)
    if path.name in IDX.values() and (path / "raw").is_dir():
        return _named(path.name.lower(), size, path.parent, home, progress)
    listing = list_folder(path)
    key = ["folder", str(path), size, listing.stamps()]

    def build(rows: Rows) -> Draft:
        return read_folder(listing, rows, size=size, progress=progress)

    return cached(home, path.name, key, build)


def _arrays(
    name: str,
    files: list[Path],
    size: int | None,
    channels: str | None,
    home: Path,
    progress: Progress,
) -> Images:
    states = [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]

    def build(rows: Rows) -> Draft:
        return read_arrays(files, rows, size=size, channels=channels, progress=progress)

    key = ["arrays", size, states] + ([channels] if channels else [])
    return cached(home, name, key, build)


def _named(
    name: str, size: int | None, root: Path | None, home: Path, progress: Progress
) -> Images:
    def build(rows: Rows) -> Draft:
        return read_named(name, root, rows, size=size, progress=progress)

    if not stamps(name, root):  # this also downloads; the key needs the files
        images = cached(home, name, ["named", name, size, "fresh"], build)
        if not stamps(name, root):
            return images
    return cached(home, name, ["named", name, size, stamps(name, root)], build)
