"""Advice from a leakage matrix: which factor is kept but not needed, in one sentence."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.text import ends, share
from goodviews.evaluation.leakage import Cell, Leakage

LABEL_ROW = "task label"
"""Name of the row whose representation is the label of the task."""


def leakage_advice(
    found: Leakage,
    *,
    row: str,
    task: str | None = None,
    reference: str | None = None,
    varied: Collection[str] = (),
) -> dict[str, Any]:
    """Find the factor that a representation keeps although the task does not need it.

    The task itself is needed, and so is the part of other factors that follows from the label of
    the task, if the matrix has the row :data:`LABEL_ROW`. A factor counts as kept when its cell
    is significantly above chance and, with that row, also above that row.

    Args:
        found: The matrix.
        row: The representation to judge.
        task: Name of the factor that is the task.
        reference: An untrained row to compare with, such as random weights.
        varied: Factors drawn by the views, which the encoder was trained to ignore.

    Returns:
        ``advice``, ``finding`` and ``more`` (sentences), ``kept`` (names, most first).
    """
    factors = [name for name in found.factors if name != task]
    cells = {name: found.cell(row, name) for name in found.factors}
    beyond = {name: _beyond(found, row, name) for name in factors}
    kept = sorted(
        (name for name in factors if cells[name].told and beyond[name]),
        key=lambda name: -cells[name].skill,
    )
    more = []
    if task is not None and not cells[task].told:
        more.append(
            f"Look at the task first: {task} is not significantly above chance "
            f"({_score(cells[task])})."
        )
    if not kept:
        whose = "the other" if task is not None else "the"
        return {
            "advice": f"Remove nothing: none of {whose} {len(factors)} factors is significantly "
            f"above chance in {row}."
            if factors
            else f"Name more factors than the task: only {task} was measured in {row}.",
            "finding": f"Only {task} is significantly above chance"
            if task is not None and cells[task].told
            else "No factor is significantly above chance",
            "more": more,
            "kept": [],
        }
    top = kept[0]
    cell = cells[top]
    if top in varied:
        advice = (
            f"Train longer or vary {top} more: {row} still keeps it ({_score(cell)}), although "
            "its views were drawn to hide it."
        )
    elif task is None:
        advice = f"Check whether the task needs {top}: {row} keeps it most ({_score(cell)})."
    else:
        advice = (
            f"Vary {top} between the two views: {row} keeps it ({_score(cell)}), and {task} "
            f"does not need it."
        )
    if reference is not None:
        more.append(_learned(found, row, reference, top))
    if len(kept) > 1:
        also = ", ".join(f"{name} ({_short(cells[name])})" for name in kept[1:4])
        rest = f" and {len(kept) - 4} more" if len(kept) > 4 else ""
        more.append(f"Also kept: {also}{rest}.")
    if task is not None and LABEL_ROW in found.rows:
        finding = (
            f"{len(kept)} of {len(factors)} other factors are kept beyond what follows from {task}"
        )
    else:
        others = "other factors" if task is not None else "factors"
        finding = f"{len(kept)} of {len(factors)} {others} are significantly above chance"
    finding += f", {top} most" if len(kept) > 1 else f": {top}"
    return {"advice": advice, "finding": finding, "more": more, "kept": kept}


def leakage_board(
    found: Leakage,
    *,
    encoders: Collection[str],
    task: str | None = None,
    nats: Mapping[str, float] | None = None,
    varied: Collection[str] = (),
    reference: str | None = None,
    details: Mapping[str, str] | None = None,
    **about: Any,
) -> dict[str, Any]:
    """Leakage matrix as plain data, for :func:`goodviews.pages.leakage.page.leakage_page`.

    Args:
        found: The matrix.
        encoders: Rows to judge; the other rows are baselines.
        task: Name of the factor that is the task.
        nats: Information shared by the views of a row, if known; it orders the rows.
        varied: Factors drawn by the views.
        reference: An untrained row.
        details: A short description of a row.
        **about: ``data``, ``command``, ``made``: entries for the end of the page.

    Returns:
        ``rows``, ``columns`` (the task first, then by skill), ``cells`` (row by row) and
        the results of :func:`leakage_advice` for the first encoder, or for the one with the
        largest task score if there are several.

    Raises:
        InputError: No row of the matrix is among ``encoders``.

    Example:
        >>> import numpy as np
        >>> from goodviews.evaluation import Factor
        >>> from goodviews.evaluation.leakage import leakage
        >>> rng = np.random.default_rng(0)
        >>> kind = rng.integers(0, 2, 200)
        >>> z = {"mine": np.eye(2)[kind] + 0.1 * rng.normal(size=(200, 2))}
        >>> halves = {"fit": np.arange(100), "test": np.arange(100, 200)}
        >>> found = leakage(z, [Factor("kind", kind, ("a", "b"))], permutations=19, **halves)
        >>> leakage_board(found, encoders=["mine"])["columns"][0]["name"]
        'kind'
    """
    asked = [row for row in found.rows if row in encoders]
    if not asked:
        raise InputError(
            f"encoders must be rows of the matrix, but {', '.join(encoders)} are "
            f"not; rows: {', '.join(found.rows)}."
        )
    nats, details = nats or {}, details or {}
    asked.sort(key=lambda row: nats.get(row, float("inf")))
    best = max(asked, key=lambda row: found.cell(row, task).score) if task else asked[0]
    columns = sorted(found.factors, key=lambda name: (name != task, -found.cell(best, name).skill))
    rows = [*asked, *(row for row in found.rows if row not in encoders)]
    said = leakage_advice(found, row=best, task=task, reference=reference, varied=varied)
    return {
        "task": task,
        "level": found.level,
        "permutations": found.permutations,
        "rows": [
            {
                "name": row,
                "detail": details.get(row, ""),
                "nats": nats.get(row),
                "role": "encoder"
                if row in encoders
                else "label"
                if row == LABEL_ROW
                else "baseline",
            }
            for row in rows
        ],
        "columns": [
            {"name": name, "kind": found.cell(best, name).kind, "task": name == task}
            for name in columns
        ],
        "cells": [[asdict(found.cell(row, name)) for name in columns] for row in rows],
        **said,
        **about,
    }


def _beyond(found: Leakage, row: str, name: str) -> bool:
    if LABEL_ROW not in found.rows or row == LABEL_ROW:
        return True
    return found.gain(row, LABEL_ROW, name)[1] > 0


def _learned(found: Leakage, row: str, reference: str, name: str) -> str:
    other = found.cell(reference, name)
    gap, low, high = found.gain(row, reference, name)
    near, far = sorted((abs(low), abs(high)))
    interval = f"{abs(gap):.2f} nats {ends(near, far, 2)}"
    if low > 0:
        return f"Training added {interval} compared with {reference} ({_short(other)})."
    if high < 0:
        return f"Training removed {interval} compared with {reference} ({_short(other)})."
    return f"Training made no significant difference to {reference} ({_short(other)})."


def _score(cell: Cell) -> str:
    word = f"chance {share(cell.chance, 2)}" if cell.kind == "discrete" else "R²"
    interval = ends(cell.score_low, cell.score_high, 2, bare=True)
    if cell.kind == "discrete":
        return f"{share(cell.score, 2)} {interval}, {word}"
    return f"{word} {share(cell.score, 2)} {interval}"


def _short(cell: Cell) -> str:
    return f"{'R² ' if cell.kind == 'continuous' else ''}{share(cell.score, 2)}"
