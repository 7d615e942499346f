"""Views at several lengths of the same run: which are measured, and the measurement.

A run of the study rises, is steady, and falls. The shorter and longer runs measured here share
its first steps (:mod:`goodviews.training.steady`), so that lengths differ in their length alone,
and the run at the study's own length is that of the study, to the last bit. Shorter ones rise as
long as it does, and not for a tenth of their own length: at a quarter of the length (digits,
``crop(scale=(0.35, 1))``, 4 seeds) accuracy is 0.3 points higher (standard error 0.4) and the
bound 0.06 nats lower (0.01) than in a study of that length.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from goodviews.core.cells import Values
from goodviews.core.errors import InputError
from goodviews.core.records.rows import Row
from goodviews.jobs.study.measures import row_scores
from goodviews.jobs.study.plan import Plan
from goodviews.jobs.study.readings import of_encoder
from goodviews.measurement import Draws, shared_nats
from goodviews.training import Settings, Steady
from goodviews.training.loop import batch_size
from goodviews.training.schedule import fixed_rise
from goodviews.views import parse_view

FACTORS = (0.25, 0.5, 2.0)
"""Lengths beside that of the study, as multiples of it."""
_MEASURED = 0.4
"""What the bound and the readouts take, as a share of a whole run of the study."""
_STEADY = 0.7
"""Share of a run that longer runs have in common with it."""


@dataclass(frozen=True, order=True)
class LengthRun:
    """One view and seed at one length.

    Attributes:
        view: Spec of the view.
        seed: Number of the run.
        epochs: Passes over the pretraining images.
    """

    view: str
    seed: int
    epochs: int


@dataclass(frozen=True, eq=False)
class Measured:
    """What a run at one length gave.

    Attributes:
        rows: One for each task, or one without a task.
        right: Per task (M,), values whose mean is what decides.
        draws: Per task (R,), the same of each label draw.
    """

    rows: tuple[Row, ...]
    right: tuple[np.ndarray, ...] = ()
    draws: tuple[np.ndarray, ...] = ()


def chosen_runs(
    views: Sequence[str], seeds: Sequence[int], *, epochs: int, budget: float
) -> list[LengthRun]:
    """Which runs a budget allows, the most informative first.

    The best view gets half and twice the length, then the other views half, then twice, then all
    a quarter, then the next seed.

    Args:
        views: Best view first.
        seeds: Numbers of the runs.
        epochs: Length of the study.
        budget: Time, in runs of the study's length with their measurements.

    Returns:
        Sorted by view, seed and length, so that each continues the one before; the same arguments
        give the same runs.

    Example:
        >>> [(run.view, run.epochs) for run in chosen_runs("ab", [0], epochs=8, budget=3)]
        [('a', 4), ('a', 16), ('b', 4)]
    """
    short, half, twice = (max(1, round(epochs * factor)) for factor in FACTORS)
    order = [(views[0], half), (views[0], twice)]
    order += [(view, length) for length in (half, twice) for view in views[1:]]
    order += [(view, short) for view in views]
    found: list[LengthRun] = []
    for seed in seeds:
        for view, length in order:
            one = LengthRun(view, seed, length)
            if length == epochs or one in found or _cost([*found, one], epochs) > budget:
                continue
            found.append(one)
    return sorted(found, key=lambda run: (views.index(run.view), run.seed, run.epochs))


def _cost(runs: Sequence[LengthRun], epochs: int) -> float:
    """Time of runs that continue one another, in runs of the study."""
    taken = _MEASURED * len(runs)
    last = LengthRun("", 0, 0)
    for run in sorted(runs):
        shared = _STEADY * last.epochs if (run.view, run.seed) == (last.view, last.seed) else 0.0
        taken += (1 - _MEASURED) * (run.epochs - shared) / epochs
        last = run
    return taken


def length_settings(plan: Plan, epochs: int) -> Settings:
    """Settings of a run of another length whose first steps are those of the study's runs."""
    count = len(plan.splits.pretrain)
    per_epoch = count // batch_size(plan.settings, count, 1)
    total = plan.settings.epochs * per_epoch
    text = fixed_rise(plan.settings.schedule, total, epoch=per_epoch)
    return replace(plan.settings, epochs=epochs, schedule=text)


def measure_run(
    plan: Plan, run: LengthRun, *, steady: Steady | None = None, keep_steady: bool = False
) -> tuple[Measured, Steady | None]:
    """Pretrain one view at one length, bound what its views share, and evaluate every task.

    Args:
        plan: The study.
        run: View, seed and length.
        steady: A shorter run of the same view and seed, which is continued.
        keep_steady: Whether to return the state from which a longer run continues.

    Returns:
        The rows and accuracies, the same with and without ``steady``; and that state.

    Raises:
        InputError: The loss stopped being finite.
    """
    begun, pair = time.perf_counter(), parse_view(run.view)
    found = shared_nats(
        pair,
        plan.images,
        settings=length_settings(plan, run.epochs),
        seed=run.seed,
        candidates=plan.candidates,
        pretrain_on=plan.splits.pretrain,
        held_out=plan.splits.held_out,
        draws=Draws(looks=0),
        steady=steady,
        keep_steady=keep_steady,
    )
    common: dict[str, Any] = {
        "view": run.view,
        "seed": run.seed,
        "role": "candidate",
        "estimate_nats": found.nats,
        "stderr_nats": found.estimate.stderr_nats,
        "ceiling_nats": found.estimate.ceiling_nats,
        "candidates": found.estimate.candidates,
        "at_ceiling": found.estimate.at_ceiling,
        "epochs": run.epochs,
        "steps": found.history.steps,
    }
    read = of_encoder(plan, found.encoders, pair)
    rows, right, draws = [], [], []
    for task in plan.tasks:
        made = read(task)
        right.append(made["right"])
        draws.append(made["draws"])
        rows.append(Row(task=task.name, **row_scores(task, made), **common))
    rows = rows or [Row(task="", **common)]
    seconds = round(time.perf_counter() - begun, 2)
    timed = tuple(replace(row, seconds=seconds) for row in rows)
    return Measured(timed, tuple(right), tuple(draws)), found.steady


def measure_chain(plan: Plan, runs: Sequence[LengthRun]) -> tuple[list[Measured], str]:
    """Measure one view and seed at several lengths, each of which continues the one before.

    Args:
        plan: The study.
        runs: One view and seed, shortest first.

    Returns:
        What each run gave, up to the first that could not be trained, and why that is.
    """
    steady: Steady | None = None
    found: list[Measured] = []
    for run in runs:
        try:
            made, steady = measure_run(plan, run, steady=steady, keep_steady=run is not runs[-1])
        except InputError as error:
            return found, str(error)
        found.append(made)
    return found, ""


def stored(made: Measured) -> Values:
    """A measured run, as :class:`goodviews.core.cells.Cells` holds it."""
    arrays = {f"{number}.right": one for number, one in enumerate(made.right)}
    arrays |= {f"{number}.draws": one for number, one in enumerate(made.draws)}
    return {"rows": [asdict(row) for row in made.rows], **arrays}


def restored(found: Values, *, tasks: int) -> Measured:
    """What :func:`stored` made.

    Args:
        found: The stored values.
        tasks: Number of tasks.
    """
    rows = tuple(Row(**row) for row in found["rows"])
    right = tuple(found[f"{number}.right"] for number in range(tasks))
    draws = tuple(found[f"{number}.draws"] for number in range(tasks))
    return Measured(rows, right, draws)
