"""Training: one loop for every view, read from the top."""

from goodviews.training.loop import Settings, Trained, pretrain

__all__ = ["Settings", "Trained", "pretrain"]
