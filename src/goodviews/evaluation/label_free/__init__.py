"""Scores of a frozen representation that need no labels, as functions of plain tensors.

RankMe is :func:`goodviews.information.effective_rank`; alignment and uniformity are
:func:`goodviews.objectives.alignment` and :func:`goodviews.objectives.uniformity`. How far each
score can be trusted to order views is measured by the experiment ``label_free``.
"""

from goodviews.evaluation.label_free.alpha_req import alpha_req, spectrum_decay
from goodviews.evaluation.label_free.clusters import cluster_learnability
from goodviews.evaluation.label_free.intrinsic import intrinsic_dimension
from goodviews.evaluation.label_free.lidar import lidar
from goodviews.evaluation.label_free.prior import with_prior
from goodviews.evaluation.label_free.rankers import RANKERS, rank_views
from goodviews.evaluation.label_free.rotation import rotated, rotation_accuracy

__all__ = [
    "RANKERS",
    "alpha_req",
    "cluster_learnability",
    "intrinsic_dimension",
    "lidar",
    "rank_views",
    "rotated",
    "rotation_accuracy",
    "spectrum_decay",
    "with_prior",
]
