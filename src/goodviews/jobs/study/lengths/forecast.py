r"""Forecast of accuracy and shared nats at longer training, from a few measured lengths.

With k the logarithm of the length to base 2, y the logit of the accuracy (or of the nats as a
share of their ceiling), and s the slope of y over the measured lengths, the change over h more
doublings is modelled as

.. math:: y(k + h) - y(k) = (a + b s) (r + r^2 + \dots + r^h) + \sigma \sqrt{h} \, \varepsilon .

The gain of each doubling is r times that of the one before. The same a, b, r and sigma hold for
all data; sigma comes from sets that were left out, so that it contains the error of a, b and r,
and the 80 % interval uses Student's t with one degree of freedom less than there are sets.

Letters: N cases, G sets.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import stdtrit

from goodviews.core.errors import InputError
from goodviews.core.files import read_json
from goodviews.core.interval import Interval

_RATES = tuple(round(0.05 * step, 2) for step in range(4, 21))
"""Values of r that are tried, 0.2 to 1."""
_EDGE = 0.002
"""Shares are cut to this distance from 0 and 1 before their logit is taken."""
_FEWEST = 3
"""Sets below which nothing is fitted."""
CALIBRATION = Path(__file__).with_name("calibration.json")
"""The fitted models, once runs of ``goodviews reproduce length_forecast`` are stored."""


@dataclass(frozen=True)
class Case:
    """A known answer: the slope over some lengths, and what more doublings changed.

    Attributes:
        data: Name of the set.
        view: Spec of the view.
        slope: s, change of y per doubling over the lengths that count as measured.
        doublings: h, from the last of them to the length that is forecast.
        change: Change of y over these doublings.
    """

    data: str
    view: str
    slope: float
    doublings: float
    change: float


@dataclass(frozen=True)
class Model:
    """Parameters of the forecast.

    Attributes:
        a: Change of the first doubling where the slope is 0, times 1 / r.
        b: Weight of the slope.
        r: Gain of a doubling as a share of the one before.
        sigma: Standard deviation of a forecast over one doubling.
        sets: G, number of sets it was fitted on.

    Example:
        >>> model = Model(a=0.0, b=1.0, r=0.5, sigma=0.1, sets=5)
        >>> model.change(0.4, 2)  # 0.2 + 0.1
        0.30000000000000004
        >>> round(model.half(4), 3)
        0.307
    """

    a: float
    b: float
    r: float
    sigma: float
    sets: int

    def change(self, slope: float, doublings: float) -> float:
        """Expected change of y over more doublings."""
        return (self.a + self.b * slope) * _sum(self.r, doublings)

    def half(self, doublings: float) -> float:
        """Half of the 80 % interval of that change."""
        return float(stdtrit(self.sets - 1, 0.9)) * self.sigma * math.sqrt(doublings)


@dataclass(frozen=True)
class Curves:
    """Accuracy and nats of one view at several lengths.

    Attributes:
        data: Name of the set.
        view: Spec of the view.
        factors: Lengths as multiples of one of them, ascending.
        accuracy: Accuracy at each, within [0, 1].
        nats: Bound on shared information at each.
        ceiling: The largest value that the bound can take.
    """

    data: str
    view: str
    factors: tuple[float, ...]
    accuracy: tuple[float, ...]
    nats: tuple[float, ...]
    ceiling: float

    def cases(
        self, what: str, *, measured: Sequence[float], targets: Iterable[float]
    ) -> list[Case]:
        """Known answers of this view: what some lengths say, and what longer ones gave.

        Args:
            what: ``accuracy`` or ``nats``.
            measured: Factors of the lengths that count as measured.
            targets: Factors of the longer lengths.
        """
        most = self.ceiling if what == "nats" else 1.0
        values = dict(zip(self.factors, _logits(getattr(self, what), most), strict=True))
        slope = _slope(measured, [values[one] for one in measured])
        last = measured[-1]
        return [
            Case(self.data, self.view, slope, math.log2(one / last), values[one] - values[last])
            for one in targets
        ]


@dataclass(frozen=True)
class Forecast:
    """The fitted models and how they were validated.

    Attributes:
        models: Model of ``accuracy`` and of ``nats``.
        coverage: Share of the forecasts, each for a set that was left out, whose 80 % interval
            held what was measured; by the same names.
        forecasts: Number of these forecasts.
        views: Number of views per set.
        sets: Names of the sets.
    """

    models: dict[str, Model]
    coverage: dict[str, float]
    forecasts: int
    views: int
    sets: tuple[str, ...]

    def predict(
        self,
        what: str,
        factors: Sequence[float],
        values: Sequence[float],
        target: float,
        *,
        most: float = 1.0,
    ) -> Interval:
        """Value at a longer length with its 80 % interval.

        Args:
            what: ``accuracy`` or ``nats``.
            factors: Measured lengths, ascending; at least two.
            values: What was measured at each.
            target: The longer length, in the same unit.
            most: Largest possible value: the ceiling of nats.
        """
        model, y = self.models[what], _logits(values, most)
        doublings = math.log2(target / factors[-1])
        middle = y[-1] + model.change(_slope(factors, y), doublings)
        half = model.half(doublings)
        return Interval(
            *(most / (1 + math.exp(-y)) for y in (middle, middle - half, middle + half))
        )

    def to_json(self) -> dict[str, Any]:
        """Content of the file that :func:`read_forecast` reads."""
        return asdict(self)


def read_forecast(path: Path = CALIBRATION) -> Forecast | None:
    """The fitted models; nothing where no runs are stored yet.

    Raises:
        InputError: The file is of another version.
    """
    if not path.exists():
        return None
    found = read_json(path)
    try:
        models = {name: Model(**one) for name, one in found["models"].items()}
        return Forecast(**{**found, "models": models, "sets": tuple(found["sets"])})
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path} is of another version; install goodviews again.") from error


def fit_model(cases: Sequence[Case]) -> Model:
    """Fit a, b, r and sigma by least squares; every set has the same weight.

    Args:
        cases: (N,) known answers from at least three sets.

    Raises:
        InputError: There are fewer sets.

    Example:
        >>> true = Model(a=0.1, b=0.5, r=0.6, sigma=0.0, sets=3)
        >>> known = [Case(d, "v", s, h, true.change(s, h)) for d in "xyz" for h in (1, 2, 4)
        ...          for s in (0.0, 0.2, 0.5)]
        >>> found = fit_model(known)
        >>> round(found.a, 6), round(found.b, 6), found.r, round(found.sigma, 6)
        (0.1, 0.5, 0.6, 0.0)
    """
    sets = sorted({case.data for case in cases})
    if len(sets) < _FEWEST:
        raise InputError(f"A forecast needs runs on at least {_FEWEST} sets, but got {len(sets)}.")
    a, b, r = _parameters(cases)
    squares = []
    for left_out in sets:
        kept = _parameters([case for case in cases if case.data != left_out])
        errors = [_error(case, *kept) ** 2 for case in cases if case.data == left_out]
        squares.append(float(np.mean(errors)))
    return Model(a, b, r, math.sqrt(float(np.mean(squares))), len(sets))


def leave_one_set_out(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Forecast every case from a model of the other sets.

    Args:
        cases: (N,) known answers from at least four sets.

    Returns:
        For each case: set, view, doublings, the change that was measured and forecast with its
        80 % interval, all in the unit of y, and whether it lies inside.
    """
    rows = []
    for left_out in sorted({case.data for case in cases}):
        model = fit_model([case for case in cases if case.data != left_out])
        for case in cases:
            if case.data == left_out:
                value, half = model.change(case.slope, case.doublings), model.half(case.doublings)
                rows.append(
                    {
                        "data": case.data,
                        "view": case.view,
                        "doublings": case.doublings,
                        "slope": case.slope,
                        "change": case.change,
                        "forecast": value,
                        "low": value - half,
                        "high": value + half,
                        "inside": bool(abs(case.change - value) <= half),
                    }
                )
    return rows


def _parameters(cases: Sequence[Case]) -> tuple[float, float, float]:
    """The best a, b and r."""
    counts = {case.data: 0 for case in cases}
    for case in cases:
        counts[case.data] += 1
    weight = np.array([1 / (counts[case.data] * case.doublings) ** 0.5 for case in cases])
    truth = weight * [case.change for case in cases]
    best: tuple[float, float, float, float] | None = None
    for r in _RATES:
        sums = weight * [_sum(r, case.doublings) for case in cases]
        columns = np.column_stack([sums, sums * [case.slope for case in cases]])
        (a, b), *_ = np.linalg.lstsq(columns, truth, rcond=None)
        error = float(((columns @ (a, b) - truth) ** 2).sum())
        if best is None or error < best[0] - 1e-15:
            best = (error, float(a), float(b), r)
    assert best is not None
    return best[1:]


def _error(case: Case, a: float, b: float, r: float) -> float:
    """Error of a forecast, on the scale of one doubling."""
    forecast = (a + b * case.slope) * _sum(r, case.doublings)
    return (case.change - forecast) / math.sqrt(case.doublings)


def _sum(r: float, doublings: float) -> float:
    """Sum of r, r², ... over a number of doublings, which may be a fraction."""
    return doublings if r == 1 else r * (1 - r**doublings) / (1 - r)


def _slope(factors: Sequence[float], y: Sequence[float]) -> float:
    """Least-squares slope of y per doubling."""
    k = np.log2(np.asarray(factors, dtype=float))
    return float(
        ((k - k.mean()) * (np.asarray(y) - np.mean(y))).sum() / ((k - k.mean()) ** 2).sum()
    )


def _logits(values: Sequence[float], most: float) -> list[float]:
    share = np.clip(np.asarray(values, dtype=float) / most, _EDGE, 1 - _EDGE)
    return [float(one) for one in np.log(share / (1 - share))]
