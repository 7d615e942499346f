"""What a study found, as the functions that run one return it."""

from dataclasses import dataclass
from pathlib import Path

from goodviews.core.records.rows import Row
from goodviews.core.records.verdict import TaskVerdict, Verdict
from goodviews.core.text import counted
from goodviews.pages.study.short import short_page


@dataclass(frozen=True, repr=False)
class StudyResult:
    """What a study found.

    Attributes:
        folder: The study folder; :func:`goodviews.report` makes its page again.
        rows: One per view, seed and task.
        verdict: What ``verdict.json`` holds, as records.
        advice: The advice in plain text; with several tasks a paragraph for each, and one on the
            view for all of them.
        best_view: Spec of the best view; with several tasks, the one that gives up least where it
            gives up most. Without labels the one to try first, or nothing.
        recommended: Whether the advice is to pretrain with it.
        encoders: Folders of its encoders, one for each seed that is kept.
        command: The command to type next.
        page: The page of the study, where one was made.

    Example:
        >>> import numpy as np
        >>> from tempfile import TemporaryDirectory
        >>> from goodviews import study
        >>> data = np.random.default_rng(0).random((80, 8, 8)), np.arange(80) % 2
        >>> few = {"seeds": 1, "epochs": 1, "label_draws": 2, "encoder": "convnet(width=4)"}
        >>> with TemporaryDirectory() as place:
        ...     result = study(data, views="noise(std=0.1)", out=place, page=False, jobs=0, **few)
        >>> sorted({row.role for row in result.rows})
        ['baseline', 'candidate', 'twin']
        >>> result.best_view, result.recommended, result.command.split()[:2]
        ('noise(std=0.1)', False, ['goodviews', 'study'])
    """

    folder: Path
    rows: list[Row]
    verdict: Verdict
    advice: str
    best_view: str | None
    recommended: bool
    encoders: tuple[Path, ...]
    command: str
    page: Path | None

    def __repr__(self) -> str:
        views = counted(len({row.view for row in self.rows if row.role == "candidate"}), "view")
        seeds = counted(len({row.seed for row in self.rows}), "seed")
        lines = [f"<StudyResult in {self.folder}: {views}, {seeds}>", self.advice]
        lines += [f"Next: {self.command}"] if self.command else []
        lines += [f"Page: {self.page}"] if self.page else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """The page in short, for a notebook."""
        page = str(self.page) if self.page else ""
        title = f"goodviews study in {self.folder.name}"
        return short_page(self.verdict, title=title, command=self.command, page=page)


def plain_advice(verdict: Verdict) -> str:
    """The advice of every task, and that on one view for all of them."""
    tasks, shared = verdict.tasks, verdict.compromise
    named = len(tasks) > 1
    said = [(f"{task.task}: " if named else "") + _advice(task) for task in tasks]
    if shared:
        head = "One view for all" + ("" if shared.recommended else ", not recommended")
        said.append(f"{head}: {shared.view}. {shared.lead} {shared.more}")
    return "\n".join(said).replace("`", "")


def _advice(task: TaskVerdict) -> str:
    advice = task.advice
    given = task.comparison.given if task.comparison else ""
    spec = f" {advice.spec}" if advice.spec else ""
    open_ = f"Still open: {advice.open}" if advice.open else ""
    return " ".join(
        filter(None, [f"{advice.head}{spec}.", advice.lead, advice.reason, given, open_])
    )
