"""How much each parameter of a search matters: what the others cannot predict without it.

Letters: N trials, P parameters, F terms.
"""

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.interval import Interval

_PENALTIES = np.geomspace(1e-3, 1e2, 11)


def importances(
    places: np.ndarray, scores: np.ndarray, levels: Sequence[int]
) -> tuple[Interval, ...]:
    """Share of the variance of the scores that is not predicted without each parameter.

    A quadratic with interactions of two is fitted by ridge regression, once with all parameters
    and once without each. Each trial is predicted from all others (leave one out), so that a
    parameter without any effect is worth nothing on average, or less. Intervals are Student's
    over the trials.

    Args:
        places: (N, P), 0 to 1: where each value is between the ends; of a set, by its order.
        scores: (N,).
        levels: P numbers of values of each set; 0 for a range.

    Raises:
        InputError: There are fewer than 8 trials.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> x = rng.random((40, 2))
        >>> first, second = importances(x, (x[:, 0] - 0.3) ** 2, (0, 0))
        >>> first.low > 0.5, abs(second.value) < 0.1
        (True, True)
    """
    from scipy.stats import t as student

    count = len(scores)
    if count < 8:
        raise InputError(f"Importances need at least 8 trials, but got {count}.")
    y = scores - scores.mean()
    variance = float((y**2).mean()) or 1.0
    terms, owners = _terms(places, levels)
    errors = [_left_out(terms, y, penalty) for penalty in _PENALTIES]
    best = int(np.argmin([(one**2).mean() for one in errors]))
    found = []
    for parameter in range(places.shape[1]):
        kept = [place for place, owner in enumerate(owners) if parameter not in owner]
        without = _left_out(terms[:, kept], y, _PENALTIES[best])
        gain = (without**2 - errors[best] ** 2) / variance
        half = float(student.ppf(0.975, count - 1) * gain.std(ddof=1) / np.sqrt(count))
        value = float(gain.mean())
        found.append(Interval(value, value - half, value + half))
    return tuple(found)


def _terms(places: np.ndarray, levels: Sequence[int]) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """(N, F) standardised terms, and the parameters that each belongs to."""
    made: list[np.ndarray] = []
    owners: list[tuple[int, ...]] = []
    centred = places - 0.5
    for number, values in enumerate(levels):
        if values:
            member = np.round(places[:, number] * (values - 1))
            made += [member == one for one in range(values)]
            owners += [(number,)] * values
        else:
            made += [centred[:, number], centred[:, number] ** 2]
            owners += [(number,)] * 2
    for one, other in combinations(range(len(levels)), 2):
        made.append(centred[:, one] * centred[:, other])
        owners.append((one, other))
    terms = np.stack(made, axis=1).astype(float)
    terms -= terms.mean(axis=0)
    return terms / np.maximum(terms.std(axis=0), 1e-9), owners


def _left_out(terms: np.ndarray, y: np.ndarray, penalty: float) -> np.ndarray:
    """(N,) error of each trial when it is predicted from all others, its mean among them."""
    count = len(y)
    gram = terms.T @ terms + penalty * count * np.eye(terms.shape[1]) / 10
    hat = terms @ np.linalg.solve(gram, terms.T) + 1 / count
    errors: np.ndarray = (y - hat @ y) / np.maximum(1 - np.diag(hat), 1e-6)
    return errors
