"""Training: one loop for every method, read from the top."""

from goodviews.training.learners import Batch, Learner
from goodviews.training.loop import TrainResult, train
from goodviews.training.machine import launch
from goodviews.training.settings import Settings, as_typed, change
from goodviews.training.state import Interrupted, load_state, save_state

__all__ = [
    "Batch",
    "Interrupted",
    "Learner",
    "Settings",
    "TrainResult",
    "as_typed",
    "change",
    "launch",
    "load_state",
    "train",
    "save_state",
]
