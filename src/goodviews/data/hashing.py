"""Content hash of a dataset, independent of its name and place."""

import hashlib
from collections.abc import Mapping

import numpy as np


def content_hash(
    pixels: np.ndarray | bytes,
    labels: Mapping[str, np.ndarray],
    part: np.ndarray | None = None,
) -> str:
    """Hash of pixels, labels and parts.

    Args:
        pixels: The array, or the SHA-256 digest of its dtype, shape and bytes.
        labels: Task to (N,) class numbers.
        part: (N,) 0 or 1; ``None`` counts as all 0.

    Returns:
        The first 16 hex digits of a SHA-256.

    Example:
        >>> content_hash(np.zeros((2, 1, 1, 1), np.uint8), {})
        '4137e666354af376'
    """
    if isinstance(pixels, np.ndarray):
        pixels = pixel_digest(pixels)
    total = hashlib.sha256(pixels)
    for task in sorted(labels):
        total.update(task.encode() + b"\0" + labels[task].astype("<i8").tobytes())
    if part is not None and part.any():
        total.update(b"part\0" + part.astype(np.int8).tobytes())
    return total.hexdigest()[:16]


def pixel_digest(pixels: np.ndarray) -> bytes:
    """SHA-256 of the dtype and shape of one image, then every byte in order."""
    total = hashlib.sha256(pixel_head(pixels.dtype, pixels.shape[1:]))
    for start in range(0, len(pixels), 1024):
        total.update(np.ascontiguousarray(pixels[start : start + 1024]).tobytes())
    return total.digest()


def pixel_head(dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    """First bytes of the digest of pixels: type and shape."""
    return f"{np.dtype(dtype).name} {tuple(int(size) for size in shape)}\0".encode()
