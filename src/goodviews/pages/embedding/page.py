"""The page of an embedding: the criterion on samples beside the one on dimensions."""

import math
from typing import Any

from goodviews.core.text import number
from goodviews.pages.chart.lines import Line, Tick, chart, steps
from goodviews.pages.shell import sibling

CLOSE = 0.05
"""Relative difference below which both criteria agree, in words."""

PRECISE = 15.9
"""Digits that double precision holds; an identity cannot be seen to hold to more."""


def duality_page(board: dict[str, Any], *, name: str) -> str:
    """The page that shows where an embedding is between the two families.

    Args:
        board: What :func:`goodviews.objectives.dashboard` returns: plain numbers and lists.
        name: What to call the embedding, such as the name of its file.

    Returns:
        One HTML file that needs nothing else.
    """
    apart = _apart(board)
    uneven = "missing" if _excess(board, "sample") > _excess(board, "dimension") else "excess"
    warnings = _warnings(board)
    rows, columns = board["sample_norms"], board["dimension_norms"]
    digits = _digits(board["identity_residual"])
    return sibling(
        "embedding/template.html.j2",
        name=name,
        shape=f"{board['samples']:,} samples × {board['dims']:,} dimensions",
        edge=uneven if apart > CLOSE else "undecided" if warnings else "sweet",
        answer=f"Both criteria agree: {_percent(apart)} apart."
        if apart <= CLOSE
        else f"The criteria differ: they are {_percent(apart)} apart.",
        lead=_lead(board, apart),
        warnings=warnings,
        figures=[
            ("Criteria apart", _percent(apart), "beyond the constant, of their sum"),
            (
                "Effective rank",
                f"{board['effective_rank']:.3g}",
                f"of at most {min(board['samples_used'], board['dims']):,}",
            ),
            ("Norms of rows", _percent(rows["spread"]), "spread: std over mean"),
            ("Norms of columns", _percent(columns["spread"]), "spread: std over mean"),
        ],
        products_heading=_products_heading(board),
        cosines=_cosines(board),
        norms_heading=_norms_heading(rows["spread"], columns["spread"]),
        norms=_norms(board),
        numbers=_numbers(board, digits),
        identity=f"The identity between both sides holds to {digits} digits."
        " It ties them for any embedding: each criterion plus its sum of fourth powers is "
        "the same number.",
    )


def _percent(share: float) -> str:
    if share < 1e-6:
        return "0 %"
    if share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"


def _excess(board: dict[str, Any], side: str) -> float:
    """What uneven norms add to a sum of fourth powers."""
    return float(board[f"{side}_fourth"] * (1 - 1 / board[f"{side}_ratio"]))


def _apart(board: dict[str, Any]) -> float:
    """Difference of the criteria beyond the constant of equal norms, over the identity's sum."""
    whole: float = board["sample_criterion"] + board["sample_fourth"]
    return abs(_excess(board, "dimension") - _excess(board, "sample")) / max(whole, 1e-300)


def _lead(board: dict[str, Any], apart: float) -> str:
    thinned = (
        f" Of {board['samples']:,} samples, {board['samples_used']:,} were used, evenly spaced."
        if board["samples_used"] < board["samples"]
        else ""
    )
    if apart <= CLOSE:
        more = (
            " Up to a constant they are nearly the same number, so penalising products between "
            "samples or between dimensions asks for the same here."
        )
    else:
        side = "dimension" if _excess(board, "dimension") > _excess(board, "sample") else "sample"
        word = {"dimension": "columns", "sample": "rows"}[side]
        more = (
            f" Uneven norms of the {word} make the gap; with equal norms both criteria would "
            f"ask for the same."
        )
    return f"{board['reason']}{more}{thinned}"


def _warnings(board: dict[str, Any]) -> list[str]:
    out, dims = [], board["dims"]
    most = max(board["dimension_std"])
    dead = sum(1 for value in board["dimension_std"] if value <= 1e-6 * most)
    if dead:
        out.append(f"{dead:,} of {dims:,} dimensions are constant: they carry nothing.")
    least = min(board["samples_used"], dims)
    if board["effective_rank"] < 0.1 * least:
        out.append(
            f"The effective rank is {board['effective_rank']:.3g} of {least:,}: most dimensions "
            f"repeat others, as after a dimensional collapse."
        )
    if board["sample_cosines"]["mean"] > 0.9:
        out.append("Almost all samples point the same way: take the mean off, or train longer.")
    return out


def _products_heading(board: dict[str, Any]) -> str:
    sample, dimension = (board[f"{k}_cosines"]["std"] for k in ("sample", "dimension"))
    if max(sample, dimension) <= 1.1 * min(sample, dimension):
        return "Samples and dimensions are about equally far from orthogonal"
    nearer = "Samples" if sample < dimension else "Dimensions"
    other = "dimensions" if sample < dimension else "samples"
    return f"{nearer} are nearer to orthogonal than {other}"


def _cosines(board: dict[str, Any]) -> list[dict[str, Any]]:
    both = [board["sample_cosines"], board["dimension_cosines"]]
    top = max(1.0, math.log10(max(max(c["counts"]) for c in both)) + 0.1)
    every = 1 if top < 4 else 2
    y_ticks: list[Tick] = [(-0.3, "")]
    y_ticks += [(k, _count(10**k)) for k in range(0, math.floor(top) + 1, every)]
    out = []
    for kind, head, what, cosines in (
        ("a", "Gram: samples with samples", "pairs of samples", both[0]),
        ("b", "Covariance: dimensions with dimensions", "pairs of dimensions", both[1]),
    ):
        logs = [math.log10(n) if n else -0.3 for n in cosines["counts"]]
        text = f"{sum(cosines['counts']):,} {what}: mean {number(cosines['mean'], 3)}, " + (
            f"std {cosines['std']:.3f}"
        )
        if kind == "a":
            text += f"; independent directions would give {board['expected_std']:.3f}"
        svg = chart(
            [Line(steps(cosines["edges"], logs), kind, filled=True)],
            x=(-1, 1),
            y=(-0.3, top),
            x_ticks=[(-1, "−1"), (-0.5, "−0.5"), (0, "0"), (0.5, "0.5"), (1, "1")],
            y_ticks=y_ticks,
            label=f"Histogram of cosines. {text}.",
            zero=0,
        )
        out.append({"head": head, "text": f"{text}.", "svg": svg})
    return out


def _count(number: int) -> str:
    for size, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number // size}{letter}"
    return str(number)


def _large(value: float) -> str:
    return f"{value:,.0f}" if 1e4 <= value < 1e15 else f"{value:.5g}"


def _norms_heading(rows: float, columns: float) -> str:
    words = {
        (True, True): "Rows and columns both have equal norms",
        (True, False): "Rows have equal norms, columns have not",
        (False, True): "Columns have equal norms, rows have not",
        (False, False): "Neither rows nor columns have equal norms",
    }
    return words[rows <= CLOSE, columns <= CLOSE]


def _norms(board: dict[str, Any]) -> list[dict[str, Any]]:
    rows, columns = board["sample_norms"], board["dimension_norms"]
    scaled = {
        "rows": [q / rows["mean"] for q in rows["quantiles"]],
        "columns": [q / columns["mean"] for q in columns["quantiles"]],
    }
    top = max(1.25, max(max(values) for values in scaled.values()) * 1.05)
    axis = "share of them, least first"
    out = []
    for head, norms, key, kind in (
        ("Norms of rows (samples)", rows, "rows", "a"),
        ("Norms of columns (dimensions)", columns, "columns", "b"),
    ):
        out.append(
            {
                "head": head,
                "text": f"{norms['min']:.3g} to {norms['max']:.3g}, mean {norms['mean']:.3g}; "
                f"drawn over the mean.",
                "svg": _sorted(scaled[key], kind, top, "×", head),
                "axis": axis,
            }
        )
    stds = board["dimension_std"]
    mean = sum(stds) / len(stds)
    out.append(
        {
            "head": "Std of each dimension",
            "text": f"{stds[0]:.3g} to {stds[-1]:.3g}, mean {mean:.3g}; drawn over the mean.",
            "svg": _sorted(
                [s / mean if mean else 0.0 for s in stds],
                "b",
                max(top, 1.05 * stds[-1] / mean if mean else top),
                "×",
                "Standard deviations of the dimensions",
            ),
            "axis": axis,
        }
    )
    return out


def _sorted(values: list[float], kind: str, top: float, unit: str, label: str) -> Any:
    last = max(len(values) - 1, 1)
    thin = max(1, len(values) // 400)
    places = sorted({*range(0, len(values), thin), len(values) - 1})
    step = 0.5 if top <= 2.2 else 1 if top <= 5 else 10 ** math.floor(math.log10(top))
    ticks: list[Tick] = [
        (k * step, f"{k * step:g}{unit}") for k in range(math.floor(top / step) + 1)
    ]
    return chart(
        [
            Line([(0, 1), (1, 1)], "ref"),
            Line([(i / last, values[i]) for i in places], kind),
        ],
        x=(0, 1),
        y=(0, top),
        x_ticks=[(0, "0"), (0.5, "half"), (1, "all")],
        y_ticks=ticks,
        label=f"{label}, sorted: from {values[0]:.2f} to {values[-1]:.2f} times the mean.",
        height=170,
    )


def _digits(residual: float) -> str:
    return f"{min(PRECISE, -math.log10(residual)) if residual > 0 else PRECISE:.0f}"


def _numbers(board: dict[str, Any], digits: str) -> list[tuple[str, str, str]]:
    return [
        (
            "Sample criterion",
            _large(board["sample_criterion"]),
            "sum of squared products of different samples",
        ),
        (
            "Dimension criterion",
            _large(board["dimension_criterion"]),
            "sum of squared products of different dimensions",
        ),
        ("Fourth powers of rows", _large(board["sample_fourth"]), "what the identity adds"),
        ("Fourth powers of columns", _large(board["dimension_fourth"]), "what it adds there"),
        (
            "Ratio to the lower bound, rows",
            f"{board['sample_ratio']:.3f}",
            "1 when all rows have one norm",
        ),
        (
            "Ratio to the lower bound, columns",
            f"{board['dimension_ratio']:.3f}",
            "1 when all columns have one norm",
        ),
        ("Residual of the identity", f"{board['identity_residual']:.1e}", f"{digits} digits"),
        (
            "Effective rank",
            f"{board['effective_rank']:.2f}",
            "exponential of the entropy of the singular values",
        ),
        ("Side", board["side"], "which criterion's assumption holds here"),
    ]
