"""An image file that is decoded when its views are made, no larger than they need.

JPEG files are decoded by libjpeg-turbo through simplejpeg where it is installed, and by Pillow
otherwise and for what simplejpeg refuses: CMYK, damaged files. Both give the same pixels.

Letters: C H W one image.
"""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from goodviews.core.errors import InputError
from goodviews.data.decode import header_of, pixels_of

try:
    import simplejpeg
except ImportError:  # no wheel for this system
    simplejpeg = None

_SOI = b"\xff\xd8\xff"
_TURNS = {2: "x", 3: "xy", 4: "y", 5: "t", 6: "tx", 7: "txy", 8: "ty"}
"""EXIF orientation to operations in order: transpose, then mirror columns (x) and rows (y)."""


class Decoded(NamedTuple):
    """Pixels of a file, perhaps reduced.

    Attributes:
        pixels: (H', W', C) uint8; a pixel is the mean of about ``factor`` x ``factor`` pixels.
        factor: 1, 2, 4 or 8.
        top: Row where the image starts, less than 1, in reduced pixels.
        left: Column where the image starts.
    """

    pixels: np.ndarray
    factor: int = 1
    top: float = 0.0
    left: float = 0.0


class ImageFile:
    """An image file for :func:`goodviews.views.views_of_files`.

    Its pixels are those that :func:`goodviews.load` reads: turned as EXIF says, transparency
    drawn on white.

    Args:
        file: Path, or the bytes of a file.
        channels: 3 for colour (grey files have three equal channels), 1 for grey.

    Attributes:
        shape: (C, H, W).

    Raises:
        InputError: It is not an image of 8 bits, or ``channels`` is neither 1 nor 3.

    Example:
        >>> stored = io.BytesIO()
        >>> Image.new("RGB", (40, 30), "red").save(stored, "JPEG")
        >>> file = ImageFile(stored.getvalue())
        >>> file.shape, file.read(2).pixels.shape
        ((3, 30, 40), (15, 20, 3))
    """

    def __init__(self, file: str | Path | bytes, *, channels: int = 3) -> None:
        if channels not in (1, 3):
            raise InputError(f"channels must be 1 (grey) or 3 (colour), but got {channels}.")
        self.name = "the given bytes" if isinstance(file, bytes) else str(file)
        try:
            self._data = file if isinstance(file, bytes) else Path(file).read_bytes()
            self._turn, self._turbo = "", False
            if (size := self._jpeg_size(channels)) is None:
                size = self._pillow_size()
        except InputError:
            raise
        except Exception as error:  # a broken file can raise any exception
            raise self._unreadable(error) from error
        height, width = size
        self._stored = (height, width)
        self.shape = (channels, *((width, height) if "t" in self._turn else (height, width)))

    def read(self, factor: int = 1, into: np.ndarray | None = None) -> Decoded:
        """Decode the image.

        Args:
            factor: 1, 2, 4 or 8: how much smaller, where the format can; others are not reduced.
            into: (M,) uint8, memory that may be used for the pixels.

        Raises:
            InputError: The file is damaged.
        """
        try:
            made = self._turbo_read(factor, into) if self._turbo else None
            return self._pillow_read(factor) if made is None else made
        except Exception as error:
            raise self._unreadable(error) from error

    def _jpeg_size(self, channels: int) -> tuple[int, int] | None:
        """Stored height and width, if simplejpeg can decode the file as Pillow does."""
        if simplejpeg is None or not self._data.startswith(_SOI):
            return None
        try:
            height, width, space, _ = simplejpeg.decode_jpeg_header(self._data)
        except ValueError:
            return None
        if space not in (("Gray",) if channels == 1 else ("Gray", "YCbCr")):
            return None
        head = self._data[: _scan_start(self._data)]
        if b"Exif\0\0" in head or b"tiff:Orientation" in head:
            with Image.open(io.BytesIO(self._data)) as image:
                self._turn = _TURNS.get(image.getexif().get(0x0112, 1), "")
        self._turbo = True
        return height, width

    def _pillow_size(self) -> tuple[int, int]:
        with Image.open(io.BytesIO(self._data)) as image:
            if (kind := header_of(image).kind) != "uint8":
                raise InputError(
                    f"{self.name} has values of type {kind}, but views of files need 8 bits; read "
                    "it with goodviews.load."
                )
            if image.format in ("JPEG", "MPO", "WEBP", "TIFF", "PNG"):
                self._turn = _TURNS.get(image.getexif().get(0x0112, 1), "")
            return image.height, image.width

    def _turbo_read(self, factor: int, into: np.ndarray | None) -> Decoded | None:
        height, width = (-(-extent // factor) for extent in self._stored)
        way: dict[str, Any] = {"colorspace": "GRAY" if self.shape[0] == 1 else "RGB"}
        if factor > 1:
            way |= {"min_height": height, "min_width": width}
        if into is not None and into.size >= height * width * self.shape[0]:
            way["buffer"] = into
        try:
            pixels = simplejpeg.decode_jpeg(self._data, **way)
        except ValueError:  # damaged; what Pillow still reads is read
            return None
        for operation in self._turn:
            pixels = {
                "t": pixels.transpose(1, 0, 2), "x": pixels[:, ::-1], "y": pixels[::-1],
            }[operation]  # fmt: skip
        return self._placed(np.ascontiguousarray(pixels), factor)

    def _pillow_read(self, factor: int) -> Decoded:
        with Image.open(io.BytesIO(self._data)) as image:
            height, width = self._stored
            header = replace(header_of(image), channels=3)
            if image.format in ("JPEG", "MPO") and factor > 1:
                image.draft(None, (width // factor, height // factor))
            reduced = image.size == (-(-width // factor), -(-height // factor))
            pixels = pixels_of(image, header)
        if self.shape[0] == 1:
            pixels = np.asarray(Image.fromarray(pixels.transpose(1, 2, 0)).convert("L"))[None]
        return self._placed(
            np.ascontiguousarray(pixels.transpose(1, 2, 0)), factor if reduced else 1
        )

    def _placed(self, pixels: np.ndarray, factor: int) -> Decoded:
        """Say where the image starts: a reduced one is padded to whole pixels, at its end."""
        rows, columns = ((-extent % factor) / factor for extent in self._stored)
        if "t" in self._turn:
            rows, columns = columns, rows
        return Decoded(pixels, factor, rows * ("y" in self._turn), columns * ("x" in self._turn))

    def _unreadable(self, error: Exception) -> InputError:
        reason = str(error).rstrip(".") or type(error).__name__
        if isinstance(error, UnidentifiedImageError):
            reason = "its format is not known"
        return InputError(f"{self.name} cannot be read as an image: {reason}.")


def _scan_start(data: bytes) -> int:
    """Where the compressed pixels of a JPEG file start: EXIF and XMP are before."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != 0xDA:
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return at
