"""A user's own view: without each of its steps in turn, and with each operation that it lacks.

Letters: V variants, the view itself first; S seeds; T tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.interval import Interval
from goodviews.core.progress import Reporter
from goodviews.core.records import screening as records
from goodviews.core.text import points
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.run import Workers, run_cells
from goodviews.jobs.study.screening.kinds import Kind
from goodviews.jobs.study.screening.operations import Operation
from goodviews.jobs.study.screening.stage import FOLDER, ROLE, short_plan
from goodviews.jobs.study.store import Store
from goodviews.spec.grammar import parse_spec
from goodviews.views import parse_view

SEEDS = 3
_KEPT = 2
"""Variants, beside the view and the one with all that helped, that the study compares."""


@dataclass(frozen=True)
class Variant:
    """The view with one step less or one operation more.

    Attributes:
        view: Its spec.
        name: The step or the operation.
        spec: The same as a spec.
        added: Whether the operation is added, not a step left out.
    """

    view: str
    name: str
    spec: str
    added: bool


def variants(view: str, found: Sequence[Operation]) -> list[Variant]:
    """All variants of a view by one step.

    Args:
        view: Its spec.
        found: Operations that may be added; those with a step that the view has are not.

    Raises:
        InputError: Its two views differ.

    Example:
        >>> some = (Operation("noise", "noise(0.05)", 9), Operation("flip", "flip()", 1))
        >>> [(one.view, one.added) for one in variants("crop()|flip()", some)]
        [('flip()', False), ('crop()', False), ('crop()|flip()|noise(0.05)', True)]
    """
    pair = parse_view(view)
    if not pair.same:
        raise InputError(
            f"--audit takes a view whose two sides are alike, but {view} has two; audit each side."
        )
    steps = [repr(step) for step in pair.first.steps]
    names = {step.partition("(")[0] for step in steps}
    made = []
    for place, step in enumerate(steps):
        rest = "|".join(steps[:place] + steps[place + 1 :]) or "identity()"
        made.append(Variant(repr(parse_view(rest)), step, step, added=False))
    for one in found:
        if not {call.name for call in parse_spec(one.spec)} & names:
            more = repr(parse_view("|".join(_added(steps, one.spec))))
            made.append(Variant(more, one.name, one.spec, added=True))
    return made


def _added(steps: Sequence[str], spec: str) -> list[str]:
    """Steps with one more, before those that change the form of the image."""
    form = [parse_view(step).first.steps[0].form for step in steps]
    place = form.index(True) if True in form else len(steps)
    return [*steps[:place], spec, *steps[place:]]


def paired_effects(scores: np.ndarray) -> list[Interval]:
    """Differences of variants to the first, with simultaneous 95 % intervals.

    Runs of one seed share initialisation and order, so differences are taken within seeds. What
    is left after variants and seeds gives one standard error, and Bonferroni's correction counts
    all differences.

    Args:
        scores: (V, S).

    Returns:
        V - 1 differences.

    Example:
        >>> [round(one.value, 2) for one in paired_effects(np.array([[1.0, 2.0], [1.5, 2.5]]))]
        [0.5]
    """
    from scipy.stats import t as student

    count, seeds = scores.shape
    left = scores - scores.mean(0) - scores.mean(1, keepdims=True) + scores.mean()
    dof = (count - 1) * (seeds - 1)
    half = float(
        np.sqrt((left**2).sum() / dof * 2 / seeds) * student.isf(0.025 / (count - 1), dof)
    )
    gaps = (scores[1:] - scores[:1]).mean(axis=1)
    return [Interval(float(gap), float(gap) - half, float(gap) + half) for gap in gaps]


def audit(
    plan: Plan,
    tasks: Sequence[Task],
    view: str,
    found: Sequence[Operation],
    kind: Kind,
    *,
    shown: int,
    folder: Path,
    jobs: Workers,
    progress: Reporter,
) -> tuple[tuple[str, ...], tuple[records.Screening, ...]]:
    """Run the variants, and name those that a study should compare with the view.

    Args:
        plan: The study.
        tasks: Labels used for selection.
        view: The view that is audited.
        found: Operations that may be added.
        kind: Kind of the images.
        shown: Images shown in each run.
        folder: The study folder.
        jobs: Where the work is done.
        progress: Reporter.

    Raises:
        InputError: A variant could not be trained, or a run cannot be stored.
    """
    made = variants(view, found)
    views = [repr(parse_view(view)), *(one.view for one in made)]
    cells = [Cell(ROLE, spec, seed) for spec in views for seed in range(SEEDS)]
    short = short_plan(plan, tasks, cells, shown)
    store = Store(folder / FOLDER, short)
    done = run_cells(short, store, jobs=jobs, progress=progress, unit="short runs finished")
    store.write(done.results)
    if done.failed:
        raise InputError(f"A variant could not be trained: {next(iter(done.failed.values()))}")

    def read(name: str, task: int) -> np.ndarray:
        values = [getattr(done.results[cell].rows[task], name) for cell in cells]
        return np.array(values, dtype=float).reshape(len(views), SEEDS)

    shared = paired_effects(read("estimate_nats", 0))
    reports, chosen = [], [views[0]]
    for number, task in enumerate(tasks):
        right = paired_effects(read("readout", number))
        nats = paired_effects(read("usable_nats", number))
        better = [place for place, one in enumerate(nats) if one.value > 0]
        better.sort(key=lambda place, nats=nats: -nats[place].value)  # type: ignore[misc]
        chosen += [together(view, [made[place] for place in better])]
        chosen += [made[place].view for place in better[:_KEPT]]
        worth = [
            one if each.added else one.turned() for each, one in zip(made, right, strict=True)
        ]
        moved = [
            one if each.added else one.turned() for each, one in zip(made, shared, strict=True)
        ]
        order = np.argsort([-one.value for one in worth], kind="stable")
        reports.append(
            records.Screening(
                task=task.name,
                kind=kind.name,
                why=kind.why,
                runs=len(cells),
                shown=shown,
                operations=tuple(
                    records.Operation(
                        name=made[place].name,
                        spec=made[place].spec,
                        points=worth[place].times(100),
                        nats=moved[place],
                        text=variant_words(made[place], worth[place]),
                    )
                    for place in order
                ),
                together="",
                entries=(),
            )
        )
    return tuple(dict.fromkeys(chosen)), tuple(reports)


def together(view: str, better: Sequence[Variant]) -> str:
    """The view with all changes that helped at once.

    Args:
        view: Its spec.
        better: Variants that were better.
    """
    gone = {one.spec for one in better if not one.added}
    steps = [repr(step) for step in parse_view(view).first.steps if repr(step) not in gone]
    for one in better:
        if one.added:
            steps = _added(steps, one.spec)
    return repr(parse_view("|".join(steps) or "identity()"))


def variant_words(one: Variant, worth: Interval) -> str:
    """What a step or an added operation is worth, in one sentence.

    Example:
        >>> variant_words(Variant("flip()", "crop()", "crop()", False), Interval(0.1, 0.05, 0.15))
        'Your `crop()` is worth +10.0 points [+5.0, +15.0].'
    """
    said = points(worth, signed=True)
    if one.added:
        tail = "." if worth.above or worth.below else ", not significantly different from 0."
        return f"Adding {one.name} ({one.spec}) is worth {said}{tail}"
    if worth.below:
        return f"Your `{one.spec}` is worth {said}: leave it out."
    tail = "." if worth.above else ", not significantly different from 0."
    return f"Your `{one.spec}` is worth {said}{tail}"
