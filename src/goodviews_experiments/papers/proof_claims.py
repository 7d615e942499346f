"""The duality paper: what it proves, as residuals and optima."""

import numpy as np

from goodviews.core import intervals
from goodviews_experiments.papers.claim import Claim
from goodviews_experiments.papers.rows import Rows, exact
from goodviews_experiments.papers.verdict import Part

ROUNDING = 1e-9


def holds(where: str, says: str, *statements: str, departs: str = "") -> Claim:
    """A statement that is proved: its largest residual on random embeddings."""

    def measure(rows: Rows) -> list[Part]:
        parts = []
        for statement in statements:
            found = max(
                float(line["residual"]) for line in rows.table() if line["statement"] == statement
            )
            name = f"{statement}, largest relative residual"
            parts.append(Part(name, exact(found), 0, ROUNDING, "", -1))
        return parts

    return Claim(where, says, "proved", "identities", measure, departs=departs)


def optimum(loss: str) -> Claim:
    """The optimum of a loss over free points: mean cosine and its variance."""

    def measure(rows: Rows) -> list[Part]:
        lines = [line for line in rows.table("sphere") if line["loss"] == loss]
        parts = []
        for dims in sorted({int(line["dims"]) for line in lines}):
            own = [line for line in lines if int(line["dims"]) == dims]
            cosine, variance = (
                intervals.student_interval(np.array([float(line[key]) for line in own]))
                for key in ("mean_cosine", "variance_times_dims")
            )
            parts += [
                Part(f"mean, M = {dims}", cosine, -0.01, 0.01, "", 4),
                Part(f"variance × M, M = {dims}", variance, 0.9, 1.1, "", 3, signed=False),
            ]
        return parts

    name = {"ntxent": "SimCLR", "dcl": "DCL"}[loss]
    return Claim(
        "Proposition on SimCLR and DCL",
        f"{name}: at the optimum, negative pairs have mean 0 and variance 1/M",
        "0 and 1/M, for infinitely many negatives", "identities", measure,
    )  # fmt: skip


CLAIMS = (
    holds("Theorem", "Both criteria differ by sums of fourth powers only", "identity"),
    holds(
        "Corollary, both normalised", "The criteria differ by a constant and have the same "
        "gradients", "both normalised: constant", "both normalised: gradients",
        departs="the constant N − N²/M; the paper's N − M is the case N = M, where both are 0",
    ),
    holds(
        "Lemma, one side normalised", "The sums of fourth powers are within N²/M and N², M²/N "
        "and M²", "unit samples: fourth powers", "unit dimensions: fourth powers",
    ),
    holds(
        "Corollary, one side normalised", "The criteria bound each other",
        "unit samples: criteria", "unit dimensions: criteria",
    ),
    holds(
        "Proposition on classes of methods", "SCL repels by the sample criterion, Barlow Twins "
        "decorrelates by the dimension criterion, and TCR has the same value by either",
        "SCL repels by the sample criterion",
        "Barlow Twins decorrelates by the dimension criterion", "TCR by samples",
        departs="SimCLR-sq, SimCLR-abs, DCL-sq and DCL-abs are not measured here",
    ),
    holds(
        "VICReg rewritten", "Its covariance term is a sample-contrastive loss with a correction",
        "VICReg by samples: value", "VICReg by samples: gradient",
    ),
    optimum("ntxent"),
    optimum("dcl"),
)  # fmt: skip
