"""Which view wins, which are below it, and on which side of the peak they lie.

Operational, per task, for few seeds. Every claim is simultaneous over all candidates at 95 %.
Shared nats decide first, the label only where they do not. Views that are not below the best,
and share no more than another that is as accurate, are those that all others are compared with:

* ``missing``: below the best, and shares fewer nats than all of those; or keeps less of the label
  than all of those, by the interval of the difference of I(v; y);
* ``excess``: keeps the label, and shares more than is needed: below the best with more nats than
  all of those, or not below, with more nats than a view that measured at least as accurate and
  surely keeps as much of the label, or is surely as accurate;
* ``sweet_spot``: one of those, inside the interval of the peak, and better than random weights;
  only where some view is below the best, so that there is a peak at all;
* ``undecided``: all else.

So a view that shares more than every sweet-spot view is ``missing`` only where it keeps less of
the label than they do.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from goodviews.core.interval import Interval
from goodviews.core.records.verdict import Regime
from goodviews.jobs.study.statistics.layout import Layout
from goodviews.jobs.study.statistics.sweet_spot import Curve, Peak, fit_curve
from goodviews.jobs.study.statistics.table import RANDOM, TaskTable
from goodviews.jobs.study.statistics.winner import winner as best_view

_NORMAL = NormalDist()
_MARGIN = 0.02
"""Accuracy that a view may lack to another that measured no higher, and still be as accurate."""
_LEAST = 4
"""Views of a family below which no curve is drawn."""


@dataclass(frozen=True)
class Reading:
    """What a table says.

    Attributes:
        winner: Place of the winning candidate.
        below: (V,) whether a candidate is below the best.
        regimes: (V,) regime of each candidate.
        curve: Through the family; nothing when too few of its views were bounded.
        peak: Where readout is highest, or nothing.
    """

    winner: int
    below: list[bool]
    regimes: list[Regime]
    curve: Curve | None
    peak: Peak | None


def read(table: TaskTable, layout: Layout | None = None, *, family: bool = True) -> Reading:
    """Place every candidate.

    Args:
        table: Results of a task.
        layout: Accuracies to read in place of the table's own: those with shuffled labels.
        family: Whether the candidates are one family, so that a curve joins them.

    Returns:
        Winner, regimes, curve and peak.
    """
    shuffled = layout is not None
    layout = layout or table.layout
    count = len(table.views)
    means = layout.items_VN[:count].mean(axis=1)
    winner = int(means.argmax()) if shuffled else best_view(table)
    best = int(means.argmax())
    below = [
        view != best and layout.difference(view, best, among=count).below for view in range(count)
    ]
    nats = np.array([interval.value for interval in table.nats])
    curve = None
    if family and count >= _LEAST and np.isfinite(nats).all() and layout.seeds > 1:
        curve = fit_curve(nats, means, layout.noise(count))
    peak = _peak(curve, table.nats, below, best)
    random = table.row(RANDOM)
    useful = [layout.difference(view, random, best_of=count).above for view in range(count)]
    fewer = np.array(
        [[_fewer(one, other, among=count) for other in table.nats] for one in table.nats]
    )
    good = [view for view in range(count) if not below[view]]

    def enough(one: int, other: int) -> bool:
        """Whether one view is as good as another that shares more."""
        gap = layout.difference(one, other, among=count)
        kept = not shuffled and table.about_label.as_much(one, other, among=count)
        return (
            fewer[one, other] and useful[one] and gap.value >= 0 and (kept or gap.low > -_MARGIN)
        )

    more = {view for view in good if any(below) and any(enough(one, view) for one in good)}
    core = [view for view in good if view not in more]

    def regime(view: int) -> Regime:
        if view in more:
            return "excess"
        if below[view]:
            if all(fewer[view, core]):
                return "missing"
            if not shuffled and all(
                table.about_label.less(view, one, among=count) for one in core
            ):
                return "missing"
            return "excess" if all(fewer[core, view]) else "undecided"
        inside = peak is not None and peak.kind != "none" and peak.low <= nats[view] <= peak.high
        return "sweet_spot" if inside and useful[view] else "undecided"

    regimes = [regime(view) for view in range(count)]
    return Reading(winner, below, regimes, curve, peak)


def _fewer(one: Interval, other: Interval, *, among: int) -> bool:
    """Whether a bound is below another, their errors added in squares.

    Every candidate below the best is asked, so the intervals are widened from one question at
    95 % to ``among`` of them (Bonferroni).
    """
    wider = _NORMAL.inv_cdf(1 - 0.025 / among) / _NORMAL.inv_cdf(0.975)
    gap = other.value - one.value
    return gap > wider * math.hypot(one.high - one.value, other.value - other.low)


def _peak(
    curve: Curve | None, bounds: list[Interval], below: list[bool], best: int
) -> Peak | None:
    """Peak of the curve; with nothing below the best there is none to tell.

    The views that are not below the best bound it from outside, and the best view itself
    always lies inside: a smooth curve may lean past it, the evidence does not. The curve takes
    the bounds at their values, so their own errors are added to its interval, in squares.
    """
    nats = np.array([bound.value for bound in bounds])
    if not any(below):
        low, high = float(np.nanmin(nats)), float(np.nanmax(nats))
        return None if curve is None else Peak("none", float(nats[best]), low, high)
    alike = nats[[not low for low in below]]
    if curve is None:
        return Peak("inside", float(nats[best]), float(alike.min()), float(alike.max()))
    found = curve.peak
    if found.kind == "none":
        return found
    at = float(nats[best])
    low, high = min(found.low, at), max(found.high, at)
    return Peak(
        found.kind,
        found.nats,
        found.nats - math.hypot(found.nats - low, _error(bounds, low)),
        found.nats + math.hypot(high - found.nats, _error(bounds, high)),
    )


def _error(bounds: list[Interval], nats: float) -> float:
    """Half the 95 % interval of the bound nearest to a place; 0 where one run gives none."""
    near = min(bounds, key=lambda bound: abs(bound.value - nats))
    half = (near.high - near.low) / 2
    return half if math.isfinite(half) else 0.0
