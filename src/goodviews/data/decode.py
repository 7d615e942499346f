"""Decode one image file to one array: modes, alpha, orientation, bit depth, channels.

Letters: C H W one image.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps, features

from goodviews.core.errors import InputError
from goodviews.data.channels import ANY, MOST, WHICH, Channels, known_axis, readings, spread
from goodviews.data.outliers import Fence

EXTENSIONS = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "tif", "tiff", "webp"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "npy"),
        *(("avif",) if "avif" in features.get_supported_modules() else ()),
    )
)
"""Endings of image files, in lower case."""

LARGEST = float(np.finfo(np.float32).max)
"""Largest stored value."""

NODATA = 42113
"""TIFF tag in which GDAL writes the value of pixels without data, as text."""


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
    """

    width: int
    height: int
    channels: int
    kind: str
    format: str
    alpha: bool = False
    remark: str = ""
    nodata: float | None = None


@dataclass(frozen=True)
class Reading:
    """How the images of one dataset are read, the same for all of them.

    Attributes:
        channels: Axis and number of channels, where the user gives them.
        axis: Axis of the channels of arrays whose shape leaves it open.
        fence: Range of the values, for images that are resized; ``None`` changes no value.
    """

    channels: Channels = ANY
    axis: str | None = None
    fence: Fence | None = None


PLAIN = Reading()
"""Nothing is known before the images are read."""


def read_header(path: Path, how: Reading = PLAIN) -> Header:
    """Read the size, channels and bit depth of a file.

    Raises:
        Exception: Any exception of its reader on a broken file; the caller skips the file.
    """
    if not path.is_file():  # a pipe would wait for a writer, a device never ends
        raise ValueError("it is not a regular file")
    if os.path.getsize(path) == 0:
        raise ValueError("the file is empty")
    if path.suffix.lower() == ".npy":
        return header_of(np.load(path, mmap_mode="r", allow_pickle=False), how)
    with Image.open(path) as image:
        header = header_of(image, how)
        if header.format == "PNG" and image.mode in ("RGB", "RGBA") and _png_bits(path) == 16:
            header = replace(header, kind="uint16")
        return header


def header_of(image: Image.Image | np.ndarray, how: Reading = PLAIN) -> Header:
    """Read the size, channels and bit depth of an image in memory.

    Args:
        image: A Pillow image, or an array (H, W), (H, W, C) or (C, H, W).
        how: How the dataset is read.

    Raises:
        ValueError: The array is not one image.
    """
    if isinstance(image, np.ndarray):
        height, width, channels = channels_last(image, how.channels, how.axis).shape
        return Header(width, height, channels, _kind(image.dtype), "npy")
    kind, channels = "uint8", 3
    alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    remark, nodata = "", None
    if image.mode in ("1", "L", "LA", "La"):
        channels = 1
    elif image.mode.startswith("I;16"):
        channels, kind = 1, "uint16"
    elif image.mode in ("I", "F"):
        channels, kind = 1, "float32"
    if image.format == "TIFF":
        channels, remark, nodata = _tiff(image, channels)
    elif getattr(image, "n_frames", 1) > 1 and image.format in ("GIF", "WEBP", "PNG"):
        remark = "only the first frame of an animation was read"
    width, height = image.size
    exif = image.format in ("JPEG", "MPO", "WEBP", "TIFF")  # elsewhere it decodes the image
    if exif and image.getexif().get(0x0112, 1) >= 5:
        width, height = height, width
    name = {"MPO": "JPEG", None: "Pillow"}.get(image.format) or str(image.format)
    return Header(width, height, channels, kind, name, alpha, remark, nodata)


def _tiff(image: Image.Image, channels: int) -> tuple[int, str, float | None]:
    """Channels, losses, and the value that the file declares to mean that there is no data."""
    tags = image.tag_v2  # type: ignore[attr-defined]
    remark = ""
    if channels == 3 and 16 in tags.get(258, ()):
        remark = "16-bit colour TIFF was read with 8 bits (save as PNG or .npy)"
    elif (samples := int(tags.get(277, 1))) > len(image.getbands()):
        remark = f"only {len(image.getbands())} of the {samples} channels of a TIFF were read"
        remark += " (save them as .npy)"
    if pages := _pages(image):
        channels = pages
    elif (frames := getattr(image, "n_frames", 1)) > 1:
        remark = f"only the first of {frames:,} pages of a TIFF was read, not the other "
        remark += f"{frames - 1:,} (save them as .npy or as separate files)"
    try:
        nodata = float(str(tags.get(NODATA, "")).strip("\0 "))
    except ValueError:
        nodata = None
    return channels, remark, nodata


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


def decode(
    path: Path, header: Header, size: int | None = None, how: Reading = PLAIN
) -> np.ndarray:
    """Read the pixels of a file.

    Args:
        path: Path of the file.
        header: Header from :func:`read_header`.
        size: Side to which the centre square is resized; ``None`` keeps height and width.
        how: How the dataset is read.

    Returns:
        (C, H, W), of the header's value type.

    Raises:
        Exception: Whatever its reader raises on a broken file.
    """
    if header.format == "npy":
        return pixels_of(np.load(path, allow_pickle=False), header, size, how)
    if header.format == "PNG" and header.kind == "uint16" and header.channels > 1:
        return fit(_inside(_deep_png(path, header), header, how), size)
    with Image.open(path) as image:
        if size is not None and header.format == "JPEG":
            image.draft(None, (2 * size, 2 * size))  # decode at most twice the final size
        return pixels_of(image, header, size, how)


def pixels_of(
    image: Image.Image | np.ndarray,
    header: Header,
    size: int | None = None,
    how: Reading = PLAIN,
) -> np.ndarray:
    """Read the pixels of an image in memory.

    Args:
        image: A Pillow image, or an array (H, W), (H, W, C) or (C, H, W).
        header: Header from :func:`header_of`.
        size: Side to which the centre square is resized; ``None`` keeps height and width.
        how: How the dataset is read.

    Returns:
        (C, H, W), of the header's value type.
    """
    if isinstance(image, np.ndarray):
        array = channels_last(image, how.channels, how.axis).transpose(2, 0, 1)
        kept = header.kind == "uint8" or array.dtype == np.float64
        array = standard(array if kept else array.astype(header.kind))
        return fit(_inside(array, header, how), size)
    if header.format == "TIFF" and _pages(image):
        planes = []
        for page in range(header.channels):
            image.seek(page)
            planes.append(np.asarray(image))
        return fit(_inside(standard(np.stack(planes)), header, how), size)
    image.load()
    plain = _plain(ImageOps.exif_transpose(image), header)
    if size is not None and header.kind == "uint8":
        plain = plain.resize((size, size), Image.Resampling.BILINEAR, box=_centre(*plain.size))
    array = np.asarray(plain)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return fit(_inside(standard(array), header, how), size)


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


def fit(image: np.ndarray, size: int | None) -> np.ndarray:
    """Resize the centre square of an image to ``size`` pixels, antialiased bilinear.

    Args:
        image: (C, H, W), uint8, uint16 or float32.
        size: Side in pixels; ``None`` returns the image unchanged.

    Returns:
        (C, size, size), the same type.

    Example:
        >>> fit(np.full((5, 40, 60), 7, np.uint8), 16).shape
        (5, 16, 16)
    """
    if size is None or image.shape[1:] == (size, size):
        return image
    box = _centre(image.shape[2], image.shape[1])
    planes = []
    for plane in image:
        source = plane if image.dtype == np.uint8 else plane.astype(np.float32)
        small = Image.fromarray(np.ascontiguousarray(source)).resize(
            (size, size), Image.Resampling.BILINEAR, box=box
        )
        planes.append(np.asarray(small))
    stacked = np.stack(planes)
    if image.dtype == np.uint16:
        return np.clip(np.rint(stacked), 0, 65535).astype(np.uint16)
    return stacked.astype(image.dtype, copy=False)


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


def _centre(width: int, height: int) -> tuple[float, float, float, float]:
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


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


def _pages(image: Image.Image) -> int:
    """Number of grey pages of one size in a TIFF; 0 when it is not such a stack."""
    count = getattr(image, "n_frames", 1)
    if image.format != "TIFF" or not 1 < count <= MOST:
        return 0
    first = (image.size, image.mode)
    same = first[1] in ("L", "F", "I") or first[1].startswith("I;16")
    for page in range(1, count):
        image.seek(page)
        same = same and (image.size, image.mode) == first
    image.seek(0)
    return count if same else 0
