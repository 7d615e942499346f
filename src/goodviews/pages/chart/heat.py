"""Colours of a heat-map's cells: one hue from nothing to everything, and ink that can be read."""

from goodviews.core.tokens import TOKENS

LEAST = 4.5
"""Contrast below which small numbers are hard to read."""

_TO_LMS = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_LAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)
_FROM_LAB = (
    (1.0, 0.3963377774, 0.2158037573),
    (1.0, -0.1055613458, -0.0638541728),
    (1.0, -0.0894841775, -1.2914855480),
)
_FROM_LMS = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)


def heat(share: float) -> dict[str, str]:
    """Background and ink of a cell in both themes.

    Args:
        share: 0 for chance, 1 for perfect; what lies outside counts as the end.

    Returns:
        Hex colours ``light``, ``light_ink``, ``dark``, ``dark_ink``.

    Example:
        >>> heat(0)["light"], heat(1)["light"]
        ('#F6F7F9', '#1D4FA3')
    """
    at = min(max(share, 0.0), 1.0)
    out: dict[str, str] = {}
    for theme in ("light", "dark"):
        low, high = getattr(TOKENS["page"], theme), getattr(TOKENS["link"], theme)
        back = mix(low, high, at)
        inks = (getattr(TOKENS["ink"], theme), getattr(TOKENS["card"], theme))
        ink = max(inks, key=lambda one: contrast(one, back))
        if contrast(ink, back) < LEAST:  # only black and white reach it on middle shades
            ink = max(("#000000", "#FFFFFF"), key=lambda one: contrast(one, back))
        out |= {theme: back, f"{theme}_ink": ink}
    return out


def mix(first: str, other: str, share: float) -> str:
    """A colour between two, evenly spaced to the eye (OKLab; Ottosson, 2020).

    Example:
        >>> mix("#000000", "#FFFFFF", 1)
        '#FFFFFF'
    """
    one, two = (_lab(_linear(colour)) for colour in (first, other))
    between = [a + share * (b - a) for a, b in zip(one, two, strict=True)]
    cubes = [value**3 for value in _times(_FROM_LAB, between)]
    return "#" + "".join(f"{_byte(value):02X}" for value in _times(_FROM_LMS, cubes))


def contrast(first: str, other: str) -> float:
    """Contrast of two colours as WCAG counts it, from 1 to 21.

    Example:
        >>> round(contrast("#000000", "#FFFFFF"))
        21
    """
    low, high = sorted(
        sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), _linear(colour), strict=True))
        for colour in (first, other)
    )
    return (high + 0.05) / (low + 0.05)


def _times(table: tuple[tuple[float, ...], ...], vector: list[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in table]


def _lab(linear: list[float]) -> list[float]:
    return _times(_TO_LAB, [value ** (1 / 3) for value in _times(_TO_LMS, linear)])


def _linear(colour: str) -> list[float]:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in shares]


def _byte(linear: float) -> int:
    c = min(max(linear, 0.0), 1.0)
    return round(255 * (12.92 * c if c <= 0.0031308 else 1.055 * c ** (1 / 2.4) - 0.055))
