"""Files that hold several images: pages, frames and slices, which share a group.

Letters: N images.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from goodviews.core.extras import MissingExtra
from goodviews.data.channels import MOST
from goodviews.data.decode import (
    PILLOW,
    TIFFS,
    Reading,
    like_first,
    pages_are_channels,
    pillow_is_exact,
)
from goodviews.data.dicom import dicom_slide, is_dicom
from goodviews.data.tiff import tiff_layout

Item = tuple[int, int | None]
"""Number of a file, and of its page; ``None`` where the whole file is one image."""

MARK = "#"
"""Between the name of a file and the number of its page, from 0, in the name of an image."""


def image_names(files: Sequence[str], items: Sequence[Item]) -> list[str]:
    """Name of each image: its file, and its page where the file holds several.

    Example:
        >>> image_names(["a.png", "b.tif"], [(0, None), (1, 0), (1, 1)])
        ['a.png', 'b.tif#0', 'b.tif#1']
    """
    return [files[i] if page is None else f"{files[i]}{MARK}{page}" for i, page in items]


def file_of(name: str) -> str:
    """Name of the file of an image.

    Example:
        >>> file_of("b.tif#12"), file_of("c#1.png")
        ('b.tif', 'c#1.png')
    """
    file, mark, page = name.rpartition(MARK)
    return file if mark and page.isdecimal() else name


def files_of(names: Sequence[str]) -> list[str]:
    """Names of the files of images, each once, in order."""
    return list(dict.fromkeys(map(file_of, names)))


def expand(paths: Sequence[Path], how: Reading) -> list[Item]:
    """List the images of files.

    Pages of a TIFF, frames of a DICOM file and slices of a ``.npy`` volume are images of their
    own where ``how.channels.stack`` is ``slices``, and channels where it is ``pages``. By default
    at most 16 grey pages of a TIFF are channels, and more pages, pages in colour and frames are
    images.

    Args:
        paths: Path of every file.
        how: How the dataset is read.

    Returns:
        The images, file by file.

    Raises:
        MissingExtra: A library that reads a file is not installed.
    """
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        pages = pool.map(lambda path: _pages(path, how), paths)
        return [
            (i, page)
            for i, found in enumerate(pages)
            for page in (found if found is not None else [None])
        ]


def group_numbers(
    groups: Sequence[tuple[str, ...]], names: Sequence[str]
) -> tuple[np.ndarray | None, str]:
    """Number the groups of images that files show: patients, studies, series, files.

    Args:
        groups: What each image belongs to, from the widest; empty for a file of its own.
        names: Name of each image, its group where it belongs to nothing.

    Returns:
        (N,) group numbers by the widest level that has two groups and is known of all images,
        ``None`` where every image would be its own group, or all would be in one; and a sentence.

    Example:
        >>> group_numbers([("ann", "1"), ("ann", "2"), ("bob", "3")], list("abc"))[0].tolist()
        [0, 0, 1]
    """
    if not any(groups):
        return None, ""
    whole = all(len(one) == len(groups[0]) for one in groups)
    levels = range(len(groups[0])) if whole else range(-1, 0)
    for level in levels:
        found = [one[level] if one else name for one, name in zip(groups, names, strict=True)]
        kinds, numbers = np.unique(found, return_inverse=True)
        if 1 < len(kinds) < len(found) and all(found):
            what = (*("patient", "study", "series") * (len(groups[0]) == 4), "file")[level]
            note = f"{len(found):,} images are in {len(kinds):,} groups, one for each {what}."
            return numbers.astype(np.int64), note
    if len(set(groups)) == 1 and len(groups) > 1:
        return None, "All images are of one stack, so no group can be held out."
    return None, ""


def _pages(path: Path, how: Reading) -> list[int] | None:
    """Numbers of the pages of a file that are images of their own; ``None`` if it is one image."""
    try:
        if not path.is_file():
            return None
        ending, stack = path.suffix.lower(), how.channels.stack
        if ending == ".npy":
            if stack != "slices" or (array := np.load(path, mmap_mode="r")).ndim < 3:
                return None
            return list(range(len(array)))
        if ending not in PILLOW and is_dicom(path):
            count = dicom_slide(path, how.given).frames
            return list(range(count)) if count > 1 and stack != "pages" else None
        if ending not in TIFFS:
            return None
        if not pillow_is_exact(path):
            layout = tiff_layout(path)
            few = layout.channels == 1 and layout.pages <= MOST
            channels = stack == "pages" if stack else few
            return None if channels or layout.pages == 1 else list(range(layout.pages))
        with Image.open(path) as image:
            found = like_first(image)
            one = len(found) == 1 or pages_are_channels(image, len(found), how)
            return None if one else found
    except MissingExtra:
        raise
    except Exception:  # a broken file can raise any exception; it is skipped when it is read
        return None
