"""Which view wins, which are below it, and on which side of the peak they lie.

Operational, per task, for few seeds. With "below the best" a simultaneous claim (all
candidates compared with one another at 95 %):

* ``missing``: below the best, and either the view loses usable task information (interval of
  I(v; y) - I(x; y) below 0) or it shares fewer nats than every view that is not below;
* ``excess``: below the best, more nats than every view that is not below, task kept;
* ``sweet_spot``: not below the best, inside the interval of the peak, and better than random
  weights; only where some view is below the best, so that there is a peak at all;
* ``undecided``: all else.

A loss of task information alone does not make a view ``missing``: nearly every crop says less
about the label than the whole image does, and the best ones do too.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import StratifiedKFold

from goodviews.study.layout import Layout
from goodviews.study.sweet_spot import Curve, Peak, fit_curve
from goodviews.study.table import RANDOM, TaskTable

__all__ = ["Reading", "honest", "read"]

_REPEATS, _FOLDS = 10, 5
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
    regimes: list[str]
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
    choose = table.choosing.mean(axis=1) if table.choosing.shape[1] and not shuffled else means
    winner = int(choose.argmax())
    best = int(means.argmax())
    below = [
        view != best and layout.difference(view, best, among=count).below for view in range(count)
    ]
    nats = np.array([interval.value for interval in table.nats])
    curve = None
    if family and count >= _LEAST and np.isfinite(nats).all() and layout.seeds > 1:
        curve = fit_curve(nats, means, _noise(layout, count))
    peak = _peak(curve, nats, below, best)
    kept_nats = nats[[not low for low in below]]
    random = table.row(RANDOM)
    regimes = []
    for view in range(count):
        lost = not shuffled and table.kept.level(view).below
        if below[view]:
            if lost or nats[view] < kept_nats.min():
                regimes.append("missing")
            else:
                regimes.append("excess" if nats[view] > kept_nats.max() else "undecided")
        elif (
            peak is not None
            and peak.kind != "none"
            and peak.low <= nats[view] <= peak.high
            and layout.difference(view, random).above
        ):
            regimes.append("sweet_spot")
        else:
            regimes.append("undecided")
    return Reading(winner, below, regimes, curve, peak)


def honest(table: TaskTable, winner: int) -> float:
    """Accuracy of "take the winner", with labels that choose never among those that report.

    Where labels were set aside to choose, this is the winner's accuracy on the others.
    Otherwise repeated stratified folds: four fifths of the items choose, the last fifth
    reports what was chosen.

    Args:
        table: Results of a task.
        winner: Place of the winning candidate.
    """
    items = table.layout.items_VN[: len(table.views)]
    if table.choosing.shape[1]:
        return float(items[winner].mean())
    labels = table.task.labels[table.task.items]
    folds = _FOLDS if np.bincount(labels)[np.unique(labels)].min() >= _FOLDS else 2
    scores = []
    for repeat in range(_REPEATS):
        split = StratifiedKFold(folds, shuffle=True, random_state=repeat)
        for chooses, reports in split.split(labels, labels):
            chosen = items[:, chooses].mean(axis=1).argmax()
            scores.append(items[chosen, reports].mean())
    return float(np.mean(scores))


def _noise(layout: Layout, count: int) -> np.ndarray:
    """Standard error of each candidate against the candidates' mean."""
    items = layout.items_VN[:count] - layout.items_VN[:count].mean(axis=0)
    runs = np.array([layout.run_variance(row) for row in range(count)])
    variance = items.var(axis=1, ddof=1) / layout.items + runs / layout.seeds
    if layout.draws_VR is not None and layout.draws_VR.shape[1] > 1:
        draws = layout.draws_VR[:count] - layout.draws_VR[:count].mean(axis=0)
        variance = variance + draws.var(axis=1, ddof=1) / draws.shape[1]
    return np.sqrt(variance)


def _peak(curve: Curve | None, nats: np.ndarray, below: list[bool], best: int) -> Peak | None:
    """Peak of the curve; with nothing below the best there is none to tell.

    The views that are not below the best bound it from outside, and the best view itself
    always lies inside: a smooth curve may lean past it, the evidence does not.
    """
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
    return Peak(found.kind, found.nats, min(found.low, at), max(found.high, at))
