"""Targets and predictions as pictures.

Letters: C H W one image, n objects of one image, K classes.
"""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageDraw
from torch import Tensor

COLOURS = np.array(
    [
        *((24, 24, 28), (86, 180, 233), (230, 159, 0), (0, 158, 115), (240, 228, 66)),
        *((0, 114, 178), (213, 94, 0), (204, 121, 167), (150, 150, 150), (120, 80, 40)),
        *((160, 220, 160), (255, 180, 180)),
    ],
    dtype=np.uint8,
)
"""Of classes, repeated where there are more; the first eight are those of Okabe and Ito (2008)."""

_LONGER = 320
"""Longer side in pixels from which a picture of boxes is not enlarged."""


def map_picture(values: np.ndarray, high: float = 0.0) -> np.ndarray:
    """Class numbers (H, W) in colours, or depth up to ``high`` in grey, as (H, W, 3) uint8."""
    if high:
        grey = (255 * (values / high).clip(0, 1)).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    drawn = COLOURS[values.clip(0) % len(COLOURS)]
    return np.where((values < 0)[..., None], np.uint8(255), drawn)


def boxes_picture(
    image: Tensor, objects: Mapping[str, Tensor], *, least: float = 0.0
) -> np.ndarray:
    """An image with its objects in the colours of their classes, (H, W, 3) uint8.

    Args:
        image: (3, H, W) uint8.
        objects: ``boxes`` (n, 4), ``labels`` (n,) from 1; ``scores`` (n,) and ``masks``, (n, H, W)
            or (n, 1, H, W), where there are any.
        least: Smallest score that is drawn.
    """
    pixels = image.permute(1, 2, 0).cpu().numpy().copy()
    labels = objects["labels"].cpu().numpy()
    scores = objects["scores"].cpu().numpy() if "scores" in objects else np.ones(len(labels))
    drawn = np.flatnonzero(scores >= least)
    if "masks" in objects and len(drawn):
        masks = objects["masks"].cpu().numpy().reshape(len(labels), *pixels.shape[:2])
        for k in drawn:
            inside = masks[k] >= (least or 1)
            tint = _colour(labels[k])
            pixels[inside] = (pixels[inside] // 2 + tint // 2).astype(np.uint8)
    tall, wide = pixels.shape[:2]
    scale = max(round(_LONGER / max(tall, wide)), 1)
    picture = Image.fromarray(pixels).resize((wide * scale, tall * scale))
    pen = ImageDraw.Draw(picture)
    for k in drawn:
        left, top, right, bottom = (scale * float(end) for end in objects["boxes"][k])
        ends = (left, top, max(right, left), max(bottom, top))
        pen.rectangle(ends, outline=tuple(_colour(labels[k]).tolist()), width=2)
    return np.asarray(picture)


def _colour(label: int) -> np.ndarray:
    made: np.ndarray = COLOURS[1 + (label - 1) % (len(COLOURS) - 1)]
    return made
