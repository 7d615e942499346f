"""Runs a search, from a space of views to the finalists that a study compares."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from goodviews.core.errors import InputError
from goodviews.core.extras import need
from goodviews.core.files import read_json, write_json
from goodviews.core.progress import Reporter
from goodviews.core.records import search as records
from goodviews.core.text import counted
from goodviews.jobs.study.plan import Cell, Plan, Task
from goodviews.jobs.study.run import Workers, spread, workers_of
from goodviews.jobs.study.screening.stage import short_plan
from goodviews.jobs.study.search.describe import describe
from goodviews.jobs.study.search.propose import sampler_name
from goodviews.jobs.study.search.trials import (
    EARLY,
    FIRST,
    ROLE,
    Trial,
    Trials,
    run_trial,
    trial_of,
)
from goodviews.jobs.study.store import Store
from goodviews.methods.fitting import simclr_views
from goodviews.spec.space import Space
from goodviews.views import parse_view

FOLDER = "search"
FINALISTS = 4
"""Views of a search that a study compares, beside those of SimCLR."""
MOST = 1_000
_USUAL = 5
"""Trials for each parameter below which a search is mostly chance."""
_TOGETHER = 4
"""Fewest trials that are open at a time."""


def search_views(
    plan: Plan,
    tasks: Sequence[Task],
    space: Space,
    trials: int,
    *,
    shown: int,
    folder: Path,
    jobs: Workers,
    progress: Reporter,
    earlier: Sequence[str] = (),
    given: Sequence[tuple[Any, ...]] = (),
) -> tuple[tuple[str, ...], records.Search]:
    """Search.

    Args:
        plan: The study.
        tasks: What chooses.
        space: Where to search.
        trials: Number of trials.
        shown: Images shown in each of them.
        folder: The study folder.
        jobs: Where the work is done.
        progress: Reporter.
        earlier: Finalists of a shorter search in this folder, which stay.
        given: Points to try in this order, instead of proposals.

    Returns:
        The finalists, and what was searched.

    Raises:
        InputError: No view could be trained, a run cannot be stored, a worker was killed, or the
            folder holds another search.
    """
    need("optuna", "search")
    place = short_plan(plan, tasks, [Cell(ROLE, space.text, FIRST)], -(-shown // EARLY))
    place = replace(place, settings=replace(place.settings, epochs=EARLY * place.settings.epochs))
    store = Store(folder / FOLDER, place)
    kept, ignored = store.finished()
    if ignored:
        progress.note(
            f"{folder / FOLDER / 'cells'} has {counted(len(ignored), 'file')} that the search "
            f"ignores, damaged or from elsewhere: {', '.join(ignored[:3])}."
        )
    state = Trials(space, trials, _together(store.folder, jobs), given=given)
    for cell, result in kept.items():
        found = trial_of(space, cell, result)
        if found is not None and found.number < trials:
            state.done.setdefault(found.number, found)
    progress.note(_words(space, trials, len(state.done)))
    due = state.due()
    items = list(due)
    unit = "trials finished"
    progress(unit, len(state.done), trials)

    def more() -> list[tuple[str, int, float | None]]:
        new = state.due()
        items.extend(new)
        return new

    for at, made in spread(place, due, run_trial, jobs=jobs, more=more):
        view, number, _ = items[at]
        values = state.begun[number]
        if isinstance(made, str):
            state.done[number] = Trial(number, view, values, why=made)
        else:
            cell = Cell(ROLE, view, FIRST + number)
            whole = trial_of(space, cell, store.save(cell, made))
            assert whole is not None
            state.done[number] = whole
        progress(unit, len(state.done), trials)
    best = state.best(FINALISTS)
    if not best:
        why = next((one.why for one in state.done.values() if one.why), "all were pruned")
        raise InputError(f"None of the {trials} proposed views could be trained: {why}")
    _write(store, state)
    finalists = [repr(parse_view(one.view)) for one in best]
    named = tuple(dict.fromkeys([*earlier, *finalists, simclr_views(plan.images.channels)]))
    progress.note(
        f"{len(named)} finalists, with new seeds and labels that were not used for selection."
    )
    return named, describe(state, named, sampler_name(trials), shown)


def _together(folder: Path, jobs: Workers) -> int:
    """How many trials are open at a time: as many as there were when the search began."""
    path = folder / "together.json"
    with suppress(InputError, KeyError, TypeError, ValueError):
        if path.exists():
            return max(int(read_json(path)["together"]), 1)
    write_json(path, {"together": max(workers_of(jobs), _TOGETHER)})
    return max(workers_of(jobs), _TOGETHER)


def _write(store: Store, state: Trials) -> None:
    """The rows of all trials, in the order of their numbers."""
    done = [state.done[number] for number in sorted(state.done)]
    results = {Cell(ROLE, one.view, FIRST + one.number): one.result for one in done if one.result}
    assert isinstance(store.plan, Plan)
    store.plan = replace(store.plan, screened=tuple(results))
    store.write(results)


def _words(space: Space, trials: int, done: int) -> str:
    count = len(space.parameters)
    about = f"Searching {counted(count, 'parameter')} in {trials} trials ({sampler_name(trials)})"
    few = ""
    if trials < _USUAL * count:
        few = (
            f"; {trials} trials for {count} parameters are few, so the result depends on luck: "
            f"{max(_USUAL * count, 40)} are usual"
        )
    resumed = f"; {done} are finished" if done else ""
    return f"{about}{resumed}{few}."
