"""Training: one loop for every method."""

from goodviews.training.learners import Batch, Learner
from goodviews.training.loop import TrainResult, train
from goodviews.training.machine import launch
from goodviews.training.settings import Settings, change, change_texts
from goodviews.training.state import Interrupted, load_state, save_state

__all__ = [
    "Batch",
    "Interrupted",
    "Learner",
    "Settings",
    "TrainResult",
    "change_texts",
    "change",
    "launch",
    "load_state",
    "train",
    "save_state",
]
