"""The tables of short runs against long ones.

Letters: V views, S seeds, N tested items, R label draws, D draws of the means.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from goodviews.core import intervals
from goodviews.jobs.study import Cell, CellResult, Plan
from goodviews.jobs.study.statistics import Layout
from goodviews_experiments.short_and_long.order import (
    kendall,
    lost,
    mean_draws,
    seed_draws,
    spearman,
    views_interval,
)

NEAR = 0.01
"""Accuracy within which a view is as good as the best: one point."""
_DRAWS = 4000


@dataclass(frozen=True, eq=False)
class Budget:
    """What all views gave after one length of training.

    Attributes:
        data: Name of the images.
        epochs: Passes over the pretraining images.
        views: Specs.
        right: (V, S, N) share of label draws that read an item rightly.
        by_label: (V, S, R) accuracy of each label draw; nothing where they are folds.
        nats: (V, S) bounds on shared information.
        errors: (V, S) their standard errors.
        flags: Per view, how many runs were undertrained and whether a bound is at its ceiling.
    """

    data: str
    epochs: int
    views: tuple[str, ...]
    right: np.ndarray
    by_label: np.ndarray | None
    nats: np.ndarray
    errors: np.ndarray
    flags: tuple[tuple[int, bool], ...]

    @classmethod
    def of(cls, plan: Plan, found: dict[Cell, CellResult]) -> "Budget":
        """Gather a plan's candidates."""
        task = plan.tasks[0]

        def gather(take: Callable[[CellResult], Any]) -> np.ndarray:
            return np.array(
                [[take(found[Cell("candidate", v, s)]) for s in plan.seeds] for v in plan.views],
                dtype=float,
            )

        marks = gather(lambda one: [bool(one.rows[0].undertrained), bool(one.rows[0].at_ceiling)])
        return cls(
            data=plan.images.name,
            epochs=plan.settings.epochs,
            views=plan.views,
            right=gather(lambda one: one.arrays["0.right"][~task.choose]),
            by_label=None if task.crossed else gather(lambda one: one.arrays["0.draws"]),
            nats=gather(lambda one: one.rows[0].estimate_nats),
            errors=gather(lambda one: one.rows[0].stderr_nats),
            flags=tuple((int(one[:, 0].sum()), bool(one[:, 1].any())) for one in marks),
        )

    @property
    def layout(self) -> Layout:
        """Accuracies with their intervals."""
        return Layout(self.right, self.by_label, shares=True)

    @property
    def runs(self) -> np.ndarray:
        """(V, S) accuracy of each run."""
        return self.right.mean(axis=2)


def view_rows(budget: Budget) -> Iterator[dict[str, Any]]:
    """Each view: readout and shared nats with 95 % intervals, and its rank by readout.

    ``order_low`` and ``order_high`` leave out what a seed does to all views alike: they say
    how far the view may move among the others, ``low`` and ``high`` how accurate it is.
    """
    layout, levels = budget.layout, budget.runs.mean(axis=1)
    (drawn,) = _readout_draws(budget)
    for place, view in enumerate(budget.views):
        level = layout.level(place)
        nats = intervals.seeds_interval(budget.nats[place], budget.errors[place])
        yield {
            "data": budget.data,
            "epochs": budget.epochs,
            "view": view,
            "accuracy": level.value,
            "low": level.low,
            "high": level.high,
            **dict(zip(("order_low", "order_high"), _ends(drawn[place]), strict=True)),
            "rank": int((levels > levels[place]).sum()) + 1,
            "nats": nats.value,
            "nats_low": nats.low,
            "nats_high": nats.high,
            "at_ceiling": budget.flags[place][1],
            "undertrained": budget.flags[place][0],
        }


def agreement(short: Budget, long: Budget) -> Iterator[dict[str, Any]]:
    """Rank correlations of readout and of shared nats, each with two intervals.

    ``low`` and ``high`` hold the views fixed: seeds, tested items and label draws are what is
    uncertain. ``views_low`` and ``views_high`` take the scores as known and the views as
    drawn from others: how far a few views represent others.
    """
    readout = (short.runs.mean(axis=1), long.runs.mean(axis=1))
    nats = (short.nats.mean(axis=1), long.nats.mean(axis=1))
    for what, means, draws in (
        ("readout", readout, _readout_draws(short, long)),
        ("shared nats", nats, _nats_draws(short, long)),
    ):
        for kind, found in (("spearman", spearman), ("kendall", kendall)):
            value = float(found(*means))
            low, high = _ends(found(*draws))
            over: tuple[float | None, float | None] = (None, None)
            if len(short.views) >= 5:
                over = views_interval(value, len(short.views), kind=kind)
            yield {
                "what": what,
                "kind": kind,
                "value": value,
                "low": min(low, value),
                "high": max(high, value),
                "views_low": over[0],
                "views_high": over[1],
                "views": len(short.views),
                "seeds": short.right.shape[1],
                "items": short.right.shape[2],
            }


def choices(short: Budget, long: Budget) -> Iterator[dict[str, Any]]:
    """What is lost after the long run when the short run chooses, in points.

    First by the mean over seeds, with its interval; ``within`` is the chance that the view
    chosen lies within a point of the best, ``again`` the same for another short study with
    other seeds, items and labels. Then by each run alone, against the mean of the long ones.
    """
    level, late = short.runs.mean(axis=1), long.runs.mean(axis=1)
    early, judging = _readout_draws(short, long)
    other, _ = _readout_draws(short, long, seed=1)
    chosen = lost(level[:, None], judging)
    repeated = lost(early + other - level[:, None], judging)
    low, high = _ends(chosen)
    value = float(lost(level, late))
    gain = (long.runs - short.runs).mean(axis=0)
    yield {
        "runs": "mean",
        "chosen": short.views[int(level.argmax())],
        "best": long.views[int(late.argmax())],
        "lost_points": 100 * value,
        "low": 100 * min(low, value),
        "high": 100 * max(high, value),
        "within": float((chosen <= NEAR).mean()),
        "again": float((repeated <= NEAR).mean()),
        "again_points": 100 * float(repeated.mean()),
        "range_points": 100 * float(np.ptp(late)),
        "longer_gains_points": 100 * float(gain.mean()),
        "longer_gains_nats": float((long.nats - short.nats).mean()),
    }
    for seed, run in enumerate(short.runs.T):
        value = float(lost(run, late))
        yield {
            "runs": f"run {seed}",
            "chosen": short.views[int(run.argmax())],
            "best": long.views[int(late.argmax())],
            "lost_points": 100 * value,
            "within": float(value <= NEAR),
        }


def swaps(short: Budget, long: Budget) -> Iterator[dict[str, Any]]:
    """Every pair of views that changed places, with both differences in points.

    ``told`` is true where both differences are significant, over all pairs of views together;
    other swaps may be chance.
    """
    levels = [one.runs.mean(axis=1) for one in (short, long)]
    layouts = short.layout, long.layout
    count = len(short.views)
    for first, second in combinations(range(count), 2):
        early, late = (level[first] - level[second] for level in levels)
        if early * late >= 0:
            continue
        above, below = (first, second) if early > 0 else (second, first)
        gaps = [layout.difference(above, below, among=count) for layout in layouts]
        yield {
            "ahead_early": short.views[above],
            "ahead_late": short.views[below],
            **{
                f"{when}_{name}": 100 * number
                for when, gap in zip(("early", "late"), gaps, strict=True)
                for name, number in (("points", gap.value), ("low", gap.low), ("high", gap.high))
            },
            "told": gaps[0].above and gaps[1].below,
        }


def _readout_draws(*budgets: Budget, seed: int = 0) -> list[np.ndarray]:
    labels = [one.by_label for one in budgets if one.by_label is not None]
    rng = np.random.default_rng(seed)
    return mean_draws([one.right for one in budgets], labels or None, count=_DRAWS, rng=rng)


def _nats_draws(short: Budget, long: Budget) -> list[np.ndarray]:
    """Bounds carry errors of their own items, the same ones for every seed."""
    rng = np.random.default_rng(0)
    made = []
    for one in (short, long):
        own = np.sqrt((one.errors**2).mean(axis=1))[:, None]
        noise = own * rng.standard_normal((len(one.views), _DRAWS))
        made.append(
            one.nats.mean(axis=1)[:, None] + noise + seed_draws(one.nats, count=_DRAWS, rng=rng)
        )
    return made


def _ends(draws: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)
