"""Decode one image file to one array: modes, alpha, orientation, bit depth, channels.

Letters: C H W one image.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFile, ImageOps

from goodviews.core.errors import InputError

EXTENSIONS = frozenset(
    f".{name}"
    for name in (
        *("jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "tif", "tiff", "webp"),
        *("ppm", "pgm", "pbm", "pnm", "jp2", "npy"),
    )
)
"""Endings of image files, in lower case."""

CHANNELS_MOST = 16
"""Maximum length of an array axis that is taken for channels."""

WHICH = "give channels='first' or channels='last'"
"""What to type where the shape of an array leaves it open."""


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
    """

    width: int
    height: int
    channels: int
    kind: str
    format: str
    alpha: bool = False
    remark: str = ""


def read_header(path: Path) -> Header:
    """Read the size, channels and bit depth of a file.

    Raises:
        Exception: Any exception of its reader on a broken file; the caller skips the file.
    """
    if os.path.getsize(path) == 0:
        raise ValueError("the file is empty")
    if path.suffix.lower() == ".npy":
        return header_of(np.load(path, mmap_mode="r", allow_pickle=False))
    with Image.open(path) as image:
        header = header_of(image)
        if header.format == "PNG" and header.channels == 3 and _png_bits(path) == 16:
            header = replace(header, kind="uint16")
        return header


def header_of(image: Image.Image | np.ndarray) -> Header:
    """Read the size, channels and bit depth of an image in memory.

    Args:
        image: A Pillow image, or an array (H, W), (H, W, C) or (C, H, W).

    Raises:
        ValueError: The array is not one image.
    """
    if isinstance(image, np.ndarray):
        height, width, channels = channels_last(image).shape
        return Header(width, height, channels, _kind(image.dtype), "npy")
    kind, channels = "uint8", 3
    alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    remark = ""
    if image.mode in ("1", "L", "LA", "La"):
        channels = 1
    elif image.mode.startswith("I;16"):
        channels, kind = 1, "uint16"
    elif image.mode in ("I", "F"):
        channels, kind = 1, "float32"
    if image.format == "TIFF":
        if channels == 3 and 16 in image.tag_v2.get(258, ()):  # type: ignore[attr-defined]
            remark = "16-bit colour TIFF was read with 8 bits (save as PNG or .npy)"
        if pages := _pages(image):
            channels = pages
        elif getattr(image, "n_frames", 1) > 1:
            remark = "only the first page of a TIFF was read"
    elif getattr(image, "n_frames", 1) > 1 and image.format in ("GIF", "WEBP", "PNG"):
        remark = "only the first frame of an animation was read"
    width, height = image.size
    exif = image.format in ("JPEG", "MPO", "WEBP", "TIFF")  # elsewhere it decodes the image
    if exif and image.getexif().get(0x0112, 1) >= 5:
        width, height = height, width
    name = {"MPO": "JPEG", None: "Pillow"}.get(image.format) or str(image.format)
    return Header(width, height, channels, kind, name, alpha, remark)


def decode(path: Path, header: Header, size: int | None = None) -> np.ndarray:
    """Read the pixels of a file.

    Args:
        path: Path of the file.
        header: Header from :func:`read_header`.
        size: Side to which the centre square is resized; ``None`` keeps height and width.

    Returns:
        (C, H, W), of the header's value type.

    Raises:
        Exception: Whatever its reader raises on a broken file.
    """
    if header.format == "npy":
        return pixels_of(np.load(path, allow_pickle=False), header, size)
    if header.format == "PNG" and header.kind == "uint16" and header.channels == 3:
        return fit(_deep_png(path), size)
    with Image.open(path) as image:
        if size is not None and header.format == "JPEG":
            image.draft(None, (2 * size, 2 * size))  # decode at most twice the final size
        return pixels_of(image, header, size)


def pixels_of(
    image: Image.Image | np.ndarray, header: Header, size: int | None = None
) -> np.ndarray:
    """Read the pixels of an image in memory.

    Args:
        image: A Pillow image, or an array (H, W), (H, W, C) or (C, H, W).
        header: Header from :func:`header_of`.
        size: Side to which the centre square is resized; ``None`` keeps height and width.

    Returns:
        (C, H, W), of the header's value type.
    """
    if isinstance(image, np.ndarray):
        array = channels_last(image).transpose(2, 0, 1)
        return fit(standard(array if header.kind == "uint8" else array.astype(header.kind)), size)
    if header.format == "TIFF" and _pages(image):
        planes = []
        for page in range(header.channels):
            image.seek(page)
            planes.append(np.asarray(image))
        return fit(standard(np.stack(planes)), size)
    image.load()
    plain = _plain(ImageOps.exif_transpose(image), header)
    if size is not None and header.kind == "uint8":
        plain = plain.resize((size, size), Image.Resampling.BILINEAR, box=_centre(*plain.size))
    array = np.asarray(plain)
    array = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    return fit(standard(array), size)


def channels_at(shape: tuple[int, ...]) -> str | None:
    """Find the axis of one image (H, W, C) or (C, H, W) that holds its channels.

    Channels are the axis of length 16 or less. Where both outer axes are so short, the image is
    assumed to be square.

    Args:
        shape: Three sizes.

    Returns:
        ``first`` or ``last``; ``None`` when both are possible, or neither.

    Example:
        >>> channels_at((3, 32, 32)), channels_at((3, 16, 16)), channels_at((3, 8, 4))
        ('first', 'first', None)
    """
    first, last = shape[0] <= CHANNELS_MOST, shape[2] <= CHANNELS_MOST
    if first and last:
        first, last = shape[1] == shape[2], shape[0] == shape[1]
    return None if first == last else "first" if first else "last"


def channels_last(
    array: np.ndarray, channels: str | None = None, doubt: str | None = "last"
) -> np.ndarray:
    """(H, W, C) of one array image.

    Args:
        array: (H, W), (H, W, C) or (C, H, W).
        channels: ``first`` or ``last``; :func:`channels_at` finds it when ``None``.
        doubt: Choice where either is possible; ``None`` raises.

    Raises:
        ValueError: The array is not one image, or it is not known where its channels are.
    """
    if array.ndim == 2:
        return array[:, :, None]
    if array.ndim == 3 and min(array.shape[0], array.shape[2]) <= CHANNELS_MOST:
        place = channels or channels_at(array.shape) or doubt
        if place is None:
            raise ValueError(f"axis 0 or axis 2 of {array.shape} could be the channels: {WHICH}")
        if array.shape[0 if place == "first" else 2] <= CHANNELS_MOST:
            return array if place == "last" else array.transpose(1, 2, 0)
    raise ValueError(f"an array of shape {array.shape} is not one image (H, W) or (H, W, C)")


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

    Booleans become 0 and 255. Integers become 8 or 16 bits when they fit, else float32.

    Raises:
        InputError: A finite value is too large for float32.
    """
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype in (np.uint8, np.uint16, np.float32):
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "iu" and array.size:
        low, high = int(array.min()), int(array.max())
        if low >= 0 and high < 2**16:
            return array.astype(np.uint8 if high < 2**8 else np.uint16)
    with np.errstate(over="ignore"):
        made = array.astype(np.float32)
    if array.dtype == np.float64 and not np.array_equal(np.isfinite(made), np.isfinite(array)):
        raise InputError(
            f"Values reach {np.abs(array[np.isfinite(array)]).max():g}, but images are stored as "
            "float32, up to 3.4e+38; divide the values first."
        )
    return made


def _kind(dtype: np.dtype) -> str:
    if dtype in (np.uint8, np.bool_):
        return "uint8"
    if dtype == np.uint16:
        return "uint16"
    if dtype.kind not in "iuf":
        raise ValueError(f"values of type {dtype} are not an image")
    return "float32"


def _plain(image: Image.Image, header: Header) -> Image.Image:
    """Convert an image to a mode with the header's channels; transparency is drawn on white."""
    if header.channels == 1:
        if image.mode in ("LA", "La") or (image.mode == "L" and header.alpha):
            image = image.convert("LA")
            paper = Image.new("L", image.size, 255)
            paper.paste(image.getchannel(0), mask=image.getchannel("A"))
            return paper
        return image.convert("L") if image.mode == "1" else image
    if header.alpha:
        image = image.convert("RGBA")
        paper = Image.new("RGB", image.size, (255, 255, 255))
        paper.paste(image, mask=image.getchannel("A"))
        return paper
    return image if image.mode == "RGB" else image.convert("RGB")


def _centre(width: int, height: int) -> tuple[float, float, float, float]:
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    return left, top, left + side, top + side


def _png_bits(path: Path) -> int:
    with path.open("rb") as file:
        return file.read(25)[24]


def _deep_png(path: Path) -> np.ndarray:
    """(3, H, W) uint16 of a 16-bit colour PNG, which Pillow reads with 8 bits only.

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
    if values.shape[0] == 4:
        alpha = values[3:] / 65535
        values = np.rint(values[:3] * alpha + 65535 * (1 - alpha)).astype(np.uint16)
    return np.ascontiguousarray(values)


def _pages(image: Image.Image) -> int:
    """Number of grey pages of one size in a TIFF; 0 when it is not such a stack."""
    count = getattr(image, "n_frames", 1)
    if image.format != "TIFF" or not 1 < count <= CHANNELS_MOST:
        return 0
    first = (image.size, image.mode)
    same = first[1] in ("L", "F", "I") or first[1].startswith("I;16")
    for page in range(1, count):
        image.seek(page)
        same = same and (image.size, image.mode) == first
    image.seek(0)
    return count if same else 0
