"""Pretrain an encoder with any method, backbone and views."""

from goodviews.jobs.pretrain.job import Trained, pretrain

__all__ = ["Trained", "pretrain"]
