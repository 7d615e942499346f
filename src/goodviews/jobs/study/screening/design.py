"""Which operations are on in which run, and what each is worth.

A foldover: the runs of a Hadamard matrix and the same runs with every operation the other way
round. An effect of one operation is then free of every interaction of two (resolution IV), and
each effect is read from all runs. What is left, contrasts that hold only interactions, says how
far runs differ by chance: an interaction makes the intervals wider, never narrower.

Letters: R runs, F operations.
"""

from dataclasses import dataclass

import numpy as np

from goodviews.core.errors import InputError
from goodviews.core.interval import Interval


def foldover(operations: int) -> np.ndarray:
    """Design of resolution IV in which the first two operations' interaction can be read.

    With H = R / 2, their interaction is alone in its contrast while F is at most H / 2 + 1; each
    operation beyond shares that contrast with one pair: the one at place H / 2 + 1 + k with the
    one at place 2 + k.

    Args:
        operations: F, at least 3.

    Returns:
        (R, F) of -1 (off) and 1 (on), R the smallest power of two of at least twice F and 8.
        Each operation is on in half of the runs, each pair in a quarter.

    Raises:
        InputError: There are fewer than three operations.

    Source: Box, Hunter and Hunter, 2005, "Statistics for Experimenters", chapter 6.

    Example:
        >>> foldover(4).shape, foldover(9).shape
        ((8, 4), (32, 9))
    """
    from scipy.linalg import hadamard

    if operations < 3:
        raise InputError(f"A design needs at least 3 operations, but got {operations}.")
    half = max(4, 1 << (operations - 1).bit_length())
    order = [0, half // 2, *range(1, half // 2), *range(half // 2 + 1, half)]
    base = hadamard(half)[:, order[:operations]]
    return np.concatenate([base, -base])


@dataclass(frozen=True)
class Effects:
    """What operations are worth.

    Attributes:
        mean: Mean over the design: half of the operations on.
        alone: Effect of each operation, on less off, with simultaneous 95 % intervals.
        pair: Interaction of the first two operations: half of how much the effect of one changes
            when the other is turned on; its interval is one of the same family.
        stderr: Standard error of each of them.
        dof: Degrees of freedom of the standard error.
    """

    mean: float
    alone: tuple[Interval, ...]
    pair: Interval
    stderr: float
    dof: int


def effects(design: np.ndarray, scores: np.ndarray) -> Effects:
    """Effects of all operations and of one interaction, from one score per run.

    Without any effect all contrasts have one variance: of seeds, of tested items and of label
    draws. It is estimated from the contrasts that are not effects: those that hold interactions
    of two, but for that of the first two operations, and those that hold interactions of three.
    Intervals are Student's with Bonferroni's correction over the F + 1 effects.

    Args:
        design: (R, F), as of :func:`foldover`.
        scores: (R,), such as accuracies.

    Raises:
        InputError: There are not as many scores as runs.

    Example:
        >>> design = foldover(4)
        >>> found = effects(design, 0.8 + 0.02 * design[:, 1])
        >>> round(found.alone[1].value, 3), abs(found.alone[0].value) < 1e-9
        (0.04, True)
    """
    from scipy.linalg import hadamard
    from scipy.stats import t as student

    if len(scores) != len(design):
        raise InputError(f"Expected {len(design)} scores, one per run, but got {len(scores)}.")
    runs, count = design.shape
    every = hadamard(runs // 2)
    contrasts = np.concatenate(
        [np.tile(every[:, 1:], (2, 1)).T, np.concatenate([every, -every]).T]
    )
    pair = design[:, 0] * design[:, 1]
    read = np.concatenate([design.T, pair[None]])
    noise = 2 * contrasts[~(np.abs(contrasts @ read.T) == runs).any(axis=1)] @ scores / runs
    stderr = float(np.sqrt((noise**2).mean()))
    half = stderr * float(student.isf(0.025 / (count + 1), len(noise)))

    def effect(column: np.ndarray) -> Interval:
        value = float(2 * (column @ scores) / runs)
        return Interval(value, value - half, value + half)

    alone = tuple(effect(column) for column in design.T)
    return Effects(float(scores.mean()), alone, effect(pair), stderr, len(noise))
