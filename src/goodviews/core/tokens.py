"""Colours of pages and charts, in one place: the chart, the CSS and the figures read these."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Token:
    """A named colour in both themes, as hex."""

    light: str
    dark: str


@dataclass(frozen=True)
class Regime:
    """How a verdict is drawn: a word, a mark, and the names of its colours."""

    word: str
    mark: str
    token: str
    tint: str | None


TOKENS = {
    "page": Token("#F6F7F9", "#0F1216"),
    "card": Token("#FFFFFF", "#171B21"),
    "ink": Token("#14171C", "#E9ECF1"),
    "muted": Token("#565E6B", "#A3ACB9"),
    "hairline": Token("#DCE0E6", "#2C323B"),
    "grid": Token("#E4E7EC", "#262C35"),
    "link": Token("#1D4FA3", "#8CC4FF"),
    "fit": Token("#C6CCD5", "#4A525E"),
    "beyond": Token("#F2F3F6", "#13171C"),
    "missing": Token("#1D4FA3", "#5AAEFF"),
    "sweet": Token("#12805F", "#7FE8BC"),
    "sweet-word": Token("#0B6A4D", "#7FE8BC"),
    "excess": Token("#A84300", "#F98E35"),
    "undecided": Token("#474C55", "#A0A6AE"),
    "missing-tint": Token("#F3F6FB", "#19212C"),
    "sweet-tint": Token("#DDF1E8", "#19352D"),
    "excess-tint": Token("#FCF5F0", "#261F1B"),
}

REGIMES = {
    "missing": Regime("missing information", "◀", "missing", "missing-tint"),
    "sweet_spot": Regime("sweet spot", "●", "sweet", "sweet-tint"),
    "excess": Regime("excess noise", "▶", "excess", "excess-tint"),
    "undecided": Regime("undecided", "◇", "undecided", None),
}

CLASSES = (
    Token("#0072B2", "#56B4E9"),
    Token("#D55E00", "#FF8A3D"),
    Token("#00845F", "#3DD9A5"),
    Token("#8A4FBF", "#C79BF2"),
    Token("#9A7600", "#F0D03C"),
    Token("#C23F86", "#F49AC9"),
    Token("#7A4B1E", "#C79A6B"),
    Token("#007F86", "#5FE3E6"),
    Token("#5B5FC7", "#A3A8FF"),
    Token("#5E7F1C", "#B5DD5E"),
)
"""Colours of classes; the first eight after those of Okabe and Ito (2008)."""
