"""Textures on random colours: a class that pixels hide and views of any method keep.

Rows, columns, diagonals or spots, of random period, phase, contrast and colour, on a random
ground. No pixel says which, for the phase is random; most of what random filters see is the
ground. Flips keep the class, and so do crops, changes of colour, one channel alone and a
patch of half the side.

Letters: N images, S pixels of a side.
"""

import math

import numpy as np
import torch

from goodviews.core import Key
from goodviews.data import Images, content_hash

TEXTURES = ("rows", "columns", "diagonals", "spots")


def planted_textures(count: int, *, seed: int, side: int = 16, grounds: int = 1) -> Images:
    """Draw the images.

    Args:
        count: N.
        seed: Seed of all draws; image i is the same for any N.
        side: S, pixels.
        grounds: Bands from top to bottom, each with a colour of its own: with two, patches
            above and below share the texture alone.

    Returns:
        (N, 3, S, S) uint8, task ``texture``.

    Example:
        >>> images = planted_textures(8, seed=0)
        >>> images.pixels.shape, images.pixels.dtype
        ((8, 3, 16, 16), dtype('uint8'))
    """
    draws = (
        Key.of(seed=seed, samples=torch.arange(count))
        .fold(1)
        .uniform(13 + 3 * grounds)[:, :, None, None]
    )
    kind = (draws[:, 0] * len(TEXTURES)).long()
    diagonal = torch.where(draws[:, 1] < 0.5, -math.pi / 4, math.pi / 4)
    angle = torch.where(kind == 1, math.pi / 2, torch.where(kind == 2, diagonal, 0.0))
    angle = angle + math.radians(20) * (draws[:, 2] - 0.5)
    pace = 2 * math.pi / (4 + 2 * draws[:, 3])  # periods of 4 to 6 pixels
    place = torch.arange(side, dtype=draws.dtype)
    down, across = place[:, None], place[None, :]
    along = pace * (angle.cos() * down + angle.sin() * across) + 2 * math.pi * draws[:, 4]
    aside = pace * (angle.cos() * across - angle.sin() * down) + 2 * math.pi * draws[:, 5]
    wave = torch.where(kind == 3, math.sqrt(2) * along.sin() * aside.sin(), along.sin())
    red = torch.where(draws[:, 6:7] < 0.5, -1.0, 1.0)  # against blue: seen in luma and chroma
    sign = torch.cat([red, torch.ones_like(red), -red], dim=1)
    strength = (0.1 + 0.1 * draws[:, 9:10]) * (0.5 + draws[:, 10:13] / 2) * sign
    band = torch.arange(side) * grounds // side
    ground_N3S1 = 0.25 + draws[:, 13:].reshape(count, grounds, 3, 1)[:, band].transpose(1, 2) / 2
    values = (ground_N3S1 + strength * wave[:, None]).clamp(0, 1)
    pixels = (values * 255).round().to(torch.uint8).numpy()
    labels = {"texture": kind[:, 0, 0].numpy().astype(np.int64)}
    return Images(
        name="textures",
        pixels=pixels,
        scale=(0.0, 255.0),
        labels=labels,
        classes={"texture": TEXTURES},
        skipped=(),
        source=f"Drawn: {count} textures of {side} x {side} pixels on random colours.",
        range_note="Values were divided by 255.",
        hash=content_hash(pixels, labels),
    )
