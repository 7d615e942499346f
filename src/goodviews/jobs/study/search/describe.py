"""What a search found, as the records that the page reads."""

from collections.abc import Sequence

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.records import search as records
from goodviews.core.text import ends
from goodviews.jobs.study.search.importance import importances
from goodviews.jobs.study.search.trials import Trial, Trials, as_scores
from goodviews.spec.space import Parameter
from goodviews.views import parse_view

_FEWEST = 4
"""Trials for each parameter below which no importance is given."""


def describe(state: Trials, finalists: Sequence[str], sampler: str, shown: int) -> records.Search:
    """What was found.

    Args:
        state: The trials.
        finalists: Views that the study compares.
        sampler: What proposed the trials.
        shown: Images shown in a trial that was not pruned.
    """
    space = state.space
    scores = as_scores({n: one for n, one in state.done.items() if one.score is not None})
    names = tuple(space.parameters)
    found: tuple[Interval | None, ...] = (None,) * len(names)
    if len(scores) >= max(_FEWEST * len(names), 8):
        places = np.array([_places(names, state.done[n]) for n in scores])
        values = np.array(list(scores.values()))
        found = importances(places, values, [len(one.values) for one in names])
    best = state.best(max(len(scores) // 4, 1))
    return records.Search(
        space=space.text,
        sampler=sampler,
        shown=shown,
        parameters=tuple(
            records.Parameter(
                name=one.name,
                ends=tuple(map(repr, one.values or (one.low, one.high))),
                importance=importance,
                text=_words(one, importance, [trial.values[place] for trial in best]),
            )
            for place, (one, importance) in enumerate(zip(names, found, strict=True))
        ),
        trials=tuple(_trial(state, number, finalists) for number in sorted(state.done)),
    )


def _places(parameters: Sequence[Parameter], trial: Trial) -> list[float]:
    return [one.place(value) for one, value in zip(parameters, trial.values, strict=True)]


def _trial(state: Trials, number: int, finalists: Sequence[str]) -> records.Trial:
    trial = state.done[number]
    rows = trial.result.rows if trial.result else []
    read = [row.readout for row in rows if row.readout is not None]
    failed = trial.result is None
    return records.Trial(
        number=number,
        view=trial.view,
        places=tuple(round(at, 4) for at in _places(state.space.parameters, trial)),
        state="failed" if failed else "pruned" if trial.pruned else "finished",
        nats=rows[0].estimate_nats if rows else None,
        accuracy=float(np.mean(read)) if read else None,
        score=trial.score,
        finalist=not failed and not trial.pruned and repr(parse_view(trial.view)) in finalists,
    )


def _words(one: Parameter, importance: Interval | None, best: Sequence[object]) -> str:
    """How much a parameter matters, and where the best trials have it.

    Example:
        >>> scale = Parameter("crop.scale", 0.1, 1.0)
        >>> _words(scale, Interval(0.42, 0.2, 0.64), [0.2, 0.35])
        'crop.scale explains 42 % [20, 64] of the differences between trials; the best quarter of \
them have 0.2 to 0.35.'
    """
    if one.values:
        where = " or ".join(dict.fromkeys(repr(value) for value in best))
    else:
        low, high = min(best), max(best)  # type: ignore[type-var]
        where = f"{low:g} to {high:g}" if low != high else f"{low:g}"
    tail = f"the best quarter of them have {where}."
    if importance is None:
        return f"{one.name}: too few trials to tell whether it matters; {tail}"
    spread = ends(100 * importance.low, 100 * importance.high, 0)
    if not importance.above:
        return (
            f"{one.name} has no measurable effect ({100 * importance.value:.0f} % {spread} of the "
            f"differences between trials); {tail}"
        )
    return (
        f"{one.name} explains {100 * importance.value:.0f} % {spread} of the differences between "
        f"trials; {tail}"
    )
