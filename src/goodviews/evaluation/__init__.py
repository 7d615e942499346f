"""Evaluation of frozen representations: takes features, never a trainer."""

from goodviews.evaluation import factor_readout, label_free, leakage, scores, shortcuts
from goodviews.evaluation.advice import leakage_board
from goodviews.evaluation.boxes import Detections, Matches, average_precision, match_boxes
from goodviews.evaluation.encoders import raw_pixels, settle
from goodviews.evaluation.factors import Factor, as_factors, drawn_factors
from goodviews.evaluation.features import represent
from goodviews.evaluation.graph_readout import graph_readout, node_readout
from goodviews.evaluation.held_out import fit_temperature, held_out_bound
from goodviews.evaluation.knn import knn_predict, knn_votes
from goodviews.evaluation.linear import linear_logs
from goodviews.evaluation.links import (
    LinkPredictor,
    LinkScores,
    LinkSplit,
    link_predictor,
    link_scores,
    split_links,
)
from goodviews.evaluation.logistic import fit_logistic
from goodviews.evaluation.node_splits import NodeSplit, node_splits
from goodviews.evaluation.openers import open_encoder, register_encoders
from goodviews.evaluation.pixels import class_counts, depth_errors, depth_sums, mean_iou
from goodviews.evaluation.readout import LabelDraw, Readout, evaluate_readout

__all__ = [
    "Detections",
    "Factor",
    "LabelDraw",
    "LinkPredictor",
    "LinkScores",
    "LinkSplit",
    "NodeSplit",
    "Matches",
    "Readout",
    "as_factors",
    "average_precision",
    "class_counts",
    "depth_errors",
    "depth_sums",
    "drawn_factors",
    "evaluate_readout",
    "factor_readout",
    "fit_logistic",
    "linear_logs",
    "link_predictor",
    "link_scores",
    "fit_temperature",
    "graph_readout",
    "held_out_bound",
    "knn_predict",
    "knn_votes",
    "label_free",
    "leakage",
    "leakage_board",
    "match_boxes",
    "mean_iou",
    "node_readout",
    "node_splits",
    "open_encoder",
    "raw_pixels",
    "register_encoders",
    "represent",
    "scores",
    "settle",
    "shortcuts",
    "split_links",
]
