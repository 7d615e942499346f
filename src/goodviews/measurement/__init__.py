"""What trained encoders reach: nats that two views share, links that are predicted."""

from goodviews.measurement.graphs import embed_graph_views, shared_graph_nats
from goodviews.measurement.links import train_on_links, validation_auc
from goodviews.measurement.shared import Draws, SharedNats, embed_views, shared_nats

__all__ = [
    "Draws",
    "SharedNats",
    "embed_graph_views",
    "embed_views",
    "shared_graph_nats",
    "shared_nats",
    "train_on_links",
    "validation_auc",
]
