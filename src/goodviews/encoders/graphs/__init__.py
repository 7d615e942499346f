"""Encoders of graphs: layers, backbones and their projectors, in plain torch."""

from goodviews.encoders.graphs.backbones import GRAPH_BACKBONES, build_graph_backbone, pooled
from goodviews.encoders.graphs.pair import (
    Anchored,
    GraphEncoders,
    build_graph_encoders,
)

__all__ = [
    "Anchored",
    "GRAPH_BACKBONES",
    "GraphEncoders",
    "build_graph_backbone",
    "build_graph_encoders",
    "pooled",
]
