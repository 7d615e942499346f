"""Training: one loop for every method."""

from goodviews.training.graphs import train_graphs
from goodviews.training.learners import Batch, Learner
from goodviews.training.loop import TrainResult, train
from goodviews.training.machine import launch
from goodviews.training.optim import build_optimiser
from goodviews.training.schedule import build_schedule
from goodviews.training.settings import Settings, change, change_texts
from goodviews.training.small import light_augmentation, scratch_encoder, small_settings
from goodviews.training.state import Interrupted, load_state, save_state
from goodviews.training.steady import Steady
from goodviews.training.supervised import train_supervised

__all__ = [
    "Batch",
    "Interrupted",
    "Learner",
    "Settings",
    "Steady",
    "TrainResult",
    "build_optimiser",
    "build_schedule",
    "change",
    "change_texts",
    "launch",
    "light_augmentation",
    "load_state",
    "save_state",
    "scratch_encoder",
    "small_settings",
    "train",
    "train_graphs",
    "train_supervised",
]
