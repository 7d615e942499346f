"""Orders of views from scores without labels: one score, or the mean rank of several.

Letters: V views.
"""

from collections.abc import Callable, Mapping

import numpy as np

from goodviews.core.errors import InputError, unknown

SCORES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "effective_rank": np.positive,
    "spectrum_decay": lambda alpha: -np.abs(alpha - 1),
    "lidar": np.positive,
    "learnability": np.positive,
    "intrinsic_dimension": np.positive,
    "alignment": np.negative,
    "uniformity": np.negative,
    "rotation_top1": np.positive,
    "estimate_nats": np.positive,
}
"""Name of a score in the rows of a study, and what makes its authors' best value the largest.
No author claims that of ``estimate_nats``: more is taken for better."""

RANKERS: dict[str, tuple[str, ...]] = {
    "RankMe": ("effective_rank",),
    "alpha-ReQ": ("spectrum_decay",),
    "LiDAR": ("lidar",),
    "CLID": ("learnability", "intrinsic_dimension"),
    "alignment and uniformity": ("alignment", "uniformity"),
    "rotation probe": ("rotation_top1",),
    "most shared nats": ("estimate_nats",),
    "mean rank": (
        "effective_rank",
        "spectrum_decay",
        "lidar",
        "learnability",
        "intrinsic_dimension",
        "alignment",
        "uniformity",
        "rotation_top1",
    ),
}
"""Name of a ranker: the scores whose ranks it averages."""


def rank_views(ranker: str, scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Score each view by the mean of its ranks, so that more is better.

    Args:
        ranker: One of :data:`RANKERS`.
        scores: (V,) values of each score that the ranker uses, by name.

    Returns:
        (V,) between 0 (worst by every score) and 1 (best by every score); ties share their mean
        rank.

    Raises:
        InputError: The ranker is unknown, or a score that it uses is missing or not finite.

    References:
        The mean of ranks is Borda's count; single scores: see each function.

    Example:
        >>> rank_views("RankMe", {"effective_rank": np.array([3.0, 9.0, 5.0])})
        array([0. , 1. , 0.5])
    """
    from scipy.stats import rankdata

    if ranker not in RANKERS:
        raise unknown("ranker", ranker, RANKERS)
    ranks = []
    for name in RANKERS[ranker]:
        values = np.asarray(scores.get(name, np.nan), dtype=float)
        if values.ndim != 1 or not np.isfinite(values).all():
            raise InputError(
                f"{ranker} needs a finite value of {name} for each view, but got "
                f"{scores.get(name)}."
            )
        ranks.append((rankdata(SCORES[name](values)) - 1) / max(len(values) - 1, 1))
    return np.asarray(np.mean(ranks, axis=0))
