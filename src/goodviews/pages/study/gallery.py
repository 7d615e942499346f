"""Pairs of every view as data URIs, cut by rule when the page would grow too large."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from goodviews.core.errors import InputError
from goodviews.core.records.verdict import View
from goodviews.pages.study.folder import Study

LIMIT = 4_500_000
"""Bytes of pictures (as text in the page) past which they are cut."""

KEEP_PIXELS = 48
"""Sources of this many pixels or fewer are enlarged by whole factors."""


@dataclass(frozen=True)
class Picture:
    """One pair: v1 left, v2 right, two pixels between."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Gallery:
    """The pairs of a study.

    Attributes:
        pictures: Per id of a view, its pairs; empty for a view that was cut or has none.
        cut: What was cut, in words, empty when nothing was.
        width: Width of one image of a pair in pixels.
        height: Height of it.
    """

    pictures: dict[str, list[Picture]]
    cut: str
    width: int
    height: int

    @property
    def pixelated(self) -> bool:
        """Whether the images are so small that their pixels are kept."""
        return 0 < self.width <= KEEP_PIXELS and self.height <= KEEP_PIXELS


def gather(study: Study, *, limit: int = LIMIT) -> Gallery:
    """Read the pairs, and cut them in turn until they fit.

    In turn: four pairs of each view; tiles of 96 pixels; quality 65; pairs of the 40 best
    views only.

    Args:
        study: Its ``pairs/`` are read.
        limit: Bytes that all pictures may take in the page.
    """
    files = {v.id: _files(study.folder, v) for v in study.views}
    data = {i: [(_read(p)) for p in paths] for i, paths in files.items()}
    cut: list[str] = []
    if _size(data) > limit:
        data = {i: pairs[:4] for i, pairs in data.items()}
        cut.append("four pairs of each view instead of six")
    if _size(data) > limit:
        data = {i: [_shrink(p, 96, 80) for p in pairs] for i, pairs in data.items()}
        cut.append("tiles of 96 pixels")
    if _size(data) > limit:
        data = {i: [_shrink(p, 96, 65) for p in pairs] for i, pairs in data.items()}
        cut.append("quality 65")
    if _size(data) > limit:
        best = _best(study, 40)
        data = {i: pairs if i in best else [] for i, pairs in data.items()}
        cut.append("pairs of the 40 best views only")
    pictures = {i: [_picture(p) for p in pairs] for i, pairs in data.items()}
    first = next((p for pairs in pictures.values() for p in pairs), Picture("", 2, 0))
    return Gallery(pictures, _words(cut), (first.width - 2) // 2, first.height)


def _words(cut: list[str]) -> str:
    if not cut:
        return ""
    return f"To keep this page small it holds {', '.join(cut)}; all pairs are in pairs/."


def _files(folder: Path, view: View) -> list[Path]:
    paths = (folder / "pairs" / f"{view.id}-{k}.webp" for k in range(view.pairs))
    return [path for path in paths if path.is_file()]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.") from error


def _size(data: dict[str, list[bytes]]) -> int:
    return sum(len(p) * 4 // 3 + 60 for pairs in data.values() for p in pairs)


def _best(study: Study, count: int) -> set[str]:
    """The best views of every task, as many of each as fit into the count."""
    ranked = [
        [v.id for v in sorted(task.views, key=lambda v: -(v.accuracy.value if v.accuracy else 0))]
        for task in study.tasks
    ]
    keep: list[str] = []
    for level in zip(*ranked, strict=False):
        keep += [i for i in dict.fromkeys(level) if i not in keep]
    return set(keep[:count])


def _shrink(data: bytes, tile: int, quality: int) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as image:
        width, height = (image.width - 2) // 2, image.height
        scale = min(1.0, tile / max(width, height))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        out = Image.new("RGB", (2 * size[0] + 2, size[1]), "white")
        for side in (0, 1):
            left = side * (width + 2)
            half = image.convert("RGB").crop((left, 0, left + width, height))
            out.paste(half.resize(size), (side * (size[0] + 2), 0))
    file = io.BytesIO()
    out.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()


def _picture(data: bytes) -> Picture:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            width, height, kind = image.width, image.height, image.format or ""
    except (UnidentifiedImageError, OSError) as error:
        raise InputError(
            "A picture in pairs/ is broken; delete the folder pairs/ and run the study again."
        ) from error
    text = base64.b64encode(data).decode("ascii")
    return Picture(f"data:image/{kind.lower()};base64,{text}", width, height)
