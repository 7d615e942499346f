"""The page: one table for each paper, written from the committed rows."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from goodviews_experiments.papers import (
    diagonal_claims,
    digit_claims,
    learned_claims,
    method_claims,
    projector_claims,
    proof_claims,
    regime_claims,
    strength_claims,
    unrun,
)
from goodviews_experiments.papers.claim import Entry, Unrun
from goodviews_experiments.papers.rows import newest
from goodviews_experiments.papers.scales import SCALES
from goodviews_experiments.papers.verdict import NOT_RUN, VERDICTS, Part, verdict

VIEWS: tuple[Entry, ...] = (
    *regime_claims.CLAIMS,
    *strength_claims.CLAIMS,
    *digit_claims.CLAIMS,
    *learned_claims.CLAIMS,
    *method_claims.CLAIMS,
    *unrun.VIEWS,
)
DUALITY: tuple[Entry, ...] = (
    *proof_claims.CLAIMS,
    *projector_claims.CLAIMS,
    *diagonal_claims.CLAIMS,
    *unrun.DUALITY,
)
PAPERS = (
    (
        "What makes for good views for contrastive learning?",
        "Tian et al., 2020", "2005.10243", VIEWS,
    ),
    (
        "On the duality between contrastive and non-contrastive self-supervised learning",
        "Garrido et al., 2023", "2206.02574", DUALITY,
    ),
)  # fmt: skip
HEAD = ("where", "claim", "paper", "ours", "verdict", "data and scale", "command", "rows")
INTRODUCTION = """\
# Both papers, beside what was measured here

Every figure, table and numbered claim of the two papers that goodviews is built on. This page is
written by `python -m goodviews_experiments.papers` from the committed rows of
[results](../results/README.md); a test fails when it differs from them.

## How to read the tables

**Verdicts** follow from the numbers by one rule. Each number has a 95 % interval and a range in
which the paper is right: above 0, as for an order, or the one after *right*.

- *reproduced*: the whole interval of every number of the claim is in that range.
- *contradicted*: the interval of at least one number is wholly outside.
- *undecided*: neither; at least one interval reaches across the border.
- *not at this scale*: the claim is a level on the paper's own data, which smaller data cannot
  reproduce, or a premise fails, such as that a method is better than random weights.
- *not run*: there are no rows, but a forecast in hours of one processor core, with its basis.

*Reproduced* is about the direction or the range, at the scale of the row: the size of an effect on
small images is not that of ImageNet. A claim of several numbers is judged by the worst of them.
Where the paper gives no border (alike, concentrated, dominated, at chance) it is ours, and most of
these were set after the rows were made.

**Marks** of the papers' numbers: without a mark the number was read in the paper, in its official
code or identically in several public sources; (L) likely, known from a table of the paper or its
appendix but not verified word for word; (U) unsure in a detail; (NE) not established, for example
because it was only published as a plot.

**†** The rows are older than a correction of the code; the row says what was corrected. Rows with
accuracies are also older than the one linear probe, and some of their intervals older than the one
rule ([changes](../CHANGELOG.md)): an accuracy may differ by about a point today, and where an
interval ends within a point of a border, so may the verdict.

Figures and tables are named by their content.

"""


def page(results: Path) -> str:
    """Write the page from the rows of a folder.

    Args:
        results: The folder ``results`` of the repository.

    Returns:
        Markdown.
    """
    parts, counts = [], []
    for title, authors, number, entries in PAPERS:
        lines = [line(entry, results) for entry in entries]
        seen = Counter(cells[4].rstrip(" †") for cells in lines)
        counts.append([f"[{authors}](https://arxiv.org/abs/{number})", *_of(seen)])
        parts.append(f"## {title}\n\n{table(HEAD, lines)}")
    summary = table(("paper", *VERDICTS), counts)
    return f"{INTRODUCTION}{summary}\n" + "\n".join(parts)


def _of(seen: Counter[str]) -> list[str]:
    return [str(seen[name]) for name in VERDICTS]


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in rows)


def line(entry: Entry, results: Path) -> list[str]:
    """The cells of a claim."""
    if isinstance(entry, Unrun):
        hours, basis = entry.hours(results)
        ours = f"forecast: {_hours(hours)} ({basis})"
        command = _code(entry.command) or "no recipe yet"
        return [entry.where, entry.says, entry.paper, ours, NOT_RUN, entry.scale, command, "none"]
    rows = newest(results, entry.rows)
    parts = entry.measure(rows)
    premises = entry.premise(rows) if entry.premise else []
    decided = verdict(parts, premises, level=entry.level)
    measured = [*map(text, parts)] if entry.level else with_ranges(parts)
    ours = "<br>".join([*measured, *(f"premise: {text(part)}" for part in premises)])
    name = entry.rows.partition(":")[0]
    scale = SCALES[entry.rows](rows.run)
    if entry.departs:
        scale += f"; {entry.departs}"
    if entry.older:
        decided += " †"
        scale += f"; † older than a correction: {entry.older}"
    link = f"[{name}](../{rows.folder.relative_to(results.parent).as_posix()})"
    command = _code(rows.run["command"])
    return [entry.where, entry.says, entry.paper, ours, decided, scale, command, link]


def text(part: Part) -> str:
    """A number as text.

    Example:
        >>> from goodviews.core import Interval
        >>> text(Part("gain", Interval(2.0, 1.0, 3.0)))
        'gain: +2.0 [1.0, 3.0] points'
    """
    found = part.found
    value = _number(found.value, part.decimals, signed=part.signed)
    if found.low != found.high:
        ends = (_number(end, part.decimals) for end in (found.low, found.high))
        value += f" [{', '.join(ends)}]"
    return f"{part.name}: {value} {part.unit}".rstrip()


def with_ranges(parts: Sequence[Part]) -> list[str]:
    """Numbers as texts, with the ranges in which the paper is right; one line if it is the same.

    Example:
        >>> from goodviews.core import Interval
        >>> gap = Part("gap", Interval(0.5, 0.0, 1.0), low=-1, high=1)
        >>> with_ranges([gap])
        ['gap: +0.5 [0.0, 1.0] points; right: −1 to 1']
        >>> with_ranges([gap, gap])[-1]
        'right, each: −1 to 1'
    """
    found = [(text(part), right(part)) for part in parts]
    ranges = {own for _, own in found}
    if len(found) > 1 and len(ranges) == 1:
        shared = [f"right, each: {own}" for own in ranges if own]
        return [number for number, _ in found] + shared
    return [f"{number}; right: {own}" if own else number for number, own in found]


def right(part: Part) -> str:
    """The range in which the paper is right; empty if it is all that is above 0."""
    low, high = (f"{end:.3g}".replace("-", "−") for end in (part.low, part.high))
    if math.isinf(part.high):
        return f"at least {low}" if part.low else ""
    if math.isinf(part.low):
        return f"at most {high}"
    return f"{low} to {high}" if low != high else low


def _number(value: float, decimals: int, *, signed: bool = False) -> str:
    if decimals < 0:
        return f"{value:.0e}".replace("-", "−") if value else "0"
    shown = f"{value:{'+' if signed else ''}.{decimals}f}"
    if float(shown) == 0:
        shown = shown.lstrip("+-")
    return shown.replace("-", "−").replace("inf", "∞")


def _hours(hours: float) -> str:
    return f"{hours:,.1f} core-hours" if hours < 10 else f"{hours:,.0f} core-hours"


def _code(command: str) -> str:
    return f"`{command}`".replace("|", "\\|") if command else ""
