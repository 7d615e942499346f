"""Reports how far the runs of a study are, and how long the whole study still takes."""

from collections.abc import Mapping, Sequence

from goodviews.core.forecast import Forecast
from goodviews.core.progress import Reporter
from goodviews.jobs.study.plan import Cell
from goodviews.jobs.study.protocol import StudyPlan
from goodviews.jobs.study.work import work_of

UNIT = "runs finished"
_END = 5.0
"""Seconds of advice and page after the last run, as long as none was measured."""


class Follower:
    """Reports a study's runs as they finish, and their parts in between.

    Args:
        plan: The study.
        todo: Cells to run, in the order in which they are begun.
        found: Seconds of each cell that is finished already.
        workers: How many cells run at the same time.
        report: What to report to.
        unit: What is counted.
    """

    def __init__(
        self,
        plan: StudyPlan,
        todo: Sequence[Cell],
        found: Mapping[Cell, float],
        *,
        workers: int,
        report: Reporter,
        unit: str = UNIT,
    ) -> None:
        cells = [*found, *todo]
        self._place = {cell: number for number, cell in enumerate(cells)}
        self._open = set(todo)
        self._report, self._unit = report, unit
        work = work_of(plan)
        self._forecast = Forecast(
            [work.parts(plan, cell) for cell in cells], work.costs(plan), workers=workers
        )
        for cell, seconds in found.items():
            self._forecast.closed(self._place[cell], seconds)
        if found:
            report.note(f"Resuming: {len(found)} of {len(cells)} runs are finished.")
        self.show()

    def part(self, cell: Cell, name: str, seconds: float) -> None:
        """Count a part of a cell that just finished."""
        self._forecast.finished(self._place[cell], name, seconds)

    def closed(self, cell: Cell) -> None:
        """Count a cell as finished, or as one that cannot be run."""
        self._open.discard(cell)
        self._forecast.closed(self._place[cell])

    def show(self) -> None:
        """Report how far the runs are."""
        total, left = len(self._place), self._forecast.left()
        self._report(
            self._unit,
            total - len(self._open),
            total,
            share=self._forecast.share(),
            left=None if left is None else left + _END,
        )
