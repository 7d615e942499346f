"""What a line of a table holds: a claim that rows decide, or one that was not run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from goodviews_experiments.papers.rows import Rows
from goodviews_experiments.papers.verdict import Part

Measure = Callable[[Rows], Sequence[Part]]


@dataclass(frozen=True)
class Claim:
    """A claim of a paper that committed rows say something about.

    Attributes:
        where: Figure, table or section, by its content.
        says: The claim.
        paper: The paper's number, with a mark where it is uncertain.
        rows: Name of the experiment, and of a part: ``short_and_long:cifar10``.
        measure: Its numbers from the rows.
        premise: Numbers that must be on their side before the claim can be judged.
        level: Whether it is a number on the paper's own data, which ours cannot be.
        departs: How the runs differ from the paper's, apart from data and scale.
        older: What has been corrected since the rows were made.
    """

    where: str
    says: str
    paper: str
    rows: str
    measure: Measure
    premise: Measure | None = None
    level: bool = False
    departs: str = ""
    older: str = ""


@dataclass(frozen=True)
class Unrun:
    """A claim of a paper without rows.

    Attributes:
        where: Figure, table or section, by its content.
        says: The claim.
        paper: The paper's number, with a mark where it is uncertain.
        scale: Data and scale of the forecast.
        hours: From the folder of results to hours of processor time and their basis.
        command: Command that would make the rows; empty where there is no recipe yet.
    """

    where: str
    says: str
    paper: str
    scale: str
    hours: Callable[[Path], tuple[float, str]]
    command: str = ""


Entry = Claim | Unrun
