"""Decode one image file to one array: modes, alpha, orientation, bit depth, channels.

Letters: C H W one image.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError, features

from goodviews.core.errors import InputError
from goodviews.data.channels import ANY, MOST, WHICH, Channels, known_axis, readings, spread
from goodviews.data.dicom import dicom_pixels, dicom_slide, is_dicom
from goodviews.data.outliers import Fence
from goodviews.data.size import box, inner
from goodviews.data.tiff import NODATA, Layout, number, tiff_layout, tiff_pixels

EXTENSIONS = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "tif", "tiff", "webp"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "npy"),
        *(("avif",) if "avif" in features.get_supported_modules() else ()),
        *(("dcm", "dicom") if find_spec("pydicom") else ()),
    )
)
"""Endings of image files, in lower case."""

PILLOW = EXTENSIONS - {".npy", ".dcm", ".dicom"}
"""Endings of files that are certainly not DICOM files."""

TIFFS = (".tif", ".tiff")

Sides: TypeAlias = tuple[int, int] | None
"""(H, W) in pixels; ``None`` for those of the image."""

LARGEST = float(np.finfo(np.float32).max)
"""Largest stored value."""


@dataclass(frozen=True)
class Header:
    """Properties of a file that are known before its pixels are decoded.

    Attributes:
        width: Width in pixels, after the EXIF rotation.
        height: Height in pixels, after the EXIF rotation.
        channels: 1 for grey, 3 for colour, any number for arrays; alpha does not count.
        kind: ``uint8``, ``uint16`` or ``float32``.
        format: ``JPEG``, ``PNG``, ...
        alpha: Whether the image is transparent and will be drawn on white.
        remark: Losses or peculiarities, for the notes; otherwise empty.
        nodata: The value that the file declares to mean that there is no data.
        page: Number of the page that is the image, from 0; ``None`` for the whole file.
        pages: Number of pages that are the channels.
        reader: ``tifffile`` or ``pydicom``, where one of them reads the file.
        groups: What the image belongs to, from the widest: patient, study, series, file.
    """

    width: int
    height: int
    channels: int
    kind: str
    format: str
    alpha: bool = False
    remark: str = ""
    nodata: float | None = None
    page: int | None = None
    pages: int = 1
    reader: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reading:
    """How the images of one dataset are read, the same for all of them.

    Attributes:
        channels: Axis and number of channels, where the user gives them.
        axis: Axis of the channels of arrays whose shape leaves it open.
        fence: Range of the values, for images that are resized; ``None`` changes no value.
        given: Values of black and white that the user gives.
        fit: How images of another shape are fitted; see :class:`goodviews.data.size.Size`.
    """

    channels: Channels = ANY
    axis: str | None = None
    fence: Fence | None = None
    given: tuple[float, float] | None = None
    fit: str = "crop"


PLAIN = Reading()
"""Nothing is known before the images are read."""


def read_header(path: Path, how: Reading = PLAIN, page: int | None = None) -> Header:
    """Read the size, channels and bit depth of a file.

    Args:
        path: Path of the file.
        how: How the dataset is read.
        page: Page, frame or slice that is the image; ``None`` for the whole file.

    Raises:
        MissingExtra: A library that reads the file is not installed.
        Exception: Any exception of its reader on a broken file; the caller skips the file.
    """
    if not path.is_file():  # a pipe would wait for a writer, a device never ends
        raise ValueError("it is not a regular file")
    if os.path.getsize(path) == 0:
        raise ValueError("the file is empty")
    groups = () if page is None else (str(path),)
    if path.suffix.lower() == ".npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        header = header_of(array if page is None else array[page], how)
        return replace(header, page=page, groups=groups)
    if path.suffix.lower() not in PILLOW and is_dicom(path):
        return _dicom_header(path, how, page)
    if path.suffix.lower() in TIFFS and not pillow_is_exact(path):
        return _tiff_header(tiff_layout(path), page, groups)
    with Image.open(path) as image:
        if page is not None:
            image.seek(page)
        header = header_of(image, how, paged=page is not None)
        if header.format == "PNG" and image.mode in ("RGB", "RGBA") and _png_bits(path) == 16:
            header = replace(header, kind="uint16")
        return replace(header, page=page, groups=groups)


def pillow_is_exact(path: Path) -> bool:
    """Whether Pillow reads a TIFF without a loss: at most 4 bands, 8 bits or one band."""
    try:
        with Image.open(path) as image:
            tags = image.tag_v2  # type: ignore[attr-defined]
            bands = len(image.getbands())
            return max(tags.get(258, (1,))) <= 8 * (4 if bands == 1 else 1) and int(
                tags.get(277, 1)
            ) <= max(bands, 3 * (image.mode == "P"))
    except UnidentifiedImageError:
        return False
    except AttributeError:  # the content is not that of a TIFF
        return True


def _tiff_header(layout: Layout, page: int | None, groups: tuple[str, ...]) -> Header:
    pages = layout.pages if page is None else 1
    alpha = layout.alpha and pages == 1
    more = f"only the first of {layout.more + 1:,} series of images of a TIFF was read"
    return Header(
        width=layout.width,
        height=layout.height,
        channels=layout.channels * pages - alpha,
        kind=_kind(layout.dtype),
        format="TIFF",
        alpha=alpha,
        remark=more if layout.more else "",
        nodata=layout.nodata,
        page=page,
        pages=pages,
        reader="tifffile",
        groups=groups,
    )


def _dicom_header(path: Path, how: Reading, page: int | None) -> Header:
    slide = dicom_slide(path, how.given)
    pages = slide.frames if page is None else 1
    return Header(
        width=slide.width,
        height=slide.height,
        channels=slide.channels * pages,
        kind=slide.kind,
        format="DICOM",
        nodata=slide.padding if slide.kind == "float32" else None,
        page=page,
        pages=pages,
        reader="pydicom",
        groups=(*slide.groups, str(path)),
    )


def header_of(
    image: Image.Image | np.ndarray, how: Reading = PLAIN, *, paged: bool = False
) -> Header:
    """Read the size, channels and bit depth of an image in memory.

    Args:
        image: A Pillow image, or an array (H, W), (H, W, C) or (C, H, W).
        how: How the dataset is read.
        paged: Whether the image is one page of a file, which a Pillow image was turned to.

    Raises:
        ValueError: The array is not one image.
    """
    if isinstance(image, np.ndarray):
        height, width, channels = channels_last(image, how.channels, how.axis).shape
        return Header(width, height, channels, _kind(image.dtype), "npy")
    kind, channels = "uint8", 3
    alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    remark, nodata, pages = "", None, 1
    if image.mode in ("1", "L", "LA", "La"):
        channels = 1
    elif image.mode.startswith("I;16"):
        channels, kind = 1, "uint16"
    elif image.mode in ("I", "F"):
        channels, kind = 1, "float32"
    if image.format == "TIFF":
        nodata = number(image.tag_v2.get(NODATA, ""))  # type: ignore[attr-defined]
        found = [] if paged else like_first(image)
        if len(found) > 1 and pages_are_channels(image, len(found), how):
            pages, alpha, channels = len(found), False, channels * len(found)
        elif len(found) > 1:
            remark = f"only the first of {len(found):,} pages of a TIFF was read"
    elif getattr(image, "n_frames", 1) > 1 and image.format in ("GIF", "WEBP", "PNG"):
        remark = "only the first frame of an animation was read"
    width, height = image.size
    exif = image.format in ("JPEG", "MPO", "WEBP", "TIFF")  # elsewhere it decodes the image
    if exif and image.getexif().get(0x0112, 1) >= 5:
        width, height = height, width
    name = {"MPO": "JPEG", None: "Pillow"}.get(image.format) or str(image.format)
    return Header(
        *(width, height, channels, kind, name),
        alpha=alpha,
        remark=remark,
        nodata=nodata,
        pages=pages,
    )


def file_axis(paths: Sequence[Path], channels: Channels) -> str | None:
    """Axis of the channels of the ``.npy`` files whose shape leaves it open, if there are any.

    Raises:
        InputError: It is not clear.
    """
    files = [path for path in paths if path.suffix.lower() == ".npy" and path.is_file()]
    images, names = [], []
    for path in (files[i] for i in spread(len(files))) if files else ():
        try:
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        except Exception:  # a broken file can raise any exception; it is skipped later
            continue
        if array.ndim == 3 and array.size and array.dtype.kind in "biuf":
            images.append(array)
            names.append(path.name)
    return known_axis(images, names, channels)


def decode(path: Path, header: Header, size: Sides = None, how: Reading = PLAIN) -> np.ndarray:
    """Read the pixels of a file.

    Args:
        path: Path of the file.
        header: Header from :func:`read_header`.
        size: (H, W) to which the image is resized; ``None`` keeps height and width.
        how: How the dataset is read.

    Returns:
        (C, H, W), of the header's value type.

    Raises:
        Exception: Whatever its reader raises on a broken file.
    """
    if header.format == "npy":
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return pixels_of(array if header.page is None else array[header.page], header, size, how)
    if header.reader == "tifffile":
        planes = tiff_pixels(path, header.page)
        if header.alpha and header.channels == 3:
            planes = on_white(planes)
        return _stored(planes, header, size, how)
    if header.reader == "pydicom":
        frames = range(header.pages) if header.page is None else [header.page]
        planes = np.concatenate([dicom_pixels(path, frame, how.given) for frame in frames])
        return _stored(planes, header, size, how)
    if header.format == "PNG" and header.kind == "uint16" and header.channels > 1:
        return fit(_inside(_deep_png(path, header), header, how), size, how.fit)
    with Image.open(path) as image:
        if size is not None and header.format == "JPEG":
            image.draft(None, (2 * max(size), 2 * max(size)))  # at most twice the final size
        if header.page is not None:
            image.seek(header.page)
        return pixels_of(image, header, size, how)


def pixels_of(
    image: Image.Image | np.ndarray,
    header: Header,
    size: Sides = None,
    how: Reading = PLAIN,
) -> np.ndarray:
    """Read the pixels of an image in memory.

    Args:
        image: A Pillow image, or an array (H, W), (H, W, C) or (C, H, W).
        header: Header from :func:`header_of`.
        size: (H, W) to which the image is resized; ``None`` keeps height and width.
        how: How the dataset is read.

    Returns:
        (C, H, W), of the header's value type.
    """
    if isinstance(image, np.ndarray):
        array = channels_last(image, how.channels, how.axis).transpose(2, 0, 1)
        return _stored(array, header, size, how)
    if header.pages > 1:
        planes = []
        for page in like_first(image):
            image.seek(page)
            planes.append(np.atleast_3d(np.asarray(image)).transpose(2, 0, 1))
        return fit(_inside(standard(np.concatenate(planes)), header, how), size, how.fit)
    image.load()
    plain = _plain(ImageOps.exif_transpose(image), header)
    if size is not None and header.kind == "uint8":
        goal = inner(*plain.size, size) if how.fit == "pad" else size
        cut = box(*plain.size, size) if how.fit == "crop" else None
        plain = plain.resize(goal[::-1], Image.Resampling.BILINEAR, box=cut)
    array = np.asarray(plain)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return fit(_inside(standard(array), header, how), size, how.fit)


def _stored(array: np.ndarray, header: Header, size: Sides, how: Reading) -> np.ndarray:
    """(C, H, W) in the header's type, resized."""
    kept = header.kind == "uint8" or array.dtype == np.float64
    array = standard(array if kept else array.astype(header.kind))
    array = array.astype(header.kind, copy=False)
    return fit(_inside(array, header, how), size, how.fit)


def _inside(image: np.ndarray, header: Header, how: Reading) -> np.ndarray:
    """The same image without fill values, which resizing would mix with their neighbours."""
    return image if how.fence is None else how.fence.inside(image, header.nodata)


def channels_last(array: np.ndarray, channels: Channels, doubt: str | None = None) -> np.ndarray:
    """(H, W, C) of one array image.

    Args:
        array: (H, W), (H, W, C) or (C, H, W).
        channels: What the user gives.
        doubt: Axis of the channels where the shape leaves it open, from
            :func:`goodviews.data.channels.known_axis`.

    Raises:
        ValueError: The array is not one image, or it is not known where its channels are.
    """
    if array.ndim == 2 and channels.count in (None, 1):
        return array[:, :, None]
    found = readings(array.shape, channels) if array.ndim == 3 and array.size else []
    if len(found) == 2:
        if doubt is None:
            raise ValueError(f"axis 0 or axis 2 of {array.shape} could be the channels; {WHICH}")
        found = [doubt]
    if found:
        return array if found[0] == "last" else array.transpose(1, 2, 0)
    least = f"with {channels.count}" if channels.count else f"with at most {MOST}"
    raise ValueError(
        f"an array of shape {array.shape} is not one image (H, W), (H, W, C) or (C, H, W) "
        f"{least} channels"
    )


def fit(image: np.ndarray, size: Sides, how: str = "crop") -> np.ndarray:
    """Resize an image to ``size`` pixels, antialiased bilinear.

    Args:
        image: (C, h, w), uint8, uint16 or float32.
        size: (H, W) in pixels; ``None`` returns the image unchanged.
        how: ``crop`` takes the largest centred part of the right shape, ``stretch`` the whole
            image; ``pad`` the whole image, with 0 (of floats: the lowest value) around it.

    Returns:
        (C, H, W), the same type.

    Example:
        >>> fit(np.full((5, 40, 60), 7, np.uint8), (16, 16)).shape
        (5, 16, 16)
        >>> fit(np.full((1, 2, 4), 7, np.uint8), (4, 4), "pad")[0, :, 0].tolist()
        [0, 7, 7, 0]
    """
    if size is None or image.shape[1:] == size:
        return image
    height, width = image.shape[1:]
    goal = inner(width, height, size) if how == "pad" else size
    cut = box(width, height, size) if how == "crop" else None
    if goal != (height, width) or how == "crop":
        planes = []
        for plane in image:
            source = plane if image.dtype == np.uint8 else plane.astype(np.float32)
            small = Image.fromarray(np.ascontiguousarray(source)).resize(
                goal[::-1], Image.Resampling.BILINEAR, box=cut
            )
            planes.append(np.asarray(small))
        stacked = np.stack(planes)
        if image.dtype == np.uint16:
            stacked = np.clip(np.rint(stacked), 0, 65535)
        image = stacked.astype(image.dtype, copy=False)
    return _padded(image, size) if how == "pad" else image


def _padded(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The image (C, h, w) in the middle of (C, H, W)."""
    height, width = image.shape[1:]
    top, left = (size[0] - height) // 2, (size[1] - width) // 2
    paper = np.zeros((len(image), *size), image.dtype)
    if image.dtype == np.float32:
        paper += image.min(axis=(1, 2), keepdims=True)
    paper[:, top : top + height, left : left + width] = image
    return paper


def standard(array: np.ndarray) -> np.ndarray:
    """Convert an array of any shape to one of the three stored types.

    Booleans become 0 and 255. Integers become 8 or 16 bits when they fit, else float32. The few
    values that are too large for float32 become its largest.

    Raises:
        InputError: Most values are too large for float32.
    """
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype in (np.uint8, np.uint16, np.float32):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        if low >= 0 and high < 2**16:
            return array.astype(np.uint8 if high < 2**8 else np.uint16)
    if array.dtype == np.float64 and array.size:
        huge = np.isfinite(array) & (np.abs(array) > LARGEST)
        if huge.mean() > 0.5:
            raise InputError(
                f"Values reach {np.abs(array[huge]).max():g}, but images are stored as "
                "float32, up to 3.4e+38; divide the values first."
            )
        if huge.any():  # the fill value of some files is the smallest float64
            array = np.where(huge, np.sign(array) * LARGEST, array)
    return array.astype(np.float32)


def _kind(dtype: np.dtype) -> str:
    if dtype in (np.uint8, np.bool_):
        return "uint8"
    if dtype == np.uint16:
        return "uint16"
    if dtype.kind not in "iuf":
        raise ValueError(f"values of type {dtype} are not an image")
    return "float32"


def _plain(image: Image.Image, header: Header) -> Image.Image:
    """Convert an image to a mode with the header's channels; transparency is drawn on white.

    A header without ``alpha`` of two or four channels keeps transparency as the last channel.
    """
    if header.channels in (2, 4):
        return image.convert({2: "LA", 4: "RGBA"}[header.channels])
    if header.alpha:
        image = image.convert("LA" if header.channels == 1 else "RGBA")
        paper = Image.new(
            *(
                ("L", image.size, 255)
                if header.channels == 1
                else ("RGB", image.size, (255, 255, 255))
            )
        )
        paper.paste(
            image if header.channels == 3 else image.getchannel(0), mask=image.getchannel("A")
        )
        return paper
    if header.channels == 1:
        return image.convert("L") if image.mode == "1" else image
    return image if image.mode == "RGB" else image.convert("RGB")


def on_white(image: np.ndarray) -> np.ndarray:
    """Draw pictures (..., 4, H, W) with transparency on white, (..., 3, H, W).

    Args:
        image: uint8 or uint16; the fourth channel is 0 for clear.

    Example:
        >>> on_white(np.array([10, 20, 30, 0], np.uint8).reshape(4, 1, 1)).ravel().tolist()
        [255, 255, 255]
    """
    most = np.iinfo(image.dtype).max
    alpha = image[..., 3:, :, :] / most
    return np.rint(image[..., :3, :, :] * alpha + most * (1 - alpha)).astype(image.dtype)


def _png_bits(path: Path) -> int:
    with path.open("rb") as file:
        return file.read(25)[24]


def _deep_png(path: Path, header: Header) -> np.ndarray:
    """(3, H, W) uint16 of a 16-bit colour PNG, which Pillow reads with 8 bits only.

    With four channels in the header, transparency is the fourth.

    Its unpackers take the high byte of each pair, in either byte order: reading as big-endian,
    the order of PNG, gives the high bytes, and reading as little-endian gives the low bytes.
    """
    halves = []
    for order in "BL":
        with Image.open(path) as image:
            assert isinstance(image, ImageFile.ImageFile)
            tile = image.tile[0]
            image.tile = [tile._replace(args=f"{image.mode};16{order}")]
            image.load()
            halves.append(np.asarray(image).astype(np.uint16))
    values = (halves[0] << 8 | halves[1]).transpose(2, 0, 1)
    if values.shape[0] == 4 and header.channels == 3:
        values = on_white(values)
    return np.ascontiguousarray(values)


def like_first(image: Image.Image) -> list[int]:
    """Numbers of the pages of a TIFF that have the size and mode of the first; no overviews."""
    count = getattr(image, "n_frames", 1)
    if image.format != "TIFF" or count == 1:
        return [0]
    found = []
    first = (image.size, image.mode)
    for page in range(count):
        image.seek(page)
        tags = image.tag_v2  # type: ignore[attr-defined]
        if (image.size, image.mode) == first and not int(tags.get(254, 0)) & 5:
            found.append(page)
    image.seek(0)
    return found or [0]


def pages_are_channels(image: Image.Image, count: int, how: Reading) -> bool:
    """Whether the pages of a TIFF are the channels of one image: by default, few grey ones."""
    if how.channels.stack is not None:
        return how.channels.stack == "pages"
    return count <= MOST and (image.mode in ("L", "F", "I") or image.mode.startswith("I;16"))
