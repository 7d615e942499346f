"""Learning-rate schedules: the factor of a step depends on its index only.

So a resumed run continues exactly, and nothing has to be saved.
"""

import math
from collections.abc import Callable

from goodviews.core.errors import InputError, unknown
from goodviews.spec.grammar import parse_spec

Factor = Callable[[int], float]
"""Function from the index of a step, from 0, to a factor of the learning rate."""


def _constant(total: int, epoch: int) -> Factor:  # noqa: ARG001 - what every schedule takes
    return lambda _: 1.0


def _cosine(
    total: int, epoch: int, *, warmup: float = 0.0, floor: float = 0.0, start: float = 0.0
) -> Factor:
    rise = _rise(warmup, total, epoch)

    def at(step: int) -> float:
        if step < rise:
            return _climb(step, rise, start)
        part = min((step - rise) / (total - rise), 1.0)
        return floor + (1 - floor) * (1 + math.cos(math.pi * part)) / 2

    return at


def _steps(
    total: int,
    epoch: int,
    *,
    at: tuple[float, ...] = (120, 160),
    factor: float = 0.1,
    warmup: float = 0.0,
    start: float = 0.0,
) -> Factor:
    if not isinstance(at, tuple) or list(at) != sorted(set(at)):
        raise InputError(
            f"steps: at must be epochs in rising order, such as (120, 160), but got {at!r}."
        )
    rise = _rise(warmup, total, epoch)

    def now(step: int) -> float:
        if step < rise:
            return _climb(step, rise, start)
        return float(factor ** sum(step >= round(number * epoch) for number in at))

    return now


def _trapezoid(
    total: int,
    epoch: int,
    *,
    rise: float = 0.1,
    steady: float = 0.7,
    warmup: float | None = None,
) -> Factor:
    up = max(round(total * rise) if warmup is None else _rise(warmup, total, epoch, left=0), 1)
    down = max(total - round(total * steady), 1)
    return lambda step: max(min((step + 1) / up, (total - step) / down, 1.0), 0.0)


def _rise(warmup: float, total: int, epoch: int, *, left: int = 1) -> int:
    """Steps of a warm-up, after which a number of steps must be left."""
    rise = round(warmup * epoch)
    if not 0 <= rise <= total - left:
        raise InputError(
            f"The warm-up of {warmup:g} epochs takes {rise} steps, but the run has {total}; "
            "shorten the warm-up or train for more epochs."
        )
    return rise


def _climb(step: int, rise: int, start: float) -> float:
    return start + (1 - start) * (step + 1) / rise


SCHEDULES: dict[str, Callable[..., Factor]] = {
    "constant": _constant,
    "cosine": _cosine,
    "steps": _steps,
    "trapezoid": _trapezoid,
}


def build_schedule(text: str, total: int, *, epoch: int = 1) -> Factor:
    """Build a schedule from its spec.

    ==============================  =====================================================
    ``constant()``                  1
    ``cosine(warmup=10,             straight up from ``start`` over ``warmup`` epochs,
    floor=0.001, start=0)``         then half a cosine down to ``floor``
    ``steps(at=(120, 160),          times ``factor`` at each of these epochs, after a
    factor=0.1)``                   ``warmup`` as above
    ``trapezoid(rise=0.1,           up, level until ``steady``, straight down to 0, both
    steady=0.7, warmup=None)``      as shares of the run; with ``warmup``, up over as many epochs
    ==============================  =====================================================

    The first step of a warm-up is one increment above ``start``, so that no step has rate 0, and
    the last one is at 1. The floor of 0.001 of the cosine is ``lr * 0.1**3`` of the papers.

    Args:
        text: A schedule of the table.
        total: Number of optimiser steps of the run.
        epoch: Number of optimiser steps per epoch, the unit of ``warmup`` and ``at``.

    Returns:
        Function that gives the factor of each step; from ``total`` on it is constant.

    Raises:
        InputError: The name or an argument is unknown, or the warm-up is longer than the run.

    References:
        Loshchilov and Hutter, 2017, arXiv:1608.03983; Goyal et al., 2017, section 2.2,
        arXiv:1706.02677; the papers' steps in the code of Tian et al., 2020, arXiv:2005.10243.

    Example:
        >>> at = build_schedule("cosine(warmup=2, floor=0.1)", 12, epoch=1)
        >>> [round(at(step), 3) for step in (0, 1, 2, 7, 12)]
        [0.5, 1.0, 1.0, 0.55, 0.1]
    """
    calls = parse_spec(text)
    if len(calls) != 1 or calls[0].args:
        raise InputError(
            "Expected a schedule such as cosine(warmup=10), one name with named "
            f"arguments, but got {text!r}."
        )
    if calls[0].name not in SCHEDULES:
        raise unknown("schedule", calls[0].name, SCHEDULES)
    if total < 1 or epoch < 1:
        raise InputError(
            "A schedule needs at least one step and one step per epoch, but got "
            f"{total} steps, {epoch} per epoch."
        )
    try:
        at = SCHEDULES[calls[0].name](total, epoch, **dict(calls[0].kwargs))
        _ = at(0), at(total)  # an argument of a wrong type fails here, not hours later
    except TypeError as error:
        raise InputError(f"Schedule {text!r}: {str(error).rstrip('.')}.") from error
    return at


def common_steps(first: Factor, second: Factor, most: int) -> int:
    """How many steps two schedules begin with that have the same factors.

    Args:
        first: A schedule.
        second: Another one.
        most: Number of steps to compare.

    Example:
        >>> short, long = (build_schedule("trapezoid(warmup=1)", n) for n in (10, 20))
        >>> common_steps(short, long, 10)
        8
    """
    return next((step for step in range(most) if first(step) != second(step)), most)


def fixed_rise(text: str, total: int, *, epoch: int = 1) -> str:
    """Spec of the same schedule whose rise has the same number of steps in a run of any length.

    Only the trapezoid has a rise that is a share of the run; the others are returned as they are.

    Args:
        text: A schedule.
        total: Number of optimiser steps of the run.
        epoch: Number of optimiser steps per epoch.

    Example:
        >>> fixed_rise("trapezoid(rise=0.1, steady=0.7)", 560, epoch=7)
        'trapezoid(steady=0.7, warmup=8.0)'
        >>> fixed_rise("cosine(warmup=2)", 560, epoch=7)
        'cosine(warmup=2)'
    """
    call = parse_spec(text)[0]
    given = dict(call.kwargs)
    if call.name != "trapezoid" or given.get("warmup") is not None:
        return text
    rise = max(round(total * given.pop("rise", 0.1)), 1)
    given["warmup"] = rise / epoch
    return f"trapezoid({', '.join(f'{name}={value!r}' for name, value in given.items())})"
