"""Images as bytes for the screen, one by one or as a sheet.

Letters: N images, C H W one image.
"""

import base64
import io
from collections.abc import Sequence

import numpy as np
from PIL import Image

COLUMNS = 12
"""Images beside each other on a sheet."""

TILE = 96
"""Longer side of a single picture in pixels; larger images are made smaller."""


def to_bytes(view: np.ndarray, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    """Convert one image (C, H, W) to RGBA bytes (H, W, 4).

    Grey stays grey; of more than three channels the first three are shown, of two the first.

    Args:
        view: (C, H, W), of any range.
        low: Value that is shown black.
        high: Value that is shown white.

    Example:
        >>> to_bytes(np.full((1, 1, 1), 0.5), 0.0, 1.0).tolist()
        [[[128, 128, 128, 255]]]
    """
    view = view[:3] if len(view) >= 3 else view[:1]
    shown = np.clip((view - low) / max(high - low, 1e-9), 0, 1)
    bytes_ = (shown * 255).round().astype(np.uint8)
    colour = np.repeat(bytes_, 3, axis=0) if len(bytes_) == 1 else bytes_
    alpha = np.full((1, *view.shape[1:]), 255, dtype=np.uint8)
    return np.concatenate([colour, alpha]).transpose(1, 2, 0)


def sheet(tiles: Sequence[np.ndarray], *, side: int = 56, columns: int = COLUMNS) -> str:
    """Draw images side by side, as an address that an ``<img>`` takes.

    Args:
        tiles: N images of one size, (H, W, 4) bytes.
        side: Smaller images are enlarged to about so many pixels.
        columns: Images in a row.

    Returns:
        A PNG as a ``data:`` address.
    """
    zoom = max(1, side // max(tiles[0].shape[:2]))
    height, width = (zoom * size + 2 for size in tiles[0].shape[:2])
    rows, columns = -(-len(tiles) // columns), min(columns, len(tiles))
    whole = np.zeros((rows * height, columns * width, 4), dtype=np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * height, place % columns * width
        whole[top : top + height - 2, left : left + width - 2] = tile.repeat(zoom, 0).repeat(
            zoom, 1
        )
    out = io.BytesIO()
    Image.fromarray(whole).save(out, "PNG")
    return f"data:image/png;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"


def picture(view: np.ndarray, low: float = 0.0, high: float = 1.0) -> str:
    """One image (C, H, W) of at most 96 pixels as an address that an ``<img>`` takes.

    Args:
        view: (C, H, W), of any range.
        low: Value that is shown black.
        high: Value that is shown white.

    Example:
        >>> picture(np.zeros((1, 2, 4)))[:22]
        'data:image/webp;base64'
    """
    image = Image.fromarray(to_bytes(view, low, high)).convert("RGB")
    small = max(image.size) <= TILE
    image.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=small, quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
