"""Figures of results: tables read back, one look for all charts, two files each."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core import TOKENS, write_bytes, write_text

INK = {name: token.light for name, token in TOKENS.items()}
"""Colours of the pages, by their role."""


def title(text: str, subtitle: str | Sequence[str] = "") -> Any:
    """A title of a chart, above its left edge."""
    import altair as alt

    below: Any = subtitle
    return alt.Title(
        text, subtitle=below, anchor="start", color=INK["ink"], subtitleColor=INK["muted"]
    )


def write_figure(chart: Any, folder: Path, text: str, subtitle: str | Sequence[str]) -> Path:
    """Write an Altair chart as ``figure.svg`` and ``figure.png``.

    Args:
        chart: The chart, without a title.
        folder: Where both files go.
        text: Its title.
        subtitle: What the marks are, in a line or several.

    Returns:
        Path of the SVG.
    """
    import vl_convert

    dressed = chart.properties(title=title(text, subtitle))
    dressed = dressed.configure_view(stroke=INK["hairline"])
    dressed = dressed.configure_axis(gridColor=INK["grid"], labelColor=INK["muted"])
    spec, path = dressed.to_json(), folder / "figure.svg"
    write_text(path, vl_convert.vegalite_to_svg(spec, vl_version="5.20"))
    picture = vl_convert.vegalite_to_png(spec, vl_version="5.20", scale=2)
    write_bytes(folder / "figure.png", picture)
    return path


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV table, as texts."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_numbers(path: Path, *texts: str) -> list[dict[str, Any]]:
    """Rows of a CSV table; what can be read as a number is one, an empty cell is ``None``.

    Args:
        path: Path of the table.
        *texts: Columns that stay texts.
    """
    return [
        {name: text if name in texts else _number(text) for name, text in row.items()}
        for row in read_table(path)
    ]


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text or None
