"""The page of several methods side by side: off-diagonals after training and on the way."""

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.files import reading
from goodviews.core.text import ends, number
from goodviews.pages.chart.lines import Line, Tick, chart, steps
from goodviews.pages.shell import sibling

_WAYS = (
    ("loss", "Loss", "of a step"),
    ("gram_rms", "Gram", "root mean square cosine of two samples of a batch"),
    ("correlation_rms", "Correlation", "root mean square over two dimensions"),
)


def methods_page(folder: Path) -> str:
    """The page of a folder that the recipe ``duality`` wrote.

    Args:
        folder: With ``boards.json``, ``methods.csv``, ``comparisons.csv`` and
            ``training.csv``.

    Returns:
        One HTML file that needs nothing else.

    Raises:
        InputError: One of the files is missing.
    """
    with reading(folder / "boards.json", wrote="goodviews reproduce duality"):
        return _page(folder)


def _page(folder: Path) -> str:
    try:
        boards = json.loads((folder / "boards.json").read_text(encoding="utf-8"))
        levels, differences, ways = (
            _read(folder / f"{name}.csv") for name in ("methods", "comparisons", "training")
        )
    except FileNotFoundError as error:
        raise InputError(
            f"{folder} has no {Path(error.filename).name}, which the page of methods needs; "
            f"type: goodviews reproduce duality --scale cpu"
        ) from error
    spreads = [row for row in differences if row["kind"] == "spread"]
    heads = list(dict.fromkeys(row["head"] for row in levels))
    widest = max(float(row["points"]) for row in spreads)
    told = all(float(row["low"]) > 0 for row in spreads)
    return sibling(
        "methods/template.html.j2",
        name=folder.name,
        edge="missing" if told else "undecided",
        answer=f"Best to worst of {spreads[0]['among']} methods: {widest:.1f} points."
        if told
        else "No method differs significantly from the others in every case."
        if any(float(row["low"]) > 0 for row in spreads)
        else "No two methods differ significantly.",
        lead=" ".join(
            f"With the projector {row['head']} {row['first']} has the highest accuracy and "
            f"{row['second']} the lowest: {_interval(row)} points between them."
            for row in spreads
        ),
        figures=[
            (
                f"{row['first']}, larger projector" if row["kind"] == "head" else row["first"],
                number(float(row["points"]), 1, signed=True),
                f"{_interval(row)} points over {_base(row)}",
            )
            for row in differences
            if row["kind"] in ("head", "normalisation")
        ],
        boards=[_board(one, levels) for one in boards],
        ways=[
            {"method": method, "charts": _ways(method, ways, heads)}
            for method in dict.fromkeys(row["method"] for row in ways)
        ],
        legend=list(zip("ab", heads, strict=False)),
    )


def _base(row: dict[str, str]) -> str:
    return "the smaller one" if row["kind"] == "head" else row["second"]


def _interval(row: dict[str, str]) -> str:
    value, low, high = (float(row[end]) for end in ("points", "low", "high"))
    return f"{number(value, 1)} {ends(low, high, 1)}"


def _board(one: dict[str, Any], levels: list[dict[str, str]]) -> dict[str, Any]:
    """Both histograms of a method with a projector, on the same scales."""
    board = one["board"]
    level = next(row for row in levels if row["row"] == one["row"])
    both = (("a", "Gram", "sample"), ("b", "Covariance", "dimension"))
    top = 0.1 + max(math.log10(max(board[f"{side}_cosines"]["counts"])) for _, _, side in both)
    charts = []
    for kind, head, side in both:
        cosines = board[f"{side}_cosines"]
        heights = [math.log10(n) if n else -0.3 for n in cosines["counts"]]
        text = f"mean {number(cosines['mean'], 3)}, std {cosines['std']:.3f}"
        svg = chart(
            [Line(steps(cosines["edges"], heights), kind, filled=True)],
            x=(-1, 1),
            y=(-0.3, top),
            x_ticks=[(-1, "−1"), (0, "0"), (1, "1")],
            y_ticks=[(k, f"1e{k}") for k in range(0, math.floor(top) + 1, 2)],
            label=f"{one['row']}: histogram of {head} cosines, {text}.",
            height=110,
            zero=0,
        )
        charts.append({"head": head, "text": text, "svg": svg})
    return {
        "method": one["method"],
        "about": f"projector {one['head']}",
        "accuracy": f"{_interval(level)} points",
        "expected": f"independent: {board['expected_std']:.3f}",
        "rank": f"effective rank {board['effective_rank']:.3g} of {board['dims']}",
        "charts": charts,
    }


def _ways(method: str, ways: list[dict[str, str]], heads: Sequence[str]) -> list[dict[str, Any]]:
    """Three small charts of a method: a line per run, coloured by projector."""
    own = [row for row in ways if row["method"] == method]
    made = []
    for column, head, text in _WAYS:
        runs: dict[tuple[str, str], list[tuple[float, float]]] = {}
        for row in own:
            place = runs.setdefault((row["head"], row["seed"]), [])
            place.append((float(row["step"]), float(row[column])))
        values = [v for points in runs.values() for _, v in points if math.isfinite(v)]
        last = max(step for points in runs.values() for step, _ in points)
        low, high = (min(values), max(values)) if column == "loss" else (0.0, max(values))
        if high <= low:
            high = low + 1
        ticks: list[Tick] = [(value, f"{value:.3g}") for value in (low, high)]
        svg = chart(
            [Line(points, "ab"[min(heads.index(h), 1)]) for (h, _), points in runs.items()],
            x=(1, max(last, 2)),
            y=(low, high),
            x_ticks=[(1, "1"), (max(last, 2), f"{last:.0f}")],
            y_ticks=ticks,
            label=f"{method}: {head} over training, from {own[0][column]} to {own[-1][column]}.",
            height=110,
        )
        made.append({"head": head, "text": text, "svg": svg})
    return made


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
