"""Operations that a practitioner would try, and views composed of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from goodviews.views import parse_view

_SMALL = 16
"""Side in pixels below which nothing is blurred."""


@dataclass(frozen=True)
class Operation:
    """Something that a view may do.

    Attributes:
        name: What it is called.
        spec: Its steps.
        place: Where in a chain it stands.
        off: Steps in its place where it is off.
    """

    name: str
    spec: str
    place: int
    off: str = ""


def operations(kind: str, channels: int, side: int) -> tuple[Operation, ...]:
    """Operations to screen, in an order that suits :func:`.design.foldover`.

    The first two are crops and colour (brightness and contrast where there is none), whose
    interaction is read: Tian et al., 2020 (3.4) and Chen et al., 2020 find them the two that
    matter. Pairs that share its contrast, if any do, are cutout with noise and grey with
    translation.

    Args:
        kind: One of :data:`.kinds.KINDS`.
        channels: Number of channels.
        side: Smaller side in pixels.

    Example:
        >>> [one.name for one in operations("symbols", 1, 28)]
        ['stronger crops', 'brightness and contrast', 'noise', 'translation', 'rotation', \
'scale and shear', 'blur', 'cutout']
    """
    symbols, topdown = kind == "symbols", kind == "topdown"
    strong, weak = (0.35, 0.7) if symbols else (0.15, 0.5)
    light = Operation("brightness and contrast", "brightness(0.4)|contrast(0.4)", 5)
    degrees = {"topdown": 180, "natural": 15, "symbols": 15}.get(kind, 20)
    found = [
        Operation("stronger crops", f"crop(scale=({strong}, 1))", 0, f"crop(scale=({weak}, 1))")
    ]
    if channels == 3:
        found.append(Operation("hue and saturation", "colourjitter(0, 0, 0.4, 0.1)", 6))
    else:
        found.append(light)
    found += [
        Operation("noise", "noise(0.05)", 9),
        Operation("translation", "translate(0.1)", 4),
        Operation("rotation", f"rotate({degrees})", 2),
        Operation("scale and shear", "affine(0, 0, (0.8, 1.2), 10)", 3),
    ]
    if not symbols:
        flips = "flip()|vflip()" if topdown else "flip()"
        found.append(Operation("flips" if topdown else "flip", flips, 1))
    if channels == 3:
        found.append(light)
    if side >= _SMALL:
        found.append(Operation("blur", "blur()", 8))
    found.append(Operation("cutout", "cutout(0.3)", 10))
    if channels == 3:
        found.append(Operation("grey", "grey(p=0.2)", 7))
    return tuple(found)


def compose(found: Sequence[Operation], on: Sequence[bool]) -> str:
    """The view that has some of the operations on.

    Args:
        found: All operations.
        on: Which of them are on.

    Example:
        >>> some = operations("symbols", 1, 8)
        >>> compose(some, [one.name == "noise" for one in some])
        'crop(scale=(0.7, 1))|noise(0.05)'
    """
    ordered = sorted(zip(found, on, strict=True), key=lambda pair: pair[0].place)
    steps = [one.spec if is_on else one.off for one, is_on in ordered]
    return repr(parse_view("|".join(step for step in steps if step)))
