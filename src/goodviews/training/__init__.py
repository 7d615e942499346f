"""Training: one loop for every method, read from the top."""

from goodviews.training.learners import Batch, Learner
from goodviews.training.loop import Trained, train
from goodviews.training.machine import launch
from goodviews.training.settings import Settings, change
from goodviews.training.state import Interrupted, load_state, save_state

__all__ = [
    "Batch",
    "Interrupted",
    "Learner",
    "Settings",
    "Trained",
    "change",
    "launch",
    "load_state",
    "train",
    "save_state",
]
