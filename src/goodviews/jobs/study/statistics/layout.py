"""Intervals that are right for few seeds: a two-way layout of views and seeds.

Every row (a view or a baseline) is run with the same seeds and tested on the same
items. With A the accuracies, a difference of two rows varies with

* the interaction of rows and seeds: each row's own variance (for candidates Shukla's unbiased
  estimator), drawn towards that of all candidates (:func:`goodviews.core.intervals.moderated`);
* the test items: the spread of the paired difference per item;
* the label draws: the spread of the paired difference per draw.

Each source is multiplied by its own quantile before they are added
(:func:`goodviews.core.intervals.half_width`).

Letters: V rows, S seeds, N test items, R label draws.
"""

import math

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.intervals import half_width, mean_variance, moderated


class Layout:
    """Accuracies (or nats) of rows under common seeds, items and label draws.

    Args:
        items: (V, S, N), what each row scored on each item with each seed.
        draws: (V, S, R), mean score of each label draw; left out where draws and items
            are the same thing (cross-fitting).
        pooled: How many of the first rows are candidates, whose common spread over seeds all
            rows are drawn towards; the others are a twin and baselines. All of them by default.
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
        self.items_VSN = items
        self.means_VS = items.mean(axis=2)
        self.items_VN = items.mean(axis=1)
        self.draws_VR = None if draws is None else draws.mean(axis=1)
        self.run_V, self.run_dof_V = self._runs(common=False)
        self.alone_V, self.alone_dof_V = self._runs(common=True)

    def _runs(self, *, common: bool) -> tuple[np.ndarray, np.ndarray]:
        """Variance of one run of each row, and its degrees of freedom.

        Args:
            common: Whether what a seed does to all candidates counts as well.
        """
        rows, dof = self.pooled, self.seeds - 1
        if not dof:
            return np.full(self.rows, math.inf), np.ones(self.rows)
        centred = self.means_VS - self.means_VS.mean(axis=1, keepdims=True)
        shared = centred[:rows].mean(axis=0) if rows > 1 else np.zeros(self.seeds)
        left = centred - shared
        squares, alone = (left**2).sum(axis=1) / dof, (centred**2).sum(axis=1) / dof
        between = max(rows - 1, 1) * dof
        residual = float(squares[:rows].sum()) / max(rows - 1, 1)
        if common:
            own, typical = alone, float(alone[:rows].mean())
            parts = (typical - residual * (rows - 1) / rows, residual * (rows - 1) / rows)
            below = parts[0] ** 2 / dof + parts[1] ** 2 / between
            typical_dof = typical**2 / below if below else float(dof)
        else:
            own, typical, typical_dof = squares.copy(), residual, float(between)
            if rows > 2:  # unbiased where the candidates' spreads differ (Shukla, 1972)
                own[:rows] = rows * (rows - 1) * squares[:rows] - squares[:rows].sum()
                own[:rows] = own[:rows].clip(min=0) / ((rows - 1) * (rows - 2))
        found, every = moderated(own, dof, common=typical, common_dof=typical_dof)
        if rows < 3:  # one or two candidates have no spread beside the common one
            found[:rows], every[:rows] = (own[:rows], dof) if common else (residual, between)
        return found, every

    def level(self, row: int, *, best_of: int = 1) -> Interval:
        """Mean of a row over seeds and items; ``best_of`` as in :meth:`difference`."""
        draws = None if self.draws_VR is None else self.draws_VR[row]
        return self._interval(self.items_VN[row], draws, [self._alone(row)], [], best_of=best_of)

    def difference(
        self,
        first: int,
        second: int,
        *,
        among: int = 1,
        best_of: int = 1,
        independent: bool = False,
    ) -> Interval:
        """First row minus second.

        Args:
            first: Number of a row.
            second: Number of another.
            among: Number of rows that are compared with one another; above one the interval
                holds for all their differences together (Tukey and Kramer).
            best_of: Number of rows among which the first was selected as the best; above one,
                the lower end allows for the selection.
            independent: The two rows do not share their seeds (a twin).
        """
        run = self._alone if independent else self._own
        draws = None if self.draws_VR is None else self.draws_VR[first] - self.draws_VR[second]
        items = self.items_VN[first] - self.items_VN[second]
        return self._interval(
            items, draws, [run(first)], [run(second)], among=among, best_of=best_of
        )

    def over_fixed(
        self, row: int, items: np.ndarray, draws: np.ndarray | None, *, best_of: int = 1
    ) -> Interval:
        """A row minus something without seeds.

        Args:
            row: Number of the row.
            items: (N,) what the other scored on each item.
            draws: (R,) on each draw.
            best_of: As in :meth:`difference`.
        """
        paired = None
        if self.draws_VR is not None and draws is not None:
            paired = self.draws_VR[row] - draws
        gap = self.items_VN[row] - items
        return self._interval(gap, paired, [self._alone(row)], [], best_of=best_of)

    def fixed(self, items: np.ndarray, draws: np.ndarray | None) -> Interval:
        """Mean of something without seeds.

        Args:
            items: (N,) what it scored on each item.
            draws: (R,) on each draw.
        """
        return self._interval(items, None if self.draws_VR is None else draws, [], [])

    def run_variance(self, row: int) -> float:
        """Variance of one run of a row, what seeds do to all rows taken out."""
        return float(self.run_V[row])

    def noise(self, count: int) -> np.ndarray:
        """(C,) standard error of each of the first rows against their mean."""
        items = self.items_VN[:count] - self.items_VN[:count].mean(axis=0)
        variance = items.var(axis=1, ddof=1) / self.items + self.run_V[:count] / self.seeds
        if self.draws_VR is not None and self.draws_VR.shape[1] > 1:
            draws = self.draws_VR[:count] - self.draws_VR[:count].mean(axis=0)
            variance = variance + draws.var(axis=1, ddof=1) / draws.shape[1]
        error: np.ndarray = np.sqrt(variance)
        return error

    def seed_share(self, first: int, second: int) -> float:
        """Share of the variance of a difference that comes from seeds, between 0 and 1."""
        seeds = (self.run_variance(first) + self.run_variance(second)) / self.seeds
        items, _ = mean_variance(self.items_VN[first] - self.items_VN[second], self.groups)
        return float(seeds / (seeds + items)) if seeds + items > 0 else 0.0

    def _own(self, row: int) -> tuple[float, float]:
        """Variance that runs add to the mean of a row, common effects of seeds taken out."""
        return self.run_V[row] / self.seeds, self.run_dof_V[row]

    def _alone(self, row: int) -> tuple[float, float]:
        """Variance that runs add to the mean of a row."""
        return self.alone_V[row] / self.seeds, self.alone_dof_V[row]

    def _interval(
        self,
        items: np.ndarray,
        draws: np.ndarray | None,
        first: list[tuple[float, float]],
        second: list[tuple[float, float]],
        *,
        among: int = 1,
        best_of: int = 1,
    ) -> Interval:
        """Interval of a mean over items; the second row is not the one that was selected."""
        sources = [*first]
        if len(items) > 1:
            spread, dof = mean_variance(items, self.groups)
            independent = dof + 1  # items, or groups of them
            sources.append((spread + (2 / independent**2 if self.shares else 0.0), dof))
        if draws is not None and len(draws) > 1:
            sources.append(mean_variance(draws))
        other = half_width(*second, among=among)
        low, high = (
            math.hypot(half_width(*sources, among=among, best_of=count), other)
            for count in (best_of, 1)
        )
        value = float(items.mean())
        return Interval(value, value - low, value + high)
