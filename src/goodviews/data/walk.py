"""The files below a folder: images, pictures of kinds that are not read, tables of labels."""

import errno
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from goodviews.core.errors import InputError
from goodviews.core.extras import install_command
from goodviews.data.decode import EXTENSIONS
from goodviews.data.dicom import is_dicom

OTHERS = frozenset(
    f".{name}"
    for name in (
        *("heic", "heif", "avif", "jxl", "jxr", "j2k", "jpx", "jpf", "svg", "psd", "xcf", "eps"),
        *("raw", "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf", "pef", "srw"),
        *("dcm", "dicom", "nii", "nii.gz", "mha", "mhd", "nrrd", "fits", "fit", "img", "hdr"),
        *("czi", "lif", "nd2", "oib", "oif", "svs", "ndpi", "mrxs", "scn", "vsi", "bif"),
        *("tga", "ico", "icns", "dds", "exr", "pcx", "sgi", "ras", "pfm", "xbm", "xpm", "dib"),
        *("npy", "npz", "pt", "pth", "h5", "hdf5", "mat", "zarr", "tfrecord", "lmdb"),
        *("mp4", "avi", "mov", "mkv", "webm", "mpg", "mpeg", "wmv", "pdf"),
    )
)
"""Endings of files that may hold pictures, in lower case; those that are read are not counted."""

DICOM = ".dcm" in EXTENSIONS
"""Whether DICOM files are read."""

TABLES = ("metadata.csv", "metadata.jsonl")
"""Tables of labels beside the images, whose column ``file_name`` names them."""

UNREADABLE = frozenset(
    getattr(errno, name)
    for name in (
        *("EACCES", "EPERM", "EIO", "ESTALE", "ENOTCONN", "EREMOTEIO", "ETIMEDOUT", "ENODEV"),
        *("ENXIO", "EMFILE", "ENFILE", "EBUSY", "EHOSTDOWN", "EHOSTUNREACH", "ECONNRESET"),
    )
    if hasattr(errno, name)
)
"""Errors of the file system, not of the content of a file."""


@dataclass
class Walk:
    """What is below a folder; paths are relative to it, with forward slashes.

    Attributes:
        images: Image files.
        others: Files of picture kinds that are not read.
        tables: Tables of labels.
        loops: Links to folders that are read already.
    """

    images: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)


def walk(root: Path) -> Walk:
    """List the files below a folder; each real folder is entered once.

    Hidden files and folders are left out. NumPy arrays among more pictures of other kinds are
    not taken for images.

    Args:
        root: The folder.

    Returns:
        The files, in order of their paths.

    Raises:
        InputError: A folder cannot be read; a part of a dataset is never left out silently.
    """
    found = Walk()
    for path in _files(root, found.loops):
        name = path.rpartition("/")[2].lower()
        ending = os.path.splitext(name)[1]
        if ending in EXTENSIONS or (DICOM and _is_bare_dicom(root / path, ending)):
            found.images.append(path)
        elif ending in OTHERS or name.endswith(".nii.gz"):
            found.others.append(path)
        elif name in TABLES:
            found.tables.append(path)
    arrays = [path for path in found.images if path.lower().endswith(".npy")]
    if 0 < 2 * len(arrays) < len(found.images):
        found.images = sorted(set(found.images) - set(arrays))
        found.others += arrays
    for paths in (found.images, found.others, found.tables):
        paths.sort()
    return found


def _is_bare_dicom(path: Path, ending: str) -> bool:
    """Whether a file without an ending, as scanners write them, is a DICOM file."""
    if (ending and not ending[1:].isdecimal()) or path.name == "DICOMDIR":
        return False
    try:
        return path.is_file() and is_dicom(path)
    except OSError:
        return False


def skipped_notes(found: Walk) -> list[str]:
    """Sentences that count pictures that are not read, by kind, and links not followed.

    Example:
        >>> skipped_notes(Walk(["a.png"], ["b.heic", "c.HEIC", "d.psd"]))[0]
        '3 files of kinds that are not read were skipped: 2 .heic and 1 .psd; convert them to PNG.'
    """
    notes = [_others(found)] if found.others else []
    if found.loops:
        many = "1 link leads" if len(found.loops) == 1 else f"{len(found.loops):,} links lead"
        notes.append(f"{many} to folders that are read already ({found.loops[0]}).")
    return notes


def _others(found: Walk) -> str:
    seen = {PurePosixPath(path).parent for path in found.images}
    folders = Counter(PurePosixPath(path).parent for path in found.others)
    empty = sorted(str(folder) for folder in folders if folder not in seen and folder.name)
    where = ""
    if empty:
        few = ", ".join(empty[:3]) + (", ..." if len(empty) > 3 else "")
        where = f" ({few} {'holds' if len(empty) == 1 else 'hold'} nothing else)"
    count = len(found.others)
    what = "1 file of a kind that is not read was" if count == 1 else f"{count:,} files of kinds "
    what += "" if count == 1 else "that are not read were"
    text = f"{what} skipped{where}: {_kinds(found.others)}; convert them to PNG."
    if any(path.lower().endswith((".dcm", ".dicom")) for path in found.others):
        text += f" DICOM files are read after {install_command('science')}."
    return text


def _kinds(paths: list[str]) -> str:
    """Numbers of files by ending."""
    endings = [
        ".nii.gz" if path.lower().endswith(".nii.gz") else PurePosixPath(path).suffix.lower()
        for path in paths
    ]
    counts = sorted(Counter(endings).items(), key=lambda one: (-one[1], one[0]))
    *rest, last = [f"{count:,} {ending}" for ending, count in counts]
    return f"{', '.join(rest)} and {last}" if rest else last


def _files(root: Path, loops: list[str]) -> Iterator[str]:
    entered: set[tuple[int, int]] = set()
    waiting = [""]
    while waiting:
        below = waiting.pop()
        folder = root / below
        try:
            state = os.stat(folder)
            if (state.st_dev, state.st_ino) in entered:
                loops.append(below)
                continue
            entered.add((state.st_dev, state.st_ino))
            with os.scandir(folder) as entries:
                listed = sorted((entry.name, _is_folder(entry)) for entry in entries)
        except OSError as error:
            raise unreadable(below or str(root), error, folder=True) from error
        listed = [one for one in listed if not one[0].startswith(".") and one[0] != "__MACOSX"]
        for name, is_folder in listed:
            if not is_folder and not os.path.splitext(name)[1]:
                _check_link(root, f"{below}/{name}" if below else name)
        paths = [(f"{below}/{name}" if below else name, is_folder) for name, is_folder in listed]
        waiting += [path for path, is_folder in reversed(paths) if is_folder]
        yield from (path for path, is_folder in paths if not is_folder)


def _check_link(root: Path, name: str) -> None:
    """Check that what may be a link to a folder, since it has no ending, leads somewhere."""
    try:
        os.stat(root / name)
    except FileNotFoundError as error:
        reason = OSError(errno.ENOENT, "it is a link that leads nowhere")
        raise unreadable(name, reason, folder=True) from error
    except OSError:  # a link to itself is not a folder; files are read later, if they are images
        return


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link to itself is a broken file
            return False
        raise


def unreadable(name: str, error: OSError, *, folder: bool = False) -> InputError:
    """Error for a file or folder that the system does not let us read.

    Args:
        name: Its path.
        error: The error of the system.
        folder: Whether it is a folder.
    """
    what = "folder" if folder else "file"
    reason = error.strerror or str(error)
    return InputError(
        f"Cannot read the {what} {name}: {reason}. Make it readable, or move it out of the data "
        "folder; nothing is left out silently."
    )
