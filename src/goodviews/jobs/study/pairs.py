"""Pictures of what a view does: the same images and draws for every view."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from goodviews.core.files import write_bytes
from goodviews.data import Images
from goodviews.data.display import to_bytes
from goodviews.views import parse_view

_GAP = 2
_LARGEST = 128


def draw_pairs(images: Images, index: np.ndarray, spec: str, name: str, folder: Path) -> int:
    """Write one WebP per image: v1, a gap of 2 pixels, v2.

    Args:
        images: The data.
        index: (n,) which images.
        spec: The view.
        name: Prefix of the files, ``<name>-<k>.webp``.
        folder: Where they go.

    Returns:
        How many were written.
    """
    pixels = images.for_views(index, floats=True)
    low, high = images.shown_range()
    v1, v2 = parse_view(spec)(pixels, seed=0, samples=torch.from_numpy(index), epoch=1)
    for place in range(len(index)):
        left, right = (to_bytes(view[place].numpy(), low, high) for view in (v1, v2))
        height = max(left.shape[0], right.shape[0])
        canvas = np.zeros((height, left.shape[1] + _GAP + right.shape[1], 4), dtype=np.uint8)
        canvas[: left.shape[0], : left.shape[1]] = left
        canvas[: right.shape[0], left.shape[1] + _GAP :] = right
        picture = Image.fromarray(canvas, "RGBA")
        small = max(left.shape[:2]) <= 48
        if max(left.shape[:2]) > _LARGEST:
            picture.thumbnail((2 * _LARGEST + _GAP, _LARGEST))
        out = io.BytesIO()
        picture.save(out, "WEBP", lossless=small, quality=80, method=4)
        write_bytes(folder / f"{name}-{place}.webp", out.getvalue())
    return len(index)


def describe_display(images: Images) -> str:
    """How the pictures show these images, in one sentence."""
    parts = []
    if images.channels == 1:
        parts.append("grey as grey")
    elif images.channels != 3:
        parts.append(f"{min(images.channels, 3)} of {images.channels} channels, the first")
    if images.pixels.dtype != np.uint8:
        parts.append("stretched to the 1st to 99th percentile of the data")
    return "; ".join(parts)
