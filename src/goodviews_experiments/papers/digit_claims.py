"""What makes for good views: Colorful Moving-MNIST."""

import math
from dataclasses import replace

from goodviews.core import Interval
from goodviews_experiments.papers.claim import Claim
from goodviews_experiments.papers.rows import Rows
from goodviews_experiments.papers.verdict import Part

DIGITS, LEAK = "Colorful Moving-MNIST (table)", "digit with position"
TABLE = {
    "digit": "16.8 / 88.6 / 13.6",
    "background": "88.6 / 51.7 / 16.1",
    "position": "57.9 / 87.6 / 3.95",
    "background+digit+position": "88.8 / 56.3 / 16.2",
    "background+digit": "88.2 / 53.9 / 16.3",
    "background+position": "88.8 / 53.8 / 15.9",
    "digit+position": "14.5 / 88.9 / 13.7",
    "supervised": "3.4 / 45.3 / 0.93",
}
"""Shared factors: the paper's error of the digit in %, of the background in %, and in pixels."""


def factor_level(shared: str) -> Claim:
    """A row of the table of factors."""

    def measure(rows: Rows) -> list[Part]:
        parts = []
        for name, unit in (("digit_error", "%"), ("background_error", "%"), ("position_px", "px")):
            found = rows.number("table", name, f"{name}_low", f"{name}_high", shared=shared)
            title = name.partition("_")[0]
            parts.append(Part(title, found, unit=unit, signed=False))
        return parts

    says = "Each task supervised" if shared == "supervised" else f"Shared: {shared}"
    return Claim(
        DIGITS, f"{says}; errors of digit % / background % / position px",
        f"{TABLE[shared]} (L)", "moving_digits", measure, level=True,
    )  # fmt: skip


def lines(rows: Rows, claim: str) -> list[Part]:
    """Differences of a claim with the side that the experiment states for each."""
    parts = []
    for line in rows.table("claims"):
        if line["claim"] != claim:
            continue
        side, _, border = line["wanted"].partition(" ")
        low, high = (float(border), math.inf) if side == "above" else (-math.inf, float(border))
        found = Interval(*(float(line[key]) for key in ("difference", "low", "high")))
        unit = "px" if line["factor"] == "position" else "points"
        name = f"{line['factor']} with {line['shared']}"
        parts.append(Part(name, found, low, high, unit))
    return parts


def unshared(rows: Rows) -> list[Part]:
    """Gains over an untrained encoder where the paper's table is at chance."""
    return [part for part in lines(rows, "unreadable where not") if part.name != LEAK]


def digits_of_position(rows: Rows) -> list[Part]:
    """The digit's gain with the position alone, over an untrained encoder."""
    found = lines(rows, "unreadable where not")
    return [replace(part, low=0.0, high=math.inf) for part in found if part.name == LEAK]


def digit_first(rows: Rows) -> list[Part]:
    """Share of its gain that the digit keeps, less that of the position."""
    (part,) = lines(rows, "digit over position")
    return [Part("kept by the digit less by the position", part.found, decimals=2, unit="")]


def position_lost(rows: Rows) -> list[Part]:
    """Pixels by which digit + position is better than the constant guess; the paper has none."""
    line = rows.line("table", shared="digit+position")
    found = rows.number(
        "table", "position_px", "position_px_low", "position_px_high", shared="digit+position"
    )
    own = rows.line("table", shared="position")
    constant = float(line["constant_px"])
    margin = (constant - float(own["position_px"])) / 10
    gain = Interval(constant - found.value, constant - found.high, constant - found.low)
    name = "better than always the centre (at most a tenth of the gain of position alone)"
    return [Part(name, gain, -math.inf, margin, "px")]


CLAIMS = (
    *(factor_level(shared) for shared in TABLE),
    Claim(
        DIGITS, "A factor that alone is shared is learned", "each far above chance (L)",
        "moving_digits", lambda rows: lines(rows, "readable where shared"),
    ),
    Claim(
        DIGITS, "A factor that is not shared is not learned", "each at chance (L), except digits "
        "with the position", "moving_digits", unshared,
    ),
    Claim(
        DIGITS, "A shared position makes the digit partly readable", "57.9 % of errors against "
        "88.6 % (L)", "moving_digits", digits_of_position,
    ),
    Claim(
        DIGITS, "A shared background hides digit and position", "88.2 to 88.8 %, 15.9 to 16.3 px "
        "(L)", "moving_digits", lambda rows: lines(rows, "background overwhelms"),
    ),
    Claim(
        DIGITS, "The background itself is kept", "51.7 to 56.3 % (L)", "moving_digits",
        lambda rows: lines(rows, "background keeps its readout"),
    ),
    Claim(
        DIGITS, "With digit and position shared, the digit is preferred", "14.5 % and 13.7 px (L)",
        "moving_digits", digit_first,
    ),
    Claim(
        DIGITS, "and nothing of the position is left", "13.7 px, the constant guess (L)",
        "moving_digits", position_lost,
        departs="v2 shares with a frame two after the clip (paper: ten)",
    ),
)  # fmt: skip
