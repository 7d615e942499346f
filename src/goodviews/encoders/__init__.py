"""Encoders: backbones map images to representations, heads map these to embeddings."""

from goodviews.encoders.adapt import Backbone, as_backbone
from goodviews.encoders.alexnet import AlexNet
from goodviews.encoders.export import export_encoders
from goodviews.encoders.graphs import (
    Anchored,
    GraphEncoders,
    build_graph_backbone,
    build_graph_encoders,
)
from goodviews.encoders.halves import Halves
from goodviews.encoders.heads import Prototypes, build_head, projector
from goodviews.encoders.jigsaw import JigsawHead
from goodviews.encoders.joint_norm import JointBatchNorm, synchronise
from goodviews.encoders.libraries import resnet, timm_backbone, torchvision_backbone
from goodviews.encoders.mlp import Mlp
from goodviews.encoders.pair import PairEncoder, build_backbone, build_empty, build_pair
from goodviews.encoders.sequence import SequenceEncoder
from goodviews.encoders.small import ConvNet, Normalise, Projector
from goodviews.encoders.storage import load_encoder, save_encoder
from goodviews.encoders.weights.loading import load_weights

__all__ = [
    "AlexNet",
    "Anchored",
    "Backbone",
    "ConvNet",
    "GraphEncoders",
    "Halves",
    "JigsawHead",
    "JointBatchNorm",
    "Mlp",
    "Normalise",
    "PairEncoder",
    "Projector",
    "Prototypes",
    "SequenceEncoder",
    "as_backbone",
    "build_backbone",
    "build_empty",
    "build_graph_backbone",
    "build_graph_encoders",
    "build_head",
    "build_pair",
    "export_encoders",
    "load_encoder",
    "load_weights",
    "projector",
    "resnet",
    "save_encoder",
    "synchronise",
    "timm_backbone",
    "torchvision_backbone",
]
