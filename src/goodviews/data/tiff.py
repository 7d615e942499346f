"""TIFF files that Pillow cannot read without a loss: many bands, deep colour, hyperstacks.

tifffile reads them (extra ``science``).

Letters: P pages, C H W one image.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.extras import need

NODATA = 42113
"""Tag in which GDAL writes the value of pixels without data, as text."""

_BANDS = "SC"
"""Axes that are channels; all others besides Y and X count pages."""

_RANK = {"C": 0, "S": 0, "Y": 1, "X": 2}
"""Order of the axes after those that count pages."""

_ALPHA = (1, 2)
"""Kinds of extra samples that are transparency."""


@dataclass(frozen=True)
class Layout:
    """What a file holds: the first series of images, and those like it.

    Attributes:
        pages: P.
        channels: C of each page, with transparency.
        height: H in pixels.
        width: W in pixels.
        dtype: Type of the stored values.
        alpha: Whether the last channel is transparency.
        nodata: Value that is declared to mean that there is no data.
        more: Number of other series, of other sizes.
    """

    pages: int
    channels: int
    height: int
    width: int
    dtype: np.dtype
    alpha: bool
    nodata: float | None
    more: int


def tiff_layout(path: Path) -> Layout:
    """Read the layout of a file, without its pixels.

    Raises:
        MissingExtra: tifffile is not installed.
        Exception: Any exception of tifffile on a broken file.
    """
    with _opened(path) as (file, alike):
        series = file.series[alike[0]]
        sizes = list(zip(series.axes, series.shape, strict=True))
        page = series.keyframe
        height, width = (next(size for axis, size in sizes if axis == one) for one in "YX")
        channels = prod(size for axis, size in sizes if axis in _BANDS)
        others = [one for one in file.series if not one.keyframe.is_reduced]
        tag = page.tags.get(NODATA)
        return Layout(
            pages=len(alike) * prod(size for axis, size in sizes if _counts(axis)),
            channels=channels,
            height=width if _turn(page) >= 5 else height,
            width=height if _turn(page) >= 5 else width,
            dtype=np.dtype(series.dtype),
            alpha=channels in (2, 4) and any(int(e) in _ALPHA for e in page.extrasamples),
            nodata=number("" if tag is None else tag.value),
            more=len(others) - len(alike),
        )


def tiff_pixels(path: Path, page: int | None = None) -> np.ndarray:
    """Read one page, or the pages of a file one after another as channels.

    Args:
        path: Path of the file.
        page: Its number, from 0; ``None`` reads all.

    Returns:
        (C, H, W), or (P * C, H, W), of the stored type; turned as the file says, and with black
        as the lowest value.
    """
    with _opened(path) as (file, alike):
        series = file.series[alike[0]]
        if page is None:
            planes = [_planes(file.series[at].asarray(), series.axes) for at in alike]
            image = np.concatenate([one.reshape(-1, *one.shape[2:]) for one in planes])
        else:
            pages = prod(n for a, n in zip(series.axes, series.shape, strict=True) if _counts(a))
            image = _page(file, alike[page // pages], page % pages, pages)
        return _shown(image, series.keyframe)


def _page(file: Any, at: int, page: int, pages: int) -> np.ndarray:
    """(C, H, W) of one of the ``pages`` of a series; only that page is read where that can be."""
    series = file.series[at]
    axes, own = series.axes, series.keyframe.axes
    each = len(series.pages) // pages
    outer = [not _counts(axis) for axis in axes.removesuffix(own)]
    whole = each * pages == len(series.pages) and outer == sorted(outer)
    if pages == 1 or not whole or any(map(_counts, own)):
        return _planes(series.asarray(), axes)[page]
    image = file.asarray(key=slice(page * each, page * each + each), series=at)
    return _planes(image.reshape(each, *series.keyframe.shape), f"C{own}")[0]


def _counts(axis: str) -> bool:
    """Whether an axis counts pages."""
    return axis not in f"{_BANDS}YX"


def _planes(array: np.ndarray, axes: str) -> np.ndarray:
    """(P, C, H, W) of an array with named axes."""
    order = sorted(range(len(axes)), key=lambda i: (_RANK.get(axes[i], -1), i))
    array = array.transpose(order)
    pages = prod(n for i, n in zip(order, array.shape, strict=True) if _counts(axes[i]))
    return array.reshape(pages, -1, *array.shape[-2:])


def number(text: object) -> float | None:
    """The number in a text, if it is one."""
    try:
        return float(str(text).strip("\0 "))
    except ValueError:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, list[int]]]:
    """A file, and the numbers of those of its series that are like the first."""
    tifffile: Any = need("tifffile", "science")
    with tifffile.TiffFile(path) as file:
        if not file.series or not set("YX") <= set(file.series[0].axes):
            raise ValueError("the TIFF holds no image")
        kinds = [(one.axes, one.shape, one.dtype) for one in file.series]
        yield file, [i for i, kind in enumerate(kinds) if kind == kinds[0]]


def _turn(page: Any) -> int:
    """EXIF orientation, 1 where there is none."""
    tag = page.tags.get(274)
    return 1 if tag is None else int(tag.value)


def _shown(image: np.ndarray, page: Any) -> np.ndarray:
    """(C, H, W) turned as the file says; where white is 0, values are inverted."""
    turn = _turn(page)
    if turn >= 5:
        image = image.transpose(0, 2, 1)
    if turn in (2, 3, 6, 7):
        image = image[:, :, ::-1]
    if turn in (3, 4, 7, 8):
        image = image[:, ::-1]
    if int(page.photometric) == 0 and image.dtype.kind == "u":
        image = image.dtype.type(2**page.bitspersample - 1) - image
    return image
