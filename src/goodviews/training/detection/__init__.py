"""Detectors of torchvision on the feature maps of any backbone."""

from goodviews.training.detection.build import build_detector

__all__ = ["build_detector"]
