"""The page of a leakage matrix: which factors a representation keeps, and which it need not."""

import math
from typing import Any

from goodviews.core.interval import Interval
from goodviews.core.text import decimals, ends, share
from goodviews.pages import words
from goodviews.pages.chart.heat import heat
from goodviews.pages.shell import sibling


def leakage_page(board: dict[str, Any]) -> str:
    """The heat-map of a leakage matrix, with its advice.

    Args:
        board: What :func:`goodviews.evaluation.advice.leakage_board` returns, with ``data``
            (name of the set), ``command`` and ``made`` (name and text of what the numbers
            rest on).

    Returns:
        One HTML file that needs nothing else.
    """
    columns = board["columns"]
    rows = [
        {**row, "cells": [_cell(cell) for cell in cells], "nats": _nats(row["nats"])}
        for row, cells in zip(board["rows"], board["cells"], strict=True)
    ]
    asked = [row for row in rows if row["role"] == "encoder"]
    told = sum(cell["told"] for cells in board["cells"] for cell in cells)
    tests = sum(map(len, board["cells"]))
    return sibling(
        "leakage/template.html.j2",
        data=board["data"],
        question=f"What does {asked[0]['name']} keep of {board['data']}?"
        if len(asked) == 1
        else f"What do {len(asked)} encoders keep of {board['data']}?",
        answer=board["advice"],
        edge="undecided" if not board["kept"] else "missing",
        more=board["more"],
        figures=_figures(board, told, tests),
        finding=board["finding"],
        task=board["task"],
        columns=columns,
        rows=asked,
        bases=[row for row in rows if row["role"] != "encoder"],
        sorted_by_nats=any(row["nats"] for row in asked) and len(asked) > 1,
        level=f"{100 * board['level']:g} %",
        scale=[{"share": k / 10, **heat(k / 10)} for k in range(11)],
        numbers=_numbers(board),
        numbers_heading=_numbers_heading(board),
        made=board["made"],
        command=board["command"],
    )


def _cell(cell: dict[str, Any]) -> dict[str, Any]:
    level = Interval(cell["score"], cell["score_low"], cell["score_high"])
    text, interval = words.accuracy(level), words.interval(level)
    known = "above chance" if cell["told"] else "not significantly above chance"
    what = "accuracy" if cell["kind"] == "discrete" else "R²"
    return {
        "number": text,
        "ends": interval,
        "told": cell["told"],
        "label": f"{cell['factor']} from {cell['row']}: {what} {text} {interval}, {known}",
        **heat(cell["skill"]),
    }


def _figures(board: dict[str, Any], told: int, tests: int) -> list[tuple[str, str, str]]:
    others = [column for column in board["columns"] if not column["task"]]
    first = board["cells"][0]
    items = sorted({cell["items"] for cell in first})
    span = f"{items[0]:,}" if len(items) == 1 else f"{items[0]:,} to {items[-1]:,}"
    return [
        (
            "AboutLabel, not needed",
            f"{len(board['kept'])} of {len(others)}",
            "other factors" if board["task"] else "factors",
        ),
        ("Significantly above chance", f"{told} of {tests}", "cells, all rows"),
        ("Tested on", span, "items that no readout was fitted on"),
        (
            "One false claim or more",
            f"at most {100 * board['level']:g} %",
            f"{board['permutations']:,} shuffles, whole matrix",
        ),
    ]


def _nats(value: float | None) -> str:
    return "" if value is None else words.plain(value)


def _numbers(board: dict[str, Any]) -> list[dict[str, Any]]:
    """Per factor, every row's usable nats and what they are measured against."""
    out = []
    for place, column in enumerate(board["columns"]):
        cells = [row[place] for row in board["cells"]]
        first = cells[0]
        if column["kind"] == "discrete":
            against = (
                f"chance {words.accuracy(Interval(first['chance'], -math.inf, math.inf))}, "
                f"H = {first['entropy_nats']:.2f} nats"
            )
        else:
            against = f"constant errs by {first['constant_error']:.3g}"
        out.append({**column, "against": against, "lines": [_line(cell) for cell in cells]})
    return out


def _line(cell: dict[str, Any]) -> dict[str, Any]:
    half = (cell["nats_high"] - cell["nats_low"]) / 2
    return {
        "row": cell["row"],
        "nats": words.plain(cell["nats"], half),
        "ends": ends(cell["nats_low"], cell["nats_high"], decimals(half, 2)),
        "error": "" if cell["error"] is None else f"{cell['error']:.3g}",
        "p": _p(cell["p_adjusted"]),
        "told": cell["told"],
    }


def _p(value: float) -> str:
    return share(value) if value < 0.9995 else "1"


def _numbers_heading(board: dict[str, Any]) -> str:
    """What the usable nats add: the largest gap between the first row and a baseline."""
    names = [row["name"] for row in board["rows"]]
    bases = [k for k, row in enumerate(board["rows"]) if row["role"] == "baseline"]
    if not bases:
        return "The same in nats"
    gaps = [
        (cells[place]["nats"] - board["cells"][k][place]["nats"], place, k)
        for k in bases
        for cells in board["cells"][:1]
        for place in range(len(cells))
        if cells[place]["told"] or board["cells"][k][place]["told"]
    ]
    if not gaps:
        return "No row hands over usable nats"
    gap, place, k = max(gaps, key=lambda one: abs(one[0]))
    word = "more" if gap > 0 else "fewer"
    return (
        f"{names[0]} hands over {abs(gap):.2f} nats {word} than {names[k]} about "
        f"{board['columns'][place]['name']}"
    )
