"""The duality paper: Gram and covariance matrices of trained encoders."""

import numpy as np

from goodviews.core import Interval, intervals
from goodviews_experiments.papers.claim import Claim, Measure
from goodviews_experiments.papers.rows import Rows
from goodviews_experiments.papers.verdict import Part

SMALL = "128-128-128"
METHODS = ("SimCLR", "VICReg", "VICReg-exp", "VICReg-ctr")
GRAM = "Off-diagonal distributions (figures)"
LIKE = 1.5
"""Widths are called alike if the largest is at most this many times the smallest."""


def column(rows: Rows, name: str) -> dict[str, np.ndarray]:
    """(S,) values of a column of each method with the small projector."""
    return {method: rows.seeds(name, method=method, head=SMALL) for method in METHODS}


def at_zero(rows: Rows) -> list[Part]:
    """Mean off-diagonal entry of the Gram matrix of held-out embeddings."""
    return [
        Part(method, intervals.student_interval(values), -0.05, 0.05, "", 3)
        for method, values in column(rows, "centred_gram_mean").items()
    ]


def alike(what: str) -> Measure:
    """Widest of the methods' distributions over the narrowest, paired by seed."""

    def measure(rows: Rows) -> list[Part]:
        widths = np.stack(list(column(rows, what).values()))
        logs = np.log(widths)
        means = logs.mean(axis=1)
        gap = logs[means.argmax()] - logs[means.argmin()]
        half = intervals.half_width(
            (float(gap.var(ddof=1)) / len(gap), len(gap) - 1), among=len(METHODS)
        )
        ends = np.exp([gap.mean(), max(gap.mean() - half, 0), gap.mean() + half])
        return [Part("widest over narrowest", Interval(*ends), 1, LIKE, "times", 2, signed=False)]

    return measure


def diagonal(rows: Rows) -> list[Part]:
    """Standard deviation off the diagonal, where the diagonal is 1."""
    return [
        Part(f"{method}, {what}", intervals.student_interval(values), 0, 0.5, "", 2, signed=False)
        for what in ("gram", "covariance")
        for method, values in column(rows, f"centred_{what}_std").items()
    ]


def like_uniform(rows: Rows) -> list[Part]:
    """SimCLR's standard deviation times the root of M, and of the effective rank in its place."""
    width, least, rank = (
        column(rows, key)["SimCLR"]
        for key in ("embedding_gram_std", "expected_std", "embedding_rank")
    )
    return [
        Part(
            f"standard deviation × √{name}", intervals.student_interval(width * scale),
            1 / LIKE, LIKE, "", 2, signed=False,
        )
        for name, scale in (("M", 1 / least), ("(effective rank)", np.sqrt(rank)))
    ]  # fmt: skip


def near_bound(rows: Rows) -> list[Part]:
    """Sums of fourth powers over their lower bounds."""
    return [
        Part(f"{method}, {side}s", intervals.student_interval(values), 0, 10, "times", 2, False)
        for side in ("dimension", "sample")
        for method, values in column(rows, f"{side}_ratio").items()
    ]


CLAIMS = (
    Claim(
        "Bounds in practice", "Measured sums are within a single-digit factor of the lower bound",
        "below 10 times", "duality", near_bound,
    ),
    Claim(GRAM, "Entries off the diagonal are concentrated at 0", "mean 0", "duality", at_zero),
    Claim(
        GRAM, "Distributions are alike for all methods, on embeddings", "alike (figure)",
        "duality", alike("centred_gram_std"),
    ),
    Claim(
        GRAM, "Differences vanish on representations", "alike (figure)", "duality",
        alike("representation_gram_std"),
    ),
    Claim(
        GRAM, "Trained SimCLR's entries have the standard deviation of the optimum", "1 / √M",
        "duality", like_uniform, departs="the effective rank in place of M is our reading",
    ),
    Claim(
        "Optimisation quality (figures)", "Gram and covariance matrices are dominated by their "
        "diagonals after training", "(figure)", "duality", diagonal,
        departs="dominated: off-diagonal standard deviation at most half the diagonal",
    ),
)  # fmt: skip
