"""Leakage: factors that can be read from a representation, with significance.

Every cell of the matrix is one representation and one factor: a linear readout is fitted on some
items (its penalty on a part of them), evaluated on others, and tested by permutation. The whole
matrix is one family of tests.

Letters: N items, n of them tested, F representation, C classes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from goodviews.core.errors import InputError
from goodviews.core.intervals import items_interval, normal_interval
from goodviews.evaluation.factor_readout import FEWEST, Reading, read_factor
from goodviews.evaluation.factors import Factor
from goodviews.evaluation.permutation import max_t, shuffled_scores, shuffles


@dataclass(frozen=True)
class Cell:
    """Result for one representation and one factor, with 95 % intervals over the tested items.

    Attributes:
        row: Name of the representation.
        factor: Name of the factor.
        kind: ``discrete`` or ``continuous``.
        fitted: Number of items used for fitting.
        items: Number of tested items.
        score: Accuracy; for numbers the share of variance explained, R², below 0 where the
            constant is better.
        score_low: Lower end of its interval.
        score_high: Upper end of its interval.
        chance: Score of the best constant: the most common fitted class, or 0.
        skill: (score - chance) / (1 - chance): 0 at chance, 1 when perfect.
        error: Root mean squared error, in the factor's unit; numbers only.
        constant_error: Root mean squared error of the fitted mean.
        nats: Usable information, :func:`goodviews.information.usable_information`; for
            numbers its Gaussian counterpart.
        nats_low: Lower end of its interval.
        nats_high: Upper end of its interval.
        entropy_nats: H of the tested classes, the largest possible value; discrete only.
        p: One-sided p value of the permutation test.
        p_adjusted: p value adjusted for all cells of the matrix.
        told: Whether the cell is significantly above chance at the level of the matrix.
        penalty: Penalty selected on the validation part of the fitted items.
    """

    row: str
    factor: str
    kind: str
    fitted: int
    items: int
    score: float
    score_low: float
    score_high: float
    chance: float
    skill: float
    error: float | None
    constant_error: float | None
    nats: float
    nats_low: float
    nats_high: float
    entropy_nats: float | None
    p: float
    p_adjusted: float
    told: bool
    penalty: float


@dataclass(frozen=True, eq=False)
class Leakage:
    """A leakage matrix.

    Attributes:
        cells: Cells row by row, factors in the given order.
        rows: Names of the representations.
        factors: Names of the factors.
        level: Probability of one or more false positives in the whole matrix.
        permutations: Number of permutations behind the p values.
        nats_items: (row, factor) to (n,) usable nats of each tested item.
    """

    cells: tuple[Cell, ...]
    rows: tuple[str, ...]
    factors: tuple[str, ...]
    level: float
    permutations: int
    nats_items: dict[tuple[str, str], np.ndarray]

    def cell(self, row: str, factor: str) -> Cell:
        """Cell of a representation and a factor.

        Raises:
            InputError: There is no cell with these names.
        """
        for cell in self.cells:
            if (cell.row, cell.factor) == (row, factor):
                return cell
        raise InputError(
            f"There is no cell {row!r}, {factor!r}: rows are {', '.join(self.rows)}; factors "
            f"are {', '.join(self.factors)}."
        )

    def gain(self, row: str, other: str, factor: str) -> tuple[float, float, float]:
        """Difference of usable nats between two rows, paired by item, with its 95 % interval."""
        self.cell(row, factor), self.cell(other, factor)
        gap = self.nats_items[row, factor] - self.nats_items[other, factor]
        found = items_interval(gap)
        return found.value, found.low, found.high


def leakage(
    representations: Mapping[str, np.ndarray],
    factors: Sequence[Factor],
    *,
    fit: np.ndarray,
    test: np.ndarray,
    permutations: int = 999,
    level: float = 0.05,
    seed: int = 0,
    device: torch.device | None = None,
    groups: np.ndarray | None = None,
) -> Leakage:
    """Measure every factor in every representation, with tests over the whole matrix.

    Pass raw pixels and random weights as further representations: what they also contain was not
    learned.

    Args:
        representations: Name to features (N, F) of the same items.
        factors: Factors to measure; see :func:`goodviews.evaluation.factors.as_factors`.
        fit: Indices of the items for fitting; a quarter of them is used to select penalties.
        test: Indices of the tested items; none of them is in ``fit``.
        permutations: Number of permutations of the tested values; the smallest possible p is 1 /
            (permutations + 1).
        level: Probability of one or more false positives in the matrix, see
            :func:`goodviews.evaluation.permutation.max_t`.
        seed: Random seed of the permutations and of the validation part.
        device: Device of the computation.
        groups: (N,) group of each item (patient, slide, scene): penalties are selected on whole
            groups, whole groups are shuffled, and intervals are those of groups.

    Returns:
        The matrix.

    Raises:
        InputError: Items are both fitted and tested, lengths differ, values are not finite, names
            repeat, or a factor is known for fewer than 20 items of either part.

    Example:
        >>> from goodviews.evaluation.factors import as_factors
        >>> rng = np.random.default_rng(0)
        >>> side, noise = rng.integers(0, 2, (2, 400))
        >>> factors, _ = as_factors({"side": side, "noise": noise})
        >>> z = np.stack([side + 0.1 * rng.standard_normal(400), rng.random(400)], axis=1)
        >>> found = leakage({"z": z}, factors, fit=np.arange(200), test=np.arange(200, 400))
        >>> [(cell.factor, cell.told) for cell in found.cells]
        [('side', True), ('noise', False)]
    """
    _check(representations, factors, fit, test)
    readings: list[tuple[str, Factor, Reading]] = []
    scores = []
    orders: dict[bytes, np.ndarray] = {}
    for name, features in representations.items():
        for factor in factors:
            reading = read_factor(
                features, factor, fit=fit, test=test, seed=seed, device=device, groups=groups
            )
            known = np.flatnonzero(factor.known[test])
            key = known.tobytes()
            if key not in orders:
                orders[key] = shuffles(
                    len(test),
                    known,
                    count=permutations,
                    seed=seed,
                    groups=None if groups is None else groups[test],
                )
            readings.append((name, factor, reading))
            scores.append(shuffled_scores(reading.predicted, reading.truth, orders[key]))
    alone, adjusted = max_t(scores)
    cells = tuple(
        _cell(name, factor, reading, float(p), float(q), level)
        for (name, factor, reading), p, q in zip(readings, alone, adjusted, strict=True)
    )
    return Leakage(
        cells=cells,
        rows=tuple(representations),
        factors=tuple(factor.name for factor in factors),
        level=level,
        permutations=permutations,
        nats_items={(name, factor.name): r.nats_items for name, factor, r in readings},
    )


def _cell(
    name: str, factor: Factor, reading: Reading, p: float, adjusted: float, level: float
) -> Cell:
    room = 1 - reading.chance
    nats = normal_interval(reading.nats, reading.stderr_nats)
    return Cell(
        row=name,
        factor=factor.name,
        kind="discrete" if factor.discrete else "continuous",
        fitted=reading.fitted,
        items=len(reading.truth),
        score=reading.score,
        score_low=reading.ends[0],
        score_high=reading.ends[1],
        chance=reading.chance,
        skill=(reading.score - reading.chance) / room if room > 0 else 0.0,
        error=reading.error,
        constant_error=reading.constant_error,
        nats=reading.nats,
        nats_low=nats.low,
        nats_high=nats.high,
        entropy_nats=reading.entropy_nats,
        p=p,
        p_adjusted=adjusted,
        told=adjusted <= level,
        penalty=reading.penalty,
    )


def _check(
    representations: Mapping[str, np.ndarray],
    factors: Sequence[Factor],
    fit: np.ndarray,
    test: np.ndarray,
) -> None:
    both = np.intersect1d(fit, test)
    if len(both):
        raise InputError(
            f"fit and test must not overlap, but {len(both)} items are in both, such as {both[0]}."
        )
    if not representations or not factors:
        raise InputError("A leakage matrix needs at least one representation and one factor.")
    names = [factor.name for factor in factors]
    if len(set(names)) < len(names):
        raise InputError(f"Factors need different names, but got {', '.join(names)}.")
    count = len(factors[0].values)
    lengths = {name: len(x) for name, x in representations.items()}
    lengths |= {factor.name: len(factor.values) for factor in factors}
    for name, length in lengths.items():
        if length != count:
            raise InputError(
                f"{name!r} has {length:,} rows, but {names[0]!r} has {count:,}; pass one row per "
                "item, in the same order."
            )
    for factor in factors:
        for part, places in (("fit", fit), ("test", test)):
            number = int(factor.known[places].sum())
            if number < FEWEST:
                raise InputError(
                    f"{factor.name!r} must be known for at least {FEWEST} of the items to {part}, "
                    f"but is known for {number}; leave it out, or add values."
                )
    for name, features in representations.items():
        if not np.isfinite(features).all():
            raise InputError(f"{name!r} has values that are not finite; train this encoder again.")
