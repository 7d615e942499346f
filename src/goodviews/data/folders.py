"""Reading a folder of image files: listing, meaning of its sub-folders, decoding."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.extras import MissingExtra
from goodviews.data.channels import ANY, Channels
from goodviews.data.decode import EXTENSIONS, Reading, decode, file_axis, read_header
from goodviews.data.drafts import Draft, Rows
from goodviews.data.hashing import states
from goodviews.data.pictures import SQUARE, read_pictures
from goodviews.data.size import Size
from goodviews.data.stacks import Item, expand, group_numbers, image_names
from goodviews.data.walk import UNREADABLE, skipped_notes, unreadable, walk

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")


@dataclass(frozen=True)
class Listing:
    """The image files of a folder, in order of their names.

    Attributes:
        root: The folder.
        files: Paths relative to the folder, with forward slashes.
        groups: Name of the class folder of each file; empty when there are no classes.
        part: 1 for files of the test part of the dataset, otherwise 0.
        notes: Sentences that say how the layout was interpreted.
        tables: Tables of labels among the files.
    """

    root: Path
    files: tuple[str, ...]
    groups: tuple[str, ...]
    part: tuple[int, ...]
    notes: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()

    def stamps(self) -> list[tuple[object, ...]]:
        """Name and state of each file: the key of the cache."""
        paths = [self.root / file for file in self.files]
        return [(file, *one) for file, one in zip(self.files, states(paths), strict=True)]


def list_folder(root: Path) -> Listing:
    """Find the images of a folder and interpret its layout.

    * ``train/`` and ``test/`` (or ``val/``): two parts, each laid out as below.
    * Only sub-folders with images, two or more, two images each on average: classes.
    * Anything else: images without classes, at any depth.

    Hidden files, other kinds of files and loops of links are skipped.

    Args:
        root: The folder.

    Returns:
        The images in it.

    Raises:
        InputError: There is no image file in the folder, or a folder in it cannot be read.
    """
    found = walk(root)
    notes = skipped_notes(found)
    files = found.images
    if not files:
        raise InputError(
            f"No image files found in {root}; expected "
            f"{', '.join(sorted(e[1:] for e in EXTENSIONS)[:6])}, ... "
            f"{' '.join([*notes, 'Add images there or name another folder.'])}"
        )
    tops = {PurePosixPath(file).parts[0].lower() for file in files if "/" in file}
    loose = any("/" not in file for file in files)
    part = [0] * len(files)
    inner = [PurePosixPath(file).parts for file in files]
    tests = [name for name in TEST if name in tops]
    if tops & set(TRAIN) and tests and not loose:
        known = {*TRAIN, *TEST}
        test = tests[0]
        left = sorted(tops - known)
        keep = [i for i, parts in enumerate(inner) if parts[0].lower() in known]
        if left:
            notes.append(f"Only train and {test} were read; {', '.join(left)} was ignored.")
        if len(tests) > 1:
            more = ", ".join(tests[1:])
            notes.append(f"{test} is the test part; {more} joins the train part.")
        files = [files[i] for i in keep]
        part = [int(inner[i][0].lower() == test) for i in keep]
        inner = [inner[i][1:] for i in keep]
    groups = [parts[0] if len(parts) > 1 else "" for parts in inner]
    counts = Counter(groups)
    if counts.get("", 0):
        if len(counts) > 1:
            notes.append(
                "There are images outside the sub-folders, so folders are not used as classes."
            )
        groups = []
    elif len(counts) < 2:
        notes.append(f"All images are in one folder, {groups[0]!r}, so there are no classes.")
        groups = []
    elif len(groups) < 2 * len(counts):
        notes.append(
            f"{len(counts)} folders hold only {len(groups)} images, so folders are not "
            "used as classes."
        )
        groups = []
    tables = tuple(found.tables)
    return Listing(root, tuple(files), tuple(groups), tuple(part), tuple(notes), tables)


def read_folder(
    listing: Listing,
    rows: Rows,
    *,
    size: Size = SQUARE,
    channels: Channels = ANY,
    given: tuple[float, float] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Draft:
    """Decode all images of a listing into rows.

    Args:
        listing: Listing from :func:`list_folder`.
        rows: Receives the images.
        size: Height and width (default: :func:`goodviews.data.pictures.default_size`).
        channels: Axis and number of channels, where the user gives them.
        given: Values of black and white that the user gives.
        progress: Called with the images done and all images.

    Returns:
        Names, class labels, parts, groups, and skipped files.

    Raises:
        InputError: No image can be read, the system does not let us read one, or the images
            differ in channels or value types.
    """
    paths = [listing.root / file for file in listing.files]
    how = Reading(channels, None, given=given)
    items = expand(paths, how)
    names = image_names(listing.files, items)
    denied: list[InputError] = []

    def readable(action: Callable[..., Any], i: int, *args: Any, **more: Any) -> Any:
        """Result of an action; what the system does not let us read ends the reading."""
        if denied:
            raise denied[0]
        try:
            return action(paths[items[i][0]], *args, **more)
        except MissingExtra as error:
            denied.append(error)
            raise
        except OSError as error:
            if error.errno in UNREADABLE:
                denied.append(unreadable(listing.files[items[i][0]], error))
            raise

    read = read_pictures(
        names,
        lambda i, how: readable(read_header, i, how, items[i][1]),
        lambda i, header, side, how: readable(decode, i, header, side, how),
        rows,
        size=size,
        how=replace(
            how, axis=file_axis([paths[i] for i, page in items if page is None], channels)
        ),
        progress=progress,
    )
    if denied:
        raise denied[0]
    failed = {
        i: read.failed[i].replace(str(paths[items[i][0]]), paths[items[i][0]].name)
        for i in sorted(read.failed)
    }
    if not read.kept:
        raise _nothing(listing, names, failed)
    files = [items[i][0] for i in read.kept]
    labels, classes = _classes([listing.groups[i] for i in files] if listing.groups else [])
    kept = [names[i] for i in read.kept]
    groups, grouped = group_numbers(read.groups, kept)
    notes = (*listing.notes, *read.notes, *(one for one in (_stacked(items), grouped) if one))
    return Draft(
        source=read.source,
        names=kept,
        labels=labels,
        classes=classes,
        part=np.array([listing.part[i] for i in files], dtype=np.int8),
        skipped=tuple((names[i], why) for i, why in failed.items()),
        notes=notes,
        groups=groups,
    )


def _stacked(items: list[Item]) -> str:
    """A sentence about files that hold several images; empty where there are none."""
    stacks = {file for file, page in items if page is not None}
    if not stacks:
        return ""
    count = sum(page is not None for _, page in items)
    return (
        f"{len(stacks):,} files hold {count:,} pages, frames or slices, each of them an image; to "
        "read them as the channels of one image, give --channels pages (channels='pages')."
    )


def _nothing(listing: Listing, names: list[str], failed: dict[int, str]) -> InputError:
    first = min(failed)
    return InputError(
        f"None of the {len(failed)} image files in {listing.root} can be read (the first, "
        f"{names[first]}: {failed[first]}); check whether they are damaged."
    )


def _classes(groups: list[str]) -> tuple[dict[str, np.ndarray], dict[str, tuple[str, ...]]]:
    if not groups:
        return {}, {}
    names, numbers = np.unique(groups, return_inverse=True)
    return {"label": numbers.astype(np.int64)}, {"label": tuple(str(name) for name in names)}
