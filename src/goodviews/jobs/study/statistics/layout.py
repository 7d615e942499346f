"""Intervals that are right for few seeds: a two-way layout of views and seeds.

Every row (a view or a baseline) is run with the same seeds and tested on the same
items. With A the accuracies, a difference of two rows varies with

* the interaction of rows and seeds: pooled over the candidates, (V - 1)(S - 1) degrees of
  freedom, unless a candidate's own (Shukla's unbiased estimator, S - 1 degrees) is larger;
  baselines keep their own;
* the test items: the spread of the paired difference per item;
* the label draws: the spread of the paired difference per draw.

The variances add, the degrees of freedom follow Satterthwaite, Student's t gives 95 %.

Letters: V rows, S seeds, N test items, R label draws.
"""

import math

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.intervals import mean_variance, pooled_half_width


class Layout:
    """Accuracies (or nats) of rows under common seeds, items and label draws.

    Args:
        items: (V, S, N), what each row scored on each item with each seed.
        draws: (V, S, R), mean score of each label draw; left out where draws and items
            are the same thing (cross-fitting).
        pooled: How many of the first rows are candidates, whose spread over seeds is pooled;
            the others (twin, baselines) keep their own. All of them by default.
        shares: Whether scores lie in [0, 1]. Items that all score the same then still leave
            room for one that would not (two pseudo-items, Agresti and Coull, 1998).
        groups: (N,) group of each item: then groups are what varies, not items.
    """

    def __init__(
        self,
        items: np.ndarray,
        draws: np.ndarray | None = None,
        *,
        pooled: int | None = None,
        shares: bool = False,
        groups: np.ndarray | None = None,
    ) -> None:
        self.shares, self.groups = shares, groups
        self.rows, self.seeds, self.items = items.shape
        self.pooled = self.rows if pooled is None else pooled
        self.means_VS = items.mean(axis=2)
        self.items_VN = items.mean(axis=1)
        self.draws_VR = None if draws is None else draws.mean(axis=1)
        centred = self.means_VS - self.means_VS.mean(axis=1, keepdims=True)
        self.seed_dof = self.seeds - 1
        self.residual_dof = max(self.pooled - 1, 1) * self.seed_dof
        common = centred[: self.pooled].mean(axis=0)
        if self.pooled == 1:
            common = np.zeros_like(common)
        left = centred - common
        self.residual = _ratio((left[: self.pooled] ** 2).sum(), self.residual_dof)
        self.seed_square = _ratio(self.pooled * (common**2).sum(), self.seed_dof)
        self.own_V = [_ratio((row**2).sum(), self.seed_dof) for row in left]
        self.own_V[: self.pooled] = self._stability(left[: self.pooled])
        self.alone_V = [_ratio((row**2).sum(), self.seed_dof) for row in centred]

    def level(self, row: int) -> Interval:
        """Mean of a row over seeds and items."""
        return self._interval(
            self.items_VN[row].mean(),
            self._alone(row),
            self.items_VN[row],
            None if self.draws_VR is None else self.draws_VR[row],
        )

    def difference(
        self, first: int, second: int, *, among: int = 2, independent: bool = False
    ) -> Interval:
        """First row minus second.

        Args:
            first: Number of a row.
            second: Number of another.
            among: How many rows are compared with one another; above two the interval
                holds for all their differences together (Tukey and Kramer).
            independent: The two rows do not share their seeds (a twin).
        """
        if independent:
            pieces = self._alone(first) + self._alone(second)
        else:
            pieces = self._own(first) + self._own(second)
        draws = None if self.draws_VR is None else self.draws_VR[first] - self.draws_VR[second]
        items = self.items_VN[first] - self.items_VN[second]
        return self._interval(items.mean(), pieces, items, draws, among=among)

    def over_fixed(self, row: int, items: np.ndarray, draws: np.ndarray | None) -> Interval:
        """A row minus something without seeds.

        Args:
            row: Number of the row.
            items: (N,) what the other scored on each item.
            draws: (R,) on each draw.
        """
        paired = None
        if self.draws_VR is not None and draws is not None:
            paired = self.draws_VR[row] - draws
        difference = self.items_VN[row] - items
        return self._interval(difference.mean(), self._alone(row), difference, paired)

    def fixed(self, items: np.ndarray, draws: np.ndarray | None) -> Interval:
        """Mean of something without seeds.

        Args:
            items: (N,) what it scored on each item.
            draws: (R,) on each draw.
        """
        known = None if self.draws_VR is None else draws
        return self._interval(items.mean(), [], items, known)

    def run_variance(self, row: int) -> float:
        """Variance of one run of a row, what seeds do to all rows taken out."""
        return self._own(row)[0][0]

    def seed_share(self, first: int, second: int) -> float:
        """Share of the variance of a difference that comes from seeds, between 0 and 1."""
        seeds = (self.run_variance(first) + self.run_variance(second)) / self.seeds
        items, _ = mean_variance(self.items_VN[first] - self.items_VN[second], self.groups)
        return float(seeds / (seeds + items)) if seeds + items > 0 else 0.0

    def _own(self, row: int) -> list[tuple[float, float, float]]:
        """Variance of one run of a row, the effect that seeds have on all rows taken out.

        Strong views scatter more over seeds than mild ones. To pool them would call the
        strong ones safer than they are, so the larger of both counts.
        """
        if row < self.pooled and self.own_V[row] <= self.residual:
            return [(self.residual, 1.0, self.residual_dof)]
        return [(self.own_V[row], 1.0, self.seed_dof)]

    def _stability(self, left: np.ndarray) -> list[float]:
        """Each candidate's own variance over seeds, unbiased where they differ (Shukla, 1972)."""
        rows = len(left)
        if rows < 3 or not self.seed_dof:
            return [self.residual] * rows
        squares = (left**2).sum(axis=1)
        unbiased = rows * (rows - 1) * squares - squares.sum()
        return list(unbiased / (self.seed_dof * (rows - 1) * (rows - 2)))

    def _alone(self, row: int) -> list[tuple[float, float, float]]:
        """Variance of one run of a row about its mean."""
        if row >= self.pooled or self.pooled == 1:
            return [(self.alone_V[row], 1.0, self.seed_dof)]
        part = (self.pooled - 1) / self.pooled
        pooled = [
            (self.seed_square, 1 / self.pooled, self.seed_dof),
            (self.residual, part, self.residual_dof),
        ]
        total = self.seed_square / self.pooled + self.residual * part
        return pooled if self.alone_V[row] <= total else [(self.alone_V[row], 1.0, self.seed_dof)]

    def _interval(
        self,
        value: float,
        pieces: list[tuple[float, float, float]],
        items: np.ndarray,
        draws: np.ndarray | None,
        *,
        among: int = 2,
    ) -> Interval:
        parts = [(square * times / self.seeds, dof) for square, times, dof in pieces]
        if len(items) > 1:
            spread, dof = mean_variance(items, self.groups)
            independent = dof + 1  # items, or groups of them
            parts.append((spread + (2 / independent**2 if self.shares else 0.0), dof))
        if draws is not None and len(draws) > 1:
            parts.append((draws.var(ddof=1) / len(draws), len(draws) - 1))
        half = pooled_half_width(parts, among=among)
        return Interval(float(value), float(value - half), float(value + half))


def _ratio(squares: float, dof: int) -> float:
    return float(squares / dof) if dof else math.inf
