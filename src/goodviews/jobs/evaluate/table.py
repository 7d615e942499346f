"""The table that ``evaluate`` prints."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from goodviews.core.text import ends, number
from goodviews.evaluation.protocols import Score
from goodviews.jobs.evaluate.leakage import Board

UNEVEN = 0.02
"""Difference of accuracy and balanced accuracy above which both are printed, and differences are
those of the balanced one."""


def summary_lines(
    scores: Sequence[Score], board: Board | None, notes: Sequence[str], files: Sequence[Path]
) -> list[str]:
    """What an evaluation found, in lines: the table, what leaks, and the files.

    Args:
        scores: Scores of the encoder and its baselines.
        board: What leaks, where factors were given.
        notes: Whether the encoder was trained on images that are tested.
        files: The page, where there is one, and ``rows.csv``.
    """
    lines = [*score_table(scores), *([""] if notes else []), *notes]
    if board is not None:
        lines += [f"note: {note}" for note in board.notes]
        lines += ["", board.content["advice"], *board.content["more"]]
    elif not scores:
        lines.append("No labels: give --labels FILE, or --leakage FILE.")
    return [*lines, *map(str, files)]


@dataclass(frozen=True)
class Table:
    """Scores of one task, as text.

    Attributes:
        task: Name of the task, and what decides where it is not accuracy.
        names: Names of the representations, one for each column.
        rows: Name of a protocol, and its cells.
        differences: Sentences on paired differences.
    """

    task: str
    names: list[str]
    rows: list[tuple[str, list[str]]]
    differences: list[str]


def score_tables(scores: Sequence[Score]) -> list[Table]:
    """The tables of all tasks: a protocol in each row, a representation in each column."""
    made = []
    for task in dict.fromkeys(score.task for score in scores):
        mine = [score for score in scores if score.task == task]
        gaps = [score for score in mine if score.role == "difference"]
        mine = [score for score in mine if score.role != "difference"]
        names = list(dict.fromkeys(score.encoder for score in mine))
        uneven = any(map(_uneven, mine))
        rows = []
        for kind in dict.fromkeys(score.protocol for score in mine):
            found = [
                [s for s in mine if (s.encoder, s.protocol) == (name, kind)] for name in names
            ]
            rows.append((kind, list(map(_entry, map(_shown, found)))))
            if any(one and one[0].mean_average_precision is not None for one in found):
                rows.append(("  mAP", list(map(_precision_entry, found))))
            elif uneven and any(one and one[0].macro_f1 for one in found):
                rows.append(("  balanced", list(map(_balanced_entry, found))))
        shown = [gap for gap in gaps if gap.protocol in (gaps[0].protocol, "finetune")]
        entry = _balanced_entry if uneven else _entry
        measure = next(filter(None, map(_measure, mine)), "")
        what = ", balanced accuracy" if uneven else measure
        lines = [f"{gap.protocol}{what}: {gap.encoder} {entry(_shown([gap]))}" for gap in shown]
        made.append(Table(task + measure, names, rows, lines))
    return made


def score_table(scores: Sequence[Score]) -> list[str]:
    r"""Lines of a small table: a protocol each, columns by representation.

    Example:
        >>> ends = {"top1_low": 0.91, "top1_high": 0.95}
        >>> one = Score("ours", "encoder", "digit", "linear", top1=0.93, **ends)
        >>> print("\n".join(score_table([one])))
        digit      ours
        linear     .930 [.910, .950]
    """
    lines: list[str] = []
    for table in score_tables(scores):
        rows = [[table.task, *table.names], *([name, *cells] for name, cells in table.rows)]
        widths = [max(10, *map(len, column)) for column in zip(*rows, strict=True)]
        lines += [
            " ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip()
            for row in rows
        ]
        lines += [*table.differences, ""]
    return lines[:-1]


def _measure(score: Score) -> str:
    """What decides where it is not accuracy."""
    if score.auroc_low is not None:
        return ", macro AUROC"
    return ", R2" if score.r2 is not None else ""


def _shown(scores: list[Score]) -> list[Score]:
    """The scores with what decides in place of the accuracy."""
    return [
        replace(one, top1=one.macro_auroc, top1_low=one.auroc_low, top1_high=one.auroc_high)
        if one.auroc_low is not None
        else replace(one, top1=one.r2, top1_low=one.r2_low, top1_high=one.r2_high)
        if one.r2 is not None
        else one
        for one in scores
    ]


def _precision_entry(scores: list[Score]) -> str:
    """One cell of the mean average precision."""
    found = [s.mean_average_precision for s in scores if s.mean_average_precision is not None]
    return number(float(np.mean(found)), 3, bare=True) if found else "–"


def _uneven(score: Score) -> bool:
    """Whether the most common class alone gives more than its share."""
    even, top = score.balanced_accuracy, score.top1
    return None not in (even, top) and abs(float(even or 0) - float(top or 0)) > UNEVEN


def _balanced_entry(scores: list[Score]) -> str:
    """One cell of the balanced accuracy."""
    return _entry(
        [
            replace(
                one,
                top1=one.balanced_accuracy,
                top1_low=one.balanced_low,
                top1_high=one.balanced_high,
            )
            for one in scores
        ]
    )


def _entry(scores: list[Score]) -> str:
    """One cell: seeds are averaged, their interval being the widest reach of any."""
    if not scores:
        return "–"
    if scores[0].top1 is None:
        rank = np.mean([s.effective_rank for s in scores if s.effective_rank is not None])
        spread = np.mean([s.uniformity for s in scores if s.uniformity is not None])
        return f"rank {rank:.1f}, uniformity {number(float(spread), 2)}"
    tops = [s.top1 for s in scores if s.top1 is not None]
    low = min(s.top1_low for s in scores if s.top1_low is not None)
    high = max(s.top1_high for s in scores if s.top1_high is not None)
    text = number(float(np.mean(tops)), 3, signed=scores[0].role == "difference", bare=True)
    return f"{text} {ends(low, high, 3, bare=True)}"
