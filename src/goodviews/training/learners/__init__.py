"""How two views become a loss: one file per family of methods."""

from goodviews.training.learners.base import Batch, Learner, PairLearner
from goodviews.training.learners.build import build_learner

__all__ = ["Batch", "Learner", "PairLearner", "build_learner"]
