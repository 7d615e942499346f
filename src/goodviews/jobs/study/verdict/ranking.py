"""Which score without labels may order views, and what a choice by it was measured to lose."""

from collections.abc import Sequence
from dataclasses import dataclass

from goodviews.core.interval import Interval
from goodviews.core.text import points


@dataclass(frozen=True)
class Ranked:
    """What choosing a view by a ranker lost on sets whose labels were known.

    Attributes:
        ranker: Its name in :data:`goodviews.evaluation.label_free.RANKERS`.
        sets: How many sets.
        regret: Accuracy that its first view lacked to the best; the interval is over sets and
            holds for all rankers that were tried.
        random: The same of a view at random.
        gain: By how much it lost less than a view at random, paired by set.
        spearman: Rank correlation with accuracy.
        most: Accuracy that it loses at most in 95 % of new sets.
    """

    ranker: str
    sets: int
    regret: Interval
    random: Interval
    gain: Interval
    spearman: Interval
    most: float


MEASURED: tuple[Ranked, ...] = (
    Ranked(
        "RankMe",
        4,
        regret=Interval(0.0807099, 0.0215632, 0.139857),
        random=Interval(0.0460196, 0.00830173, 0.0837374),
        gain=Interval(-0.0346903, -0.0702981, 0.000917436),
        spearman=Interval(-0.132937, -1.0, 1.0),
        most=0.125849,
    ),
    Ranked(
        "alignment and uniformity",
        4,
        regret=Interval(0.0807099, 0.0215632, 0.139857),
        random=Interval(0.0460196, 0.00830173, 0.0837374),
        gain=Interval(-0.0346903, -0.0702981, 0.000917436),
        spearman=Interval(-0.529119, -1.0, 0.0230667),
        most=0.125849,
    ),
    Ranked(
        "most shared nats",
        4,
        regret=Interval(0.0807099, 0.0215632, 0.139857),
        random=Interval(0.0460196, 0.00830173, 0.0837374),
        gain=Interval(-0.0346903, -0.0702981, 0.000917436),
        spearman=Interval(-0.0930556, -1.0, 1.0),
        most=0.125849,
    ),
)
"""Of the newest committed rows (recipe ``label_free``, or ``label_free_studies`` before)."""


def trusted(measured: Sequence[Ranked]) -> Ranked | None:
    """The ranker that loses least, of those whose choice was measurably better than chance.

    Example:
        >>> tight = Interval(0.02, 0.01, 0.03)
        >>> good = Ranked("LiDAR", 6, tight, tight, tight, tight, 0.05)
        >>> trusted([good]) == good, trusted([]) is None
        (True, True)
    """
    good = [one for one in measured if one.gain.above]
    return min(good, key=lambda one: one.regret.value, default=None)


def trust_words(one: Ranked) -> str:
    """What the order may be trusted for, one sentence."""
    return (
        f"On {one.sets} sets whose labels were known, choosing by it lost {points(one.regret)} "
        f"of accuracy to the best view, and a view at random {points(one.random)}; on 19 of 20 "
        f"new sets it should lose at most {100 * one.most:.1f} points."
    )


def refusal_words(measured: Sequence[Ranked]) -> str:
    """Why there is no order, one sentence."""
    if not measured:
        return "No score without labels has been tested well enough to order views."
    best = min(measured, key=lambda one: one.regret.value)
    return (
        f"No score without labels was measurably better than choosing at random on {best.sets} "
        f"sets whose labels were known: the best of {len(measured)}, {best.ranker}, lost "
        f"{points(best.regret)} of accuracy to the best view, and a view at random "
        f"{points(best.random)}."
    )
