"""Encoders: an image to its representation, a representation to its embedding."""

from goodviews.encoders.pair import PairEncoder, build_backbone, build_pair
from goodviews.encoders.small import ConvNet, Normalise, Projector

__all__ = ["ConvNet", "Normalise", "PairEncoder", "Projector", "build_backbone", "build_pair"]
