"""What a choice without labels, or with a handful, loses against the best view.

Letters: V views, S seeds, T tasks, G budgets, R label draws, N sets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from goodviews.core import intervals
from goodviews.evaluation.label_free import RANKERS, rank_views, with_prior
from goodviews_experiments.label_choice.run import picked
from goodviews_experiments.short_and_long.order import spearman

PRIOR = "mean rank"
"""Ranker that is the prior of few labels, fixed before anything was run."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured on one set.

    Attributes:
        name: Name of the set.
        planted: Whether it is a world whose factors are known.
        scores: (V, S) of each score without labels, by name.
        top1: (V, S, T) accuracy on test images, of many labels.
        few: (V, S, T, G, R) accuracy of few labels.
    """

    name: str
    planted: bool
    scores: dict[str, np.ndarray]
    top1: np.ndarray
    few: np.ndarray

    @classmethod
    def of(cls, name: str, planted: bool, cells: list[list[dict[str, Any]]]) -> "Measured":
        """Stack the results of V views with S seeds each."""

        def stack(key: str) -> np.ndarray:
            return np.array([[one[key] for one in row] for row in cells])

        scores = {key: stack(key) for key in cells[0][0]["scores"]}
        return cls(name, planted, scores, stack("top1"), stack("few"))

    @property
    def seeds(self) -> int:
        """S."""
        return int(self.top1.shape[1])

    def ranks(self, ranker: str, seed: int) -> np.ndarray | None:
        """(V,) between 0 and 1 by one ranker and one seed; nothing where a score is undefined."""
        values = {key: self.scores[key][:, seed] for key in RANKERS[ranker] if key in self.scores}
        known = len(values) == len(RANKERS[ranker]) and np.isfinite(list(values.values())).all()
        return rank_views(ranker, values) if known else None

    def levels(self, seed: int) -> np.ndarray:
        """(V, T) accuracy of the runs that a choice by one seed did not see."""
        return np.asarray(np.delete(self.top1, seed, axis=1).mean(axis=1))


def regret(score: np.ndarray, level: np.ndarray) -> float:
    """Accuracy that the view with the highest score lacks to the best; ties are averaged.

    The best view is that of the same accuracies, so that its luck counts against the choice.

    Args:
        score: (V,).
        level: (V,) accuracies.

    Example:
        >>> round(regret(np.array([1.0, 2.0, 2.0]), np.array([0.9, 0.8, 0.6])), 3)
        0.2
    """
    return float(level.max() - picked(score) @ level)


def lost(one: Measured, ranker: str) -> tuple[float, float]:
    """Regret and rank correlation of a ranker on one set, means over its seeds and tasks.

    Both are nan where the ranker is not defined.
    """
    losses, orders = [], []
    for seed in range(one.seeds):
        ranks, levels = one.ranks(ranker, seed), one.levels(seed)
        if ranks is None:
            return np.nan, np.nan
        losses += [regret(ranks, level) for level in levels.T]
        orders += [float(spearman(ranks, level)) for level in levels.T]
    return float(np.mean(losses)), float(np.mean(orders))


def random_regret(one: Measured) -> float:
    """Expected regret of a view drawn at random, on the same runs."""
    levels = [one.levels(seed) for seed in range(one.seeds)]
    return float(np.mean([level.max(axis=0) - level.mean(axis=0) for level in levels]))


def set_table(found: Sequence[Measured]) -> list[dict[str, Any]]:
    """One row per set and ranker; a ranker that is not defined on a set has no row there."""
    rows = []
    for one in found:
        chance = random_regret(one)
        for ranker in RANKERS:
            losses, order = lost(one, ranker)
            if np.isfinite(losses):
                about = {"set": one.name, "planted": one.planted, "views": len(one.top1)}
                numbers = {"regret": losses, "random": chance, "spearman": order}
                rows.append({**about, "ranker": ranker, **numbers})
    return rows


def ranker_table(sets: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per ranker that is defined on all sets: means over sets.

    Each interval is Student's t over sets, and holds for all rankers at once (Bonferroni), so
    that the best of them is not reported by its luck. ``gain`` is what a ranker loses less than a
    view at random, paired by set; ``most`` is the upper end of a one-sided 95 % prediction
    interval of the regret on a new set, and ``covered`` counts the sets whose regret is at
    most what the other sets predict.

    Args:
        sets: Rows of :func:`set_table`.
    """
    total, rows = len({row["set"] for row in sets}), []
    for ranker in RANKERS:
        own = [row for row in sets if row["ranker"] == ranker]
        if len(own) < total:
            continue
        losses, chance, order = (
            np.array([float(row[name]) for row in own])
            for name in ("regret", "random", "spearman")
        )
        others = [_most(np.delete(losses, place)) for place in range(total)]
        row = {"ranker": ranker, "sets": total} | _ends("regret", losses, len(RANKERS))
        row |= _ends("random", chance, 1) | _ends("gain", chance - losses, len(RANKERS))
        row |= {
            name: min(max(end, -1.0), 1.0)
            for name, end in _ends("spearman", order, len(RANKERS)).items()
        }
        rows.append({**row, "most": _most(losses), "covered": int(sum(losses <= others))})
    return rows


def label_table(found: Sequence[Measured], budgets: Sequence[int]) -> list[dict[str, Any]]:
    """One row per budget and chooser: few labels alone, and drawn towards a prior.

    The prior is fitted on planted sets and judged on the others, so that no set is on both sides.
    """
    planted, real = ([one for one in found if one.planted is which] for which in (True, False))
    if not planted or not real:
        return []
    slope, spread = fit_prior(planted, PRIOR)
    rows = []
    for place, budget in enumerate(budgets):
        losses = np.array([_few(one, place, slope, spread) for one in real])
        for number, chooser in enumerate(("labels", "labels and prior", "prior")):
            row = {"labels_per_class": budget, "chooser": chooser, "sets": len(real)}
            row |= _ends("regret", losses[:, number], 1)
            rows.append(row | _ends("gain_over_labels", losses[:, 0] - losses[:, number], 1))
    return rows


def _few(one: Measured, place: int, slope: float, spread: float) -> np.ndarray:
    """(3,) regret by labels, by both and by the prior: means over seeds, tasks and draws."""
    made = []
    for seed in range(one.seeds):
        ranks = one.ranks(PRIOR, seed)
        ranks = np.zeros(len(one.top1)) if ranks is None else ranks
        for task, level in enumerate(one.levels(seed).T):
            few_VR = one.few[:, seed, task, place]
            stderr = np.full(len(few_VR), draw_error(few_VR))
            for few in few_VR.T:
                both = with_prior(few, stderr, ranks, slope=slope, spread=spread)
                made.append([regret(by, level) for by in (few, both, slope * ranks)])
    return np.mean(made, axis=0)


def draw_error(few: np.ndarray) -> float:
    """Standard error of one draw's differences between views, pooled over views.

    Args:
        few: (V, R) accuracies; what all views gain or lose with a draw does not count.

    Example:
        >>> draw_error(np.array([[0.5, 0.7], [0.4, 0.6]]))
        0.0
    """
    views, draws = few.shape
    if views < 2 or draws < 2:
        return 0.0
    rest = few - few.mean(axis=0) - few.mean(axis=1, keepdims=True) + few.mean()
    return round(float((rest**2).sum() / (views - 1) / (draws - 1)) ** 0.5, 12)


def fit_prior(found: Sequence[Measured], ranker: str) -> tuple[float, float]:
    """Accuracy per unit of a ranker, and the deviation about that line, on some sets.

    Returns:
        Slope and deviation, as shares of 1; each task of a set is centred.
    """
    x, y = [np.zeros(1)], [np.zeros(1)]
    for one in found:
        for seed in range(one.seeds):
            ranks = one.ranks(ranker, seed)
            for level in one.levels(seed).T:
                if ranks is not None:
                    x.append(ranks - ranks.mean())
                    y.append(level - level.mean())
    every, levels = np.concatenate(x), np.concatenate(y)
    slope = float(every @ levels / max(float(every @ every), 1e-12))
    return slope, max(float((levels - slope * every).std()), 1e-6)


def _most(losses: np.ndarray) -> float:
    if len(losses) < 2:
        return float("inf")
    wide = stdtrit(len(losses) - 1, 0.95) * (1 + 1 / len(losses)) ** 0.5
    return float(losses.mean() + wide * losses.std(ddof=1))


def _ends(name: str, values: np.ndarray, among: int) -> dict[str, float]:
    """Mean and ends of its 95 % interval over sets, for so many means at once."""
    found, wide = intervals.student_interval(values), 1.0
    if len(values) > 1:
        degrees = len(values) - 1
        wide = float(stdtrit(degrees, 1 - 0.025 / among) / stdtrit(degrees, 0.975))
    low, high = (found.value + wide * (end - found.value) for end in (found.low, found.high))
    return {name: found.value, f"{name}_low": low, f"{name}_high": high}
