"""Content hash of a dataset, independent of its name and place; states of its files."""

import hashlib
import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

READ = 1 << 16
"""Files of up to this many bytes are read whole; of larger ones 16 blocks that make as many."""

BLOCKS = 16

FILES = 20_000
"""Maximum number of files whose content is read; in larger datasets they are evenly spaced."""


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


def size_digest(values: bytes, sizes: np.ndarray) -> bytes:
    """SHA-256 of images of several sizes: of the digest of their pixels, and (N, 2) sizes."""
    return hashlib.sha256(b"sizes\0" + values + sizes.astype("<i8").tobytes()).digest()


def joint_digest(pixels: bytes, originals: bytes | None) -> bytes:
    """Digest of fitted images and of those at their own sizes, where there are any."""
    return pixels if originals is None else hashlib.sha256(pixels + originals).digest()


def states(files: Sequence[Path]) -> list[tuple[int, int, int, str]]:
    """Size in bytes, times (ns) of the last change of content and of status, hash of content.

    A file that is replaced or written to, with its old size and time put back, has another time
    of status change, which programs cannot set (on Windows it is the time of creation). The hash
    notices most changes where file systems do not keep that time: it is that of all bytes of files
    up to 64 KiB, and of 16 blocks of 4 KiB of larger ones.

    Args:
        files: Paths; of more than 20,000, the content of 20,000 is read.

    Returns:
        One state per file; -1 and an empty text for one that cannot be read.
    """
    read = set(np.linspace(0, len(files) - 1, min(len(files), FILES)).astype(int).tolist())
    found = []
    for i, file in enumerate(files):
        try:
            state = file.stat()
            part = _sample(file, state) if i in read else ""
        except OSError:
            found.append((-1, -1, -1, ""))
            continue
        found.append((state.st_size, state.st_mtime_ns, state.st_ctime_ns, part))
    return found


def _sample(file: Path, state: os.stat_result) -> str:
    if not stat.S_ISREG(state.st_mode):  # a pipe would wait for a writer, a device never ends
        return ""
    total = hashlib.blake2b(digest_size=8)
    with file.open("rb", buffering=0) as opened:
        if state.st_size <= READ:
            total.update(opened.read(READ))
        else:
            size = READ // BLOCKS
            for start in np.linspace(0, state.st_size - size, BLOCKS).astype(int).tolist():
                opened.seek(start)
                total.update(opened.read(size))
    return total.hexdigest()


def pixel_head(dtype: np.dtype, shape: tuple[int, ...]) -> bytes:
    """First bytes of the digest of pixels: type and shape."""
    return f"{np.dtype(dtype).name} {tuple(int(size) for size in shape)}\0".encode()
