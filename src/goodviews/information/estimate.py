"""An estimate of information: never a bare number.

It carries its standard error, the side on which it bounds the truth, the most
it could have reported, and, where a critic was fitted, the checks it passed.
"""

import math
from dataclasses import dataclass
from typing import Literal

from goodviews.core.errors import InputError

Side = Literal["lower", "upper", "none"]


@dataclass(frozen=True)
class Check:
    """One test that an estimator had to pass beside its estimate.

    Attributes:
        name: What was tested, such as ``independence``.
        passed: Whether it held.
        measured_nats: What the estimator reported.
        expected_nats: What it should have reported.
        tolerance_nats: The distance allowed between the two.
    """

    name: str
    passed: bool
    measured_nats: float
    expected_nats: float
    tolerance_nats: float

    def __str__(self) -> str:
        word = "held" if self.passed else "FAILED"
        return (
            f"{self.name} {word}: {self.measured_nats:z.2f} nats, "
            f"wanted {self.expected_nats:.2f} ± {self.tolerance_nats:.2f}"
        )


@dataclass(frozen=True)
class Estimate:
    """A number from a finite sample, with what one must know to read it.

    Attributes:
        nats: The estimate. Below zero it stays below zero.
        stderr_nats: Its standard error over pairs; not a number where none is known.
        side: ``lower`` or ``upper`` when it bounds the truth in expectation, else ``none``.
        candidates: K, the candidates each anchor was scored against, positive included.
        ceiling_nats: The most the estimator can report, such as log K.
        pairs: n, the pairs (or labelled examples) it was measured on.
        grade: How far to trust it, in words; empty where no checks were run.
        checks: The checks behind the grade.

    Example:
        >>> found = Estimate(5.4, 0.02, "lower", candidates=256, ceiling_nats=5.5452, pairs=256)
        >>> print(found)
        >= 5.40 ± 0.02 nats (lower bound, K = 256, n = 256), at its ceiling of 5.55
        >>> found.at_ceiling
        True
    """

    nats: float
    stderr_nats: float
    side: Side
    candidates: int | None = None
    ceiling_nats: float | None = None
    pairs: int = 0
    grade: str = ""
    checks: tuple[Check, ...] = ()

    def __post_init__(self) -> None:
        if self.side not in ("lower", "upper", "none"):
            raise InputError(f"side is {self.side!r}, but lower, upper or none is wanted.")

    @property
    def at_ceiling(self) -> bool:
        """Whether it lies within a tenth of the most it can report: the truth may be higher."""
        return self.ceiling_nats is not None and self.nats >= 0.9 * self.ceiling_nats

    def __str__(self) -> str:
        sign = {"lower": ">= ", "upper": "<= ", "none": "≈ "}[self.side]
        words = {"lower": "lower bound", "upper": "upper bound", "none": "no bound"}[self.side]
        error = "no error known" if math.isnan(self.stderr_nats) else f"{self.stderr_nats:.2f}"
        known = [words]
        if self.candidates is not None:
            known.append(f"K = {self.candidates}")
        if self.pairs:
            known.append(f"n = {self.pairs}")
        text = f"{sign}{self.nats:z.2f} ± {error} nats ({', '.join(known)})"
        if self.at_ceiling:
            text += f", at its ceiling of {self.ceiling_nats:.2f}"
        elif self.ceiling_nats is not None:
            text += f", ceiling {self.ceiling_nats:.2f}"
        return f"{text}; {self.grade}" if self.grade else text
