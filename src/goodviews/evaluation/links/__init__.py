"""Prediction of links: splits without leaks, negatives, scores, and probabilities."""

from goodviews.evaluation.links.heuristics import HEURISTICS, heuristic_scores
from goodviews.evaluation.links.metrics import (
    auc_gap,
    average_precision,
    hits,
    link_auc,
    mean_reciprocal_rank,
    ranks,
)
from goodviews.evaluation.links.predictor import LinkPredictor, link_predictor
from goodviews.evaluation.links.probabilities import (
    Bin,
    Calibration,
    Sharpness,
    fit_calibration,
    sharpness,
)
from goodviews.evaluation.links.scores import NEGATIVES, LinkScores, link_scores, negatives_of
from goodviews.evaluation.links.split import LinkSplit, split_links

__all__ = [
    "HEURISTICS",
    "NEGATIVES",
    "Bin",
    "Calibration",
    "LinkPredictor",
    "LinkScores",
    "LinkSplit",
    "Sharpness",
    "auc_gap",
    "average_precision",
    "fit_calibration",
    "heuristic_scores",
    "hits",
    "link_auc",
    "link_predictor",
    "link_scores",
    "mean_reciprocal_rank",
    "negatives_of",
    "ranks",
    "sharpness",
    "split_links",
]
