"""Many points on a plane, coloured by class: one path for each class, named where it is dense."""

from collections.abc import Sequence

from markupsafe import Markup, escape

SIDE = 640
"""Width of the drawing, in units of its letters."""

_LETTER, _LINE = 7.6, 17
"""Room that a letter and a line of text take."""

Kind = tuple[str, str, Sequence[int]]
"""Name of a class, its style, and the numbers of its points."""


def dots(points: Sequence[tuple[float, float]], kinds: Sequence[Kind], *, label: str) -> Markup:
    """Draw points with the same scale on both axes.

    Args:
        points: (x, y) of each point, in any unit.
        kinds: Classes; later ones are drawn above earlier ones. A class without a name is not
            labelled.
        label: What the drawing shows, in words, for those who do not see it.

    Example:
        >>> print(dots([(0, 0), (2, 1)], [("cat", "k0", [0, 1])], label="two")[:38])
        <svg class="map" viewBox="0 0 640 340"
    """
    left, right = (extreme(point[0] for point in points) for extreme in (min, max))
    low, high = (extreme(point[1] for point in points) for extreme in (min, max))
    scale = (SIDE - 40) / max(right - left, high - low, 1e-12)
    wide, tall = (scale * one for one in (right - left, high - low))
    height = round(tall + 40)
    across = (SIDE - wide) / 2
    placed = [(across + scale * (x - left), 20 + scale * (high - y)) for x, y in points]
    parts = []
    for _, style, rows in kinds:
        path = "".join(f"M{placed[row][0]:.0f} {placed[row][1]:.0f}h0" for row in rows)
        parts.append(f'<path class="{escape(style)}" d="{path}"/>')
    taken: list[tuple[float, float, float]] = []
    for name, style, rows in kinds:
        x, y = (sorted(placed[row][axis] for row in rows)[len(rows) // 2] for axis in (0, 1))
        half = _LETTER * len(name) / 2
        clash = any(abs(x - a) < half + b and abs(y - c) < _LINE for a, b, c in taken)
        if name and not clash and half < x < SIDE - half:
            taken.append((x, half, y))
            parts.append(
                f'<text class="{escape(style)}" x="{x:.0f}" y="{y + 5:.0f}" '
                f'text-anchor="middle">{escape(name)}</text>'
            )
    return Markup(
        f'<svg class="map" viewBox="0 0 {SIDE} {height}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
