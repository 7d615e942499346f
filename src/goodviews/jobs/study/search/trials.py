"""The trials of a search: which is due, what one does, and which of them are pruned.

Trial n is proposed from the trials up to n - D, D being how many may be open at a time; those
between count as running even where they have finished. So proposals depend neither on the number
of workers nor on which of them is faster, and a search that was stopped makes the same ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from goodviews.core.errors import InputError
from goodviews.jobs.study.cells import CellResult, run_cell
from goodviews.jobs.study.plan import Cell, Plan
from goodviews.jobs.study.search.propose import Known, propose, startup
from goodviews.spec.space import Space

ROLE = "searched"
FIRST = 20_000
"""Seed of trial 0; trial n has seed 20,000 + n, which no run of the study has by default."""
EARLY = 4
"""A trial is evaluated once at a quarter of its length."""
PRUNED = 0.35
"""A trial ends there if its readout is below this quantile of those before. In planted worlds that
ended 0 to 2.5 % of the four best views, the median 12 to 25 % (recipe ``search_planted``)."""


@dataclass(frozen=True)
class Trial:
    """A finished trial.

    Attributes:
        number: From 0.
        view: Its spec.
        values: One for each parameter.
        score: Mean over tasks of the nats that its readout gets of the label, on labels used for
            selection; of a pruned trial the early one; nothing where it failed.
        early: The same at a quarter of the length.
        pruned: Whether it ended there.
        result: Its rows and arrays.
        why: Why it failed.
    """

    number: int
    view: str
    values: tuple[Any, ...]
    score: float | None = None
    early: float | None = None
    pruned: bool = False
    result: CellResult | None = None
    why: str = ""


@dataclass
class Trials:
    """The trials of a search so far, and which are due.

    Attributes:
        space: Where to search.
        total: Number of trials.
        together: D, how many are open at a time.
        seed: Seed of the proposals.
        done: Finished trials by number.
        given: Points to try in this order, instead of proposals.
        begun: Values of the trials that are due or running, by number.
    """

    space: Space
    total: int
    together: int
    seed: int = 0
    given: Sequence[tuple[Any, ...]] = ()
    done: dict[int, Trial] = field(default_factory=dict)
    begun: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    _next: int = 0

    def due(self) -> list[tuple[str, int, float | None]]:
        """View, number and pruning threshold of each trial that can begin now."""
        found = []
        while self._next < self.total:
            number = self._next
            settled = number - self.together + 1
            if any(n not in self.done for n in range(settled)):
                break
            if number not in self.done:
                values = self.given[number] if self.given else self._proposed(number)
                self.begun[number] = values
                found.append((self.space.view(values), number, self.threshold(number)))
            self._next += 1
        return found

    def _proposed(self, number: int) -> tuple[Any, ...]:
        known = self._known(number)
        return propose(self.space, known, number=number, trials=self.total, seed=self.seed)

    def threshold(self, number: int) -> float | None:
        """Early readout below which a trial is pruned; nothing while too few are known."""
        first = startup(self.space, self.total)
        early = [one.early for one in self._before(number).values() if one.early is not None]
        return float(np.quantile(early, PRUNED)) if len(early) >= first else None

    def _before(self, number: int) -> dict[int, Trial]:
        """The trials that a trial may know of."""
        return {n: one for n, one in self.done.items() if n <= number - self.together}

    def _known(self, number: int) -> list[Known]:
        before = self._before(number)
        scores = as_scores(before)
        open_ = {n: self.done[n].values for n in self.done if n < number and n not in before}
        open_ |= {n: values for n, values in self.begun.items() if n < number and n not in before}
        known = {n: Known(before[n].values, score) for n, score in scores.items()}
        known |= {n: Known(values) for n, values in open_.items()}
        return [known[n] for n in sorted(known)]

    def best(self, count: int) -> list[Trial]:
        """Trials that were trained to the end, the best first, each view once."""
        whole = [one for one in self.done.values() if one.score is not None and not one.pruned]
        first: dict[str, Trial] = {}
        for one in sorted(whole, key=lambda one: (-(one.score or 0.0), one.number)):
            first.setdefault(one.view, one)
        return list(first.values())[:count]


def as_scores(trials: Mapping[int, Trial]) -> dict[int, float]:
    """What each trial counts for a proposal.

    A pruned one counts its early readout and the median of what the others gained since; a failed
    one counts as the worst.

    Example:
        >>> two = {0: Trial(0, "", (), 1.0, 0.5), 1: Trial(1, "", (), 0.25, 0.25, pruned=True)}
        >>> as_scores(two | {2: Trial(2, "", (), why="does not fit")})
        {0: 1.0, 1: 0.75, 2: 0.75}
    """
    whole = [one for one in trials.values() if one.score is not None and not one.pruned]
    gain = float(np.median([one.score - one.early for one in whole])) if whole else 0.0  # type: ignore[operator]
    scores = {
        n: one.score + gain * one.pruned for n, one in trials.items() if one.score is not None
    }
    worst = min(scores.values(), default=None)
    if worst is None:
        return {}
    return {n: scores.get(n, worst) for n in trials}


def run_trial(plan: Plan, view: str, number: int, threshold: float | None) -> CellResult | str:
    """Train one trial, and evaluate it at a quarter of its length and at its end.

    Args:
        plan: The plan of the trials.
        view: Spec of the view.
        number: Number of the trial.
        threshold: Early readout below which it ends there.

    Returns:
        Its rows, with ``early`` (1,) and ``pruned`` (1,) among its arrays; why it failed.
    """
    cell = Cell(ROLE, view, FIRST + number)
    with TemporaryDirectory() as place:
        epochs = plan.settings.epochs // EARLY
        short = replace(plan, settings=replace(plan.settings, epochs=epochs))
        try:
            found = run_cell(replace(short, steady=Path(place)), cell)
            early = score_of(found)
            pruned = threshold is not None and early < threshold
            if not pruned:
                found = run_cell(replace(plan, begun=Path(place)), cell)
        except InputError as error:
            return str(error)
    arrays = {"early": np.array([early]), "pruned": np.array([pruned])}
    return replace(found, arrays=found.arrays | arrays)


def score_of(result: CellResult) -> float:
    """Mean over tasks of the nats that a readout gets of the label."""
    return float(np.mean([row.usable_nats for row in result.rows]))


def trial_of(space: Space, cell: Cell, result: CellResult) -> Trial | None:
    """The trial that a stored cell is; nothing where it is none of this search."""
    values, number = space.values(cell.view), cell.seed - FIRST
    if cell.role != ROLE or values is None or number < 0 or "early" not in result.arrays:
        return None
    return Trial(
        number=number,
        view=cell.view,
        values=values,
        score=score_of(result),
        early=float(result.arrays["early"][0]),
        pruned=bool(result.arrays["pruned"][0]),
        result=result,
    )
