"""Places names beside points so that they overlap as little as can be."""

from collections.abc import Sequence
from dataclasses import dataclass

_NARROW = set("iljtfrI.,:;|!()[]'` ")
_WIDE = set("mwMW@%")
_DIRECTIONS = ((1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (-1, -1), (1, 1), (-1, 1))
_REACH = (0.0, 9.0, 20.0, 34.0)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels, and how bad it is to write over it (per square pixel)."""

    x0: float
    y0: float
    x1: float
    y1: float
    weight: float = 1.0

    def overlap(self, other: "Box") -> float:
        """Area shared with another box, in square pixels."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        if width <= 0:
            return 0.0
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return width * height if height > 0 else 0.0


@dataclass(frozen=True)
class Label:
    """Where a name went.

    Attributes:
        x: Middle of the text in pixels.
        y: Middle of the text in pixels.
        reach: Pixels beyond the normal distance; a thin line leads there when large.
        clash: What it still overlaps, weighted square pixels.
    """

    x: float
    y: float
    reach: float
    clash: float


def text_width(text: str, size: float = 12) -> float:
    """Rough width of a line of sans text in pixels, with a tenth of room for wider fonts."""
    units = sum(0.32 if c in _NARROW else 0.9 if c in _WIDE else 0.58 for c in text)
    return 1.1 * size * units


def place(
    marks: Sequence[tuple[float, float]],
    names: Sequence[str],
    *,
    obstacles: Sequence[Box],
    within: Box,
    gaps: Sequence[float],
    size: float = 12,
) -> list[Label]:
    """Choose a place beside each mark, least overlap first.

    Args:
        marks: Middle of each mark in pixels.
        names: One text per mark.
        obstacles: What should not be written over.
        within: Where names have to stay.
        gaps: Pixels between the middle of each mark and its name.
        size: Font size in pixels.

    Returns:
        One place per mark, the same on every call.
    """
    reaches = _REACH if len(marks) <= 24 else _REACH[:2]
    options = [
        _options(mark, name, obstacles, within, size, gap, reaches)
        for mark, name, gap in zip(marks, names, gaps, strict=True)
    ]
    order = sorted(range(len(marks)), key=lambda i: (-min(o[0] for o in options[i]), i))
    chosen: dict[int, tuple[float, Label, Box]] = {}
    for _ in range(4):
        for i in order:
            others = [c[2] for j, c in chosen.items() if j != i]
            chosen[i] = min(
                options[i], key=lambda o: o[0] + 4 * sum(o[2].overlap(b) for b in others)
            )
    out = []
    for i in range(len(marks)):
        _, label, box = chosen[i]
        mutual = 4 * sum(box.overlap(c[2]) for j, c in chosen.items() if j != i)
        out.append(Label(label.x, label.y, label.reach, label.clash + mutual))
    return out


def _options(
    mark: tuple[float, float],
    name: str,
    obstacles: Sequence[Box],
    within: Box,
    size: float,
    gap: float,
    reaches: Sequence[float],
) -> list[tuple[float, Label, Box]]:
    half, tall = text_width(name, size) / 2, size / 2
    found = []
    for reach in reaches:
        for rank, (dx, dy) in enumerate(_DIRECTIONS):
            lean = 0.75 if dx and dy else 1.0
            x = mark[0] + dx * (lean * (gap + reach) + half)
            y = mark[1] + dy * (lean * (gap + reach) + tall)
            box = Box(x - half, y - tall, x + half, y + tall)
            outside = 4 * half * tall - box.overlap(within)
            clash = 12 * outside + sum(o.weight * box.overlap(o) for o in obstacles)
            found.append((clash + 2.5 * reach + rank, Label(x, y, reach, clash), box))
    return found
