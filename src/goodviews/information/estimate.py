"""An estimate of information, with everything needed to interpret it.

That is its standard error, the side on which it bounds the truth, the largest value that the
estimator can report and, for a fitted critic, the results of its checks.
"""

import math
from dataclasses import dataclass
from typing import Literal

from goodviews.core.errors import InputError

Side = Literal["lower", "upper", "none"]


@dataclass(frozen=True)
class Check:
    """Result of one self-consistency check of an estimator.

    Attributes:
        name: Name of the check, such as ``independence``.
        passed: Whether the check passed.
        measured_nats: Value that the estimator reported.
        expected_nats: Value that it should have reported.
        tolerance_nats: Largest allowed difference between the two.

    Example:
        >>> print(Check("independence", True, 0.004, 0.0, 0.05))
        independence passed: 0.00 nats, expected 0.00 ± 0.05
    """

    name: str
    passed: bool
    measured_nats: float
    expected_nats: float
    tolerance_nats: float

    def __str__(self) -> str:
        word = "passed" if self.passed else "FAILED"
        return (
            f"{self.name} {word}: {self.measured_nats:z.2f} nats, "
            f"expected {self.expected_nats:.2f} ± {self.tolerance_nats:.2f}"
        )


@dataclass(frozen=True)
class Estimate:
    """An estimate from a finite sample, with its standard error, side and ceiling.

    Attributes:
        nats: Estimate in nats. Negative values are not clipped.
        stderr_nats: Standard error over pairs; NaN if it is unknown.
        side: ``lower`` or ``upper`` if it bounds the truth in expectation, else ``none``.
        candidates: Number of candidates K per anchor, including the positive.
        ceiling_nats: Largest value that the estimator can report, such as log K.
        pairs: Number n of pairs (or labelled examples) that it was measured on.
        grade: Grade of its reliability, in words; empty if no checks were run.
        checks: Results of the checks behind the grade.

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
            raise InputError(f"side must be lower, upper or none, but got {self.side!r}.")

    @property
    def at_ceiling(self) -> bool:
        """Whether it is within a tenth of its ceiling, so that the truth may be higher."""
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
