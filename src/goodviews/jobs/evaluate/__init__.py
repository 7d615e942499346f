"""Evaluate an encoder: readouts beside baselines, and which factors it keeps."""

from goodviews.jobs.evaluate.job import Evaluation, evaluate

__all__ = ["Evaluation", "evaluate"]
