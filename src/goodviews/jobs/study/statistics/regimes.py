"""Which view wins, which are below it, and on which side of the peak they lie.

Operational, per task, for few seeds. With "below the best" a simultaneous claim (all
candidates compared with one another at 95 %):

* ``missing``: below the best, and either the view loses usable task information (interval of
  I(v; y) - I(x; y) below minus a quarter of I(x; y)) or it shares fewer nats than every view
  that is not below;
* ``excess``: below the best, more nats than every view that is not below, task kept;
* ``sweet_spot``: not below the best, inside the interval of the peak, and better than random
  weights; only where some view is below the best, so that there is a peak at all;
* ``undecided``: all else.

A loss of task information alone does not make a view ``missing``: nearly every crop says less
about the label than the whole image does, and the best ones do too.
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
_LOSS = 0.25
"""Share of what the reader takes from the image that a view must lose to count as missing."""
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
    alike = [table.nats[view] for view in range(count) if not below[view]]
    random = table.row(RANDOM)
    regimes: list[Regime] = []
    for view in range(count):
        lost = not shuffled and loses(table.kept.level(view), _image_nats(table, view))
        if below[view]:
            own = table.nats[view]
            if lost or all(_fewer(own, other, among=count) for other in alike):
                regimes.append("missing")
            elif all(_fewer(other, own, among=count) for other in alike):
                regimes.append("excess")
            else:
                regimes.append("undecided")
        elif (
            peak is not None
            and peak.kind != "none"
            and peak.low <= nats[view] <= peak.high
            and layout.difference(view, random, best_of=count).above
        ):
            regimes.append("sweet_spot")
        else:
            regimes.append("undecided")
    return Reading(winner, below, regimes, curve, peak)


def loses(kept: Interval, image_nats: float) -> bool:
    """Whether a view loses what the task needs, by usable information.

    A reader that is not perfect takes a little less from a view that disturbs what the task
    does not need, so the whole interval must be below minus a quarter of what the reader takes
    from the image. Where it takes nothing from the image, no view counts as losing anything.

    Args:
        kept: Usable I(v; y) of the view less that of the image, nats.
        image_nats: Usable I(x; y), nats.

    Example:
        >>> loses(Interval(-0.5, -0.6, -0.4), 0.8), loses(Interval(-0.05, -0.08, -0.02), 0.8)
        (True, False)
    """
    return image_nats > 0 and kept.high < -_LOSS * image_nats


def _image_nats(table: TaskTable, view: int) -> float:
    read = [row.image_nats for row in table.records[table.views[view]]]
    return float(np.mean([nats for nats in read if nats is not None] or [0.0]))


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
