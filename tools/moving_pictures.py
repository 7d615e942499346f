"""Pictures of moving digits for the documentation: a sheet of pairs and a film.

python tools/moving_pictures.py docs/images
"""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.files import write_bytes
from goodviews.data.moving_digits import moving_worlds

SHOWN = {
    "digit": (15, ("digit",)),
    "position": (31, ("position",)),
    "background": (6, ("background",)),
    "all three": (34, ("digit", "position", "background")),
}
"""Caption of a row or column: an example, and the factors its two views share."""

FRAMES = (1, 4, 7, 10)
_SIDE, _GAP, _WORDS, _HEAD = 96, 6, 84, 22


def moving_pictures(*, out: Path, short: bool = False) -> Path:
    """Draw ``moving_digits.png`` and ``moving_digits.gif`` of the bundled photographs.

    Args:
        short: Whether only three of the 20 frames of the film are drawn.
        out: Where both go.

    Returns:
        That folder.
    """
    world = moving_worlds(64, photos="bundled").train
    columns = [f"v1, {frame}" for frame in FRAMES] + [f"frame {world.ahead}", "v2"]
    rows: list[tuple[str, list[Tensor]]] = []
    films: list[tuple[str, Tensor, Tensor]] = []
    last = 3 if short else world.ahead
    for words, (example, shared) in SHOWN.items():
        pair = world.pair(torch.tensor([example]), shared, seed=6)
        later = world.render(pair.first, [world.ahead])[0]
        rows.append((words, [*pair.clip[0, [f - 1 for f in FRAMES]], later[0], pair.image[0]]))
        films.append((words, world.render(pair.first, range(1, last + 1))[0], pair.image[0]))
    _sheet(out / "moving_digits.png", columns, rows)
    _film(out / "moving_digits.gif", films)
    return out


def _sheet(file: Path, columns: list[str], rows: list[tuple[str, list[Tensor]]]) -> None:
    step = _SIDE + _GAP
    size = (_WORDS + len(columns) * step + _GAP, _HEAD + len(rows) * step)
    sheet, draw = _page(size)
    draw.text((2, 4), "shared", fill="#565E6B")
    for column, text in enumerate(columns):
        draw.text((_left(column, len(columns)), 4), text, fill="#565E6B")
    for number, (words, images) in enumerate(rows):
        draw.text((2, _HEAD + number * step + _SIDE // 2 - 6), words, fill="#14171C")
        for column, image in enumerate(images):
            place = (_left(column, len(columns)), _HEAD + number * step)
            sheet.paste(_tile(image), place)
    buffer = io.BytesIO()
    sheet.quantize(256).save(buffer, "PNG", optimize=True)
    write_bytes(file, buffer.getvalue())


def _left(column: int, columns: int) -> int:
    """Where a column begins; the last two stand apart, v1 never shows them."""
    return _WORDS + column * (_SIDE + _GAP) + (_GAP if column >= columns - 2 else 0)


def _film(file: Path, films: list[tuple[str, Tensor, Tensor]]) -> None:
    """Clips above, the image that goes with each below, ten frames a second."""
    step, shots = _SIDE + _GAP, []
    for number in range(len(films[0][1])):
        page, draw = _page((34 + len(films) * step, _HEAD + 2 * step))
        draw.text((2, _HEAD + _SIDE // 2 - 6), f"v1\n{number + 1}", fill="#565E6B")
        draw.text((2, _HEAD + step + _SIDE // 2 - 6), "v2", fill="#565E6B")
        for column, (words, clip, image) in enumerate(films):
            left = 34 + column * step
            draw.text((left, 4), words, fill="#14171C")
            page.paste(_tile(clip[number]), (left, _HEAD))
            page.paste(_tile(image), (left, _HEAD + step))
        shots.append(page)
    # One palette for all frames: what stands still then costs nothing.
    palette = shots[0].quantize(96)
    first, *others = [shot.quantize(palette=palette, dither=0) for shot in shots]
    buffer = io.BytesIO()
    first.save(
        buffer, "GIF", save_all=True, append_images=others, duration=160, loop=0, optimize=True
    )
    write_bytes(file, buffer.getvalue())


def _page(size: tuple[int, int]) -> tuple[Any, Any]:
    from PIL import Image, ImageDraw, ImageFont

    page = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(page)
    draw.font = ImageFont.load_default(12)
    return page, draw


def _tile(image: Tensor) -> Any:
    from PIL import Image

    pixels = (image * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    whole = Image.fromarray(np.ascontiguousarray(pixels))
    return whole.resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)


if __name__ == "__main__":
    print(moving_pictures(out=Path(sys.argv[1])))
