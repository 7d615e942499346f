"""Every representation evaluated on every task: readouts, and their paired differences.

Letters: n tested images.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from goodviews.core.errors import InputError, unknown
from goodviews.core.progress import Report
from goodviews.data.tasks import LabelTask, label_tasks
from goodviews.evaluation.budgets import usable_budgets
from goodviews.evaluation.protocols import (
    BUDGETS,
    KINDS,
    Score,
    evaluate_representation,
    fold_parts,
    paired_difference,
)
from goodviews.evaluation.scores import Judged, Parts
from goodviews.evaluation.task_scores import evaluate_task, task_difference
from goodviews.jobs.evaluate.represented import RANDOM, RAW, Representation, Represented
from goodviews.jobs.evaluate.tuning import RATES, STEPS, Tuner
from goodviews.training import Settings

DEFAULT = ("linear", "knn", "few", "geometry")
"""Protocols where none are named."""

TUNED = ("finetune", "finetune-few")
"""Protocols that train the encoder: with all labels, and with few."""

Right = dict[str, np.ndarray]
"""Protocol to (n,), the share of readouts that were right on each tested image."""


@dataclass(frozen=True)
class Protocols:
    """Which readouts, and how.

    Attributes:
        kinds: Names of :data:`goodviews.evaluation.protocols.KINDS` and :data:`TUNED`.
        budgets: Labels of ``few`` and ``finetune-few``; none for those of the defaults that fit.
        draws: Draws of few labels.
        runs: Trainings of ``finetune``.
        neighbours: k of the nearest neighbours.
        temperature: Temperature of their votes.
        bf16: Whether their cosines are computed in bfloat16.
        tuning: Settings of fine-tuning.
        fixed: Names of those that the caller chose.
        folder: Where trainings keep their state.
    """

    kinds: Sequence[str]
    budgets: Sequence[str]
    draws: int
    runs: int
    neighbours: int
    temperature: float
    bf16: bool
    tuning: Settings
    fixed: Sequence[str]
    folder: Path

    @property
    def tunes(self) -> bool:
        """Whether one of them trains the encoder."""
        return bool(set(self.kinds) & set(TUNED))


def check_protocols(kinds: Sequence[str], changes: Sequence[str], temperature: float) -> None:
    """Refuse protocols before anything is computed.

    Args:
        kinds: Names of protocols.
        changes: Settings of fine-tuning to change.
        temperature: Temperature of the votes of nearest neighbours.

    Raises:
        InputError: One is not known, or settings are changed that none of them has.
    """
    for kind in kinds:
        if kind not in (*KINDS, *TUNED):
            raise unknown("protocol", kind, (*KINDS, *TUNED))
    if changes and not set(kinds) & set(TUNED):
        raise InputError("--set changes fine-tuning: add --protocol finetune.")
    if not temperature > 0:
        raise InputError(f"temperature must be more than 0, but got {temperature:g}.")


def readouts(found: Represented, protocols: Protocols, progress: Report) -> list[Score]:
    """Evaluate every representation on every task.

    Args:
        found: The representations.
        protocols: Which readouts, and how.
        progress: Called with what is counted, how many are done and how many there are.

    Returns:
        Scores of each representation, then of the encoder minus each baseline.
    """
    scores: list[Score] = []
    every = label_tasks(found.images)
    jobs = [(task, one) for task in found.tasks for one in found.all]
    right: dict[tuple[str, str], Right] = {}
    for number, (task, one) in enumerate(jobs):
        progress("readouts made", number, len(jobs))
        made, right[task, one.label] = _readout(found, one, every[task], protocols, progress)
        scores += made
    progress("readouts made", len(jobs), len(jobs))
    return scores + _differences(found, scores, right)


def _readout(
    found: Represented,
    one: Representation,
    task: LabelTask,
    protocols: Protocols,
    progress: Report,
) -> tuple[list[Score], Right]:
    """One representation on one task."""
    name, column, pool = task.name, task.strata, found.splits.pool[task.name]
    test = found.splits.test[name]
    crossed = found.splits.cross_fitted(name)
    budgets = protocols.budgets or usable_budgets(BUDGETS, column, pool)
    parts = test if crossed else Parts(pool, found.splits.choose[name], test)
    options: dict[str, Any] = {
        "budgets": budgets,
        "draws": protocols.draws,
        "neighbours": protocols.neighbours,
        "temperature": protocols.temperature,
        "seed": found.seed,
        "about": {
            "encoder": one.name,
            "role": one.role,
            "task": name,
            "split": found.splits.hash,
            "encoder_seed": one.seed,
            "seen": found.seen[name] if one is found.encoder else 0.0,
        },
        "groups": found.images.groups,
    }
    if task.kind != "classes":
        return evaluate_task(one.features, task, parts, kinds=protocols.kinds, **options)
    return evaluate_representation(
        one.features,
        column,
        parts,
        classes=len(task.classes),
        kinds=[kind for kind in protocols.kinds if kind not in TUNED],
        bf16=protocols.bf16,
        more=_tuned(found, one, name, protocols, budgets, progress),
        **options,
    )


def _tuned(
    found: Represented,
    one: Representation,
    task: str,
    protocols: Protocols,
    budgets: Sequence[str],
    progress: Report,
) -> dict[str, Callable[[Parts], Judged]]:
    """The protocols that train the encoder, where it can be trained."""
    module = one.encoder.module
    if module is None or not protocols.tunes:
        return {}
    settings = protocols.tuning
    tuner = Tuner(
        found.images,
        found.images.labels[task],
        module,
        one.features,
        classes=len(found.images.classes[task]),
        settings=settings,
        rates=(settings.encoder_rate,) if "encoder_rate" in protocols.fixed else RATES,
        runs=protocols.runs if one.seed is None else 1,
        steps=0 if "epochs" in protocols.fixed else STEPS,
        seed=found.seed,
        folder=protocols.folder / "finetune",
        progress=progress,
        name=one.label,
        groups=found.images.groups,
    )
    jobs: dict[str, Callable[[Parts], Judged]] = {}
    if "finetune" in protocols.kinds:
        jobs["finetune"] = tuner.full
    if "finetune-few" in protocols.kinds:
        for budget in budgets:
            few = partial(tuner.few, budget=budget, draws=protocols.draws)
            jobs[f"finetune {budget}"] = few
    return jobs


def _differences(
    found: Represented, scores: Sequence[Score], right: dict[tuple[str, str], Right]
) -> list[Score]:
    """The encoder's scores minus those of each baseline, paired by tested image."""
    made, every = [], label_tasks(found.images)
    for score in scores:
        mine = right[score.task, found.encoder.label].get(score.protocol)
        if score.role != "encoder" or mine is None:
            continue
        blank = [right[score.task, one.label][score.protocol] for one in found.random]
        others = {RANDOM: np.mean(blank, axis=0)} if blank else {}
        raw = right[score.task, RAW].get(score.protocol)
        if found.encoder.name != RAW and raw is not None:
            others[RAW] = raw
        trained = score.protocol.startswith("finetune")
        runs = _of_runs(score, [items.mean() for items in blank]) if trained else []
        for other, items in others.items():
            name = f"{score.encoder} minus {other}"
            test, task = _tested(found, score.task), every[score.task]
            groups = None if found.images.groups is None else found.images.groups[test]
            if task.kind != "classes":
                made.append(task_difference(mine, items, name=name, like=score, groups=groups))
                continue
            truth = task.strata[test]
            more = {"groups": groups, "truth": truth}
            made.append(paired_difference(mine, items, name=name, like=score, runs=runs, **more))
    return made


def _tested(found: Represented, task: str) -> np.ndarray:
    """(n,) tested images, in the order in which folds test them."""
    column, test = label_tasks(found.images)[task].strata, found.splits.test[task]
    given = test if found.splits.cross_fitted(task) else Parts(test[:0], test[:0], test)
    made = fold_parts(column, given, seed=found.seed, groups=found.images.groups)
    return np.concatenate([fold.test for fold in made])


def _of_runs(score: Score, blank: Sequence[float]) -> list[tuple[float, int]]:
    """Variance that trainings add to the two means of a difference, and degrees of freedom."""
    found = []
    if score.spread is not None and score.draws:
        found.append((score.spread**2 / score.draws, score.draws - 1))
    if len(blank) > 1:
        found.append((float(np.var(blank, ddof=1)) / len(blank), len(blank) - 1))
    return found
