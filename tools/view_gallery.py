"""A sheet of pictures per family of views: each step at rising strength, on one photograph.

python tools/view_gallery.py docs/images/views
"""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from goodviews.core.errors import InputError
from goodviews.core.files import write_bytes
from goodviews.core.rng import Key
from goodviews.spec.catalogue import VIEWS
from goodviews.views import parse_view

FAMILIES: dict[str, tuple[str, ...]] = {
    "geometric": (
        "crop()",
        "rotate(45)",
        "translate(0.3)",
        "shear()",
        "affine()",
        "cutout(p=1)",
        "blockmask()",
    ),
    "photometric": (
        "jitter(p=1)",
        "brightness()",
        "contrast()",
        "saturation()",
        "hue()",
        "noise(0.2)",
        "blur(sigma=(4, 4), p=1)",
        "sharpness(p=1)",
    ),
    "levels": (
        "grey(p=1)",
        "solarise(p=1)",
        "posterise(bits=2, p=1)",
        "equalise(p=1)",
        "autocontrast(p=1)",
        "invert(p=1)",
        "randaugment(p=1)",
    ),
}
"""Sheet: its steps, drawn so that each shows; columns are strengths 0, ¼, ½, ¾ and 1."""

FORMS = (
    "ydbdr()|split(1)",
    "lab()|split(1)",
    "frequency(sigma=1.5)",
    "patches(size=48, distance=40)",
    "cpc()",
    "jigsaw_branch()",
    "infomin()",
)
"""The sheet ``pairs``: v1 and v2 of specs about both views, three draws each."""

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_SIDE, _GAP, _WORDS = 96, 6, 300


def view_gallery(*, out: Path, short: bool = False) -> Path:
    """Draw the sheets that the documentation shows.

    Args:
        short: Whether only one step of each sheet is drawn.
        out: Where ``<family>.png`` go.

    Returns:
        That folder.
    """
    photo = _photograph()
    for name, specs in FAMILIES.items():
        rows = [(spec, _strengths(spec, photo)) for spec in specs[: 1 if short else None]]
        _sheet(out / f"{name}.png", [f"{s:g}" for s in STRENGTHS], rows)
    pairs = [(spec, _pairs(spec, photo)) for spec in FORMS[: 1 if short else None]]
    _sheet(out / "pairs.png", ["v1", "v2"] * 3, pairs)
    return out


def _photograph() -> Tensor:
    """(1, 3, 96, 96) in [0, 1], the flower that scikit-learn brings along."""
    from PIL import Image
    from sklearn.datasets import load_sample_image

    pixels = load_sample_image("flower.jpg")[60:400, 150:490]
    small = Image.fromarray(pixels).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    return torch.from_numpy(np.asarray(small).copy()).permute(2, 0, 1)[None].float() / 255


def _strengths(spec: str, photo: Tensor) -> list[Tensor]:
    chain = parse_view(spec).first
    made = []
    for strength in STRENGTHS:
        image = photo
        for place, step in enumerate(chain.steps):
            try:
                graded = step.at(strength)
            except InputError:
                graded = step
            key = Key.of(seed=1, samples=torch.tensor([3])).fold(place)
            image = graded.apply(image, graded.sample(tuple(image.shape[1:]), key))
        made.append(image[0])
    return made


def _pairs(spec: str, photo: Tensor) -> list[Tensor]:
    pair = parse_view(spec)
    made: list[Tensor] = []
    for sample in range(3):
        views = pair(photo, seed=0, samples=torch.tensor([sample]), epoch=0)
        made += [_picture(view[0]) for view in views]
    return made


def _picture(view: Tensor) -> Tensor:
    """A view as an RGB image: stacks as sheets, forms stretched to what they span."""
    if view.ndim == 4:
        side = int(np.ceil(np.sqrt(len(view))))
        rows = [torch.cat(list(view[k * side : (k + 1) * side]), dim=2) for k in range(side)]
        view = torch.cat([row for row in rows if row.shape[2] == rows[0].shape[2]], dim=1)
    if view.shape[0] == 2:
        view = torch.cat([view, view.mean(dim=0, keepdim=True)])
    if view.shape[0] == 1:
        view = view.expand(3, -1, -1)
    low, high = float(view.min()), float(view.max())
    if low < 0 or high > 1:
        view = (view - low) / max(high - low, 1e-6)
    return view


def _sheet(file: Path, head: list[str], rows: list[tuple[str, list[Tensor]]]) -> None:
    from PIL import Image, ImageDraw, ImageFont

    step = _SIDE + _GAP
    size = (_WORDS + len(head) * step, 24 + len(rows) * step)
    sheet = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, text in enumerate(head):
        draw.text((_WORDS + column * step, 4), text, fill="black", font=font)
    for number, (spec, images) in enumerate(rows):
        top = 24 + number * step
        draw.text((4, top + _SIDE // 2 - 14), spec, fill="black", font=font)
        draw.text((4, top + _SIDE // 2 + 4), _does(spec), fill="#565E6B", font=font)
        for column, image in enumerate(images):
            sheet.paste(_tile(image), (_WORDS + column * step, top))
    buffer = io.BytesIO()
    sheet.quantize(256).save(buffer, "PNG", optimize=True)
    write_bytes(file, buffer.getvalue())


def _tile(image: Tensor) -> Any:
    from PIL import Image

    whole = (image.clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return Image.fromarray(whole).resize((_SIDE, _SIDE))


def _does(spec: str) -> str:
    name = spec.split("(")[0]
    text = VIEWS[name].does if name in VIEWS else "a published method's views"
    if "split" in spec:
        text = "a colour space, its first channel // the others"
    return text if len(text) <= 47 else text[:46] + "…"


if __name__ == "__main__":
    print(view_gallery(out=Path(sys.argv[1])))
