"""Which view to train next: a function of the finished trials, computed by Optuna.

Nothing is kept between two proposals. Each is made from an Optuna study in memory, built from the
trials that are known, with a seed of its own; the same trials give the same proposal, on any
machine and after any interruption.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodviews.core.extras import need
from goodviews.spec.space import Parameter, Space

FEW = 30
"""Trials up to which a Gaussian process proposes; beyond, it is the Parzen estimator (TPE)."""


@dataclass(frozen=True)
class Known:
    """A trial that proposals are based on.

    Attributes:
        values: One for each parameter of the space.
        score: What is maximised; nothing while the trial is running.
    """

    values: tuple[Any, ...]
    score: float | None = None


def sampler_name(trials: int) -> str:
    """Sampler that proposes in a search of so many trials."""
    return "Gaussian process" if trials <= FEW else "tree-structured Parzen estimator"


def startup(space: Space, trials: int) -> int:
    """How many trials cover the space evenly before any is proposed from results.

    Example:
        >>> from goodviews.spec.space import read_space
        >>> startup(read_space("jitter({0.0: 1.0})"), 40)
        8
    """
    return min(max(8, 2 * len(space.parameters)), max(trials // 2, 1))


def propose(
    space: Space, known: Sequence[Known], *, number: int, trials: int, seed: int = 0
) -> tuple[Any, ...]:
    """Values of one trial.

    Args:
        space: Where to search.
        known: Finished and running trials with smaller numbers.
        number: Number of the trial, from 0.
        trials: Number of trials of the search.
        seed: Seed of the search.

    Returns:
        One value for each parameter.

    Raises:
        MissingExtra: Optuna is not installed.
    """
    optuna = need("optuna", "search")
    first = startup(space, trials)
    if number < first or not any(trial.score is not None for trial in known):
        return _even(space, number, seed)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    spread = {one.name: _distribution(optuna, one) for one in space.parameters}
    study = optuna.create_study(
        direction="maximize", sampler=_sampler(optuna, trials, [seed, number])
    )
    state = optuna.trial.TrialState
    for trial in known:
        study.add_trial(
            optuna.trial.create_trial(
                state=state.RUNNING if trial.score is None else state.COMPLETE,
                value=trial.score,
                params=_asked(space, trial.values),
                distributions=spread,
            )
        )
    asked = study.ask(spread)
    return tuple(_taken(one, asked.params[one.name]) for one in space.parameters)


def _sampler(optuna: Any, trials: int, key: Sequence[int]) -> Any:
    seed = int(np.random.SeedSequence(list(key)).generate_state(1)[0])
    if trials <= FEW:
        return optuna.samplers.GPSampler(seed=seed, n_startup_trials=1)
    return optuna.samplers.TPESampler(
        seed=seed, n_startup_trials=1, multivariate=True, constant_liar=True
    )


def _even(space: Space, number: int, seed: int) -> tuple[Any, ...]:
    """A point of a scrambled Sobol sequence."""
    from scipy.stats import qmc

    engine = qmc.Sobol(len(space.parameters), rng=np.random.default_rng(seed))
    place = engine.random_base2((number + 1).bit_length())[number]
    return tuple(one.at(float(at)) for one, at in zip(space.parameters, place, strict=True))


def _distribution(optuna: Any, one: Parameter) -> Any:
    if one.values:
        return optuna.distributions.CategoricalDistribution(range(len(one.values)))
    if one.whole:
        return optuna.distributions.IntDistribution(int(one.low), int(one.high))
    return optuna.distributions.FloatDistribution(float(one.low), float(one.high))


def _asked(space: Space, values: Sequence[Any]) -> dict[str, Any]:
    """Values as Optuna has them: of a set, the number of its member."""
    return {
        one.name: round(one.place(value) * (len(one.values) - 1)) if one.values else value
        for one, value in zip(space.parameters, values, strict=True)
    }


def _taken(one: Parameter, value: Any) -> Any:
    if one.values:
        return one.values[int(value)]
    return int(value) if one.whole else one.rounded(value)
