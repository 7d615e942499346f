"""Pictures of what a view does: the same images and draws for every view."""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from goodviews.core.files import write_bytes
from goodviews.data import Images
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
    pixels = images.batch(index)
    v1, v2 = parse_view(spec)(pixels, seed=0, samples=torch.from_numpy(index), epoch=1)
    for place in range(len(index)):
        left, right = display(images, v1[place].numpy()), display(images, v2[place].numpy())
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


def display(images: Images, view: np.ndarray) -> np.ndarray:
    """One view (C, H, W) in [0, 1] as RGBA bytes (H, W, 4).

    Grey stays grey; of more than three channels the first three are shown; values that are
    not 8-bit are stretched to the data's 1st to 99th percentile, the same for both views.
    """
    low, high = (0.0, 1.0) if images.pixels.dtype == np.uint8 else _stretch(images)
    view = view[:3] if len(view) >= 3 else view[:1]
    shown = np.clip((view - low) / max(high - low, 1e-9), 0, 1)
    bytes_ = (shown * 255).round().astype(np.uint8)
    colour = np.repeat(bytes_, 3, axis=0) if len(bytes_) == 1 else bytes_
    alpha = np.full((1, *view.shape[1:]), 255, dtype=np.uint8)
    return np.concatenate([colour, alpha]).transpose(1, 2, 0)


def describe_display(images: Images) -> str:
    """How :func:`display` shows these images, in one sentence."""
    parts = []
    if images.channels == 1:
        parts.append("grey as grey")
    elif images.channels != 3:
        parts.append(f"{min(images.channels, 3)} of {images.channels} channels, the first")
    if images.pixels.dtype != np.uint8:
        parts.append("stretched to the 1st to 99th percentile of the data")
    return "; ".join(parts)


def _stretch(images: Images) -> tuple[float, float]:
    some = images.batch(np.linspace(0, len(images) - 1, min(len(images), 256)).astype(int))
    low, high = np.quantile(some.numpy(), (0.01, 0.99))
    return float(low), float(high)
