"""Learners turn two views into a loss: one file per family of methods."""

from goodviews.training.learners.base import Batch, Learner, PairLearner
from goodviews.training.learners.build import build_learner
from goodviews.training.learners.labels import TunedLearner

__all__ = ["Batch", "Learner", "PairLearner", "TunedLearner", "build_learner"]
