"""DICOM files, through pydicom (extra ``science``): values, windows, frames, patients.

Letters: C H W one image.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.extras import need

Window = tuple[float, float] | None
"""Values of black and white that the user gives."""

_DEEP = 65_535
"""White of images that were mapped by their window."""


@dataclass(frozen=True)
class Slide:
    """What is known of a file before its pixels are decoded.

    Attributes:
        frames: Number of images in it.
        channels: 1 for grey, 3 for colour.
        height: H in pixels.
        width: W in pixels.
        kind: ``uint8``, ``uint16`` or ``float32``.
        groups: Patient, study and series, where the file names them.
        padding: Value that means that there is no data.
    """

    frames: int
    channels: int
    height: int
    width: int
    kind: str
    groups: tuple[str, ...]
    padding: float | None


def is_dicom(path: Path) -> bool:
    """Whether a file begins as DICOM files do."""
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def dicom_slide(path: Path, given: Window = None) -> Slide:
    """Read what a file holds, without its pixels.

    Args:
        path: Path of the file.
        given: Values of black and white; the windows of the files do not count then.

    Raises:
        MissingExtra: pydicom is not installed.
        Exception: Any exception of pydicom on a broken file.
    """
    data = _dataset(path)
    if "Rows" not in data:
        raise ValueError("the DICOM file holds no image")
    bits = int(data.BitsAllocated)
    colour = _colour(data)
    slope, intercept = _rescale(data, 0)
    kind = "float32"
    if colour:
        kind = "uint8" if bits == 8 else "uint16"
    elif given is None and _window(data, 0) is not None:
        kind = "uint16"
    elif _plain(data, slope, intercept) and (given is None or not _inverted(data)):
        kind = "uint8" if bits <= 8 else "uint16"
    padding = data.get("PixelPaddingValue")
    names = (data.get(word) for word in ("PatientID", "StudyInstanceUID", "SeriesInstanceUID"))
    return Slide(
        frames=int(data.get("NumberOfFrames") or 1),
        channels=3 if colour else 1,
        height=int(data.Rows),
        width=int(data.Columns),
        kind=kind,
        groups=tuple(str(name or "") for name in names),
        padding=None if padding is None or colour else float(padding) * slope + intercept,
    )


def dicom_pixels(path: Path, frame: int = 0, given: Window = None) -> np.ndarray:
    """Read one frame.

    Grey values are rescaled (slope and intercept, or the modality's table). Where the file has a
    window, it maps them to 0 to 65,535, unless the user gives values of black and white. Of
    MONOCHROME1, where the lowest value is white, values are inverted.

    Args:
        path: Path of the file.
        frame: Its number, from 0.
        given: Values of black and white.

    Returns:
        (C, H, W).

    Raises:
        MissingExtra: pydicom is not installed.
        Exception: Any exception of pydicom on a broken file, or one of a compression for which a
            library is missing.
    """
    pixels: Any = need("pydicom.pixels", "science")
    data = _dataset(path)
    try:
        raw = pixels.pixel_array(path, index=frame)
    except RuntimeError as error:
        name = data.file_meta.TransferSyntaxUID.name
        raise ValueError(f"its compression, {name}, needs pip install python-gdcm") from error
    if _colour(data):
        if data.PhotometricInterpretation == "PALETTE COLOR":
            raw = pixels.apply_color_lut(raw, data)[..., :3]
            if data.BitsAllocated == 8 and raw.itemsize > 1:
                raw = (raw >> 8).astype(np.uint8)
        return np.asarray(raw).transpose(2, 0, 1)
    slope, intercept = _rescale(data, frame)
    if "ModalityLUTSequence" in data:
        values = pixels.apply_modality_lut(raw, data).astype(np.float64)
    else:
        values = raw * slope + intercept
    low, high = given or (float(v) * slope + intercept for v in _limits(data))
    window = None if given else _window(data, frame)
    if window is not None:
        values, low, high = _DEEP * window(values), 0.0, float(_DEEP)
        values = np.rint(values)
    if _inverted(data):
        values = low + high - values
    return values[None]


def _dataset(path: Path) -> Any:
    return need("pydicom", "science").dcmread(path, stop_before_pixels=True)


def _colour(data: Any) -> bool:
    return not str(data.get("PhotometricInterpretation", "")).startswith("MONOCHROME")


def _limits(data: Any) -> tuple[int, int]:
    """Lowest and highest value that can be stored."""
    bits = int(data.get("BitsStored", data.BitsAllocated))
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if _signed(data) else (0, 2**bits - 1)


def _signed(data: Any) -> bool:
    return bool(int(data.get("PixelRepresentation", 0)))


def _plain(data: Any, slope: float, intercept: float) -> bool:
    """Whether rescaled values are whole numbers of the stored type."""
    same = (slope, intercept) == (1.0, 0.0) and "ModalityLUTSequence" not in data
    return same and not _signed(data) and data.BitsAllocated <= 16


def _inverted(data: Any) -> bool:
    """Whether the lowest value is white."""
    return bool(data.PhotometricInterpretation == "MONOCHROME1")


def _field(data: Any, frame: int, sequence: str, name: str) -> Any:
    """A field of a file, or of one frame of it, or of all its frames; ``None`` if missing."""
    per_frame = data.get("PerFrameFunctionalGroupsSequence") or ()
    places = [data]
    places += [per_frame[frame]] if frame < len(per_frame) else []
    places += list(data.get("SharedFunctionalGroupsSequence") or ())
    for place in places:
        inner = place.get(sequence) or () if place is not data else [data]
        for one in inner:
            if (value := one.get(name)) not in (None, ""):
                return value
    return None


def _rescale(data: Any, frame: int) -> tuple[float, float]:
    """Slope and intercept."""
    found = [
        _field(data, frame, "PixelValueTransformationSequence", name)
        for name in ("RescaleSlope", "RescaleIntercept")
    ]
    slope, intercept = (
        default if value is None else float(value)
        for value, default in zip(found, (1.0, 0.0), strict=True)
    )
    return slope, intercept


def _table(table: Any) -> Callable[[np.ndarray], np.ndarray]:
    """The window that a file gives as a table."""
    count, first, bits = (int(value) for value in table.LUTDescriptor)
    data = table.LUTData
    count = count or 2**16
    if isinstance(data, bytes):
        data = np.frombuffer(data, "<u2" if len(data) >= 2 * count else np.uint8)
    steps, last = np.asarray(data), count - 1
    return lambda values: steps[np.clip(values - first, 0, last).astype(int)] / (2**bits - 1)


def _window(data: Any, frame: int) -> Callable[[np.ndarray], np.ndarray] | None:
    """Function from values to [0, 1], of the first window of a file; ``None`` if it has none.

    The formulas are those of DICOM PS3.3, C.11.2.1.2 and C.11.2.1.3.
    """
    if table := data.get("VOILUTSequence"):
        return _table(table[0])
    found = [
        _field(data, frame, "FrameVOILUTSequence", name)
        for name in ("WindowCenter", "WindowWidth", "VOILUTFunction")
    ]
    if found[0] is None or found[1] is None:
        return None
    centre, width = (float(np.ravel(one)[0]) for one in found[:2])
    shape = str(found[2] or "LINEAR")
    if shape == "SIGMOID":
        return lambda values: 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -700, 700)))
    if shape == "LINEAR_EXACT":
        return lambda values: np.clip((values - centre) / width + 0.5, 0, 1)
    return lambda values: np.clip((values - centre + 0.5) / max(width - 1, 1e-9) + 0.5, 0, 1)
