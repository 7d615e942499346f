"""A chart as the two files of a results folder."""

from pathlib import Path
from typing import Any

from goodviews.core.files import write_bytes, write_text
from goodviews.core.tokens import TOKENS

__all__ = ["write_figure"]


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
