"""How much of the label one view keeps: intervals of I(v; y), and which view keeps less.

Letters: V views, N images.
"""

from dataclasses import dataclass

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.intervals import half_width, mean_variance

_LOSS = 0.25
"""Share of the label in another view that a view must lack to keep less of it."""

_GIVEN = 0.1
"""Share of the label in another view that a view may lack and still keep as much."""


@dataclass(frozen=True, eq=False)
class AboutLabel:
    """Lower bounds on I(v; y) of views, all on the same images and folds.

    Attributes:
        items: (V, N) bound of each view, image by image, nats.
        rise: (V, N) their means are what the bounds rose when the labels were doubled last.
        folds: (N,) fold of each image: images of one fold were read by the same classifier.
        groups: (N,) group of each image, where images have groups.

    Example:
        >>> one = np.array([[0.9, 1.1, 1.0, 1.0], [0.1, 0.0, -0.1, 0.0]])
        >>> kept = AboutLabel(one, np.zeros((2, 4)), np.array([0, 1, 0, 1]))
        >>> kept.level(0).value, kept.less(1, 0), kept.less(0, 1)
        (1.0, True, False)
    """

    items: np.ndarray
    rise: np.ndarray
    folds: np.ndarray
    groups: np.ndarray | None = None

    @classmethod
    def equal(cls, views: int, items: int) -> "AboutLabel":
        """Views of which none keeps less than another, for simulations of everything else."""
        zeros = np.zeros((views, items))
        return cls(zeros, zeros, np.zeros(items, dtype=np.int64))

    def level(self, view: int) -> Interval:
        """Bound of a view, with its interval over images and folds, the wider of the two."""
        return self._interval(self.items[view])

    def less(self, first: int, second: int, *, among: int = 1) -> bool:
        """Whether the first view surely keeps less of the label than the second.

        Both numbers are lower bounds, and the one of a view that is harder to read is the lower.
        So the first is granted what it would gain if doubling the labels raised its bound once
        more as it did last time, and still has to lack a quarter of the second's bound.

        Args:
            first: Place of a view.
            second: Place of another.
            among: How many views are compared with one another; all answers hold together.
        """
        level, rise = self.items[first].mean(), self.rise[first].mean()
        share = (
            min(1.0, max(level, 0.0) / rise) if rise > 0 else 0.0
        )  # half of them gave 0 or more
        granted = self.items[first] + share * self.rise[first]
        lacking = granted - (1 - _LOSS) * self.items[second]
        return self._interval(lacking, among=among).below

    def as_much(self, first: int, second: int, *, among: int = 1) -> bool:
        """Whether the first view surely keeps nine tenths of what the second keeps, or more."""
        spare = self.items[first] - (1 - _GIVEN) * self.items[second]
        return self._interval(spare, among=among).above

    def gap(self, first: int, second: int) -> Interval:
        """Bound of a view less that of another, as measured."""
        return self._interval(self.items[first] - self.items[second])

    def _interval(self, values: np.ndarray, *, among: int = 1) -> Interval:
        clusters = [self.groups]
        if len(np.unique(self.folds)) > 1:
            clusters.append(self.folds)
        half = max(half_width(mean_variance(values, one), among=among) for one in clusters)
        value = float(values.mean())
        return Interval(value, value - half, value + half)
