"""A chart as the two files of a results folder."""

import csv
from pathlib import Path
from typing import Any

from goodviews.core.files import write_bytes, write_text
from goodviews.core.tokens import TOKENS


def write_figure(chart: Any, folder: Path) -> Path:
    """Write an Altair chart in the page's colours as ``figure.svg`` and ``figure.png``.

    Args:
        chart: The chart, not configured yet.
        folder: Where both files go.

    Returns:
        Path of the SVG.
    """
    import vl_convert

    dressed = chart.configure_view(stroke=TOKENS["hairline"].light).configure_axis(
        gridColor=TOKENS["grid"].light, labelColor=TOKENS["muted"].light
    )
    spec = dressed.to_json()
    path = folder / "figure.svg"
    write_text(path, vl_convert.vegalite_to_svg(spec, vl_version="5.20"))
    write_bytes(
        folder / "figure.png", vl_convert.vegalite_to_png(spec, vl_version="5.20", scale=2)
    )
    return path


def read_numbers(path: Path) -> list[dict[str, Any]]:
    """Rows of a CSV table; what reads as a number is one."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{k: _number(v) for k, v in row.items()} for row in csv.DictReader(file)]


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text
