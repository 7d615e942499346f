"""The table of moving digits: means and intervals over seeds, compared with the paper."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from goodviews.core import intervals

FACTORS = ("digit", "position", "background")
"""What two views may share."""

MEASURES = {
    "digit": "digit_error",
    "background": "background_error",
    "position": "position_px",
}
"""Factor: the column with the error of its readout."""

PAPER = {
    "digit": (16.8, 88.6, 13.6),
    "background": (88.6, 51.7, 16.1),
    "position": (57.9, 87.6, 3.95),
    "background+digit+position": (88.8, 56.3, 16.2),
    "background+digit": (88.2, 53.9, 16.3),
    "background+position": (88.8, 53.8, 15.9),
    "digit+position": (14.5, 88.9, 13.7),
    "supervised": (3.4, 45.3, 0.93),
}
"""Shared factors: errors of digit (%), background (%) and position (pixels of 64).

Tian et al., 2020, table of section 3.2 and appendix, arXiv:2005.10243.
"""

_Rows = Sequence[Mapping[str, Any]]


def summary(rows: _Rows, constant_px: float) -> list[dict[str, Any]]:
    """One line per row of the table: ours with 95 % intervals over seeds, beside the paper's.

    Args:
        rows: One per set of shared factors and seed.
        constant_px: Error of the constant guess of the position.

    Returns:
        For each measure its mean, ends (Student's t over seeds; empty with one seed) and the
        paper's value; how many runs were undertrained.
    """
    table = []
    for name in dict.fromkeys(row["shared"] for row in rows):
        own = [row for row in rows if row["shared"] == name]
        line: dict[str, Any] = {"shared": name, "seeds": len(own)}
        for place, (factor, column) in enumerate(MEASURES.items()):
            mean, low, high = interval([row[column] for row in own])
            line |= {column: mean, f"{column}_low": low, f"{column}_high": high}
            line[f"{factor}_paper"] = PAPER[name][place] if name in PAPER else None
        line["constant_px"] = constant_px
        line["undertrained"] = sum(bool(row.get("undertrained")) for row in own)
        table.append(line)
    return table


def claims(rows: _Rows) -> list[dict[str, Any]]:
    """The paper's pattern as differences between runs of one seed, each with its interval.

    ============================  =========================================================
    readable where shared         the untrained encoder's error less the row's: above 0
    unreadable where not          the same for a factor that is not shared: below a tenth of
                                  what the factor's own row gains
    background overwhelms         what a factor loses of its own row's gain when the
                                  background is shared too: more than half of it
    background keeps its readout  what the background loses when others are shared too:
                                  below a quarter of its own row's gain
    digit over position           the share of its own row's gain that the digit keeps when
                                  both are shared, less that of the position: above 0
    ============================  =========================================================

    Args:
        rows: One per set of shared factors and seed.

    Returns:
        One row per claim: difference, what it is compared with, 95 % interval (Student's t over
        seeds), and ``holds``: ``yes``, ``no`` or ``undecided``.
    """
    by = {(row["shared"], row["seed"]): row for row in rows}
    seeds = list(dict.fromkeys(row["seed"] for row in rows))
    names = list(dict.fromkeys(row["shared"] for row in rows))
    found: list[dict[str, Any]] = []

    def gain(name: str, factor: str) -> np.ndarray:
        """Untrained error less the row's, one per seed."""
        column = MEASURES[factor]
        return np.array([by["nothing", s][column] - by[name, s][column] for s in seeds])

    def add(
        claim: str, where: str, factor: str, each: np.ndarray, *, line: float, above: bool
    ) -> None:
        mean, low, high = interval(each)
        holds = "undecided"
        if low is not None and high is not None:
            over, under = low > line, high < line
            holds = "yes" if (over if above else under) else "no" if over or under else holds
        wanted = f"{'above' if above else 'below'} {line:.4g}"
        ends = {"difference": mean, "low": low, "high": high}
        about = {"claim": claim, "shared": where, "factor": factor, "wanted": wanted}
        found.append({**about, **ends, "holds": holds})

    if "nothing" not in names:
        return found
    own = {name: gain(name, name) for name in MEASURES if name in names}
    for name in names:
        parts = name.split("+")
        if name in ("nothing", "supervised"):
            continue
        for factor, most in own.items():
            each, tenth = gain(name, factor), 0.1 * float(most.mean())
            if parts == [factor]:
                add("readable where shared", name, factor, each, line=0.0, above=True)
            elif factor not in parts:
                add("unreadable where not", name, factor, each, line=tenth, above=False)
            elif factor == "background":
                claim = "background keeps its readout"
                add(claim, name, factor, most - each, line=2.5 * tenth, above=False)
            elif "background" in parts:
                add("background overwhelms", name, factor, most - each, line=5 * tenth, above=True)
    if {"digit", "position"} <= set(own) and "digit+position" in names:
        kept = [gain("digit+position", one) / own[one] for one in ("digit", "position")]
        each = kept[0] - kept[1]
        add("digit over position", "digit+position", "digit", each, line=0.0, above=True)
    return found


def paper_table(table: _Rows) -> str:
    """The summary as a table of text, ours beside the paper's in brackets.

    Args:
        table: What :func:`summary` gave, numbers or their texts.
    """
    head = "| shared by v1 and v2 | digit error % | background error % | localisation px |"
    lines = [head, "| --- | --- | --- | --- |"]
    for row in table:
        cells = [str(row["shared"]).replace("+", " + ")]
        for factor, column in MEASURES.items():
            text = f"{float(row[column]):.1f}"
            if row[f"{column}_low"] not in (None, ""):
                text += f" [{float(row[f'{column}_low']):.1f}, {float(row[f'{column}_high']):.1f}]"
            paper = row[f"{factor}_paper"]
            cells.append(text + (f" ({float(paper):g})" if paper not in (None, "") else ""))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def interval(
    values: Sequence[float] | np.ndarray,
) -> tuple[float, float | None, float | None]:
    """Mean and ends of its 95 % interval by Student's t; no ends for one value.

    Args:
        values: (n,), one per seed.

    Example:
        >>> mean, low, high = interval([1.0, 2.0, 3.0])
        >>> mean, round(high - mean, 2)
        (2.0, 2.48)
    """
    found = intervals.student_interval(np.asarray(values, dtype=float))
    return (found.value, found.low, found.high) if found.known else (found.value, None, None)
