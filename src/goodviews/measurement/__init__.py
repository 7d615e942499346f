"""How much two views share, measured on images that nothing was fitted on."""

from goodviews.measurement.shared import Draws, SharedNats, embed_views, shared_nats

__all__ = ["Draws", "SharedNats", "embed_views", "shared_nats"]
