"""Evaluation of frozen representations: takes features, never a trainer."""

from goodviews.evaluation.features import represent
from goodviews.evaluation.held_out import fit_temperature, held_out_bound
from goodviews.evaluation.openers import open_encoder, register_encoders
from goodviews.evaluation.readout import LabelDraw, Readout, evaluate_readout

__all__ = [
    "LabelDraw",
    "Readout",
    "fit_temperature",
    "held_out_bound",
    "open_encoder",
    "evaluate_readout",
    "register_encoders",
    "represent",
]
