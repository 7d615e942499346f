"""Reliability curves: the share of links among pairs of similar probability."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from goodviews.pages.chart.lines import Dot, Line, Tick, chart

_ENDS: list[Tick] = [(0, "0"), (0.5, "0.5"), (1, "1")]


def reliability(curves: Mapping[str, Sequence[Mapping[str, Any]]], *, label: str) -> Markup:
    """Draw reliability curves over the diagonal, on which probabilities are right.

    Args:
        curves: Kind of line (``a``, ``b`` or ``c``) to its bins, each with ``probability``,
            ``share``, ``low`` and ``high``.
        label: What the chart shows, in words.

    Example:
        >>> one = {"probability": 0.7, "share": 0.6, "low": 0.5, "high": 0.7}
        >>> reliability({"a": [one]}, label="One bin").count("l-dot")
        1
    """
    lines, dots = [Line([(0, 0), (1, 1)], "ref")], []
    for kind, bins in curves.items():
        points = [(float(one["probability"]), float(one["share"])) for one in bins]
        lines.append(Line(points, kind))
        dots += [
            Dot(x, y, float(one["low"]), float(one["high"]), kind)
            for (x, y), one in zip(points, bins, strict=True)
        ]
    return chart(lines, x=(0, 1), y=(0, 1), x_ticks=_ENDS, y_ticks=_ENDS, label=label, dots=dots)
